"""Content hash of a table: the same for any order, file split, chunk size or number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.engine import Engine


def hash_table(engine: Engine, relation: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """表の内容のSHA-256を求める。

    Rows in total key order (ties by all columns; nulls first, texts by their bytes). Every column is rendered as three
    streams: its values (integers and dates in their own width, little-endian, 0 for null; texts as UTF-8), the lengths
    of its texts (int32), the row numbers of its nulls (int64). The table's hash is that of one line per column, ``name``,
    ``type`` and the SHA-256 of the three streams, separated by U+001F, and of a last line with the number of rows. So
    two tables have the same hash only if they have the same columns and the same rows.

    Parameters
    ----------
    engine : Engine
    relation : str
        Name of a view or step; read once if its rows stand in that order already, sorted by the engine if not.
    columns : sequence of str
        All columns of the table, in the order of its schema.
    key : sequence of str
        Columns that lead the order.

    Returns
    -------
    str
        64 hex digits.
    """
    ordered = key_first(columns, key)
    listed = engine.dialect.columns(tuple(ordered))
    select = f"select {listed} from {relation}"
    found = _hash_if_in_order(engine, select)
    return found or hash_batches(engine.batches(f"{select} order by {listed}"), engine.arrow_schema(select))


def key_first(columns: Sequence[str], key: Sequence[str]) -> list[str]:
    """The columns in total key order: those of the key, then the others."""
    return [*key, *(column for column in columns if column not in key)]


def hash_batches(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> str:
    """The hash of a table whose rows come in total key order."""
    hashed = HashedBatches(batches, schema)
    for _ in hashed:
        pass
    return hashed.hexdigest()


class HashedBatches:
    """Batches in total key order that are hashed while they pass: one is hashed while the next is made."""

    def __init__(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = batches
        self._digest = TableDigest(schema)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with ThreadPoolExecutor(max_workers=1) as thread:
            hashed: Future[None] | None = None
            for batch in self._batches:
                if hashed is not None:
                    hashed.result()
                hashed = thread.submit(self._digest.update, batch.columns)
                yield batch
            if hashed is not None:
                hashed.result()

    def hexdigest(self) -> str:
        """The table's hash, once all batches have passed."""
        return self._digest.hexdigest()


def _hash_if_in_order(engine: Engine, select: str) -> str | None:
    digest = OrderedDigest(engine.arrow_schema(select))
    for batch in engine.batches(select):
        if not digest.update(batch):
            return None
    return digest.hexdigest()


class OrderedDigest:
    """到着した行が鍵の順に並んでいる限りで、表のハッシュを求める。

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns in total key order (:func:`key_first`).
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._digest = TableDigest(schema)
        self._last: pa.RecordBatch | None = None
        self._is_in_order = True

    def update(self, batch: pa.RecordBatch) -> bool:
        """Take up the next rows; False once a row is smaller than the one before it."""
        if self._is_in_order and batch.num_rows:
            last = self._last
            seam = pa.concat_batches([last, batch.slice(0, 1)]) if last is not None else None
            self._is_in_order = _is_in_order(batch) and (seam is None or _is_in_order(seam))
            if self._is_in_order:
                self._digest.update(batch.columns)
            self._last = batch.slice(batch.num_rows - 1)
        return self._is_in_order

    def hexdigest(self) -> str | None:
        """The table's hash (see :func:`hash_table`); None if the rows came in another order."""
        return self._digest.hexdigest() if self._is_in_order else None


def _is_in_order(rows: pa.RecordBatch) -> bool:
    """Whether no row is smaller than the one before it, column by column."""
    tied: pa.Array | None = None
    for column in rows.columns:
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        if tied is not None:
            before, after = before.take(tied), after.take(tied)
        if before.null_count or after.null_count:
            known = pc.and_(before.is_valid(), after.is_valid())
            falls = pc.or_(
                pc.and_(known, pc.greater(before, after).fill_null(False)),
                pc.and_(before.is_valid(), after.is_null()),
            )
            equal = pc.or_(
                pc.equal(before, after).fill_null(False), pc.and_(before.is_null(), after.is_null())
            )
        else:
            falls, equal = pc.greater(before, after), pc.equal(before, after)
        if pc.any(falls).as_py():
            return False
        ties = pc.indices_nonzero(equal)
        if not len(ties):
            break
        if len(ties) < len(equal):
            tied = ties if tied is None else tied.take(ties)
    return True


class TableDigest:
    """The hash of a table, fed with its columns batch by batch."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [_ColumnDigest(field) for field in schema]
        self._rows = 0

    def update(self, columns: Sequence[pa.Array]) -> None:
        """Take up the next rows: equally long arrays, one for each column of the schema."""
        for digest, values in zip(self._columns, columns, strict=True):
            digest.update(values, self._rows)
        self._rows += len(columns[0]) if columns else 0

    def hexdigest(self) -> str:
        """64 hex digits."""
        lines = [*(column.line() for column in self._columns), str(self._rows)]
        return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


class _ColumnDigest:
    """One column's values, lengths of texts and places of nulls."""

    def __init__(self, field: pa.Field) -> None:
        self._name = field.name
        self._kind = str(field.type) if pa.types.is_primitive(field.type) else "text"
        self._streams = [hashlib.sha256() for _ in range(3)]

    def update(self, values: pa.Array, first_row: int) -> None:
        content, lengths, nulls = self._streams
        if not len(values):
            return
        places = (
            np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)) if values.null_count else None
        )
        if places is not None:
            nulls.update(_bytes(places.astype(np.int64) + first_row))
        if pa.types.is_dictionary(values.type):
            if self._update_codes(values, places):
                return
            values = values.dictionary_decode()
        if self._kind == "text":
            # What lies under a null is not promised to be empty.
            known = values if places is None else values.fill_null("")
            column = known.cast(pa.large_string())
            _, offsets, data = column.buffers()
            ends = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
            lengths.update(_bytes(np.diff(ends).astype(np.int32)))
            content.update(memoryview(data or b"")[ends[0] : ends[-1]])
            return
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int8())  # bits would not meet at the ends of batches
        numbers = np.frombuffer(values.buffers()[1], dtype=f"V{values.type.byte_width}")
        numbers = numbers[values.offset : values.offset + len(values)]
        if places is not None:
            numbers = numbers.copy()
            numbers[places] = b""
        content.update(_bytes(numbers))

    def _update_codes(self, values: pa.DictionaryArray, places: npt.NDArray[np.intp] | None) -> bool:
        """Texts of one length, by their codes; False if their lengths differ."""
        content, lengths, _ = self._streams
        texts = values.dictionary.cast(pa.large_string())
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
        widths = np.unique(np.diff(ends))
        if len(widths) != 1 or not widths[0]:
            return False
        width = int(widths[0])
        known = np.frombuffer(memoryview(data)[ends[0] : ends[-1]], dtype=f"V{width}")
        codes = values.indices if places is None else values.indices.drop_null()
        content.update(_bytes(known[codes.to_numpy()]))
        length = np.full(len(values), width, dtype=np.int32)
        if places is not None:
            length[places] = 0
        lengths.update(_bytes(length))
        return True

    def line(self) -> str:
        """What the table's hash takes up of the column."""
        return "\x1f".join([self._name, self._kind, *(stream.hexdigest() for stream in self._streams)])


def _bytes(numbers: npt.NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(numbers).view(np.uint8).data
