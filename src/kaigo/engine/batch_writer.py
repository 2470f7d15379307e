"""Writing a stream of record batches: the next ones are computed while the last one is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_batches(batches: Iterator[pa.RecordBatch], schema: pa.Schema, folder: Path) -> int:
    """Write record batches to one Parquet file in an existing folder, in their order.

    Dictionary columns become plain columns of their values: how the writer held them is not the reader's concern.

    A thread of its own writes, so that two cores work; at most two batches wait. (DuckDB's writer is no faster here and
    may hang for ever if the disk is full while it reads from Python.)

    Returns
    -------
    int
        Rows written.
    """
    rows = 0
    waiting: list[Future[None]] = []
    coded = any(pa.types.is_dictionary(field.type) for field in schema)
    with (
        # Level 1 writes our tables as small as the default level, for a sixth less CPU.
        pq.ParquetWriter(
            folder / "part-00000.parquet",
            schema,
            compression="zstd",
            compression_level=1,
            store_schema=not coded,
        ) as writer,
        ThreadPoolExecutor(max_workers=1) as thread,
    ):
        for batch in batches:
            rows += batch.num_rows
            waiting.append(thread.submit(writer.write_batch, batch))
            if len(waiting) > 2:
                waiting.pop(0).result()
        for written in waiting:
            written.result()
    return rows
