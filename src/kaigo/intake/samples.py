"""Header and first rows of a file, before any column is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from kaigo.errors import InputError
from kaigo.intake.archives import is_workbook
from kaigo.intake.decoding import DecodedFile
from kaigo.intake.excel_file import ROWS_ABOVE_HEADER, cell_text, choose_sheet, find_header_row, open_book
from kaigo.intake.named_file import NamedFile
from kaigo.tables.schema import load_schemas

SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class Sample:
    """見出しと、はじめの行。"""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def texts(self, place: int) -> list[str]:
        """Texts of one column; rows that are too short give none."""
        return [row[place] for row in self.rows if len(row) > place]


def read_sample(table: str, file: NamedFile, sheets: Sequence[str] = ()) -> Sample:
    """ファイルの見出しと、はじめの行を読む。

    Raises
    ------
    InputError
        If there is no header row.
    """
    rows = _read_workbook(table, file, sheets) if is_workbook(file.path) else _read_csv(table, file)
    place = find_header_row(table, rows[:ROWS_ABOVE_HEADER])
    if place is None:
        raise InputError(
            f"{load_schemas()[table].label}のファイル({file.name})に見出し行がありません。",
            found="空の行だけ",
            remedy="見出し行とデータの行があるファイルを指定してください。",
        )
    return Sample(tuple(rows[place]), tuple(tuple(row) for row in rows[place + 1 :]))


def _read_csv(table: str, file: NamedFile) -> list[list[str]]:
    decoded = DecodedFile(file.path, load_schemas()[table].label, name=file.name)
    text = next(decoded.blocks(), b"").decode("utf-8")
    return list(islice(csv.reader(io.StringIO(text, newline="\n")), SAMPLE_ROWS))


def _read_workbook(table: str, file: NamedFile, sheets: Sequence[str]) -> list[list[str]]:
    book = open_book(file)
    sheet = choose_sheet(book, table, file.name, sheets)
    rows = [
        [cell_text(value, month=False) for value in row]
        for row in islice(sheet.iter_rows(values_only=True), SAMPLE_ROWS)
    ]
    book.close()
    return rows
