"""Shuffled rows: nothing lost, fixed by the key, every order as likely as any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.deidentify.key import Key
from kaigo.deidentify.shuffle import shuffle_rows
from kaigo.engine import Engine, open_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


def shuffle(engine: Engine, folder: Path, rows: int, key: Key, most: int) -> list[int]:
    source = folder / "numbers.parquet"
    pq.write_table(pa.table({"n": list(range(rows)), "text": [f"t{n}" for n in range(rows)]}), source)
    engine.scan("numbers", source)
    batches = list(shuffle_rows(engine, "numbers", ("n", "text"), key, folder, rows=rows, most=most))
    order = [n for batch in batches for n in batch.column(0).to_pylist()]
    assert [t for batch in batches for t in batch.column(1).to_pylist()] == [f"t{n}" for n in order]
    return order


@pytest.mark.parametrize("most", [1_000_000, 400, 7])
def test_no_row_is_lost_and_the_key_fixes_the_order_whatever_waits_on_disk(
    engine: Engine, tmp_path: Path, most: int
) -> None:
    order = shuffle(engine, tmp_path, 2000, Key.derive(1), most)
    assert sorted(order) == list(range(2000)) and order != sorted(order)
    assert shuffle(engine, tmp_path, 2000, Key.derive(1), most) == order
    assert shuffle(engine, tmp_path, 2000, Key.derive(2), most) != order
    assert [path.name for path in tmp_path.rglob("*.parquet")] == ["numbers.parquet"], (
        "no bucket stays behind"
    )


@pytest.mark.parametrize("most", [3, 2])
def test_each_order_of_three_rows_comes_as_often_as_any_other(
    engine: Engine, tmp_path: Path, most: int
) -> None:
    """6 orders, 300 keys: chi-square with 5 degrees of freedom stays below its 0.9999 quantile."""
    found = Counter(tuple(shuffle(engine, tmp_path, 3, Key.derive(seed), most)) for seed in range(300))
    assert len(found) == 6
    assert sum((count - 50) ** 2 / 50 for count in found.values()) < 25.7


def test_neighbours_of_the_source_are_no_neighbours_afterwards(engine: Engine, tmp_path: Path) -> None:
    order = np.array(shuffle(engine, tmp_path, 20_000, Key.derive(3), 6000))
    assert int((np.diff(order) == 1).sum()) < 10  # one expected
    assert abs(np.corrcoef(order, np.arange(20_000))[0, 1]) < 5 / np.sqrt(20_000)
