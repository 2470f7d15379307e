"""The risk of the same release, or table, is the same figure by figure whichever engine measures it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from engine_equality import SECRET, Case, list_cases, make_synthetic

from kaigo.cli.app import run
from kaigo.deidentify import Key, load_standard, make_release
from kaigo.risk import load_attackers, measure_presence
from kaigo.tables import CareTables

ATTACKERS = """
[exact]
name = "正確に知る人"
story = "生年月日、性別、区分と、2か月分の利用を誤りなく知っている。"
about = "all"
birth = "day"
birth_error = 0
sex = true
level = true
level_error = 0
second = true
answers = []
answer_error = 0.0
months = 2
services = 2
units_within = 0.0
misses = 0
whole = false
effort = "検査のため"

[vague]
name = "あいまいに知る人"
story = "おおよその年と区分と、1か月分の利用を知っている。"
about = "home"
birth = "year"
birth_error = 2
sex = true
level = true
level_error = 1
second = false
answers = ["survey_1_7", "survey_2_5"]
answer_error = 0.1
months = 1
services = 2
units_within = 0.1
misses = 1
whole = false
effort = "検査のため"
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    return make_synthetic(tmp_path_factory.mktemp("risk") / "care", 400, 7)


def flatten(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each figure by its place, so that a failure names the figures that differ."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flatten(inner, f"{place}/{number}")
    else:
        yield place, value


def measure_by_cli(arguments: list[str], engine: str, report: Path) -> dict[str, Any]:
    """What `kaigo risk … --engine … --json` says."""
    assert run(["risk", *arguments, "--engine", engine, "--json", str(report)]) == 0
    return dict(flatten(json.loads(report.read_text(encoding="utf-8"))))


def differences(arguments: list[str], address: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """All figures, and those that differ: exactly equal is asked for, not nearly."""
    duckdb, spark = (
        measure_by_cli(arguments, engine, folder / f"{engine[:2]}.json") for engine in ("duckdb", address)
    )
    places = sorted(duckdb.keys() | spark.keys())
    return duckdb, {
        place: (duckdb.get(place), spark.get(place))
        for place in places
        if place not in duckdb or place not in spark or duckdb[place] != spark[place]
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", list_cases(), ids=str)
def test_every_figure_of_a_release_is_equal(
    spark_address: str, town: CareTables, tmp_path: Path, case: Case
) -> None:
    release = make_release(
        town, load_standard(case.standard), tmp_path / "r", key=Key(SECRET), layout=case.layout
    )
    found, different = differences([str(release.folder)], spark_address, tmp_path)
    assert different == {}
    places = {place.split("/")[1] for place in found}
    assert {"month", "history", "wider_keys", "sensitive", "verdict"} <= places
    assert ("relink" in places) is (case.layout == "joined")


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["soumu-2018-linked", "recommended"])
def test_every_figure_of_the_attacks_is_equal(
    spark_address: str, town: CareTables, tmp_path: Path, standard: str
) -> None:
    release = make_release(town, load_standard(standard), tmp_path / "r", key=Key(SECRET))
    (tmp_path / "attackers.toml").write_text(ATTACKERS, encoding="utf-8")
    arguments = [str(release.folder), "--register", str(town.folder), "--seed", "7"]
    for more, attackers in (
        ([], len(load_attackers())),
        (["--attackers", str(tmp_path / "attackers.toml")], 2),
    ):
        found, different = differences([*arguments, *more], spark_address, tmp_path)
        assert different == {}
        parts = {place.split("/")[2] for place in found if place.startswith("/attacks/")}
        assert {"attackers", "criteria", "accumulation", "rotation"} <= parts
        assert sum(place.endswith("/success") for place in found) == attackers
        assert found["/attacks/attackers/0/targets"] > 0


def write_table(path: Path) -> Path:
    """600 records of 400 persons with keys of every kind, empty ones too, a weight and two sensitive columns."""
    rng = np.random.default_rng(3)
    rows = 600

    def some_empty(values: list[Any]) -> list[Any]:
        return [None if gone else value for value, gone in zip(values, rng.random(rows) < 0.05, strict=True)]

    person = rng.integers(0, 400, rows)
    table = pa.table(
        {
            "person": [f"{number:05d}" for number in person],
            "sex": some_empty([int(value) for value in rng.integers(1, 3, rows)]),
            "age": some_empty([int(value) for value in rng.integers(65, 80, rows)]),
            "level": some_empty([str(value) for value in rng.choice(["21", "22", "23", "24"], rows)]),
            "disease": [str(value) for value in rng.choice(["a", "b", "c"], rows, p=[0.7, 0.2, 0.1])],
            "cost": [int(value) for value in rng.integers(0, 9, rows)],
            "weight": [float(value) for value in rng.integers(2, 40, rows)],
        }
    )
    if path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    "options",
    [
        ["--sensitive", "disease,cost"],
        ["--sensitive", "disease", "--person", "person"],
        ["--attributes", "--suda"],
        ["--missing", "wildcard"],
        ["--weight", "weight"],
        ["--population", "6000"],
    ],
    ids=lambda options: " ".join(options),
)
def test_every_figure_of_a_flat_table_is_equal(
    spark_address: str, tmp_path: Path, options: list[str], kind: str
) -> None:
    table = write_table(tmp_path / f"t.{kind}")
    found, different = differences([str(table), "--keys", "sex,age,level", *options], spark_address, tmp_path)
    assert different == {}
    assert found["/records"] == 600


def test_presence_in_a_population_is_equal(spark_address: str, tmp_path: Path) -> None:
    released = pa.table({"sex": [1, 1, 2, 2, 2], "age": ["65-69", "65-69", "65-69", "70-74", "70-74"]})
    living = pa.table(
        {"sex": [1, 1, 2, 2], "age": ["65-69", "70-74", "65-69", "70-74"], "residents": [7, 5, 3, 11]}
    )
    pq.write_table(released, tmp_path / "released.parquet")
    pq.write_table(living, tmp_path / "living.parquet")
    found = [
        measure_presence(
            tmp_path / "released.parquet",
            tmp_path / "living.parquet",
            ["sex", "age"],
            count="residents",
            engine=engine,
        )
        for engine in ("duckdb", spark_address)
    ]
    assert found[0] == found[1]
