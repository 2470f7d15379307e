"""The list that an officer works through: one row a quarantined line, with room for who did what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from kaigo.intake.rules import load_rules

MOST_ROWS = 50_000
"""A sheet holds about a million rows; a list that nobody can work through is cut, and says so."""
_MOST_CHARACTERS = 1000
_MOST_LINES = 50
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORK = ("対応者", "済", "メモ")
_ROWS_HEAD = ("番号", "ファイル", "行", "列", "見つかった値", "理由", "ほかの誤り", "対処", *_WORK)
_WARNINGS_HEAD = ("番号", "ファイル", "規則", "列", "件数", "行(最初の50行まで)", "内容", "対処", *_WORK)
_ROWS_WIDTHS = (8, 28, 9, 24, 30, 44, 30, 44, 14, 6, 30)
_WARNINGS_WIDTHS = (8, 28, 24, 30, 9, 40, 44, 44, 14, 6, 30)


def make_work_list(report: Mapping[str, Any], *, synthetic: bool = False) -> bytes:
    """隔離した行と注意を、担当者が1件ずつ直していけるExcelの一覧にする。

    Values are written as text that no spreadsheet program takes for a formula, not even when the cell is edited.

    Parameters
    ----------
    report : mapping
        As ``intake_report.json``.
    synthetic : bool
        Whether the persons of the files do not exist.

    Returns
    -------
    bytes
        An .xlsx file with the sheets 表紙, 分けた行 and 注意.
    """
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook(write_only=True)
    rows = sum(len(entry["quarantine"]) for entry in report["files"])
    cover = book.create_sheet("表紙")
    cover.column_dimensions["A"].width = 100
    style, bold = _make_style(cover), _make_style(cover, bold=True)
    for line in _cover_lines(report, rows, synthetic=synthetic):
        cover.append([_cell(cover, line, style)])
    for title, head, widths, body in (
        ("分けた行", _ROWS_HEAD, _ROWS_WIDTHS, _quarantined(report)),
        ("注意", _WARNINGS_HEAD, _WARNINGS_WIDTHS, _warnings(report)),
    ):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for place, width in enumerate(widths):
            sheet.column_dimensions[chr(ord("A") + place)].width = width
        sheet.append([_cell(sheet, name, bold) for name in head])
        count = 1
        for values in body:
            count += 1
            sheet.append([_cell(sheet, value, style) for value in values])
        done = DataValidation(type="list", formula1='"済"', allow_blank=True)
        done.add(f"{chr(ord('A') + head.index('済'))}2:{chr(ord('A') + head.index('済'))}{max(count, 2)}")
        sheet.data_validations.append(done)
        sheet.auto_filter.ref = f"A1:{chr(ord('A') + len(head) - 1)}{max(count, 2)}"
    book.properties.creator = "kaigo"
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cover_lines(report: Mapping[str, Any], rows: int, *, synthetic: bool) -> Iterator[str]:
    yield "ファイルの読み込みで見つかったことの一覧"
    yield str(report["notice"])
    if synthetic:
        yield "合成データです。実在の人物・事業所とは関係ありません。"
    yield "「分けた行」は、介護データに入れていない行。元のシステムで直し、出力し直して、もう一度読み込む。"
    yield "「注意」は、介護データに入れたが確かめた方がよいこと。"
    yield "対応者の名前を書き、終わったら「済」を選ぶ。"
    if report.get("previous_list"):
        yield f"前に読み込んだときの一覧(書き込んだメモを含む)は、同じフォルダの {report['previous_list']} にある。"
    if rows > MOST_ROWS:
        yield f"分けた行は{rows:,}行あり、はじめの{MOST_ROWS:,}行だけを載せた。すべては intake_report.json にある。"
    for entry in report["files"]:
        yield (
            f"{entry['label']} {entry['file']}: 読んだ行 {entry['rows_read']:,}、"
            f"受け入れた行 {entry['rows_accepted']:,}、分けた行 {entry['rows_quarantined']:,}"
        )


def _quarantined(report: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    rules, number = load_rules(), 0
    for entry in report["files"]:
        for row in entry["quarantine"]:
            number += 1
            if number > MOST_ROWS:
                return
            others = "、".join(
                f"{other['column']}: {rules[other['rule']].label}" for other in row.get("also", ())
            )
            yield (
                number,
                entry["file"],
                row["line"],
                row["column"],
                row["value"],
                row["reason"],
                others,
                rules[row["rule"]].remedy,
                *[None] * len(_WORK),
            )


def _warnings(report: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    rules, number = load_rules(), 0
    for entry in report["files"]:
        for warning in entry["warnings"]:
            number += 1
            lines = "、".join(str(line) for line in warning["lines"][:_MOST_LINES])
            yield (
                number,
                entry["file"],
                rules[warning["rule"]].label,
                "、".join(warning["columns"]),
                warning["count"],
                lines + ("…" if len(warning["lines"]) > _MOST_LINES else ""),
                warning["message"],
                rules[warning["rule"]].remedy,
                *[None] * len(_WORK),
            )


def _make_style(sheet: Any, *, bold: bool = False) -> Any:
    """A cell that lends its style: looking a style up for each cell would take most of the time."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    cell = WriteOnlyCell(sheet, value="")
    # "=1+1" stays text, also after the officer has edited the cell.
    cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell._style


def _cell(sheet: Any, value: object, style: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    plain = _NO_XML.sub("\ufffd", value)
    if len(plain) > _MOST_CHARACTERS:
        plain = f"{plain[:_MOST_CHARACTERS]}…"
    cell = WriteOnlyCell(sheet)
    # Set past the library's guess, which takes "=1+1" for a formula.
    cell._value, cell.data_type, cell._style = plain, "s", style
    return cell
