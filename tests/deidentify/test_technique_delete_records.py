"""delete_records, delete_cells: what holds a named value."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.tables import CareTables

Make = Callable[..., CareTables]


def test_a_removed_person_takes_certifications_and_benefits_along(make_tables: Make) -> None:
    tables = make_tables([1, {"person": 2, "insured_category": 2}, 3])
    rule = make_rule("delete_records", "persons.insured_category", values="2")
    done = run_rules(tables, rule, table="benefits")
    assert done.values("person") == [1, 3]
    assert [(e.table, e.rows_in, e.rows_out, e.persons_touched) for e in done.entries] == [
        ("persons", 3, 2, 1),
        ("certifications", 3, 2, 1),
        ("benefits", 3, 2, 1),
    ]


def test_a_removed_certification_takes_its_lines_and_the_person_who_has_no_other(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "care_level": "06", "valid_to": "2024-04-30"},
        {"person": 1, "valid_from": "2024-05-01"},
        {"person": 2, "care_level": "06"},
    ]
    lines = [{"person": n, "service_month": m} for n in (1, 2) for m in ("2024-04", "2024-05")]
    tables = make_tables([1, 2], certifications, lines)
    rule = make_rule("delete_records", "certifications.care_level", values="01, 06")
    assert run_rules(tables, rule, table="persons").values("person") == [1]
    assert run_rules(tables, rule, table="benefits").values("person") == [1]


def test_a_removed_benefit_line_goes_alone_and_an_empty_cell_is_no_value(make_tables: Make) -> None:
    lines = [{"person": 1, "days": 0}, {"person": 1, "days": 3, "service_code": "121111"}, {"person": 2}]
    rule = make_rule("delete_records", "benefits.days", values="0")
    done = run_rules(make_tables([1, 2], benefits=lines), rule, table="benefits")
    assert (done.values("days"), [e.table for e in done.entries]) == ([3, 4], ["benefits"])


def test_cells_with_the_value_become_empty_and_others_stay(make_tables: Make) -> None:
    levels = ["21", "06", "01"]
    tables = make_tables([1, 2, 3], [{"person": n, "care_level": v} for n, v in enumerate(levels, 1)])
    done = run_rules(
        tables, make_rule("delete_cells", "certifications.care_level", values="01,06"), table="certifications"
    )
    assert done.values("care_level") == ["21", None, None]
    assert (done.entry.rows_in, done.entry.rows_out, done.entry.cells_changed) == (3, 3, 2)


@pytest.mark.slow
@FEW
@given(build.people, st.sampled_from(["21", "22", "21,23"]))
def test_no_removed_value_is_left_and_nothing_else_is_lost(people: list, values: str) -> None:
    rule = make_rule("delete_records", "certifications.care_level", values=values)
    with build.tables(people) as tables:
        done = run_rules(tables, rule, rule, table="certifications")
    assert closes(done, "certifications")
    left = [person["level"] for person in people if person["level"] not in values.split(",")]
    assert done.values("care_level") == left
