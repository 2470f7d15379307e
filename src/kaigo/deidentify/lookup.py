"""A table in memory by its running number, its texts as codes: what the lines of the joined table repeat.

A certification has eighty answers; as texts those of a country would fill the memory twice over, as codes of one byte they do not,
and to repeat a code in ten million lines costs a tenth of repeating a text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.engine import Engine
from kaigo.engine.arrow_numbers import to_arrow

MISSING = -1
_WIDTHS = (np.int8, np.int16, np.int32)


@dataclass(frozen=True)
class Lookup:
    """1つの表を、番号から引けるようにしたもの。

    Attributes
    ----------
    columns : tuple of pyarrow.Array
        Texts are dictionary arrays whose dictionary holds, sorted, exactly the values of the table.
    schema : pyarrow.Schema
        Of ``columns``.
    row : ndarray of int32
        Row of each running number, -1 if it has none.
    """

    columns: tuple[pa.Array, ...]
    schema: pa.Schema
    row: npt.NDArray[np.int32]

    @classmethod
    def read(cls, engine: Engine, select: str, *, unique: bool = True) -> Lookup:
        """Read a SELECT whose first column is the running number; ``unique=False``: equal numbers have equal rows."""
        schema = engine.arrow_schema(select)
        numbers: list[npt.NDArray[np.int64]] = []
        columns = [
            _TextColumn() if pa.types.is_string(field.type) else _PlainColumn(field) for field in schema
        ]
        for batch in engine.batches(select):
            numbers.append(batch.column(0).to_numpy().astype(np.int64))
            for column, values in zip(columns[1:], batch.columns[1:], strict=True):
                column.add(values)
        number = np.concatenate([np.empty(0, np.int64), *numbers])
        row = np.full(int(number.max(initial=-1)) + 1, MISSING, dtype=np.int32)
        row[number] = np.arange(len(number), dtype=np.int32)
        if unique and np.count_nonzero(row != MISSING) != len(number):
            raise ValueError(f"{schema.names[0]} stands twice")
        arrays = tuple(column.finish() for column in columns[1:])
        fields = [pa.field(name, array.type) for name, array in zip(schema.names[1:], arrays, strict=True)]
        return cls(arrays, pa.schema(fields), row)

    def find(self, numbers: pa.Array) -> npt.NDArray[np.int32]:
        """Row of each number; -1 if it has none."""
        wanted = numbers.to_numpy()
        known = wanted < len(self.row)
        found = np.full(len(wanted), MISSING, dtype=np.int32)
        found[known] = self.row[wanted[known]]
        return found

    def take(self, rows: npt.NDArray[np.int32]) -> list[pa.Array]:
        """The columns at rows."""
        indices = to_arrow(rows)
        return [column.take(indices) for column in self.columns]


class _PlainColumn:
    """A column of numbers, dates or flags as it is."""

    def __init__(self, field: pa.Field) -> None:
        self._type = field.type
        self._parts: list[pa.Array] = []

    def add(self, values: pa.Array) -> None:
        self._parts.append(values)

    def finish(self) -> pa.Array:
        return pa.chunked_array(self._parts, type=self._type).combine_chunks()


class _TextColumn:
    """A column of texts as codes; the dictionary grows with the batches and is sorted at the end."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.signedinteger]] = []

    def add(self, values: pa.Array) -> None:
        encoded = values.dictionary_encode()
        codes = [self._known.setdefault(text, len(self._known)) for text in encoded.dictionary.to_pylist()]
        known = np.array([*codes, MISSING], dtype=_narrowest(len(self._known)))
        indices = encoded.indices.fill_null(len(codes)).to_numpy()
        self._parts.append(known[indices])

    def finish(self) -> pa.Array:
        texts = sorted(self._known)
        kind = _narrowest(len(texts))
        place = np.full(len(texts) + 1, MISSING, dtype=kind)  # the last stands for a missing value
        place[[self._known[text] for text in texts]] = np.arange(len(texts), dtype=kind)
        for number, part in enumerate(self._parts):
            self._parts[number] = place[part]
        codes = np.concatenate([np.empty(0, kind), *self._parts])
        return pa.DictionaryArray.from_arrays(_with_missing(codes), pa.array(texts, pa.string()))


def _narrowest(values: int) -> type[np.signedinteger]:
    """The narrowest type that numbers so many values from 0."""
    return next(kind for kind in _WIDTHS if values <= np.iinfo(kind).max)


def _with_missing(codes: npt.NDArray[np.signedinteger]) -> pa.Array:
    """Codes as an Arrow array in which ``MISSING`` is null."""
    plain = to_arrow(codes)
    known = codes != MISSING
    if known.all():
        return plain
    bits = pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(plain.type, len(codes), [bits, plain.buffers()[1]])
