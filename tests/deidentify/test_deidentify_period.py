"""※1 and ※2 in a release: modes of pseudonyms, keys of a creation, months allowed."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kaigo.deidentify import Key, Release, Standard, load_standard, make_release
from kaigo.errors import StandardError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
FEW = {
    "roll_up_rare_codes": {"persons": 2},
    "delete_rare_answers": {"persons": 2},
    "top_code": {"persons": 2},
}
PEOPLE = tuple(range(1, 5))


def change(name: str = "soumu-2018-linked", **parts: dict[str, object]) -> Standard:
    data = load_standard(name).with_parameters(FEW).model_dump()
    for part, values in parts.items():
        data[part] |= values
    return Standard.model_validate(data)


@pytest.fixture
def care(make_tables: Make) -> CareTables:
    """Four persons with a line in each of eight months."""
    months = [f"2024-{month:02d}" for month in range(1, 9)]
    lines = [{"person": person, "service_month": month} for person in PEOPLE for month in months]
    return make_tables(PEOPLE, benefits=lines)


def pseudonyms(release: Release) -> dict[tuple[str, int], str]:
    rows = pq.read_table(release.keep / "crosswalk" / "persons").to_pylist()
    return {(row["insured_number"], row["period"]): row["person_id"] for row in rows}


def test_a_rotating_pseudonym_changes_with_every_period(care: CareTables, tmp_path: Path) -> None:
    standard = change(pseudonym={"rotate_months": 3})
    release = make_release(care, standard, tmp_path / "r", key=Key.derive(1))
    ids = pseudonyms(release)
    assert {period for _, period in ids} == {0, 1, 2} and len(set(ids.values())) == 12
    assert release.ledger()["warnings"] == []


def test_a_stable_pseudonym_covers_the_release_and_is_warned_of(care: CareTables, tmp_path: Path) -> None:
    standard = change(pseudonym={"mode": "stable", "rotate_months": None, "stable_reason": "理由。"})
    release = make_release(care, standard, tmp_path / "r", key=Key.derive(1))
    assert {period for _, period in pseudonyms(release)} == {0}
    (warning,) = release.ledger()["warnings"]
    assert "stable" in warning and "※1" in warning and "理由。" in warning
    assert release.manifest["parameters"]["rotate_months"] == 8


def test_without_pseudonyms_only_the_joined_table_is_made(care: CareTables, tmp_path: Path) -> None:
    standard = change("soumu-2018", pseudonym={"mode": "none", "rotate_months": None})
    release = make_release(care, standard, tmp_path / "r", key=Key.derive(1))
    assert release.layout == "joined" and "person_id" not in release.columns("joined")
    with pytest.raises(StandardError, match="仮IDを使わない"):
        make_release(care, standard, tmp_path / "l", key=Key.derive(1), layout="linked")
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_more_months_than_the_standard_allows_are_refused(
    care: CareTables, tmp_path: Path, layout: str
) -> None:
    standard = change(period={"max_months": 7}, pseudonym={"rotate_months": 6})
    with pytest.raises(StandardError, match=r"上限\(7か月\)を超えています[\s\S]*令和6年8月までの8か月"):
        make_release(care, standard, tmp_path / "r", key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
    assert not (tmp_path / "r").exists()
    allowed = change(period={"max_months": 8}, pseudonym={"rotate_months": 6})
    release = make_release(care, allowed, tmp_path / "r", key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
    entry = next(entry for entry in release.ledger()["rules"] if entry["id"] == "※2")
    assert entry["parameters"] == {"max_months": 8, "months": 8}


def test_the_same_key_gives_the_same_data_to_a_later_user_and_other_data_to_another_creation(
    care: CareTables, make_tables: Make, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"

    def make(name: str, tables: CareTables, standard: Standard) -> Release:
        return make_release(tables, standard, tmp_path / name, key=Key.from_file(key_file))

    first, again = make("a", care, change()), make("b", care, change())
    assert first.manifest["tables"] == again.manifest["tables"]
    other = make("c", care, change(period={"max_months": 24}))
    more = make_tables([*PEOPLE, 5], benefits=[{"person": person} for person in (*PEOPLE, 5)])
    another = make("d", more, change())
    ids = [set(pseudonyms(release).values()) for release in (first, other, another)]
    assert not (ids[0] & ids[1] or ids[0] & ids[2] or ids[1] & ids[2])
    assert (key_file.stat().st_mode & 0o777) == 0o600


def test_the_manifest_holds_the_standard_its_hash_and_no_value_of_a_person(
    care: CareTables, tmp_path: Path
) -> None:
    release = make_release(care, change(), tmp_path / "r", key=Key.derive(1))
    assert release.manifest["standard_text"] == (release.keep / "standard.toml").read_text(encoding="utf-8")
    assert set(release.manifest["inputs"]) == {"persons", "certifications", "benefits"}
    text = json.dumps(release.manifest, ensure_ascii=False)
    assert not any(f"{person:010d}" in text for person in PEOPLE)
