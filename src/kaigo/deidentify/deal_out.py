"""Lines dealt out into folders that are small enough to put in order, for data larger than memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.engine import Engine
from kaigo.engine.arrow_numbers import to_arrow

SLOTS = 4096
"""Three hexadecimal digits."""
_GROUP_ROWS = 65_536
_HEX = np.zeros(256, dtype=np.int32)
_HEX[[ord(digit) for digit in "0123456789abcdef"]] = np.arange(16)


def deal_out(
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    find_bucket: Callable[[pa.RecordBatch], npt.NDArray[np.int32]],
    buckets: int,
    folder: Path,
) -> list[Path]:
    """行を、いくつかのフォルダに分けて書き出す(1回の読み込みで)。

    Parameters
    ----------
    find_bucket : callable
        Bucket (from 0) of each row of a batch.
    folder : pathlib.Path
        Receives one folder a bucket.

    Returns
    -------
    list of pathlib.Path
        In the order of buckets; each with one Parquet file, which may hold no row.
    """
    folders = [folder / f"{bucket:05d}" for bucket in range(buckets)]
    waiting: list[list[pa.RecordBatch]] = [[] for _ in folders]
    held = [0] * buckets
    with contextlib.ExitStack() as stack:
        writers = []
        for each in folders:
            each.mkdir(parents=True)
            path = each / "part-00000.parquet"
            writers.append(
                stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd", compression_level=1))
            )
        for batch in batches:
            bucket = find_bucket(batch)
            dealt = batch.take(to_arrow(np.argsort(bucket, kind="stable")))
            first = 0
            for number, count in enumerate(np.bincount(bucket, minlength=buckets).tolist()):
                if count:
                    waiting[number].append(dealt.slice(first, count))
                    held[number] += count
                    first += count
                if held[number] >= _GROUP_ROWS:
                    _write(writers[number], waiting[number])
                    held[number] = 0
        for writer, rest in zip(writers, waiting, strict=True):
            _write(writer, rest)
    return folders


def deal_by_pseudonym(engine: Engine, select: str, buckets: int, folder: Path) -> list[Path]:
    """Deal the rows of a SELECT out by the first three digits of ``person_id``, its first column.

    Pseudonyms are random hexadecimal digits: the (at most 4,096) buckets are equally large, and the pseudonyms of one are
    smaller than those of the next.
    """

    def find_bucket(batch: pa.RecordBatch) -> npt.NDArray[np.int32]:
        return find_slots(batch.column(0)) * buckets // SLOTS

    return deal_out(engine.batches(select), engine.arrow_schema(select), find_bucket, buckets, folder)


def _write(writer: pq.ParquetWriter, batches: list[pa.RecordBatch]) -> None:
    if batches:
        writer.write_table(pa.Table.from_batches(batches))
        batches.clear()


def find_slots(ids: pa.Array) -> npt.NDArray[np.int32]:
    """Number of the first three hexadecimal digits of each pseudonym, 0 to 4,095."""
    texts = ids.cast(pa.string())
    if not len(texts):
        return np.empty(0, np.int32)
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts)]
    digits = np.frombuffer(data, np.uint8)
    slots = np.zeros(len(texts), np.int32)
    for place in range(3):
        slots = slots * 16 + _HEX[digits[starts + place]]
    return slots


def select_buckets(engine: Engine, name: str, folders: Sequence[Path], columns: Sequence[str]) -> list[str]:
    """SELECTs that put one bucket after the other in the order of all columns."""
    listed = engine.dialect.columns(tuple(columns))
    selects = []
    for number, folder in enumerate(folders):
        engine.scan(f"{name}_{number}", folder)
        selects.append(f"select {listed} from {name}_{number} order by {listed}")
    return selects
