"""delete_small_groups, blank_small_groups: groups by named columns, counted in persons."""

from collections import defaultdict
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
GROUP = ("persons.sex", "certifications.care_level")


def make_group(make_tables: Make, *rows: tuple[int, str]) -> CareTables:
    people = [{"person": n, "sex": sex} for n, (sex, _) in enumerate(rows, 1)]
    return make_tables(people, [{"person": n, "care_level": level} for n, (_, level) in enumerate(rows, 1)])


def test_a_person_alone_in_the_group_is_removed_from_all_tables(make_tables: Make) -> None:
    tables = make_group(make_tables, (1, "21"), (1, "21"), (2, "21"))
    done = run_rules(tables, make_rule("delete_small_groups", GROUP, persons=2), table="persons")
    assert done.values("person") == [1, 2]
    assert [(e.table, e.rows_in, e.rows_out, e.persons_touched) for e in done.entries] == [
        ("certifications", 3, 2, 1),
        ("benefits", 3, 2, 1),
        ("persons", 3, 2, 1),
    ]


def test_a_person_with_another_certification_loses_only_the_rare_one(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "care_level": "21", "valid_to": "2024-04-30"},
        {"person": 1, "care_level": "25", "valid_from": "2024-05-01"},
        {"person": 2, "care_level": "21"},
    ]
    lines = [{"person": n, "service_month": m} for n in (1, 2) for m in ("2024-04", "2024-05")]
    rule = make_rule("delete_small_groups", GROUP, persons=2)
    done = run_rules(make_tables([1, 2], certifications, lines), rule, table="benefits")
    assert done.values("person") == [1, 2, 2]
    assert run_rules(make_tables([1, 2], certifications, lines), rule, table="persons").values("person") == [
        1,
        2,
    ]


def test_the_level_of_small_groups_becomes_empty_and_empty_is_a_value(make_tables: Make) -> None:
    tables = make_group(make_tables, (1, "21"), (1, "21"), (1, "22"), (1, "23"))
    rule = make_rule("blank_small_groups", GROUP, persons=2, blank="care_level")
    done = run_rules(tables, rule, make_rule("delete_small_groups", GROUP, persons=2), table="certifications")
    assert done.values("care_level") == ["21", "21", None, None]
    assert (done.entries[0].cells_changed, done.entries[0].persons_touched) == (2, 2)


def test_the_next_column_is_emptied_only_for_those_still_in_small_groups(make_tables: Make) -> None:
    tables = make_group(make_tables, (1, "21"), (1, "21"), (1, "22"), (1, "23"), (2, "24"))
    rule = make_rule("blank_small_groups", GROUP, persons=2, blank="care_level,sex")
    assert run_rules(tables, rule, table="certifications").values("care_level") == [
        "21",
        "21",
        None,
        None,
        None,
    ]
    assert run_rules(tables, rule, table="persons").values("sex") == [1, 1, 1, 1, None]


def test_in_small_groups_the_birth_becomes_wider_until_enough_share_it(make_tables: Make) -> None:
    years = (1940, 1940, 1941, 1943, 1912)
    tables = make_tables([{"person": n, "birth_date": f"{year}-03-04"} for n, year in enumerate(years, 1)])
    year = make_rule("generalise_birth", "persons.birth_date", to="year")
    merge = make_rule("merge_small_groups", ("persons.birth_date", "persons.sex"), persons=2)
    done = run_rules(tables, year, merge, merge, table="persons")
    assert done.values("birth_date") == ["1940", "1940", "1940-1944", "1940-1944", None]
    # 1912 becomes 5, 10, 20 and 40 years wide, then empty; the two others change once.
    assert [entry.cells_changed for entry in done.entries[1:]] == [3, 1, 1, 1, 1, 0]
    assert TECHNIQUES["merge_small_groups"].check_rule(
        make_rule("merge_small_groups", "persons.sex", persons=2)
    )


@pytest.mark.slow
@FEW
@given(build.people, st.integers(2, 4))
def test_a_band_that_is_shown_has_enough_persons_and_holds_the_birth(people: list[Any], k: int) -> None:
    year = make_rule("generalise_birth", "persons.birth_date", to="year")
    merge = make_rule("merge_small_groups", ("persons.birth_date", "persons.sex"), persons=k)
    with build.tables(people) as tables:
        done = run_rules(tables, year, merge, merge, table="persons")
    assert closes(done, "persons") and done.entry.cells_changed == 0
    groups: dict[Any, int] = defaultdict(int)
    for person, shown in zip(people, done.values("birth_date"), strict=True):
        if shown is not None:
            groups[person["town"], person["sex"], shown] += 1
            low, _, high = shown.partition("-")
            assert int(low) <= int(person["birth"][:4]) <= int(high or low)
    assert all(number >= k for number in groups.values())


def test_a_column_to_empty_must_be_one_of_the_group() -> None:
    rule = make_rule("blank_small_groups", GROUP, persons=2, blank="birth_date")
    assert TECHNIQUES["blank_small_groups"].check_rule(rule) == [
        "空欄にする列「birth_date」は、この定めの列にありません。"
    ]


@pytest.mark.slow
@FEW
@given(st.data(), st.integers(2, 4), st.booleans())
def test_nobody_is_left_in_a_group_of_too_few(data: st.DataObject, k: int, blank_first: bool) -> None:
    people = data.draw(build.people)
    rules = [make_rule("delete_small_groups", GROUP, persons=k)]
    if blank_first:
        rules.insert(0, make_rule("blank_small_groups", GROUP, persons=k, blank="care_level,sex"))
    with build.tables(people) as tables:
        persons = run_rules(tables, *rules, table="persons")
        done = run_rules(tables, *rules, rules[-1], table="certifications")
    assert closes(done, "certifications")
    assert all(entry.rows_in == entry.rows_out for entry in done.entries[-3:])
    sex = dict(zip(persons.values("person"), persons.values("sex"), strict=True))
    groups: dict[Any, set[int]] = defaultdict(set)
    for town, person, level in zip(
        done.values("municipality"), done.values("person"), done.values("care_level"), strict=True
    ):
        groups[town, sex[person], level].add(person)
    assert all(len(members) >= k for members in groups.values())
    own: dict[Any, int] = defaultdict(int)
    for each in people:
        own[each["town"], each["sex"], each["level"]] += 1
    common = sum(number for number in own.values() if number >= k)
    assert len(sex) >= common, "a person of a large group is never removed"
