import json
from pathlib import Path

import pytest

from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.tables import CareTables

TOWN = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "town"


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    plan = SynthesisPlan(persons=600, months=12, start="2024-04", seed=2018)
    return synthesize(tmp_path_factory.mktemp("town") / "town", plan, csv=True)


@pytest.mark.parametrize("name", ["persons", "certifications", "benefits"])
def test_the_committed_town_is_what_its_command_makes_byte_for_byte(
    regenerated: CareTables, name: str
) -> None:
    committed, made = TOWN / f"{name}.csv", regenerated.folder / "csv" / f"{name}.csv"
    assert made.read_bytes() == committed.read_bytes()


def test_the_manifest_of_the_town_has_the_same_plan_rows_and_hashes(regenerated: CareTables) -> None:
    committed = json.loads((TOWN / "manifest.json").read_text(encoding="utf-8"))
    for key in ("parameters", "seed", "tables", "synthetic"):
        assert committed[key] == regenerated.manifest[key]


def test_the_readme_gives_the_command_and_says_that_nobody_exists() -> None:
    text = (TOWN.parent / "README.md").read_text(encoding="utf-8")
    assert "--persons 600 --months 12 --start 2024-04 --seed 2018 --csv" in text
    assert "実在する人・事業所・市町村とは関係がありません" in text


def test_the_town_stays_small_and_without_truth() -> None:
    assert sum(path.stat().st_size for path in TOWN.iterdir()) < 6_000_000
    assert sorted(path.name for path in TOWN.iterdir()) == [
        "benefits.csv",
        "certifications.csv",
        "manifest.json",
        "persons.csv",
    ]
