"""The search finds what a walk over the whole lattice finds, and counts persons."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lattice_oracle import find_best, judge_node

from kaigo.deidentify.k_anonymity import Found, Hierarchy, records, search_lattice
from kaigo.errors import EmptyResultError, ParameterError

AGES = [("65", "60代", "*"), ("66", "60代", "*"), ("71", "70代", "*")]
SEXES = [("男", "*"), ("女", "*")]


def search(
    rows: Sequence[Sequence[str]],
    hierarchies: Sequence[Sequence[Sequence[str]]],
    k: int,
    limit: object,
    owners: Sequence[Any] | None = None,
) -> Found:
    keys = [Hierarchy.from_rows(f"鍵{number}", each) for number, each in enumerate(hierarchies)]
    codes = [
        np.array([key.values.index(row[place]) for row in rows], dtype=np.int32)
        for place, key in enumerate(keys)
    ]
    number = None
    if owners is not None:
        names = list(dict.fromkeys(owners))
        number = np.array([names.index(owner) for owner in owners], dtype=np.int64)
    counted = records.collapse(codes, [key.domain_size for key in keys], number)
    return search_lattice(counted, keys, k, Fraction(str(limit)))


# Counted by hand


def test_the_example_of_the_docstring() -> None:
    rows = [("65",), ("65",), ("66",), ("71",)]
    # Level 0: 66 and 71 suppressed; level 1: 71 alone; level 2: none, everything lost.
    assert judge_node(rows, range(4), [AGES], (0,), 2) == (Fraction(2, 4), 2, 2)
    assert judge_node(rows, range(4), [AGES], (1,), 2) == (Fraction(5, 8), 1, 1)
    assert judge_node(rows, range(4), [AGES], (2,), 2) == (Fraction(1), 0, 0)
    for limit, levels, loss in (("0.5", (0,), 1 / 2), ("0.25", (1,), 5 / 8), ("0.24", (2,), 1)):
        found = search(rows, [AGES], 2, limit)
        assert (found.levels, float(found.loss)) == (levels, loss)


def test_a_finer_node_may_lose_more_than_a_coarser_one_by_what_it_suppresses() -> None:
    rows = [("65",)] * 3 + [("66",)] + [("71",)] * 4
    # Level 0 suppresses one of eight: 1/8. Level 1: four records at 1/2: 2/8. With k = 4 level 0 suppresses four.
    assert search(rows, [AGES], 2, "0.5").levels == (0,)
    found = search(rows, [AGES], 4, "0.5")
    assert (found.levels, found.loss, found.suppressed_records) == ((1,), Fraction(2, 8), 0)


def test_a_class_of_one_person_s_many_rows_is_no_class_of_k() -> None:
    rows = [("65",), ("65",), ("65",), ("66",), ("71",), ("71",)]
    owners = ["甲", "甲", "甲", "乙", "丙", "丁"]
    assert search(rows, [AGES], 2, 0).levels == (1,)  # 65 × 3 would do, 66 has one row
    assert search(rows, [AGES], 2, "0.2").levels == (0,)  # the row of 66 is a sixth of the rows
    by_person = search(rows, [AGES], 2, "0.25", owners)
    # Level 0 would suppress 甲 and 乙, half the persons; level 1 has 甲 乙 together and 丙 丁.
    assert (by_person.levels, by_person.suppressed_units, by_person.smallest_class) == ((1,), 0, 2)
    assert by_person.loss == Fraction(4, 12)


def test_the_limit_is_a_share_of_persons_with_a_suppressed_row_not_of_rows() -> None:
    # 甲 has 65 and 66, 乙 65 only, 丙 and 丁 71: the row of 66 alone is suppressed, 1 of 8 rows, 1 of 4 persons.
    rows = [("65",), ("65",), ("65",), ("66",), ("65",), ("71",), ("71",), ("71",)]
    owners = ["甲", "甲", "甲", "甲", "乙", "丙", "丁", "丁"]
    found = search(rows, [AGES], 2, "0.25", owners)
    assert (found.levels, found.suppressed_records, found.suppressed_units) == ((0,), 1, 1)
    assert search(rows, [AGES], 2, "0.24", owners).levels == (1,)


def test_exactly_the_limit_is_within_it_where_floating_point_says_otherwise() -> None:
    assert int(0.29 * 100) == 28
    found = search([("65",)] * 71 + [("66",)] * 29, [AGES], 30, "0.29")
    assert (found.levels, found.suppressed_records) == ((0,), 29)


def test_equal_losses_are_decided_by_suppressed_records_then_by_the_lower_levels_of_earlier_keys() -> None:
    # Two equal keys: levels (0, 1) and (1, 0) lose the same.
    two = [("a", "*"), ("b", "*")]
    rows = [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    found = search(rows, [two, two], 2, 0)
    assert (found.levels, found.loss) == ((0, 1), Fraction(1, 2))
    # All suppressed at level 0 loses 1, as * does; * suppresses nobody.
    found = search([("a",), ("b",)], [two], 2, 1)
    assert (found.levels, found.suppressed_records) == ((1,), 0)


def test_a_key_of_one_value_loses_nothing_unless_suppressed() -> None:
    one = [("市", "*")]
    found = search([("市", "男"), ("市", "男"), ("市", "女")], [one, SEXES], 2, "0.34")
    assert (found.levels, found.suppressed_records) == ((0, 0), 1)
    assert found.loss == Fraction(1 + 1, 6)


def test_fewer_persons_than_k_cannot_be_helped_unless_all_may_be_suppressed() -> None:
    with pytest.raises(EmptyResultError, match="k = 3"):
        search([("65",), ("66",)], [AGES], 3, "0.9")
    found = search([("65",), ("66",)], [AGES], 3, 1)
    assert (found.levels, found.loss, found.smallest_class) == ((0,), 1, None)


def test_a_lattice_beyond_measure_is_refused() -> None:
    chain = [("a", *(["a"] * 9), "*"), ("b", *(["b"] * 9), "*")]
    with pytest.raises(ParameterError, match="段階の組が多すぎます"):
        search([("a",) * 7] * 3, [chain] * 7, 2, 0)


# For any table


@st.composite
def make_hierarchy(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Up to four levels; each merges groups of the one before."""
    size = draw(st.integers(1, 4))
    columns = [[f"v{number}" for number in range(size)]]
    for _ in range(draw(st.integers(0, 2))):
        groups = list(dict.fromkeys(columns[-1]))
        target = {group: draw(st.sampled_from(groups)) for group in groups}
        columns.append([target[value] for value in columns[-1]])
    columns.append(["*"] * size)
    return list(zip(*columns, strict=True))


