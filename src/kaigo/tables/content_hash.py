"""Content hash of a table: the same for any order, file split, chunk size or number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from kaigo.engine import Engine

BACKSLASH, UNIT_SEPARATOR, LINE_END = 92, 31, 10


def hash_table(engine: Engine, relation: str, columns: Sequence[str], key: Sequence[str]) -> str:
    r"""表の内容のSHA-256を求める。

    Rows in total key order (ties by all columns); every value as text (dates ISO, integers decimal, null as
    ``\N``), values separated by U+001F, rows ended by a line feed; SHA-256 of the UTF-8 text. A backslash, a
    separator or a line feed inside a value is written ``\\``, ``\u``, ``\n``, so that two tables have the same
    text only if they are the same.

    Parameters
    ----------
    engine : Engine
    relation : str
        Name of a view or step.
    columns : sequence of str
        All columns of the table, in the order of its schema.
    key : sequence of str
        Columns that lead the order.

    Returns
    -------
    str
        64 hex digits.
    """
    ordered = [*key, *(column for column in columns if column not in key)]
    row = render_row(engine, relation, ordered)
    select = f"select {row} || chr({LINE_END}) as line from {relation} order by line"
    return hash_texts(batch.column(0) for batch in engine.batches(select))


def render_row(engine: Engine, relation: str, columns: Sequence[str], alias: str = "") -> str:
    """SQL for the text of a row as :func:`hash_table` writes it, without the line's end.

    Parameters
    ----------
    columns : sequence of str
        At least one, in the order of the text.
    alias : str
        Name by which the row is known in the SELECT.
    """
    quote, text = engine.dialect.quote, engine.dialect.text_type
    types = engine.arrow_schema(f"select {engine.dialect.columns(tuple(columns))} from {relation}")
    mark = f"chr({BACKSLASH})"

    def rendered(column: str) -> str:
        value = f"{alias}.{quote(column)}" if alias else quote(column)
        if not pa.types.is_primitive(types.field(column).type):
            value = f"replace({value}, {mark}, {mark} || {mark})"
            value = f"replace({value}, chr({UNIT_SEPARATOR}), {mark} || 'u')"
            value = f"replace({value}, chr({LINE_END}), {mark} || 'n')"
        return f"coalesce(cast({value} as {text}), {mark} || 'N')"

    return f"concat_ws(chr({UNIT_SEPARATOR}), {', '.join(rendered(column) for column in columns)})"


def hash_texts(texts: Iterable[pa.Array]) -> str:
    """SHA-256 of the UTF-8 of texts, one after the other."""
    digest = hashlib.sha256()
    for each in texts:
        digest.update(_text_bytes(each))
    return digest.hexdigest()


def _text_bytes(texts: pa.Array) -> memoryview:
    """The values' UTF-8 bytes one after the other, without a Python object for each."""
    column = texts.cast(pa.large_string())
    _, offsets, data = column.buffers()
    if data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int64)
    return memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]]
