"""delete_rare_combinations: peculiar combinations of answers, counted in persons."""

from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
TECHNIQUE = "delete_rare_combinations"
WALKING, URINATION = "survey_1_7", "survey_2_5"
BOTH = (f"certifications.{WALKING}", f"certifications.{URINATION}")


def answer(make_tables: Make, *pairs: tuple[int | None, int | None]) -> CareTables:
    rows = [{"person": n, WALKING: a, URINATION: b} for n, (a, b) in enumerate(pairs, 1)]
    return make_tables([row["person"] for row in rows], rows)


def test_of_a_combination_of_one_person_the_answer_of_fewest_persons_goes(make_tables: Make) -> None:
    tables = answer(make_tables, (1, 1), (1, 1), (1, 2), (2, 2), (2, 2))
    rule = make_rule(TECHNIQUE, BOTH, persons=2, within="all")
    done = run_rules(tables, rule, table="certifications")
    assert done.values(WALKING) == [1, 1, 1, 2, 2]
    assert done.values(URINATION) == [1, 1, None, 2, 2]
    entry = done.entry
    assert (entry.rows_in, entry.rows_out, entry.cells_changed, entry.persons_touched) == (5, 5, 1, 1)


def test_items_of_different_groups_are_not_looked_at_together_within_groups(make_tables: Make) -> None:
    tables = answer(make_tables, (1, 1), (1, 1), (1, 2), (2, 2), (2, 2))
    done = run_rules(tables, make_rule(TECHNIQUE, BOTH, persons=2, within="group"), table="certifications")
    assert done.entry.cells_changed == 0


def test_an_empty_answer_makes_no_combination(make_tables: Make) -> None:
    tables = answer(make_tables, (1, None), (None, 2), (2, 2), (2, 2))
    done = run_rules(tables, make_rule(TECHNIQUE, BOTH, persons=2, within="all"), table="certifications")
    assert done.entry.cells_changed == 0


def test_what_the_deletion_makes_rare_is_found_again(make_tables: Make) -> None:
    # (3, 1) of person 4 goes first (answer 3 has 1 person); nothing else has fewer than 2.
    tables = answer(make_tables, (1, 1), (1, 1), (2, 1), (3, 1), (2, 3), (2, 3))
    done = run_rules(tables, make_rule(TECHNIQUE, BOTH, persons=2, within="all"), table="certifications")
    # (2, 1) has person 3 alone: 3 persons answer 2 and 4 (then 3) answer 1, so 歩行 2 or the later of equals goes.
    pairs = list(zip(done.values(WALKING), done.values(URINATION), strict=True))
    full = [pair for pair in pairs if None not in pair]
    assert all(full.count(pair) >= 2 for pair in full)
    assert pairs[:2] == [(1, 1), (1, 1)] and pairs[4:] == [(2, 3), (2, 3)]


def test_two_certifications_of_one_person_are_one_person(make_tables: Make) -> None:
    rows = [
        {"person": 1, WALKING: 1, URINATION: 2, "valid_to": "2024-04-30"},
        {"person": 1, WALKING: 1, URINATION: 2, "valid_from": "2024-05-01"},
        {"person": 2, WALKING: 1, URINATION: 1},
        {"person": 3, WALKING: 1, URINATION: 1},
    ]
    lines = [{"person": n, "service_month": m} for n in (1, 2, 3) for m in ("2024-04", "2024-05")]
    done = run_rules(
        make_tables([1, 2, 3], rows, lines),
        make_rule(TECHNIQUE, BOTH, persons=2, within="all"),
        table="certifications",
    )
    assert done.values(URINATION) == [None, None, 1, 1]
    assert (done.entry.cells_changed, done.entry.persons_touched) == (2, 1)


def test_three_answers_across_all_groups_are_refused_in_words() -> None:
    found = TECHNIQUES[TECHNIQUE].check_parameters({"persons": 10, "answers": 3, "within": "all"})
    assert len(found) == 1 and "群の中" in found[0]
    assert "group" in TECHNIQUES[TECHNIQUE].check_parameters({"persons": 10, "within": "x"})[0]


@pytest.mark.slow
@FEW
@given(build.people, st.integers(2, 4), st.integers(2, 3))
def test_every_shown_combination_belongs_to_enough_persons(people: list[Any], k: int, size: int) -> None:
    items = ("survey_1_3", WALKING, URINATION) if size == 2 else ("survey_1_3", WALKING)
    columns = tuple(f"certifications.{name}" for name in items)
    within = "all" if size == 2 else "group"
    rule = make_rule(TECHNIQUE, columns, persons=k, within=within, answers=2)
    with build.tables(people) as tables:
        before = run_rules(tables, make_rule("keep", columns), table="certifications")
        done = run_rules(tables, rule, rule, table="certifications")
    assert closes(done, "certifications") and done.entry.cells_changed == 0
    changed = 0
    for name in items:
        for old, new in zip(before.values(name), done.values(name), strict=True):
            assert new is None or new == old
            changed += new != old
    assert done.entries[0].cells_changed == changed
    givers: dict[Any, set[int]] = defaultdict(set)
    for row in done.frame.itertuples():
        for one, other in combinations(items, 2):
            pair = (getattr(row, one), getattr(row, other))
            if pair[0] == pair[0] and pair[1] == pair[1]:
                givers[row.municipality, one, other, pair].add(row.person)
    assert all(len(members) >= k for members in givers.values())
