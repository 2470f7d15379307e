"""One input that is read as a table, whatever its format; and all inputs of one table, in their order."""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import accumulate

import pyarrow as pa

from kaigo.intake.findings import WHOLE_ROW, Findings, LineMap
from kaigo.intake.headers import HeaderMatch
from kaigo.intake.rows import RowBlock
from kaigo.tables.schema import TableSchema


class RowOrigin:
    """1つの表の行が来るところ: 列の対応、見つかったこと、行番号。

    Attributes
    ----------
    schema : TableSchema
    match : HeaderMatch
    findings : Findings
    lines : LineMap
    set_apart : list of pyarrow.Table
        Of quarantined persons: the numbers, where these could be read, and the exit.
    """

    schema: TableSchema
    match: HeaderMatch
    findings: Findings
    lines: LineMap

    def __init__(self) -> None:
        self.set_apart: list[pa.Table] = []


class TableSource(RowOrigin, ABC):
    """1つの表として読む、開いた入力。見出しは読み終え、データの行はこれから読む。

    Attributes
    ----------
    encoding, sha256 : str
        Final when all rows were read.
    """

    @property
    @abstractmethod
    def encoding(self) -> str:
        """文字コードまたは形式の名前。"""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hex digits."""

    @property
    @abstractmethod
    def progress(self) -> tuple[int, int]:
        """Bytes read and bytes in all."""

    @abstractmethod
    def peek(self, column: str) -> str:
        """Text of a column in the first data row ("" where there is no such column or row)."""

    @abstractmethod
    def row_blocks(self) -> Iterator[RowBlock]:
        """Data rows, block by block."""


class TableGroup:
    """1つの表の行が来るところの並び。受け入れた行の通し番号から、ファイルと行を引く。

    Parameters
    ----------
    schema : TableSchema
    origins : sequence of RowOrigin
        In the order in which their rows were written; all of them read.
    """

    def __init__(self, schema: TableSchema, origins: Sequence[RowOrigin]) -> None:
        self.schema, self.origins = schema, tuple(origins)
        self._starts = [0, *accumulate(len(origin.lines) for origin in origins)]

    def ranges(self) -> Iterator[tuple[RowOrigin, int, int]]:
        """Each origin with its first position and the one after its last."""
        yield from zip(self.origins, self._starts, self._starts[1:], strict=False)

    def locate(self, position: int) -> tuple[RowOrigin, int]:
        """Origin and line of the accepted row at this position (from 0)."""
        index = min(bisect.bisect_right(self._starts, position), len(self.origins)) - 1
        origin = self.origins[index]
        return origin, origin.lines.line(position - self._starts[index])

    def quarantine(
        self, position: int, faults: Sequence[tuple[str, str, str]], *, kept: int | None = None
    ) -> None:
        """Set apart a row that had been accepted: (column of the table or "", value, rule) of each fault.

        ``kept`` is the position of the row that stands in its place; the report names that row's file and line.
        """
        origin, line = self.locate(position)
        named = [(_name_column(origin, column), value, rule) for column, value, rule in faults]
        if kept is None:
            origin.findings.quarantine_row(line, named)
        else:
            other, other_line = self.locate(kept)
            origin.findings.quarantine_row(line, named, kept=(other.findings.file_name, other_line))
        origin.findings.rows_accepted -= 1


def _name_column(origin: RowOrigin, column: str) -> str:
    """Header of the file, or our own name where the file has no such column."""
    if not column:
        return WHOLE_ROW
    if column in origin.match.sources:
        return origin.match.header_of(column)
    return origin.schema.column(column).label


def name_columns(origin: RowOrigin, column: str) -> list[str]:
    """The column of a warning; none where the warning is about no column."""
    return [_name_column(origin, column)] if column else []
