"""A table by its running number: what is looked up is what stood there, whatever the number of values and batches."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.deidentify.lookup import Lookup
from kaigo.engine import Engine, open_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


def scan(engine: Engine, folder: Path, columns: dict[str, pa.Array]) -> None:
    pq.write_table(pa.table(columns), folder / "table.parquet")
    engine.scan("looked_up", folder / "table.parquet")


@pytest.mark.parametrize(("values", "width"), [(3, 8), (127, 8), (128, 16), (32_768, 32)])
def test_texts_of_any_number_are_found_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: int, width: int
) -> None:
    texts = [None if n % 11 == 5 else f"text {n * 7 % values}" for n in range(values * 2)]
    numbers = np.random.default_rng(1).permutation(values * 2)
    scan(engine, tmp_path, {"number": pa.array(numbers, pa.int32()), "text": pa.array(texts)})
    batches = type(engine).batches
    monkeypatch.setattr(type(engine), "batches", lambda self, select, size=2048: batches(self, select, size))
    found = Lookup.read(engine, "select number, text from looked_up")
    column = found.columns[0]
    assert column.indices.type.bit_width == width
    assert column.dictionary.to_pylist() == sorted({text for text in texts if text is not None})
    rows = found.find(pa.array(numbers[::-1], pa.int32()))
    assert found.take(rows)[0].to_pylist() == texts[::-1]


def test_numbers_and_dates_stay_as_they_are(engine: Engine, tmp_path: Path) -> None:
    days = pa.array([10, None, 20_000], pa.date32())
    scan(engine, tmp_path, {"number": pa.array([2, 0, 5], pa.int32()), "day": days})
    found = Lookup.read(engine, "select number, day from looked_up")
    assert found.schema == pa.schema([("day", pa.date32())])
    rows = found.find(pa.array([5, 1, 0, 2, 6, 99], pa.int32()))
    assert rows.tolist() == [2, -1, 1, 0, -1, -1], "1, 6 and 99 have no row"
    assert found.take(rows[[0, 2, 3]])[0].to_pylist() == pa.array([20_000, None, 10], pa.date32()).to_pylist()


def test_nothing_is_found_in_an_empty_table(engine: Engine, tmp_path: Path) -> None:
    scan(engine, tmp_path, {"number": pa.array([], pa.int32()), "text": pa.array([], pa.string())})
    found = Lookup.read(engine, "select number, text from looked_up")
    assert found.find(pa.array([0, 3], pa.int32())).tolist() == [-1, -1]
    assert found.take(np.empty(0, np.int32))[0].to_pylist() == []


def test_a_number_that_stands_twice_is_an_error_not_a_choice(engine: Engine, tmp_path: Path) -> None:
    scan(engine, tmp_path, {"person": pa.array([1, 1], pa.int32()), "born": pa.array(["a", "b"])})
    with pytest.raises(ValueError, match="person stands twice"):
        Lookup.read(engine, "select person, born from looked_up")
    assert Lookup.read(engine, "select person, born from looked_up", unique=False).row.tolist() == [-1, 1]
