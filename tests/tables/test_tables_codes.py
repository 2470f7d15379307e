"""Care levels, the service-code hierarchy and the limits by level."""

import pytest

from kaigo.tables import (
    find_limit,
    level_name,
    load_care_levels,
    load_service_codes,
    load_service_kinds,
    service_labels,
)
from kaigo.tables.facts import is_printable, read_facts


def test_levels_are_ordered_by_severity() -> None:
    levels = load_care_levels()
    assert list(levels) == ["01", "06", "12", "13", "21", "22", "23", "24", "25"]
    assert [level.severity for level in levels.values()] == list(range(9))
    assert (level_name("23"), level_name("25"), level_name("99"), level_name(None)) == (
        "要介護3",
        "要介護5",
        "99",
        "",
    )


def test_a_code_leads_to_its_base_its_kind_and_its_category() -> None:
    code = load_service_codes()["111112"]
    kind = load_service_kinds()[code.kind]
    assert (code.base_code, code.base_name) == ("11-03", "身体介護１")
    assert (kind.code, kind.name, kind.category_code, kind.category) == ("11", "訪問介護", "G1", "訪問")


def test_the_codes_of_the_document_are_known_by_their_kind_only() -> None:
    code = load_service_codes()["111175"]
    assert (code.kind, code.base_code, code.units) == ("11", "", None)


def test_every_code_has_a_known_kind_and_a_base_of_the_same_kind() -> None:
    kinds = load_service_kinds()
    names: dict[str, str] = {}
    for code in load_service_codes().values():
        assert len(code.code) == 6
        assert code.kind == code.code[:2] and code.kind in kinds
        if code.base_code:
            assert code.base_code.startswith(f"{code.kind}-")
            assert names.setdefault(code.base_code, code.base_name) == code.base_name


def test_codes_of_different_depth_never_look_alike() -> None:
    codes = set(load_service_codes())
    bases = {code.base_code for code in load_service_codes().values() if code.base_code}
    kinds = set(load_service_kinds())
    categories = {kind.category_code for kind in load_service_kinds().values()}
    depths = [codes, bases, kinds, categories]
    assert sum(len(depth) for depth in depths) == len(set().union(*depths))


def test_no_code_stands_in_both_tables_and_synthetic_ones_are_marked() -> None:
    real = [row["code"] for row in read_facts("service_codes")]
    made = [row["code"] for row in read_facts("service_codes_synthetic")]
    assert len(real) + len(made) == len(set(real) | set(made)) == len(load_service_codes())
    assert all(load_service_codes()[code].synthetic for code in made)
    assert not any(load_service_codes()[code].synthetic for code in real)


def test_labels_name_every_depth_of_the_hierarchy() -> None:
    labels = service_labels()
    assert (labels["111111"], labels["11-03"], labels["11"], labels["G1"]) == (
        "身体介護１",
        "身体介護１",
        "訪問介護",
        "訪問",
    )


@pytest.mark.parametrize(
    ("level", "month", "limit"),
    [
        ("23", "2017-06", 26931),  # the document's second line, 26,944 units, is 13 over this
        ("23", "2019-09", 26931),
        ("23", "2019-10", 27048),
        ("25", "2026-11", 36217),
        ("12", "2019-10", 5032),
        ("23", "2014-03", None),
        ("01", "2024-04", None),
        ("99", "2024-04", None),
    ],
)
def test_the_limit_is_that_of_the_level_in_the_month(level: str, month: str, limit: int | None) -> None:
    assert find_limit(level, month) == limit


def test_one_limit_at_most_is_in_force_for_a_level_and_month() -> None:
    months = [f"{year}-{month:02d}" for year in range(2014, 2027) for month in range(1, 13)]
    rows = read_facts("limits_by_level")
    for level in load_care_levels():
        for month in months:
            found = [
                row
                for row in rows
                if row["care_level"] == level
                and row["valid_from"] <= month
                and month <= (row["valid_to"] or "9999")
            ]
            assert len(found) <= 1, (level, month)


@pytest.mark.parametrize(
    "name",
    [
        "care_levels",
        "service_kinds",
        "service_codes",
        "service_codes_synthetic",
        "limits_by_level",
        "survey_items",
        "option_aliases",
    ],
)
def test_every_fact_has_a_source_and_a_confidence(name: str) -> None:
    rows = read_facts(name)
    assert rows and all(row["source"] and row["confidence"] for row in rows)


def test_facts_from_memory_are_not_printed() -> None:
    by_limit = {int(row["units_per_month"]): row for row in read_facts("limits_by_level")}
    assert is_printable(by_limit[27048]) and not is_printable(by_limit[26931])
