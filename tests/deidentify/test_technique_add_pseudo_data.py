"""add_pseudo_data: artificial records are added, marked, and never counted as persons of the source."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build

from kaigo.deidentify import Key, Standard, load_standard, make_release
from kaigo.engine import open_engine
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
SEX = "persons.sex"


def two(make_tables: Make, count: int = 2) -> CareTables:
    levels = ("21", "23")
    return make_tables(
        [{"person": n, "sex": 1 + n % 2} for n in range(1, count + 1)],
        [{"person": n, "care_level": levels[n % 2]} for n in range(1, count + 1)],
    )


def test_an_artificial_person_has_the_looks_of_one_and_the_care_of_another(make_tables: Make) -> None:
    rule = make_rule("add_pseudo_data", SEX, share=0.5)
    for seed in range(1, 9):
        people = run_rules(two(make_tables), rule, table="persons", seed=seed)
        levels = run_rules(two(make_tables), rule, table="certifications", seed=seed)
        if len(people.frame) == 3:
            break
    assert len(people.frame) == 3, "in half of the seeds the two donors differ"
    assert people.values("person") == [1, 2, 3] and levels.values("person") == [1, 2, 3]
    # Person 1 is 女 (2) with level 23, person 2 男 (1) with level 21.
    assert (people.values("sex")[2], levels.values("care_level")[2]) in {(2, "21"), (1, "23")}
    assert [(e.table, e.rows_in, e.rows_out) for e in people.entries] == [
        ("persons", 2, 3),
        ("certifications", 2, 3),
        ("benefits", 2, 3),
    ]
    assert all("要確認" in entry.note for entry in people.entries)


def with_pseudo_data(name: str) -> Standard:
    data = load_standard(name).model_dump()
    sex = next(rule for rule in data["rules"] if rule["columns"] == (SEX,))
    added = sex | {"id": "90", "technique": "add_pseudo_data", "parameters": {"share": 0.25}}
    data["rules"] = [*data["rules"], added]
    return Standard.model_validate(data)


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_a_release_marks_them_balances_and_leaves_them_out_of_the_crosswalk(
    make_tables: Make, tmp_path: Path, layout: Any
) -> None:
    tables = two(make_tables, 40)
    standard = with_pseudo_data("soumu-2018-linked")
    release = make_release(tables, standard, tmp_path / "out", key=Key.derive(1), layout=layout)
    ledger = release.ledger()
    added = release.manifest["pseudo_data"]["persons"]
    assert 8 <= added <= 10 and release.manifest["pseudo_data"]["standing"] == "要確認"
    persons = ledger["balance"]["persons"]
    assert persons["closes"] and persons["rows_kept"] == 40 + added
    assert sum(persons["left_out"].values()) == -added
    assert "疑似" not in json.dumps(
        (release.provide / "dictionary.csv").read_text(encoding="utf-8-sig"), ensure_ascii=False
    )
    table = "joined" if layout == "joined" else "persons"
    assert release.manifest["tables"][table]["rows"] == 40 + added
    with open_engine() as engine:
        release.scan_persons(engine)
        traced = "traced" if layout == "joined" else "traced_ids"
        rows, people = engine.rows(f"select count(*), count(distinct insured_number) from {traced}")[0]
        assert (rows, people) == (40, 40)
    again = make_release(tables, standard, tmp_path / "again", key=Key.derive(1), layout=layout)
    other = make_release(tables, standard, tmp_path / "other", key=Key.derive(2), layout=layout)
    hashes = [r.manifest["tables"][table]["content_sha256"] for r in (release, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.slow
@FEW
@given(build.people, st.sampled_from([0.1, 0.3, 0.5]), st.integers(1, 3))
def test_real_records_stay_and_artificial_ones_are_no_more_than_the_share(
    people: list[Any], share: float, seed: int
) -> None:
    rule = make_rule("add_pseudo_data", SEX, share=share)
    with build.tables(people) as tables:
        done = run_rules(tables, rule, table="persons", seed=seed)
        lines = run_rules(tables, rule, table="benefits", seed=seed)
        keep = run_rules(tables, make_rule("keep", "benefits.units"), table="benefits")
    assert done.values("sex")[: len(people)] == [person["sex"] for person in people]
    assert len(done.frame) - len(people) <= share * len(people)
    real = lines.frame["person"] <= len(people)
    assert lines.frame[real]["units"].tolist() == keep.frame["units"].tolist()
    assert set(lines.frame["person"]) == set(done.frame["person"])
