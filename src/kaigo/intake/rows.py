"""CSV rows with the line on which each begins, in bulk; broken rows are set apart, and never take others with them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from kaigo.intake.decoding import CP932
from kaigo.intake.text_columns import decode_cells

MAX_JOINED_LINES = 50
"""A quoted field may run over so many lines; an opening quote without an end stays one broken line."""

_NEXT_LINE = "next"
_LINE_FEED, _RETURN, _QUOTE, _END_OF_FILE = 10, 13, 34, b"\x1a"
_UTF8 = "utf-8"


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
        Text columns named by their position (``"0"``, ``"1"``, …); only those asked for. Some are dictionaries of texts.
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
        self.rest = b""

    def read(self, block: bytes, *, final: bool = False) -> RowBlock:
        """塊に含まれる完結した行を返す。残りは次の塊に続ける(``final`` なら残さない)。"""
        data = self.rest + block
        if final and data and not data.endswith(b"\n"):
            data += b"\n"
        rows, lines, taken = self._read(data, _UTF8, final=final)
        self._line, self.rest = self._line + lines, data[taken:]
        return rows

    def read_undecoded(self, data: bytes, settle: Callable[[bytes], bytes]) -> RowBlock:
        r"""CP932のまま渡された行を返す。1回に復号するのは、異なる値ごとに1つ。

        Parameters
        ----------
        data : bytes
            The rest and what follows it, in CP932; line ends are ``\n`` or ``\r\n``.
        settle : callable
            Takes the bytes that are left and returns them decoded.

        Raises
        ------
        UnicodeDecodeError
            If bytes are no characters; nothing has been read then.
        """
        has_pairs = b'"' not in data and _ends_in_pairs(data)
        if not has_pairs:
            data = data.translate(None, b"\r")
        rows, lines, taken = self._read(data, CP932, final=False, end_bytes=2 if has_pairs else 1)
        self._line, self.rest = self._line + lines, settle(data[taken:])
        return rows

    def _read(self, data: bytes, codec: str, *, final: bool, end_bytes: int = 1) -> tuple[RowBlock, int, int]:
        """Rows, the lines that they take up, and their bytes."""
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED) + (1 - end_bytes)
        starts = np.concatenate([np.zeros(1, np.int64), ends + end_bytes])[: len(ends)]
        begins, open_lines, count = self._find_rows(data, codec, starts, ends, final=final)
        starts, ends, begins = starts[:count], ends[:count], begins[:count]
        taken = int(ends[-1]) + end_bytes if count else 0
        blank = begins & (starts == ends)
        if final and count and data[starts[-1] : ends[-1]] == _END_OF_FILE:
            blank[-1], taken = True, int(starts[-1])
        is_open = np.zeros(count, bool)
        is_open[open_lines] = True
        rows = np.flatnonzero(begins & ~blank & ~is_open)
        broken = [
            BrokenRow(self._line + i, data[starts[i] : ends[i]].decode(codec), "quote_unclosed")
            for i in open_lines
        ]
        if open_lines:
            kept = np.flatnonzero(~is_open)
            body = b"".join(data[starts[i] : ends[i] + 1] for i in kept)
        else:
            body = data[:taken]
        texts = _RowTexts(data, codec, starts, ends, begins)
        columns, bad = self._parse(body, texts, rows, joined=not begins.all())
        broken += [BrokenRow(self._line + int(rows[i]), text, "column_count") for i, text in bad]
        good = np.delete(rows, [i for i, _ in bad]) if bad else rows
        blank_lines = tuple((self._line + np.flatnonzero(blank)).tolist())
        return RowBlock(columns, self._line + good, tuple(broken), blank_lines), count, taken

    def _find_rows(
        self,
        data: bytes,
        codec: str,
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        *,
        final: bool,
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
                cells = parse_cells(data[starts[line] : ends[closing] + 1].decode(codec), strict=True)
                if cells is not None and len(cells) == 1 and len(cells[0]) == self.width:
                    begins[line + 1 : closing + 1] = False
                    position += 1
                    continue
            if parse_cells(data[starts[line] : ends[line] + 1].decode(codec)) is None:
                open_lines.append(line)
        return begins, open_lines, len(ends)

    def _parse(
        self, body: bytes, texts: _RowTexts, rows: npt.NDArray[np.int64], *, joined: bool
    ) -> tuple[pa.Table, list[tuple[int, str]]]:
        """Text columns, and (position, text) of rows with another number of columns."""
        wanted = [str(i) for i in self.wanted]
        if not len(rows):
            return pa.table({name: pa.array([], pa.string()) for name in wanted}), []
        if texts.codec == CP932:
            table = self._parse_undecoded(body, len(rows), joined=joined)
            if table is not None:
                return table, []
            body = body.decode(CP932).encode(_UTF8)
        bad: list[tuple[int, str]] = []

        def set_apart(row: pacsv.InvalidRow) -> str:
            bad.append((row.number - 1, row.text))
            return "skip"

        try:
            options = pacsv.ParseOptions(newlines_in_values=joined, invalid_row_handler=set_apart)
            table = self._read_csv(body, options, wanted, pa.string())
        except pa.ArrowInvalid:
            return self._parse_one_by_one(texts, rows)
        if table.num_rows + len(bad) != len(rows):
            # A quote within a row was read in another way than the row splitter read it.
            return self._parse_one_by_one(texts, rows)
        return table, bad

    def _parse_undecoded(self, body: bytes, rows: int, *, joined: bool) -> pa.Table | None:
        """None where a row has another number of columns. All cells are decoded, so that no broken byte goes unseen."""
        if body.startswith(codecs.BOM_UTF8):
            return None  # no character of CP932, and Arrow would skip it unseen
        names = [str(i) for i in range(self.width)]
        try:
            table = self._read_csv(body, pacsv.ParseOptions(newlines_in_values=joined), names, pa.binary())
        except pa.ArrowInvalid:
            return None
        if table.num_rows != rows:
            return None
        columns = [decode_cells(column) for column in table.columns]
        return pa.table({str(i): columns[i] for i in self.wanted})

    def _read_csv(
        self, body: bytes, options: pacsv.ParseOptions, wanted: list[str], dtype: pa.DataType
    ) -> pa.Table:
        return pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(
                column_names=[str(i) for i in range(self.width)], use_threads=False, block_size=len(body) + 1
            ),
            parse_options=options,
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(wanted, dtype),
                include_columns=wanted,
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )

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
    codec: str
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    begins: npt.NDArray[np.bool_]

    def of(self, line: int) -> str:
        last = line
        while last + 1 < len(self.begins) and not self.begins[last + 1]:
            last += 1
        return self.data[self.starts[line] : self.ends[last]].decode(self.codec)


def _ends_in_pairs(data: bytes) -> bool:
    """Whether every line ends in a return and a line feed, and neither of them stands elsewhere."""
    if b"\r" not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    returns, feeds = codes == _RETURN, codes == _LINE_FEED
    return not feeds[0] and not returns[-1] and np.array_equal(returns[:-1], feeds[1:])
