"""仮ID: keyed hashes computed in Python, never in SQL text (※1)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from kaigo.deidentify.key import Key
from kaigo.deidentify.workspace import Workspace

PSEUDONYM_SCHEMA = pa.schema([("person", pa.int32()), ("period", pa.int16()), ("person_id", pa.string())])


def store_pseudonyms(work: Workspace, key: Key, pairs: str) -> None:
    """人と期間の組ごとに仮IDを作り、``pseudonyms`` という段階に書く。

    Each period has its own subkey, named by its calendar months: a key that is used again for a later release
    does not give the same pseudonym to other months.

    Parameters
    ----------
    pairs : str
        View with ``person``, ``period`` (distinct).
    """
    engine = work.engine
    subkeys = {
        int(period): key.subkey(f"pseudonym/{work.first_month}+{period}x{work.span_months}")
        for (period,) in engine.rows(f"select distinct period from {pairs}")
    }
    select = (
        f"select q.person, q.period, p.message from {pairs} as q "
        "join person_messages as p on p.person = q.person"
    )

    def sign() -> Iterator[pa.RecordBatch]:
        for batch in engine.batches(select):
            persons, periods, messages = batch.columns
            signed = [
                subkeys[period].sign(message)
                for period, message in zip(periods.to_pylist(), messages.to_pylist(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(
                [persons.cast(pa.int32()), periods.cast(pa.int16()), _text_column(signed)],
                schema=PSEUDONYM_SCHEMA,
            )

    engine.store("pseudonyms", sign(), PSEUDONYM_SCHEMA, work.folder / "pseudonyms")


def _text_column(signed: list[str]) -> pa.StringArray:
    """Equally long ASCII texts as an Arrow column, by their bytes (pyarrow's own way would import pandas)."""
    width = len(signed[0]) if signed else 0
    offsets = np.arange(len(signed) + 1, dtype=np.int32) * width
    data = "".join(signed).encode("ascii")
    return pa.StringArray.from_buffers(len(signed), pa.py_buffer(offsets), pa.py_buffer(data))
