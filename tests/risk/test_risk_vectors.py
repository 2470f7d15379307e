"""Published and computed values of the peers: sdcMicro, pycanon, ARX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.risk import measure_table
from kaigo.risk.flat import FlatQuestion
from kaigo.risk.population_uniqueness import estimate_population, estimate_zayatz
from kaigo.risk.table_risk import measure_rows

VECTORS = Path(__file__).with_name("vectors")


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def store(data: Any, folder: Path) -> Path:
    table = pa.table(data) if isinstance(data, dict) else pa.Table.from_pylist(data)
    pq.write_table(table, folder / "table.parquet")
    return folder / "table.parquet"


def test_francdat_has_the_frequencies_and_risks_of_sdcmicro(tmp_path: Path) -> None:
    vector = load("sdcmicro_francdat.json")
    result = measure_table(store(vector["data"], tmp_path), vector["keyVars"], weight=vector["weight"])
    assert result["individual"]["fk"] == vector["fk"]
    assert result["individual"]["Fk"] == pytest.approx(vector["Fk"])
    assert result["individual"]["rk"] == pytest.approx(vector["indivRisk_rk_approx"], abs=1e-13)
    assert result["expected_reidentifications"] == pytest.approx(
        vector["global_expected_reidentifications"], abs=1e-10
    )


@pytest.mark.parametrize("number", [0, 1])
def test_individual_risk_is_that_of_sdcmicros_own_tests(number: int, tmp_path: Path) -> None:
    case = load("sdcmicro_indivrisk_tests.json")["cases"][number]
    missing = "wildcard" if case.get("missing_matches_all") else "value"
    result = measure_table(store(case["data"], tmp_path), ["A", "B", "C"], weight="weight", missing=missing)[
        "individual"
    ]
    assert result["rk"] == pytest.approx(case["approx"], abs=1e-8)
    assert result["rk_exact"] == pytest.approx(case["exact"], abs=1e-8)
    assert [1 / f for f in result["fk"]] == pytest.approx(case["unweighted_1_over_fk"], abs=1e-5)


def test_suda_is_that_of_sdcmicro(tmp_path: Path) -> None:
    for case in load("suda2_small.json")["cases"]:
        result = measure_table(store(case["columns"], tmp_path), list(case["columns"]), suda=True)["suda"]
        assert result["scores"] == case["score"]
        assert result["contribution"] == pytest.approx(case["attribute_contribution_percent"])


@pytest.mark.parametrize("number", [0, 1])
def test_suda_scores_are_those_of_sdcmicros_published_examples(number: int, tmp_path: Path) -> None:
    case = load("sdcmicro_suda2_published.json")["cases"][number]
    result = measure_table(store(case["columns"], tmp_path), list(case["columns"]), suda=True)["suda"]
    assert [result["scores"][row] for row in case["rows"]] == case["score"]


def test_dis_is_the_share_of_correct_unique_matches_by_hand() -> None:
    """Three keys; rows 1-2 are a pair, rows 3 and 4 are unique on one key: 2!."""
    table = pa.table({"a": [1, 1, 2, 1], "b": [1, 1, 1, 2], "c": [1, 1, 1, 1]})
    result = measure_rows(table, FlatQuestion(("a", "b", "c"), suda=True))["suda"]
    assert result["scores"] == [0, 0, 2, 2]
    # Equal scores: S^q sum(S^-q) = 2; P (1 - 0.1)/0.1 = 18; 1/(1 + 18/2).
    assert result["dis"] == pytest.approx([0, 0, 0.1, 0.1])


def test_k_l_and_t_are_those_of_pycanon(tmp_path: Path) -> None:
    vector = load("pycanon_own_table.json")
    table = store(vector["data"], tmp_path)
    for case in vector["cases"]:
        result = measure_table(table, case["keys"], sensitive=[case["sensitive"]])
        figures = result["sensitive"][case["sensitive"]]
        assert (result["k"], figures["l_distinct"]) == (case["k"], case["l_distinct"])
        assert int(figures["l_entropy"] + 1e-9) == case["l_entropy_cut"]
        for name in ("t_equal", "t_ordered"):
            if name in case:
                assert figures[name] == pytest.approx(case[name], abs=1e-12)
        assert (figures["recursive_c"] is None) == (case["recursive_c_pycanon"] is None)


def test_distinction_and_separation_are_those_of_arxs_own_test(tmp_path: Path) -> None:
    vector = load("arx_quasi_identifiers.json")
    result = measure_table(store(vector["data"], tmp_path), list(vector["data"]), attributes=True)
    for name, (distinction, separation) in vector["distinction_separation"].items():
        figures = result["attributes"][name]
        assert figures["distinction"] == pytest.approx(distinction, abs=1e-15), name
        assert figures["separation"] == pytest.approx(separation, abs=1e-15), name


def test_population_uniqueness_is_that_of_arx_and_zero_never_stands_for_no_estimate() -> None:
    vector = load("arx_population_100k.json")
    histogram = {int(size): number for size, number in vector["histogram"].items()}
    found = estimate_population(histogram, vector["population"])
    assert found.shares["zayatz"] == pytest.approx(vector["zayatz"], abs=5e-4)
    # ARX prints 0.0 for both: no estimate.
    assert (vector["pitman"], vector["snb"]) == (0.0, 0.0)
    assert (found.shares["pitman"], found.shares["snb"]) == (None, None)
    assert set(found.reasons) == {"pitman", "snb"}
    assert found.shares["dankar"] == found.shares["zayatz"]


def test_zayatz_is_that_of_the_library_arx_uses() -> None:
    for case in load("commons_math_zayatz.json")["cases"]:
        histogram = {int(size): number for size, number in case["histogram"].items()}
        for population, expected in case["zayatz"].items():
            share = estimate_zayatz(histogram, int(population)) / int(population)
            assert share == pytest.approx(expected, rel=1e-11)
