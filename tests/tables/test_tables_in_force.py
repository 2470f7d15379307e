"""The certification in force in a month, against the rule in words."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.engine import Engine, open_engine
from kaigo.tables.in_force import select_in_force, select_months

MONTHS = [date(2024, month, 1) for month in (11, 12)] + [date(2025, month, 1) for month in (1, 2)]
DAYS = st.dates(date(2024, 10, 15), date(2025, 3, 15))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


def last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def choose(certifications: list[tuple[int, int, date, date]], person: int, month: date) -> int | None:
    """Valid on the last day; if none, on any day; of several the latest start, then the larger number."""
    end = last_day(month)
    valid = [c for c in certifications if c[0] == person and c[2] <= end and c[3] >= month]
    if not valid:
        return None
    return max(valid, key=lambda c: (c[3] >= end, c[2], c[1]))[1]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), DAYS, DAYS), min_size=1, max_size=8))
def test_one_certification_is_in_force_as_the_rule_says(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, date, date]]
) -> None:
    certifications = [
        (person, number, min(one, other), max(one, other))
        for number, (person, one, other) in enumerate(spans)
    ]
    folder: Path = tmp_path_factory.mktemp("in_force")
    columns = zip(*certifications, strict=True)
    names = ("person", "certification", "valid_from", "valid_to")
    types = (pa.int32(), pa.int32(), pa.date32(), pa.date32())
    table = {name: pa.array(c, t) for name, c, t in zip(names, columns, types, strict=True)}
    pq.write_table(pa.table(table), folder / "c.parquet")
    pq.write_table(pa.table({"service_month": pa.array(MONTHS, pa.date32())}), folder / "m.parquet")
    engine.scan("spans", folder / "c.parquet")
    engine.scan("lines", folder / "m.parquet")
    engine.view("months", select_months("lines"))
    found = engine.rows(
        f"select person, service_month, certification from ({select_in_force('spans', 'months')}) as f"
    )
    expected = {
        (person, month): number
        for person in (1, 2)
        for month in MONTHS
        if (number := choose(certifications, person, month)) is not None
    }
    assert len(found) == len(expected)
    assert {(person, month): number for person, month, number in found} == expected
