"""CSV rows with the line on which each begins, in bulk; broken rows are set apart, and never take others with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

MAX_JOINED_LINES = 50
"""A quoted field may run over so many lines; an opening quote without an end stays one broken line."""

_NEXT_LINE = "next"
_LINE_FEED, _QUOTE, _END_OF_FILE = 10, 34, b"\x1a"


@dataclass(frozen=True)
class BrokenRow:
    """列に分けられない行。"""

    line: int
    text: str
    rule: str


@dataclass(frozen=True)
class RowBlock:
    """ひとまとまりの行。

    Attributes
    ----------
    columns : pyarrow.Table
        Text columns named by their position (``"0"``, ``"1"``, …); only those asked for.
    lines : numpy.ndarray of int64
        The file's line (from 1) on which each row begins, ascending.
    broken : tuple of BrokenRow
    blank_lines : tuple of int
        Lines without any character.
    """

    columns: pa.Table
    lines: npt.NDArray[np.int64]
    broken: tuple[BrokenRow, ...]
    blank_lines: tuple[int, ...]


def parse_cells(text: str, *, strict: bool = False) -> list[list[str]] | None:
    """Rows of a piece of CSV text by the standard library; None if a quote is left open.

    ``strict``: also None if anything but a comma follows a closing quote.
    """
    whole = text if text.endswith("\n") else text + "\n"
    try:
        # An open quote swallows the line that follows.
        rows = list(csv.reader(io.StringIO(whole + _NEXT_LINE, newline="\n"), strict=strict))
    except csv.Error:
        return None
    return rows[:-1] if rows[-1] == [_NEXT_LINE] else None


class RowReader:
    """UTF-8の塊を行に分ける。引用符の中の改行と、行番号を保つ。

    Parameters
    ----------
    width : int
        Number of columns of the header.
    wanted : sequence of int
        Positions of the columns to read.
    first_line : int
        Line number of the first data row.
    """

    def __init__(self, width: int, wanted: Sequence[int], first_line: int) -> None:
        self.width = width
        self.wanted = sorted(set(wanted))
        self._line = first_line
        self._rest = b""

    def read(self, block: bytes, *, final: bool = False) -> RowBlock:
        """塊に含まれる完結した行を返す。残りは次の塊に続ける(``final`` なら残さない)。"""
        data = self._rest + block
        if final and data and not data.endswith(b"\n"):
            data += b"\n"
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
        starts = np.concatenate([np.zeros(1, np.int64), ends + 1])[: len(ends)]
        begins, open_lines, count = self._find_rows(data, starts, ends, final=final)
        starts, ends, begins = starts[:count], ends[:count], begins[:count]
        taken = int(ends[-1]) + 1 if count else 0
        blank = begins & (starts == ends)
        if final and count and data[starts[-1] : ends[-1]] == _END_OF_FILE:
            blank[-1], taken = True, int(starts[-1])
        first_line, self._line, self._rest = self._line, self._line + count, data[taken:]
        is_open = np.zeros(count, bool)
        is_open[open_lines] = True
        rows = np.flatnonzero(begins & ~blank & ~is_open)
        broken = [
            BrokenRow(first_line + i, data[starts[i] : ends[i]].decode("utf-8"), "quote_unclosed")
            for i in open_lines
        ]
        if open_lines:
            kept = np.flatnonzero(~is_open)
            body = b"".join(data[starts[i] : ends[i] + 1] for i in kept)
        else:
            body = data[:taken]
        texts = _RowTexts(data, starts, ends, begins)
        columns, bad = self._parse(body, texts, rows, joined=not begins.all())
        broken += [BrokenRow(first_line + int(rows[i]), text, "column_count") for i, text in bad]
        good = np.delete(rows, [i for i, _ in bad]) if bad else rows
        blank_lines = tuple((first_line + np.flatnonzero(blank)).tolist())
        return RowBlock(columns, first_line + good, tuple(broken), blank_lines)

    def _find_rows(
        self, data: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, final: bool
    ) -> tuple[npt.NDArray[np.bool_], list[int], int]:
        """Which lines begin a row, which have an open quote, and how many lines are complete."""
        begins = np.ones(len(ends), bool)
        if b'"' not in data:
            return begins, [], len(ends)
        quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == _QUOTE)
        per_line = np.bincount(np.searchsorted(ends, quotes), minlength=len(ends) + 1)[: len(ends)]
        odd = np.flatnonzero(per_line & 1).tolist()
        open_lines: list[int] = []
        position = 0
        while position < len(odd):
            line = odd[position]
            closing = odd[position + 1] if position + 1 < len(odd) else None
            if closing is None and not final and len(ends) - line <= MAX_JOINED_LINES:
                return begins, open_lines, line
            position += 1
            if closing is not None and closing - line < MAX_JOINED_LINES:
                cells = parse_cells(data[starts[line] : ends[closing] + 1].decode("utf-8"), strict=True)
                if cells is not None and len(cells) == 1 and len(cells[0]) == self.width:
                    begins[line + 1 : closing + 1] = False
                    position += 1
                    continue
            if parse_cells(data[starts[line] : ends[line] + 1].decode("utf-8")) is None:
                open_lines.append(line)
        return begins, open_lines, len(ends)

    def _parse(
        self, body: bytes, texts: _RowTexts, rows: npt.NDArray[np.int64], *, joined: bool
    ) -> tuple[pa.Table, list[tuple[int, str]]]:
        """Text columns, and (position, text) of rows with another number of columns."""
        names = [str(i) for i in range(self.width)]
        wanted = [str(i) for i in self.wanted]
        if not len(rows):
            return pa.table({name: pa.array([], pa.string()) for name in wanted}), []
        bad: list[tuple[int, str]] = []

        def set_apart(row: pacsv.InvalidRow) -> str:
            bad.append((row.number - 1, row.text))
            return "skip"

        try:
            table = pacsv.read_csv(
                pa.BufferReader(body),
                read_options=pacsv.ReadOptions(
                    column_names=names, use_threads=False, block_size=len(body) + 1
                ),
                parse_options=pacsv.ParseOptions(newlines_in_values=joined, invalid_row_handler=set_apart),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()),
                    include_columns=wanted,
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            return self._parse_one_by_one(texts, rows)
        if table.num_rows + len(bad) != len(rows):
            # A quote within a row was read in another way than the row splitter read it.
            return self._parse_one_by_one(texts, rows)
        return table, bad

    def _parse_one_by_one(
        self, texts: _RowTexts, rows: npt.NDArray[np.int64]
    ) -> tuple[pa.Table, list[tuple[int, str]]]:
        cells: list[list[str]] = []
        bad: list[tuple[int, str]] = []
        for position, line in enumerate(rows.tolist()):
            text = texts.of(line)
            parsed = parse_cells(text)
            if parsed is not None and len(parsed) == 1 and len(parsed[0]) == self.width:
                cells.append(parsed[0])
            else:
                bad.append((position, text))
        columns = {str(i): pa.array([row[i] for row in cells], pa.string()) for i in self.wanted}
        return pa.table(columns), bad


@dataclass(frozen=True)
class _RowTexts:
    """Text of a row that begins on a given line of the block, the joined lines with it."""

    data: bytes
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    begins: npt.NDArray[np.bool_]

    def of(self, line: int) -> str:
        last = line
        while last + 1 < len(self.begins) and not self.begins[last + 1]:
            last += 1
        return self.data[self.starts[line] : self.ends[last]].decode("utf-8")
