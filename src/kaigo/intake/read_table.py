"""All inputs of one table to one Parquet file: accepted rows as values, all others in the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaigo.errors import EmptyResultError
from kaigo.intake.accept_rows import accept_rows
from kaigo.intake.checks import Checks
from kaigo.intake.decoding import BLOCK_BYTES
from kaigo.intake.findings import Findings
from kaigo.intake.inputs import TableSource
from kaigo.intake.read_ahead import read_ahead
from kaigo.intake.rules import load_rules
from kaigo.tables.content_hash import OrderedDigest, key_first
from kaigo.tables.schema import TableSchema

Progress = Callable[[str, int, int], None]
"""Called with (label of the table, bytes read, bytes in all)."""


@dataclass(frozen=True)
class MonthSpan:
    """読み込んだ給付の最初の月と最後の月(numpyの月)。"""

    first: np.datetime64
    last: np.datetime64


class TableWriter:
    """受け入れた行を1つのParquetに書きためる。

    Parameters
    ----------
    schema : TableSchema
    target : pathlib.Path
        Parquet file to write; its folder exists.
    hashed : bool
        Whether to take the content hash of the table on the way.
    """

    def __init__(self, schema: TableSchema, target: Path, *, hashed: bool = False) -> None:
        arrow = pa.schema([(column.name, column.dtype) for column in schema.columns])
        self._writer = pq.ParquetWriter(target, arrow, compression="zstd")
        self._order = key_first(schema.names, schema.key)
        self._digest = OrderedDigest(pa.schema([arrow.field(c) for c in self._order])) if hashed else None
        self._has_months = "service_month" in schema.names
        self._months: list[np.datetime64] = []

    def append(self, rows: pa.Table) -> None:
        """Add accepted rows."""
        if not rows.num_rows:
            return
        self._writer.write_table(rows)
        if self._digest:
            for batch in rows.select(self._order).to_batches():
                self._digest.update(batch)
        if self._has_months:
            ends = pc.min_max(rows["service_month"]).as_py()
            self._months += [np.datetime64(ends["min"], "M"), np.datetime64(ends["max"], "M")]

    @property
    def span(self) -> MonthSpan | None:
        """First and last service month; None without any."""
        return MonthSpan(min(self._months), max(self._months)) if self._months else None

    @property
    def content_sha256(self) -> str | None:
        """Content hash of the table; None if it was not taken or the rows did not come in key order."""
        return self._digest.hexdigest() if self._digest else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def read_source(
    source: TableSource,
    writer: TableWriter,
    constants: Mapping[str, object],
    checks: Checks,
    progress: Progress | None = None,
) -> None:
    """入力を検査しながら読み、受け入れた行を書きためる。

    Parameters
    ----------
    source : TableSource
    writer : TableWriter
    constants : mapping
        Column to the value of all rows, for columns that the file does not have.
    checks : Checks
    progress : callable, optional
    """
    tables = (accept_rows(source, block, constants, checks) for block in source.row_blocks())
    is_large = source.progress[1] > BLOCK_BYTES
    for accepted in read_ahead(tables) if is_large else tables:
        source.findings.rows_accepted += accepted.num_rows
        writer.append(accepted)
        if progress:
            progress(source.schema.label, *source.progress)


def check_accepted(label: str, findings: Findings, *, may_be_empty: bool = False) -> None:
    """1行以上を受け入れたことを確かめる。

    Parameters
    ----------
    label : str
    findings : Findings
    may_be_empty : bool
        Whether a file without data rows will do (one of several files); a warning says so.

    Raises
    ------
    EmptyResultError
        If no row was accepted.
    """
    if findings.rows_accepted:
        return
    what = f"{label}のファイル({findings.file_name})から、1行も読み込めませんでした。"
    if not findings.rows_read:
        if may_be_empty:
            findings.warn("file_without_rows", 1)
            return
        raise EmptyResultError(
            what, found="データの行 0行", remedy="見出し行の下にデータの行があるか確かめてください。"
        )
    counts: dict[str, list[int]] = {}
    for row in findings.quarantine:
        counts.setdefault(row["rule"], []).append(row["line"])
    common = sorted(counts.items(), key=lambda item: -len(item[1]))[:3]
    reasons = "、".join(
        f"{load_rules()[rule].label} {len(lines):,}行(最初は{min(lines)}行目)" for rule, lines in common
    )
    raise EmptyResultError(
        what,
        found=f"{findings.rows_read:,}行すべてに誤り: {reasons}",
        remedy="列の並びと値の書き方を確かめてください。",
    )
