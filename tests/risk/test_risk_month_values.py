"""Diversity of what a month's class gives away, on rows that can be counted by hand and against an oracle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaigo.engine import Engine, open_engine
from kaigo.risk.month_values import ValueRisk, measure_month_values

SCHEMA = pa.schema(
    {
        "person": pa.int32(),
        "month": pa.string(),
        "性別": pa.string(),
        "kinds": pa.int64(),
        "survey_vector": pa.int64(),
    }
)
Row = tuple[int, str, str | None, int]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine() as session:
        yield session


def measure(engine: Engine, rows: list[Row], folder: Path) -> ValueRisk:
    """Rows of (person, month, sex, kinds)."""
    table = pa.Table.from_pylist(
        [
            {
                "person": person,
                "month": month,
                "性別": sex,
                "kinds": kinds,
                "survey_vector": 1,
            }
            for person, month, sex, kinds in rows
        ],
        SCHEMA,
    )
    engine.store("person_months", iter(table.to_batches()), SCHEMA, folder / "person_months")
    return measure_month_values(engine, ["性別"])[0]


def test_a_class_with_one_value_gives_it_away(engine: Engine, tmp_path: Path) -> None:
    """April, women: 1, 1, 2; men: 1, 1. The men's kinds are known for certain."""
    rows: list[Row] = [
        (1, "4", "女", 1),
        (2, "4", "女", 1),
        (3, "4", "女", 2),
        (4, "4", "男", 1),
        (5, "4", "男", 1),
    ]
    found = measure(engine, rows, tmp_path)
    assert (found.l_distinct, found.l_entropy, found.recursive_c) == (1, 1.0, None)
    assert (found.persons, found.disclosed, found.disclosed_share) == (5, 2, 0.4)
    # Men: all 1 against 4/5; women: 2/3 against 4/5.
    assert found.t_equal == pytest.approx(0.2)


def test_each_month_is_its_own_table(engine: Engine, tmp_path: Path) -> None:
    """All use 1 in April and 2 in May: in neither month does sex tell anything beyond the month."""
    rows: list[Row] = [
        (n, m, "女" if n < 3 else "男", k) for n in (1, 2, 3, 4) for m, k in (("4", 1), ("5", 2))
    ]
    assert measure(engine, rows, tmp_path).t_equal == pytest.approx(0)


def test_recursive_diversity_takes_the_worst_class_at_the_least_l(engine: Engine, tmp_path: Path) -> None:
    """Women 1 1 1 2 (l = 2: 3/1), men 1 1 2 3 (2/2)."""
    women: list[Row] = [(n, "4", "女", 2 if n == 4 else 1) for n in (1, 2, 3, 4)]
    men: list[Row] = [(n, "4", "男", kinds) for n, kinds in ((5, 1), (6, 1), (7, 2), (8, 3))]
    assert measure(engine, women + men, tmp_path).recursive_c == 3.0


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 6),
            st.sampled_from(["4", "5"]),
            st.sampled_from(["女", "男", None]),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
def test_diversity_equals_counting(engine: Engine, rows: list[Row], tmp_path: Path) -> None:
    found = measure(engine, rows, tmp_path)
    classes: dict[tuple[str, str | None], list[int]] = {}
    for _, month, sex, kinds in rows:
        classes.setdefault((month, sex), []).append(kinds)
    assert found.l_distinct == min(len(set(group)) for group in classes.values())
    entropies, distances = [], []
    for (month, _), group in classes.items():
        whole = [kinds for _, m, _, kinds in rows if m == month]
        shares = {kinds: group.count(kinds) / len(group) for kinds in set(whole)}
        entropies.append(-sum(q * math.log(q) for q in shares.values() if q))
        distances.append(sum(abs(q - whole.count(k) / len(whole)) for k, q in shares.items()) / 2)
    assert found.l_entropy == pytest.approx(math.exp(min(entropies)))
    assert found.t_equal == pytest.approx(max(distances), abs=1e-12)
    sure = {person for person, month, sex, _ in rows if len(set(classes[month, sex])) == 1}
    assert (found.persons, found.disclosed) == (len({row[0] for row in rows}), len(sure))
