"""generalise_birth, lift_code, merge_options, and the checks of a standard that know them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import CODES, FEW, build, closes

from kaigo.deidentify.birth_checks import check_birth
from kaigo.deidentify.released_names import released_birth, released_name, source_column
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.techniques.merge_options import merge_until_shared
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
BIRTH, CODE = "persons.birth_date", "benefits.service_code"
WALKING = "certifications.survey_1_7"


def born(make_tables: Make, *births: str, month: str = "2025-03") -> CareTables:
    people = [{"person": n, "birth_date": birth} for n, birth in enumerate(births, 1)]
    return make_tables(
        people, benefits=[{"person": n, "service_month": month} for n in range(1, len(births) + 1)]
    )


def banded(make_tables: Make, births: list[str], **parameters: Any) -> list[Any]:
    done = run_rules(
        born(make_tables, *births), make_rule("generalise_birth", BIRTH, **parameters), table="persons"
    )
    return done.values("birth_date")


def test_a_birth_becomes_a_month_a_quarter_or_a_year(make_tables: Make) -> None:
    births = ["1943-02-19", "1943-04-01", "1950-12-31"]
    assert banded(make_tables, births, to="month") == ["1943-02", "1943-04", "1950-12"]
    assert banded(make_tables, births, to="quarter") == ["1943-Q1", "1943-Q2", "1950-Q4"]
    assert banded(make_tables, births, to="year") == ["1943", "1943", "1950"]


def test_generalisations_follow_one_another_and_a_second_run_changes_nothing(make_tables: Make) -> None:
    tables = born(make_tables, "1943-02-19", "1950-12-01")
    steps = [
        make_rule("generalise_birth", BIRTH, to=to) for to in ("month", "quarter", "quarter", "year", "year")
    ]
    done = run_rules(tables, *steps, table="persons")
    assert done.values("birth_date") == ["1943", "1950"]
    assert [entry.cells_changed for entry in done.entries] == [2, 2, 0, 2, 0]


def test_birth_years_are_banded_and_a_band_that_reaches_into_the_open_one_belongs_to_it(
    make_tables: Make,
) -> None:
    births = ["1930-01-01", "1934-12-31", "1935-01-01", "1939-12-31", "1940-01-01", "1962-01-01"]
    shown = banded(make_tables, births, to="band", width=5, oldest=90, youngest=65)
    # 90 years and more: born up to 1935, whose band ends in 1939. Under 65: born from 1960 on.
    assert shown == ["-1939", "-1939", "-1939", "-1939", "1940-1944", "1960-"]


def test_ages_are_full_years_at_the_end_of_the_last_month(make_tables: Make) -> None:
    births = ["1940-03-31", "1940-04-01", "1935-03-01", "1935-04-01", "1961-01-01"]
    shown = banded(make_tables, births, to="age", width=5, oldest=90, youngest=65)
    assert shown == ["85-89", "80-84", "90-", "85-89", "-64"]


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"to": "band", "width": 5}, "oldest"),
        ({"to": "year", "width": 5}, "band か age"),
        ({"to": "age", "width": 5, "oldest": 92}, "倍数"),
        ({"to": "band", "width": 5, "oldest": 60, "youngest": 65}, "重なって"),
        ({"to": "week"}, "month"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused_in_words(
    parameters: dict[str, Any], word: str
) -> None:
    found = TECHNIQUES["generalise_birth"].check_parameters(parameters)
    assert len(found) == 1 and word in found[0]


def test_a_standard_may_not_make_a_birth_finer_again() -> None:
    year, month = make_rule("generalise_birth", BIRTH, to="year"), make_rule("generalise_to_month", BIRTH)
    aged = make_rule("delete_super_aged", BIRTH, age=100)
    assert list(check_birth(BIRTH, [month, aged, year])) == []
    assert "年月日・年月" in next(check_birth(BIRTH, [year, month]))
    assert "年になっています" in next(check_birth(BIRTH, [year, aged]))
    assert "一般化するか項目削除" in next(check_birth(BIRTH, [make_rule("keep", BIRTH)]))
    assert released_birth([month, aged, year]) == "birth_year"
    assert released_birth([month]) == "birth_month"


@pytest.mark.slow
@FEW
@given(build.people, st.sampled_from([2, 5, 10]), st.booleans())
def test_a_band_holds_the_birth_and_is_never_finer_than_its_width(
    people: list[Any], width: int, ages: bool
) -> None:
    rule = make_rule("generalise_birth", BIRTH, to="age" if ages else "band", width=width, oldest=90)
    with build.tables(people) as tables:
        done = run_rules(tables, rule, table="persons")
    assert closes(done, "persons") and done.entry.cells_changed == len(people)
    for person, shown in zip(people, done.values("birth_date"), strict=True):
        born_on = pd.Timestamp(person["birth"])
        last = pd.Timestamp(2024, 4, 30)
        age = last.year - born_on.year - ((born_on.month, born_on.day) > (last.month, last.day))
        value, low, high = (age, *shown.split("-")) if ages else (born_on.year, *shown.split("-"))
        assert (not low or int(low) <= value) and (not high or value <= int(high))
        assert not (low and high) or int(high) - int(low) + 1 == width
        assert age < 90 or not (low and high)


# generalise_date ---------------------------------------------------------------------------------------------


def test_another_date_becomes_its_month_quarter_or_year_and_a_second_run_changes_nothing(
    make_tables: Make,
) -> None:
    valid_from = "certifications.valid_from"
    tables = make_tables([1], [{"person": 1, "valid_from": "2023-04-15"}])
    steps = [
        make_rule("generalise_date", valid_from, to=to) for to in ("month", "quarter", "quarter", "year")
    ]
    for count, shown in ((1, "2023-04"), (2, "2023-Q2"), (4, "2023")):
        done = run_rules(tables, *steps[:count], table="certifications")
        assert done.values("valid_from") == [shown]
    assert [entry.cells_changed for entry in done.entries] == [1, 1, 0, 1]
    assert released_name(valid_from, steps) == "valid_from_year"
    assert (
        source_column("valid_from_year") == "valid_from" and source_column("service_month") == "service_month"
    )


# lift_code ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("base", ["11-03", "11", None]),
        ("kind", ["11", "11", None]),
        ("category", ["G1", "G1", None]),
    ],
)
def test_a_code_is_lifted_level_by_level(make_tables: Make, to: str, shown: list[Any]) -> None:
    lines = [{"person": n, "service_code": c} for n, c in enumerate(("111111", "111199", "ZZ0001"), 1)]
    order = ["base", "kind", "category"]
    steps = [make_rule("lift_code", CODE, to=step) for step in order[: order.index(to) + 1]]
    done = run_rules(make_tables([1, 2, 3], benefits=lines), *steps, steps[-1], table="benefits")
    assert done.values("service_code") == shown
    assert done.entry.cells_changed == 0


def test_what_is_coarser_already_stays(make_tables: Make) -> None:
    lines = [{"person": n, "service_code": c} for n, c in enumerate(CODES, 1)]
    tables = make_tables(list(range(1, len(CODES) + 1)), benefits=lines)
    steps = [make_rule("lift_code", CODE, to=to) for to in ("category", "base")]
    assert run_rules(tables, *steps, table="benefits").entry.cells_changed == 0


# merge_options -----------------------------------------------------------------------------------------------


def answering(make_tables: Make, *answers: int | None) -> CareTables:
    rows = [{"person": n, "survey_1_7": answer} for n, answer in enumerate(answers, 1)]
    return make_tables([row["person"] for row in rows], rows)


def test_named_options_become_their_first_and_others_stay(make_tables: Make) -> None:
    tables = answering(make_tables, 1, 2, 3, None)
    rule = make_rule("merge_options", WALKING, groups="2,3")
    done = run_rules(tables, rule, rule, table="certifications")
    assert done.values("survey_1_7") == [1, 2, 2, None]
    assert [(e.cells_changed, e.persons_touched) for e in done.entries] == [(1, 1), (0, 0)]


def test_the_rarest_option_joins_its_rarer_neighbour_until_enough_persons_share_it(make_tables: Make) -> None:
    rule = make_rule("merge_options", WALKING, persons=2)
    done = run_rules(answering(make_tables, 1, 1, 2, 3, None), rule, rule, table="certifications")
    assert done.values("survey_1_7") == [1, 1, 2, 2, None]
    assert [entry.cells_changed for entry in done.entries] == [1, 0]
    assert (
        run_rules(answering(make_tables, 3, None), rule, table="certifications").values("survey_1_7")
        == [None] * 2
    )


def test_a_person_who_gave_both_merged_options_is_one_person() -> None:
    # One person gave 1 and 2, another 2; three gave 3.
    assert merge_until_shared({0b0110: 1, 0b0100: 1, 0b1000: 3}, 2) == {1: 1, 2: 1, 3: 3}
    assert merge_until_shared({0b0110: 1}, 2) == {1: None, 2: None}


def test_options_are_checked_against_the_item_and_the_ways_to_merge() -> None:
    technique = TECHNIQUES["merge_options"]
    assert "選択肢9" in technique.check_rule(make_rule("merge_options", WALKING, groups="3,9"))[0]
    assert "どちらか一方" in technique.check_parameters({})[0]
    assert "2回以上" in technique.check_parameters({"groups": "1,2|2,3"})[0]
    assert "2・3をまとめた" in technique.note_for_recipient(make_rule("merge_options", WALKING, groups="2,3"))


@pytest.mark.slow
@FEW
@given(build.people, st.integers(2, 5))
def test_every_merged_option_has_enough_persons_and_spans_neighbours(people: list[Any], k: int) -> None:
    rule = make_rule("merge_options", WALKING, persons=k)
    with build.tables(people) as tables:
        done = run_rules(tables, rule, rule, table="certifications")
    assert closes(done, "certifications") and done.entry.cells_changed == 0
    spans: dict[Any, set[int]] = defaultdict(set)
    givers: dict[Any, int] = defaultdict(int)
    changed = 0
    for person, shown in zip(people, done.values("survey_1_7"), strict=True):
        own = person["answers"][1]
        changed += own != shown
        if own is not None and shown is not None:
            spans[person["town"], shown].add(own)
            givers[person["town"], shown] += 1
    assert done.entries[0].cells_changed == changed
    assert all(number >= k for number in givers.values())
    for (town, shown), merged in spans.items():
        assert shown == min(merged)
        others = [m for (t, s), m in spans.items() if t == town and s != shown]
        assert all(max(merged) < min(m) or max(m) < min(merged) for m in others)