@st.composite
def make_problem(draw: st.DrawFn) -> dict[str, Any]:
    hierarchies = draw(st.lists(make_hierarchy(), min_size=1, max_size=3))
    row = st.tuples(*(st.sampled_from([line[0] for line in each]) for each in hierarchies))
    rows = draw(st.lists(row, min_size=1, max_size=14))
    return {
        "rows": rows,
        "hierarchies": hierarchies,
        "owners": draw(st.lists(st.integers(0, 6), min_size=len(rows), max_size=len(rows))),
        "k": draw(st.integers(2, 4)),
        "limit": draw(st.sampled_from(["0", "0.05", "0.2", "0.34", "0.5", "1"])),
    }


def assert_is_best(problem: dict[str, Any], owners: Sequence[Any] | None) -> None:
    limit = Fraction(problem["limit"])
    rows, hierarchies, k = problem["rows"], problem["hierarchies"], problem["k"]
    best = find_best(rows, owners or range(len(rows)), hierarchies, k, limit)
    if best is None:
        with pytest.raises(EmptyResultError):
            search(rows, hierarchies, k, limit, owners)
        return
    found = search(rows, hierarchies, k, limit, owners)
    assert (found.loss, found.suppressed_records, found.levels) == best
    judged = judge_node(rows, owners or range(len(rows)), hierarchies, found.levels, k)
    assert judged[1:] == (found.suppressed_records, found.suppressed_units)
    assert found.nodes_checked <= found.lattice_size


@settings(max_examples=150, deadline=None)
@given(make_problem())
def test_counting_records_the_search_finds_what_the_whole_lattice_holds(problem: dict[str, Any]) -> None:
    assert_is_best(problem, None)


@settings(max_examples=150, deadline=None)
@given(make_problem())
def test_counting_persons_the_search_finds_what_the_whole_lattice_holds(problem: dict[str, Any]) -> None:
    assert_is_best(problem, problem["owners"])


@settings(max_examples=60, deadline=None)
@given(make_problem())
def test_combinations_too_many_for_an_array_are_counted_the_same(problem: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "DENSE_CELLS", 0)
        patch.setattr(records, "_MOST", 8)
        assert_is_best(problem, problem["owners"])


def test_a_large_lattice_is_settled_by_a_small_part_of_it() -> None:
    rng = np.random.default_rng(5)
    bands = [(f"{n:02d}", f"{n // 4}", f"{n // 8}", f"{n // 16}", "*") for n in range(32)]
    rows = [tuple(f"{value:02d}" for value in line) for line in rng.integers(0, 32, (3000, 4))]
    found = search(rows, [bands] * 4, 5, "0.05")
    assert found.lattice_size == 625
    assert found.nodes_checked < 60
