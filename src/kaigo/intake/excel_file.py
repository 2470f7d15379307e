"""A worksheet as a table: every cell becomes the text that a municipality's CSV would hold."""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from kaigo.errors import InputError
from kaigo.intake.archives import open_guarded
from kaigo.intake.excel_parts import SheetMarks, declares_entities, read_marks
from kaigo.intake.findings import WHOLE_ROW, Findings, LineMap
from kaigo.intake.headers import HeaderMatch, known_headers, normalise_header
from kaigo.intake.inputs import TableSource
from kaigo.intake.mapping import Translations, match_table
from kaigo.intake.named_file import NamedFile
from kaigo.intake.rows import BrokenRow, RowBlock
from kaigo.tables.schema import TableSchema, load_schemas

BLOCK_ROWS = 20_000
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    TypeError,
    SyntaxError,
    OSError,
    EOFError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
)
"""What the readers of ZIP and XML raise on damaged parts."""
ROWS_ABOVE_HEADER = 20
"""A title, a date and empty rows may stand above the header."""
_MONTH_FORMAT, _DATE_FORMAT = "%Y-%m", "%Y-%m-%d"


class ExcelFile(TableSource):
    """開いたExcelファイルの1シート: 見出しは読み終え、データの行はこれから読む。

    Parameters
    ----------
    table : str
    file : NamedFile
    mapping : Translations, optional
    sheets : sequence of str
        Names of sheets that the user has asked for.

    Raises
    ------
    InputError
        If the file is damaged or unsafe, the sheet cannot be chosen, or a required column is missing.
    """

    def __init__(
        self, table: str, file: NamedFile, mapping: Translations | None = None, sheets: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.schema: TableSchema = load_schemas()[table]
        self.findings = Findings(table, file.name)
        self.lines = LineMap()
        self._file, self._row = file, 0
        digest = hashlib.sha256()
        with file.path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        self._sha256 = digest.hexdigest()
        self._book = open_book(file)
        self._sheet = choose_sheet(self._book, table, file.name, sheets)
        self._marks = self._read_marks()
        self._rows = self._iterate_rows()
        self._first: list[tuple[int, list[Any]]] = list(islice(self._rows, ROWS_ABOVE_HEADER))
        headers = self._take_header(table, mapping)
        self.match: HeaderMatch = match_table(table, headers, file.name, mapping)
        self._months = {
            position for column, (position, _) in self.match.sources.items() if column == "service_month"
        }

    @property
    def encoding(self) -> str:
        """See :class:`TableSource`."""
        return f"Excel(シート: {self._sheet.title})"

    @property
    def sha256(self) -> str:
        """See :class:`TableSource`."""
        return self._sha256

    @property
    def progress(self) -> tuple[int, int]:
        """See :class:`TableSource`."""
        return self._row, max(int(self._sheet.max_row or 0), self._row)

    def _read_marks(self) -> SheetMarks:
        try:
            with open_guarded(self._file, "workbook") as archive:
                part = str(self._sheet._worksheet_path).lstrip("/")
                return read_marks(archive, part if part in archive.namelist() else f"xl/{part}")
        except _DAMAGE as error:
            raise _refuse_damaged(self._file.name) from error

    def _iterate_rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Row number and values; cells merged downward repeat the value of their first cell."""
        down = {
            (row, left): top
            for top, left, bottom, right in self._marks.merged
            if left == right
            for row in range(top + 1, bottom + 1)
        }
        held: dict[tuple[int, int], Any] = {}
        tops = {(top, left) for top, left, _, right in self._marks.merged if left == right}
        try:
            for number, row in enumerate(self._sheet.iter_rows(values_only=True), start=1):
                values = list(row)
                if tops:
                    for place in range(len(values)):
                        if (number, place + 1) in tops:
                            held[number, place + 1] = values[place]
                        elif (number, place + 1) in down:
                            values[place] = held.get((down[number, place + 1], place + 1))
                yield number, values
        except _DAMAGE as error:
            raise _refuse_damaged(self._file.name) from error

    def _take_header(self, table: str, mapping: Translations | None) -> list[str]:
        """The header row; what stands above it is named, what stands below it stays to be read."""
        own = (mapping or {}).get(table)
        headers = [header for texts in own.columns.values() for header in texts] if own else []
        rows = [[cell_text(value, month=False) for value in row] for _, row in self._first]
        place = find_header_row(table, rows, headers)
        if place is None:
            raise InputError(
                f"{self.schema.label}のファイル({self._file.name})のシート「{self._sheet.title}」に、見出し行がありません。",
                found="空の行だけ",
                remedy="見出し行とデータの行があるシートを指定してください。",
            )
        above = [self._first[i][0] for i in range(place) if any(text.strip() for text in rows[i])]
        self.findings.warn("rows_above_header", len(above), above)
        self._first = self._first[place + 1 :]
        found = rows[place]
        while found and not found[-1].strip():
            found.pop()
        return found

    def peek(self, column: str) -> str:
        """See :class:`TableSource`."""
        source = self.match.sources.get(column)
        if not source:
            return ""
        for _, row in self._first:
            if any(value is not None for value in row):
                return cell_text(row[source[0]], month=False) if len(row) > source[0] else ""
        return ""

    def row_blocks(self) -> Iterator[RowBlock]:
        """See :class:`TableSource`."""
        rest = iter(self._first)
        while chunk := list(islice(rest, BLOCK_ROWS)):
            yield self._make_block(chunk)
        while chunk := list(islice(self._rows, BLOCK_ROWS)):
            yield self._make_block(chunk)
        self._warn_of_marks()
        self._book.close()

    def _make_block(self, chunk: Sequence[tuple[int, list[Any]]]) -> RowBlock:
        width = len(self.match.headers)
        rows: list[tuple[int, list[Any]]] = []
        broken: list[BrokenRow] = []
        blank: list[int] = []
        for number, values in chunk:
            texts = [cell_text(value, month=False).strip() for value in values]
            if not any(texts):
                blank.append(number)
            elif any(texts[width:]):
                broken.append(BrokenRow(number, ",".join(texts).rstrip(","), "column_count"))
            else:
                rows.append((number, [*values[:width], *[None] * (width - len(values))]))
        self._row = chunk[-1][0]
        columns = {
            str(place): pa.array(
                [cell_text(v[place], month=place in self._months) for _, v in rows], pa.string()
            )
            for place in self.match.wanted
        }
        # Empty rows at the end of a sheet are no rows of the table; those within it are named.
        last = max([number for number, _ in rows] + [row.line for row in broken], default=0)
        return RowBlock(
            pa.table(columns),
            np.array([number for number, _ in rows], np.int64),
            tuple(broken),
            tuple(number for number in blank if number < last),
        )

    def _warn_of_marks(self) -> None:
        first = self._first[0][0] if self._first else 1
        rows = sorted({row for row, _ in self._marks.not_calculated if row >= first})
        self.findings.warn("formula_not_calculated", len(rows), rows)
        merged = [mark for mark in self._marks.merged if mark[2] >= first]
        down = sorted(
            {row for top, left, bottom, right in merged if left == right for row in range(top, bottom + 1)}
        )
        self.findings.warn("merged_filled", len(down), down)
        wide = sorted(
            {row for top, left, bottom, right in merged if left != right for row in range(top, bottom + 1)}
        )
        self.findings.warn("merged_wide", len(wide), wide, [WHOLE_ROW])


def find_header_row(table: str, rows: Sequence[Sequence[str]], own: Sequence[str] = ()) -> int | None:
    """見出しの行の位置: 知っている見出しが2つ以上ある最初の行、なければ空でない最初の行。

    Parameters
    ----------
    table : str
    rows : sequence of sequence of str
    own : sequence of str
        Headers that the user has named.
    """
    known = {*known_headers(table), *(normalise_header(header) for header in own)}
    counts = [len({normalise_header(text) for text in row if text.strip()} & known) for row in rows]
    if counts and max(counts) > 1:
        return int(np.argmax(counts))
    return next((place for place, row in enumerate(rows) if any(text.strip() for text in row)), None)


def open_book(file: NamedFile) -> Any:
    """The workbook, read as a stream, with the stored values of its formulas."""
    from openpyxl import load_workbook

    try:
        with open_guarded(file, "workbook") as archive:
            if declares_entities(archive):
                raise InputError(
                    f"Excelのファイル({file.name})に、表計算ソフトが書かない宣言(DOCTYPE)があります。",
                    remedy="安全でないため読みません。Excelで開いて保存し直してください。",
                )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(file.path, read_only=True, data_only=True, keep_links=False)
    except _DAMAGE as error:
        raise _refuse_damaged(file.name) from error


def _refuse_damaged(name: str) -> InputError:
    return InputError(
        f"Excelのファイル({name})を読めません。",
        found="壊れているか、Excel(.xlsx)の形ではありません",
        remedy="Excelで開いて、.xlsx またはCSVで保存し直してください。",
    )


def choose_sheet(book: Any, table: str, name: str, wanted: Sequence[str]) -> Any:
    """The sheet of that name, the only visible one, or the one that is named as the table."""
    label = load_schemas()[table].label
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for title in wanted:
        for sheet in book.worksheets:
            if sheet.title.strip() == title.strip():
                return sheet
    if len(sheets) == 1:
        return sheets[0]
    named = [sheet for sheet in sheets if sheet.title.strip().lower() in (label, table)]
    if len(named) == 1:
        return named[0]
    raise InputError(
        f"{label}のファイル({name})のどのシートを読むか決められません。",
        found="シート: " + "、".join(f"「{sheet.title}」" for sheet in sheets[:20]),
        remedy=f"--sheet シート名 で指定するか、シートの名前を「{label}」にしてください。",
    )


def cell_text(value: Any, *, month: bool) -> str:
    """Text of a cell: whole numbers without a decimal point, dates as year-month-day."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.strftime(_MONTH_FORMAT if month and value.day == 1 else _DATE_FORMAT)
    if isinstance(value, dt.date):
        return value.strftime(_MONTH_FORMAT if month and value.day == 1 else _DATE_FORMAT)
    return str(value)
