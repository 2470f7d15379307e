"""Counting persons in equivalence classes, against a brute-force oracle."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaigo.engine import Engine, open_engine
from kaigo.tables import ClassCounts, count_classes


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


def know(engine: Engine, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows (person, town, key a, key b) as a view."""

    def cell(value: object) -> str:
        return "null" if value is None else f"'{value}'"

    values = ", ".join(f"({', '.join(f'cast({cell(v)} as varchar)' for v in row)})" for row in rows)
    engine.view("lines", f"select * from (values {values}) as v(person, town, a, b)")


def count_by_hand(
    rows: Sequence[tuple[Any, ...]], keys: tuple[int, ...]
) -> tuple[Counter[int], Counter[int]]:
    """Sizes of the classes, and each person's smallest, by plain dictionaries."""
    members: dict[tuple[Any, ...], set[tuple[Any, Any]]] = defaultdict(set)
    for row in rows:
        members[tuple(row[key] for key in keys)].add((row[0], row[1]))
    worst: dict[tuple[Any, Any], int] = {}
    for people in members.values():
        for person in people:
            worst[person] = min(worst.get(person, len(people)), len(people))
    return Counter(len(people) for people in members.values()), Counter(worst.values())


LINES = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 1),
        st.sampled_from(["x", "y", None]),
        st.sampled_from(["1", "2", None]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_counts_agree_with_counting_by_hand(engine: Engine, rows: list[tuple[Any, ...]]) -> None:
    know(engine, rows)
    counts = count_classes(engine, "lines", ["a", "b"], ["person", "town"])
    classes, worst = count_by_hand(rows, (2, 3))
    assert (dict(counts.classes), dict(counts.worst)) == (dict(classes), dict(worst))
    assert counts.k == min(classes)
    assert counts.unique_persons == worst[1]
    assert counts.persons_below(3) == worst[1] + worst[2]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_without_a_person_every_row_counts(engine: Engine, rows: list[tuple[Any, ...]]) -> None:
    know(engine, rows)
    counts = count_classes(engine, "lines", ["a"], None)
    sizes = Counter(row[2] for row in rows)
    assert dict(counts.classes) == dict(Counter(sizes.values()))
    assert counts.persons == len(rows)


def test_four_persons_by_sex(engine: Engine) -> None:
    know(engine, [(1, 0, "男", None), (2, 0, "男", None), (3, 0, "男", None), (4, 0, "女", None)])
    counts = count_classes(engine, "lines", ["a"], ["person"])
    assert (counts.k, counts.class_number, counts.persons, counts.unique_persons) == (1, 2, 4, 1)


def test_many_rows_of_one_person_count_once(engine: Engine) -> None:
    know(engine, [(1, 0, "x", None)] * 5 + [(2, 0, "x", None)])
    assert count_classes(engine, "lines", ["a"], ["person"]).classes == {2: 1}


def test_a_person_in_two_classes_counts_in_each_and_goes_by_the_smaller(engine: Engine) -> None:
    know(engine, [(1, 0, "x", None), (1, 0, "y", None), (2, 0, "x", None), (3, 0, "x", None)])
    counts = count_classes(engine, "lines", ["a"], ["person"])
    assert (dict(counts.classes), dict(counts.worst)) == ({3: 1, 1: 1}, {1: 1, 3: 2})


def test_a_missing_value_is_a_value_of_its_own(engine: Engine) -> None:
    know(engine, [(1, 0, None, "1"), (2, 0, None, "1"), (3, 0, "x", "1")])
    assert count_classes(engine, "lines", ["a", "b"], ["person"]).classes == {2: 1, 1: 1}


def test_the_same_number_in_two_towns_is_two_persons(engine: Engine) -> None:
    know(engine, [(1, 0, "x", None), (1, 1, "x", None)])
    assert count_classes(engine, "lines", ["a"], ["town", "person"]).classes == {2: 1}


def test_a_hostile_column_name_stays_a_column(engine: Engine) -> None:
    engine.view("odd", """select 1 as person, 'x' as "a"" from odd; --" """)
    assert count_classes(engine, "odd", ['a" from odd; --'], ["person"]).classes == {1: 1}


def test_an_empty_table_has_no_class() -> None:
    counts = ClassCounts({}, {})
    assert (counts.k, counts.class_number, counts.persons, counts.unique_persons) == (0, 0, 0, 0)
