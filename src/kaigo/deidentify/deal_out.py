"""Lines dealt out into folders that are small enough to put in order, for data larger than memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.engine import Engine
from kaigo.engine.arrow_numbers import to_arrow

PART = "part-00000.parquet"
_GROUP_ROWS = 65_536


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
            path = each / PART
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


def deal_by_place(
    engine: Engine, select: str, places: int, buckets: int, folder: Path
) -> list[tuple[Path, int, int]]:
    """Deal the rows of a SELECT out by ranges of ``place`` (from 0, below ``places``), its first column.

    Returns
    -------
    list of (pathlib.Path, int, int)
        Folder, first place and the place after the last; places of one bucket are smaller than those of the next.
    """
    bounds = [places * number // buckets for number in range(buckets + 1)]

    def find_bucket(batch: pa.RecordBatch) -> npt.NDArray[np.int32]:
        return np.asarray(np.searchsorted(bounds, batch.column(0).to_numpy(), side="right") - 1, np.int32)

    folders = deal_out(engine.batches(select), engine.arrow_schema(select), find_bucket, buckets, folder)
    return list(zip(folders, bounds, bounds[1:], strict=False))


def _write(writer: pq.ParquetWriter, batches: list[pa.RecordBatch]) -> None:
    if batches:
        writer.write_table(pa.Table.from_batches(batches))
        batches.clear()
