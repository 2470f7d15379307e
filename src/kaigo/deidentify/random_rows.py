"""Random numbers beside each row: drawn in Python from a subkey of the creation's key, never in SQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.deidentify.key import Key
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.workspace import RUNNING, Workspace

BLOCK = 8192
"""Numbers of one block of a stream, so that the size of batches does not matter."""


class KeyStream:
    """Random numbers from 0 to 2^63 - 1, fixed by a key and the place in the stream."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._block = 0
        self._rest: npt.NDArray[np.int64] = np.empty(0, np.int64)

    def take(self, count: int) -> npt.NDArray[np.int64]:
        """The next ``count`` numbers."""
        parts = [self._rest]
        have = len(self._rest)
        while have < count:
            parts.append(self._key.words(self._block, BLOCK))
            self._block += 1
            have += BLOCK
        whole = np.concatenate(parts)
        self._rest = whole[count:]
        return whole[:count]


def open_stream(work: Workspace, purpose: str) -> KeyStream:
    """The stream of one purpose of this creation.

    Raises
    ------
    ValueError
        If the workspace holds no key.
    """
    if work.key is None:
        raise ValueError("a randomised technique needs the key of the creation")
    return KeyStream(work.key.subkey(f"technique/{purpose}"))


def draw_for_rows(work: Workspace, rule: Rule, table: str, words: int = 1) -> Workspace:
    """表の各行に乱数の列 ``word_0``, ``word_1`` … (bigint) を添える。

    Rows are taken in the order of all their values, so the same data and key give the same numbers whatever
    the order of the input, the size of batches or the number of threads.

    Returns
    -------
    Workspace
        Its relation of the table has the numbers beside the running numbers; they are not among the columns.
    """
    engine = work.engine
    names = [*RUNNING[table], *work.columns[table]]
    listed = engine.dialect.columns(names)
    select = f"select {listed} from {work.relations[table]} order by {listed}"
    schema = engine.arrow_schema(select)
    for number in range(words):
        schema = schema.append(pa.field(f"word_{number}", pa.int64()))
    stream = open_stream(work, f"{rule.technique}/{rule.id}/{table}")

    def draw() -> Iterator[pa.RecordBatch]:
        for batch in engine.batches(select):
            drawn = stream.take(batch.num_rows * words).reshape(batch.num_rows, words)
            columns = [*batch.columns, *(pa.array(drawn[:, number]) for number in range(words))]
            yield pa.RecordBatch.from_arrays(
                [column.cast(field.type) for column, field in zip(columns, schema, strict=True)],
                schema=schema,
            )

    name = work.own_name(f"{table}_drawn")
    engine.store(name, draw(), schema, work.folder / name)
    return dataclasses.replace(work, relations={**work.relations, table: name})
