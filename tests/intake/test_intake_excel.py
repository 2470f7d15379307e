"""Workbooks become the same tables as CSV: dates, lost zeros, titles, merged and empty rows, formulas, sheets."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
from excel_files import cells, write_book
from intake_files import (
    BENEFITS,
    CERTIFICATIONS,
    PERSONS,
    assert_balanced,
    file_report,
    quarantined,
    rows,
    warnings,
    write_sources,
)
from openpyxl import Workbook

from kaigo.errors import InputError
from kaigo.intake import IntakeResult, IntakeSources, Reading, run_intake

TITLES = {"persons": "個人属性情報", "certifications": "認定情報", "benefits": "介護給付情報"}


def read_books(folder: Path, reading: Reading | None = None, **books: Path) -> IntakeResult:
    sources = write_sources(folder)
    given = {name: getattr(sources, name) for name in TITLES} | books
    return run_intake(IntakeSources(**given), folder / "out", reading=reading)


def benefits_book(folder: Path, change_rows: Any = None, change: Any = None) -> Path:
    table = cells(BENEFITS)
    return write_book(folder / "給付.xlsx", {"Sheet1": change_rows(table) if change_rows else table}, change)


def test_three_sheets_of_text_give_the_same_tables_as_csv(tmp_path: Path) -> None:
    by_csv = run_intake(write_sources(tmp_path), tmp_path / "out").tables.content_sha256
    texts = {"個人属性情報": PERSONS, "認定情報": CERTIFICATIONS, "介護給付情報": BENEFITS}
    book = write_book(tmp_path / "一式.xlsx", {title: cells(text) for title, text in texts.items()})
    result = run_intake(IntakeSources(book, book, book), tmp_path / "out2")
    assert_balanced(result)
    assert result.tables.content_sha256 == by_csv
    assert file_report(result, "benefits")["encoding"] == "Excel(シート: 介護給付情報)"


def test_numbers_and_excel_dates_are_read_as_the_texts_they_were(tmp_path: Path) -> None:
    def as_excel(table: list[list[Any]]) -> list[list[Any]]:
        head, *body = table
        months = {"平成29年6月": dt.datetime(2017, 6, 1), "平成29年7月": dt.datetime(2017, 7, 1)}
        return [head] + [
            [int(row[0]), int(row[1]), months[row[2]], int(row[3]), float(row[4]), int(row[5]), int(row[6])]
            for row in body
        ]

    persons = [[*row] for row in cells(PERSONS)]
    persons[1][4] = dt.date(1935, 1, 2)
    result = read_books(
        tmp_path,
        benefits=benefits_book(tmp_path, as_excel),
        persons=write_book(tmp_path / "個人.xlsx", {"s": persons}),
    )
    assert_balanced(result)
    by_csv = run_intake(write_sources(tmp_path), tmp_path / "out2")
    assert result.tables.content_sha256 == by_csv.tables.content_sha256
    # The number of ten digits lost nine zeros; its width leaves no doubt.
    assert warnings(result, "benefits")["number_padded"] == (3, [2, 3, 4])


def test_a_number_whose_lost_zeros_leave_a_doubt_is_set_apart(tmp_path: Path) -> None:
    table = cells(CERTIFICATIONS)
    table[1][4] = 1  # 01 非該当 or 要介護1?
    result = read_books(tmp_path, certifications=write_book(tmp_path / "c.xlsx", {"s": table}))
    assert_balanced(result)
    assert quarantined(result, "certifications") == [(2, "要介護状態区分", "1", "level_unknown")]


def test_title_and_empty_rows_and_columns_are_passed_over_and_lines_are_the_sheets_own(
    tmp_path: Path,
) -> None:
    def with_title(table: list[list[Any]]) -> list[list[Any]]:
        broken = [*table[1]]
        broken[4] = "x"
        return [["給付の一覧"], [], table[0], table[1], [], broken, *table[2:], [], []]

    result = read_books(tmp_path, benefits=benefits_book(tmp_path, with_title))
    assert_balanced(result)
    assert quarantined(result, "benefits") == [(6, "日数", "x", "number_unreadable")]
    found = warnings(result, "benefits")
    assert found["rows_above_header"] == (1, [1]) and found["blank_line"] == (1, [5])
    assert len(rows(result, "benefits")) == 3


def test_cells_merged_downward_hold_for_every_row_and_are_named(tmp_path: Path) -> None:
    def merge(book: Workbook) -> None:
        book.active.merge_cells("B2:B3")

    result = read_books(tmp_path, benefits=benefits_book(tmp_path, change=merge))
    assert [row["insured_number"] for row in rows(result, "benefits")] == [
        "0000000001",
        "0000000001",
        "0000000002",
    ]
    assert warnings(result, "benefits")["merged_filled"] == (2, [2, 3])


def test_formula_without_a_stored_value_is_named_and_its_required_cell_set_apart(tmp_path: Path) -> None:
    def formulas(table: list[list[Any]]) -> list[list[Any]]:
        table[1][5] = "=3*244"
        return table

    result = read_books(tmp_path, benefits=benefits_book(tmp_path, formulas))
    assert quarantined(result, "benefits") == [(2, "点数", "", "value_missing")]
    assert warnings(result, "benefits")["formula_not_calculated"] == (1, [2])


def test_stored_value_of_a_formula_is_read(tmp_path: Path) -> None:
    def formulas(table: list[list[Any]]) -> list[list[Any]]:
        table[1][5] = "=3*244"
        return table

    plain = benefits_book(tmp_path, formulas)
    book = tmp_path / "計算済み.xlsx"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                before, after = b"<f>3*244</f><v />", b"<f>3*244</f><v>732</v>"
                content = content.replace(before, after).replace(b"<f>3*244</f><v></v>", after)
                assert after in content
            target.writestr(name, content)
    result = read_books(tmp_path, benefits=book)
    assert rows(result, "benefits")[0]["units"] == 732
    assert "formula_not_calculated" not in warnings(result, "benefits")


def test_sheet_is_chosen_by_name_and_refused_where_it_is_not_clear(tmp_path: Path) -> None:
    book = write_book(tmp_path / "b.xlsx", {"4月": cells(BENEFITS), "メモ": [["x"]]})
    with pytest.raises(InputError) as caught:
        read_books(tmp_path, benefits=book)
    assert "「4月」、「メモ」" in str(caught.value) and "--sheet" in str(caught.value)
    result = read_books(tmp_path, Reading(sheets=("4月",)), benefits=book)
    assert len(rows(result, "benefits")) == 3


def test_row_with_a_value_beyond_the_header_is_set_apart(tmp_path: Path) -> None:
    def longer(table: list[list[Any]]) -> list[list[Any]]:
        table[2].append("余り")
        return table

    result = read_books(tmp_path, benefits=benefits_book(tmp_path, longer))
    ((line, column, value, rule),) = quarantined(result, "benefits")
    assert (line, column, rule) == (3, "(行全体)", "column_count") and value.endswith("余り")


def repack(path: Path, target: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            archive.writestr(member, content if member == name else source.read(member))
        if name not in source.namelist():
            archive.writestr(name, content)
    return target


def test_workbook_made_to_fill_the_memory_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    book = benefits_book(tmp_path)
    bomb = repack(book, tmp_path / "bomb.xlsx", "xl/sharedStrings.xml", b" " * (80 << 20))
    with pytest.raises(InputError, match="は開きません"):
        read_books(tmp_path, benefits=bomb)
    assert not (tmp_path / "out").exists()


def test_workbook_with_entities_and_damaged_workbooks_are_refused(tmp_path: Path) -> None:
    book = benefits_book(tmp_path)
    sheet = "xl/worksheets/sheet1.xml"
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    for number, (name, content) in enumerate(
        ((sheet, evil), (sheet, b"<worksheet><sheetData><row"), ("xl/workbook.xml", b"<x/>"))
    ):
        broken = repack(book, tmp_path / f"{number}.xlsx", name, content)
        with pytest.raises(InputError):
            read_books(tmp_path, benefits=broken)
    whole = book.read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        read_books(tmp_path, benefits=tmp_path / "cut.xlsx")
    assert not (tmp_path / "out").exists()
