"""top_code within kinds, bottom_code, cut_at_fixed, top_code_birth (top_code within codes: test_deidentify_rules)."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
UNITS, BIRTH = "benefits.units", "persons.birth_date"


def counts(entry: Any) -> tuple[int, int, int, int]:
    return (entry.rows_in, entry.rows_out, entry.cells_changed, entry.persons_touched)


def use(make_tables: Make, *lines: tuple[str, int]) -> CareTables:
    rows = [{"person": n, "service_code": code, "units": units} for n, (code, units) in enumerate(lines, 1)]
    return make_tables([row["person"] for row in rows], benefits=rows)


@pytest.mark.parametrize(
    ("within", "shown"),
    [("code", [50, 40, 70, 60]), ("kind", [50, 40, 50, 60]), ("all", [50, 40, 60, 60])],
)
def test_a_limit_is_found_within_the_code_the_kind_or_all_lines(
    make_tables: Make, within: str, shown: list[int]
) -> None:
    tables = use(make_tables, ("111111", 50), ("111112", 40), ("111113", 70), ("121111", 60))
    rule = make_rule("top_code", UNITS, percentile=1.0, persons=2, within=within)
    assert run_rules(tables, rule, table="benefits").values("units") == shown


def test_the_smallest_is_raised_to_the_value_that_enough_persons_are_at_or_below(make_tables: Make) -> None:
    tables = use(make_tables, ("111111", 1), ("111111", 3), ("111111", 5))
    done = run_rules(tables, make_rule("bottom_code", UNITS, percentile=0.0, persons=2), table="benefits")
    assert (done.values("units"), counts(done.entry)) == ([3, 3, 5], (3, 3, 1, 1))


def test_a_fixed_limit_cuts_above_and_below(make_tables: Make) -> None:
    tables = use(make_tables, *(("111111", units) for units in (31, 20, 5, 1)))
    done = run_rules(tables, make_rule("cut_at_fixed", UNITS, most=20, least=2), table="benefits")
    assert (done.values("units"), counts(done.entry)) == ([20, 20, 5, 2], (4, 4, 2, 2))
    beyond = make_rule("cut_at_fixed", "benefits.days", most=40_000)
    assert run_rules(tables, beyond, table="benefits").entry.cells_changed == 0


def test_a_fixed_limit_must_be_given_and_in_order() -> None:
    check = TECHNIQUES["cut_at_fixed"].check_parameters
    assert "少なくとも一方" in check({})[0]
    assert "大きく" in check({"most": 2, "least": 3})[0]
    assert check({"most": 3}) == []


def born(make_tables: Make, *people: tuple[int, str]) -> CareTables:
    return make_tables(
        [{"person": n, "sex": sex, "birth_date": birth} for n, (sex, birth) in enumerate(people, 1)]
    )


def test_the_super_aged_get_the_first_birth_at_which_every_cell_has_enough(make_tables: Make) -> None:
    years = [(1, 1915), (1, 1920), (1, 1930), (2, 1910), (2, 1925), (2, 1930)]
    tables = born(make_tables, *((sex, f"{year}-05-09") for sex, year in years))
    month, limit = (
        make_rule("generalise_to_month", BIRTH),
        make_rule("top_code_birth", BIRTH, persons=2, by="sex"),
    )
    done = run_rules(tables, month, limit, limit, table="persons")
    assert [value[:4] for value in done.values("birth_date")] == [
        "1925",
        "1925",
        "1930",
        "1925",
        "1925",
        "1930",
    ]
    assert counts(done.entries[1]) == (6, 6, 3, 3)
    assert done.entry.cells_changed == 0
    # Without cells the second oldest of all is the limit.
    alone = run_rules(tables, month, make_rule("top_code_birth", BIRTH, persons=2), table="persons")
    assert [value[:4] for value in alone.values("birth_date")] == [
        "1915",
        "1920",
        "1930",
        "1915",
        "1925",
        "1930",
    ]


def test_a_cell_of_too_few_cannot_set_the_limit_and_is_told(make_tables: Make) -> None:
    tables = born(make_tables, (1, "1915-01-01"), (1, "1920-01-01"), (2, "1950-01-01"))
    rule = make_rule("top_code_birth", BIRTH, persons=2, by="sex")
    done = run_rules(tables, make_rule("generalise_to_month", BIRTH), rule, table="persons")
    assert done.values("birth_date") == ["1920-01", "1920-01", "1950-01"]
    assert "2の組のうち1は2人に満たず" in done.entry.note


def test_cells_may_be_made_of_certifications_and_unknown_columns_are_told(make_tables: Make) -> None:
    tables = make_tables(
        [{"person": n, "birth_date": f"19{20 + n}-01-01"} for n in (1, 2, 3, 4)],
        [{"person": n, "care_level": level} for n, level in enumerate(("21", "25", "21", "25"), 1)],
    )
    rule = make_rule("top_code_birth", BIRTH, persons=2, by="care_level")
    done = run_rules(tables, make_rule("generalise_to_month", BIRTH), rule, table="persons")
    assert done.values("birth_date") == ["1924-01"] * 4
    bad = make_rule("top_code_birth", BIRTH, persons=2, by="height")
    assert "height" in TECHNIQUES["top_code_birth"].check_rule(bad)[0]


@pytest.mark.slow
@FEW
@given(build.people, st.integers(2, 4), st.sampled_from(["code", "kind", "all"]))
def test_top_and_bottom_values_belong_to_enough_persons(people: list[Any], k: int, within: str) -> None:
    rules = (
        make_rule("bottom_code", UNITS, percentile=0.0, persons=k, within=within),
        make_rule("top_code", UNITS, percentile=1.0, persons=k, within=within),
    )
    with build.tables(people) as tables:
        done = run_rules(tables, *rules, table="benefits")
        keep = run_rules(tables, make_rule("keep", UNITS), table="benefits")
    assert closes(done, "benefits")
    key = {
        "code": done.frame["service_code"],
        "kind": done.frame["service_code"].str[:2],
        "all": done.frame["units"] * 0,
    }[within]
    assert (done.frame["units"] != keep.frame["units"]).sum() <= sum(e.cells_changed for e in done.entries)
    for _, group in done.frame.groupby(["municipality", key]):
        enough = min(k, group["person"].nunique())
        for edge in (group["units"].max(), group["units"].min()):
            assert group[group["units"] == edge]["person"].nunique() >= enough


@pytest.mark.slow
@FEW
@given(build.people, st.integers(2, 4))
def test_at_the_earliest_birth_every_large_cell_has_enough_persons(people: list[Any], k: int) -> None:
    rules = (
        make_rule("generalise_to_month", BIRTH),
        make_rule("top_code_birth", BIRTH, persons=k, by="sex"),
    )
    with build.tables(people) as tables:
        done = run_rules(tables, *rules, table="persons")
    for town, frame in done.frame.groupby("municipality"):
        original = [p for p in people if p["town"] == sorted({q["town"] for q in people})[town - 1]]
        earliest = frame["birth_date"].min()
        for sex, cell in frame.groupby("sex"):
            if sum(p["sex"] == sex for p in original) >= k:
                assert (cell["birth_date"] == earliest).sum() >= k
        for shown, person in zip(frame["birth_date"], original, strict=True):
            assert shown == max(person["birth"][:7], earliest)
