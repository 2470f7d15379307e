"""Tables as files: CSV that Excel in Japanese Windows opens, and workbooks with cover, data and notes sheets.

The Excel form follows the checklist of the UK government's gptables: one table a sheet, marked up and named, one header
row, no merged cells, no blank rows, reasons for hidden cells, a cover with contents, a sheet of notes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaigo.display.texts import measure_width
from kaigo.errors import OutputError

if TYPE_CHECKING:
    from kaigo.display.table import Table

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HEADER_ROW = 3


def encode_csv(table: Table) -> bytes:
    """表を CSV にする(BOM つき UTF-8、CRLF、単位は見出しの中)。"""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.header for column in table.grid.columns])
    for i, row in enumerate(table.grid.rows):
        writer.writerow(
            [
                table.grid.marks.get((i, j), "" if value is None else _defuse_formula(value))
                for j, value in enumerate(row)
            ]
        )
    return buffer.getvalue().encode("utf-8-sig")


def write_workbook(path: Path, *, title: str, tables: Mapping[str, Table], notice: str = "") -> None:
    """表の組を、表紙・表・注の各シートからなる Excel ファイルに書く。

    Parameters
    ----------
    path : Path
        File to write (.xlsx).
    title : str
        Title on the cover.
    tables : mapping of str to Table
        Sheet name ("表1") → table.
    notice : str, optional
        What the cover must say first (for whom the file is, that the data are synthetic).

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    cover = book.active
    cover.title = "表紙"
    cover["A1"] = title
    cover["A1"].font = Font(bold=True, size=14)
    for line in filter(None, [notice, "この冊子の表:"]):
        cover.append([line])
    for name, table in tables.items():
        cover.append([f"{name} {table.caption}"])
        cover.cell(cover.max_row, 1).hyperlink = f"#'{name}'!A1"
    cover.append(["注と出典は「注」のシートにある。"])
    notes = book.create_sheet("注")
    notes.append(["表", "注", "出典"])
    for name, table in tables.items():
        notes.append([name, table.note or "なし", table.source])
    for sheet, widths in ((cover, [90]), (notes, [10, 70, 60])):
        _set_widths(sheet, widths)
        for row in sheet.iter_rows():
            for cell in row:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, (name, table) in enumerate(tables.items(), start=1):
        _add_table(book.create_sheet(name, index=number), table, label=name, number=number)
    book.properties.creator = "kaigo"
    try:
        book.save(path)
    except OSError as error:
        raise OutputError(
            "Excel ファイルを書けません。",
            found=f"{path.name}({error.strerror})",
            remedy="書き込み先を確かめてください。",
        ) from error


def _add_table(sheet: Any, table: Table, *, label: str, number: int) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.table import Table as ExcelTable
    from openpyxl.worksheet.table import TableStyleInfo

    sheet["A1"] = f"{label} {table.caption}"
    sheet["A1"].font = Font(bold=True, size=12)
    sheet["A2"] = f"注: {table.note or 'なし'} 出典: {table.source}"
    for j, column in enumerate(table.grid.columns, start=1):
        cell = sheet.cell(HEADER_ROW, j, column.header)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="right" if column.numeric else "left", wrap_text=True)
    for i, row in enumerate(table.grid.rows):
        for j, value in enumerate(row):
            column = table.grid.columns[j]
            cell = sheet.cell(HEADER_ROW + 1 + i, j + 1)
            cell.value = table.grid.text(i, j) if (i, j) in table.grid.marks or value is None else value
            if isinstance(cell.value, str):
                # A text that begins with "=" stays text.
                cell.data_type = "s"
            else:
                cell.number_format = "#,##0" + ("." + "0" * column.digits if column.digits else "")
            cell.alignment = Alignment(horizontal="right" if column.numeric else "left")
    last = f"{get_column_letter(len(table.grid.columns))}{HEADER_ROW + len(table.grid.rows)}"
    if table.grid.rows:
        marked = ExcelTable(displayName=f"table_{number}", ref=f"A{HEADER_ROW}:{last}")
        marked.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
        sheet.add_table(marked)
    sheet.freeze_panes = f"B{HEADER_ROW + 1}"
    _set_widths(
        sheet,
        [
            min(
                40,
                4
                + max(
                    measure_width(column.header),
                    *(measure_width(table.grid.text(i, j)) for i in range(len(table.grid.rows))),
                    0,
                ),
            )
            for j, column in enumerate(table.grid.columns)
        ],
    )


def _set_widths(sheet: Any, widths: list[int]) -> None:
    from openpyxl.utils import get_column_letter

    for j, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(j)].width = width


def _defuse_formula(value: int | float | str) -> int | float | str:
    """Text that a spreadsheet would take for a formula is quoted; its source may be a stranger's file."""
    if isinstance(value, str) and len(value) > 1 and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
