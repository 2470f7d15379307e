"""A table reads the same on the page, in the text twin, in CSV and in Excel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from kaigo.display import Table
from kaigo.display.table import TABLE_MIME
from kaigo.errors import ParameterError

FRAME = pd.DataFrame({"区分": ["あ<b>", "い"], "点数": [12345.678, 0.5], "月": ["2024-04", None]})


def make(frame: pd.DataFrame = FRAME, **options: object) -> Table:
    return Table(frame, **{"caption": "点数が多い", "source": "手", **options})  # type: ignore[arg-type]


def test_html_has_caption_scopes_and_right_aligned_numbers_with_their_header() -> None:
    html = make(units={"点数": "点"}).to_html()
    assert '<caption style="text-align:left"><span>点数が多い</span></caption>' in html
    assert '<th scope="col" class="num">点数(点)</th>' in html
    assert '<td class="num">12,345.7</td>' in html
    assert html.count('<th scope="row"') == 2


def test_html_has_one_row_a_line_and_is_the_same_every_time() -> None:
    lines = make().to_html().splitlines()
    assert sum(line.startswith("<tr>") and line.endswith("</tr>") for line in lines) == 3
    assert make().to_html() == make().to_html()


def test_text_from_data_is_escaped() -> None:
    assert "あ&lt;b&gt;" in make().to_html()
    assert "<b>" not in make(caption="<b>", note="<b>")._repr_mimebundle_()["text/html"]


def test_missing_values_are_shown_as_a_dash_with_a_note() -> None:
    table = make()
    assert table.grid.text(1, 2) == "-"
    assert "該当する値がない" in table.note


def test_the_row_header_moves_to_the_front() -> None:
    assert make(row_header="月").grid.columns[0].name == "月"


def test_numbers_are_stored_rounded_to_what_is_shown() -> None:
    noisy = make(pd.DataFrame({"a": ["x"], "b": [0.1 + 0.2]}))
    assert noisy.to_payload()["rows"] == [["x", 0.3]]


def test_dates_and_booleans_are_text() -> None:
    frame = pd.DataFrame({"日": pd.to_datetime(["2017-06-01"]), "d": [dt.date(1943, 2, 19)], "有": [True]})
    assert make(frame).to_payload()["rows"] == [["2017-06-01", "1943-02-19", "はい"]]


def test_a_stored_table_is_shown_again_exactly() -> None:
    table = make(pd.DataFrame({"a": ["x", "y"], "n": [3, 20]}), persons=["n"])
    again = Table.from_payload(table.to_payload())
    assert again.to_html() == table.to_html()
    assert again.to_csv_bytes() == table.to_csv_bytes()


def test_the_bundle_has_the_three_types() -> None:
    assert set(make()._repr_mimebundle_()) == {"text/html", "text/plain", TABLE_MIME}


def test_csv_opens_in_japanese_excel_and_holds_no_formula() -> None:
    frame = pd.DataFrame({"区分": ["=1+1", "-", "い"], "人数": [12000, 5, 6]})
    content = make(frame, persons=["人数"], units={"人数": "人"}).to_csv_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = content.decode("utf-8-sig").split("\r\n")
    assert rows == ["区分,人数(人)", "'=1+1,12000", "-,x(10未満)", "い,x(10未満)", ""]


def test_excel_has_cover_data_and_notes_sheets_with_real_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"区分": ["=SUM(A1)", "い"], "人数": [12000, 5]})
    make(frame, persons=["人数"]).write_excel(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["表紙", "表1", "注"]
    sheet = book["表1"]
    assert [cell.value for cell in sheet[4]] == ["=SUM(A1)", 12000]
    assert sheet["A4"].data_type == "s"
    assert sheet["B4"].number_format == "#,##0"
    assert sheet["B5"].value == "x(10未満)"
    assert list(sheet.tables) == ["table_1"]
    assert not sheet.merged_cells.ranges
    assert "10人未満" in book["注"]["B2"].value


@pytest.mark.parametrize("empty", ["caption", "source"])
def test_caption_and_source_must_say_something(empty: str) -> None:
    with pytest.raises(ParameterError, match=empty):
        make(**{empty: "  "})


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(ParameterError, match="列が表にありません") as caught:
        make(persons=["人"])
    assert caught.value.found == "['人']"
    assert "区分" in caught.value.remedy


def test_the_frame_given_out_cannot_change_the_table() -> None:
    table = make()
    copy = table.frame
    copy.loc[0, "区分"] = "変"
    assert table.frame.loc[0, "区分"] == "あ<b>"
