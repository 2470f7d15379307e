"""What is hidden for the promise: small classes, pairs of kinds, pairs of answers; checked by brute force."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kaigo.deidentify.promise_search import (
    Attribute,
    choose_answers,
    keep_shared_tokens,
    number_classes,
    protect_classes,
)

LEAST = 3
TOKENS = arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 5)))
VALUES = arrays(np.int64, st.tuples(st.integers(1, 30), st.just(4)), elements=st.integers(1, 3))


def cells_of(kept: np.ndarray) -> list[int]:
    """Persons in every cell of every 2 x 2 table (one token with itself included), none left out."""
    tokens = [*range(kept.shape[1])] * 2
    found = [
        int(((kept[:, one] == first) & (kept[:, other] == second)).sum())
        for one, other in combinations(tokens, 2)
        for first in (True, False)
        for second in (True, False)
    ]
    return [number for number in found if number]


@settings(max_examples=60, deadline=None)
@given(TOKENS)
def test_any_two_kinds_used_or_not_are_shared_by_enough_or_by_nobody(present: np.ndarray) -> None:
    kept = keep_shared_tokens(present, np.zeros(present.shape[1], bool), LEAST, pairs=True)
    assert not (kept & ~present).any(), "nothing is made up"
    if len(present) < LEAST:
        assert not kept.any(), "a class of too few persons shows no kind at all"
        return
    assert min(cells_of(kept), default=LEAST) >= LEAST
    again = keep_shared_tokens(kept, np.zeros(present.shape[1], bool), LEAST, pairs=True)
    assert (again == kept).all()


def test_a_kind_that_few_have_goes_and_one_that_many_share_stays() -> None:
    present = np.array([[1, 1], [1, 0], [1, 0], [0, 0], [0, 0], [0, 0]], bool)
    kept = keep_shared_tokens(present, np.zeros(2, bool), LEAST, pairs=True)
    assert kept.tolist() == [[True, False]] * 3 + [[False, False]] * 3


def test_a_kind_that_all_but_few_have_is_taken_from_just_enough() -> None:
    present = np.array([[1]] * 9 + [[0]], bool)
    kept = keep_shared_tokens(present, np.zeros(1, bool), LEAST, pairs=True)
    assert kept.sum() == 7, "two more are without it, so that three are"


def test_what_was_settled_before_is_left_alone() -> None:
    settled = np.array([[1]] * 5 + [[0]] * 5, bool)
    added = np.array([[1]] * 6 + [[0]] * 4, bool)  # one person has the second without the first
    kept = keep_shared_tokens(np.hstack([settled, added]), np.array([True, False]), LEAST, pairs=True)
    assert (kept[:, :1] == settled).all()
    assert min(cells_of(kept)) >= LEAST


@settings(max_examples=60, deadline=None)
@given(VALUES, st.integers(1, 2))
def test_any_two_answers_that_stay_are_shared_by_enough_in_each_period(
    values: np.ndarray, periods: int
) -> None:
    groups = np.arange(len(values)) % periods
    stay = choose_answers(values, groups, LEAST, pairs=True)
    for group in range(periods):
        own = values[groups == group]
        for one, other in [*combinations(stay, 2), *((item, item) for item in stay)]:
            pairs = np.unique(own[:, [one, other]], axis=0, return_counts=True)[1]
            assert pairs.min(initial=LEAST) >= LEAST


def test_of_two_items_in_conflict_the_more_important_stays() -> None:
    values = np.array([[1, 1]] * 3 + [[2, 2]] * 3 + [[1, 2]])
    assert choose_answers(values, np.zeros(7, np.int64), LEAST, pairs=True) == [0]
    assert choose_answers(values, np.zeros(7, np.int64), LEAST, pairs=False) == [0, 1]


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_every_class_that_stays_is_large_enough(values: np.ndarray) -> None:
    rows = len(values)
    person = np.arange(rows) // 2  # two periods each
    period = np.arange(rows) % 2
    cascade = [
        Attribute("level", values[:, 1], np.arange(rows)),
        Attribute("birth", values[person * 2, 2], person),
    ]
    found = protect_classes([period, values[person * 2, 0]], cascade, person, np.ones(rows, bool), LEAST)
    if found.stays.any():
        columns = [period, values[person * 2, 0], *(each.values for each in found.attributes)]
        _, sizes = number_classes([column[found.stays] for column in columns])
        assert sizes.min() >= LEAST
    for before, after in zip(cascade, found.attributes, strict=True):
        assert ((after.values == before.values) | (after.values == 0)).all(), (
            "values are hidden, never changed"
        )
    for number in np.unique(person):
        assert len(set(found.stays[person == number])) == 1, "a person stays or leaves with all rows"


def test_a_small_class_takes_the_smallest_beside_it_along() -> None:
    level = np.array([1] * 5 + [2] * 4 + [3] * 1)
    rows = np.arange(10)
    found = protect_classes(
        [np.zeros(10, np.int64)], [Attribute("level", level, rows)], rows, np.ones(10, bool), LEAST
    )
    assert found.attributes[0].values.tolist() == [1] * 5 + [0] * 5
    assert found.stays.all()
