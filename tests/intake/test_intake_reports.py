"""The report as a page and as a list to work through: complete, for its owner only, and harmless to open."""

import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from intake_files import BENEFITS, PERSONS, read_in
from openpyxl import load_workbook

from kaigo.intake import IntakeResult, load_rules
from kaigo.intake.work_list import make_work_list

EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> IntakeResult:
    broken = "".join(
        f"131016,0000000001,{month},111111,{days},732,1300000001\n"
        for month, days in (
            ("平成29年13月", "3"),
            ("2017-06", "@SUM(1)"),
            ("2017-06", '"' + EVIL.replace('"', '""') + '"'),
            ("2017-06", "<b>3</b>"),
        )
    )
    persons = PERSONS + "131016,0000000009,匿名 秘密,秘密町\x01,昭和10年13月1日,女,第1号\n"
    return read_in(
        tmp_path_factory.mktemp("reports"), benefits=BENEFITS + broken, persons=persons, encoding="utf-8"
    )


def test_only_the_owner_may_read_the_three_forms(town: IntakeResult) -> None:
    for name in ("intake_report.json", "intake_report.html", "intake_list.xlsx"):
        assert stat.S_IMODE((town.tables.folder / name).stat().st_mode) == 0o600


def test_only_the_owner_may_enter_the_folder_of_tables(town: IntakeResult) -> None:
    assert stat.S_IMODE(town.tables.folder.stat().st_mode) == 0o700


def test_notes_of_the_officer_outlive_any_number_of_further_runs(tmp_path: Path) -> None:
    broken = BENEFITS + "131016,0000000001,2017-06,111111,x,732,1300000001\n"
    first = read_in(tmp_path, benefits=broken)
    out, kept = first.tables.folder, first.tables.folder / "intake_list_前回.xlsx"
    assert not kept.exists() and "previous_list" not in first.report

    def note(text: str) -> None:
        book = load_workbook(out / "intake_list.xlsx")
        book["分けた行"]["K2"] = text
        book.save(out / "intake_list.xlsx")

    def noted() -> object:
        return load_workbook(kept)["分けた行"]["K2"].value

    note("電話した")
    for _ in range(3):
        again = read_in(tmp_path, benefits=broken)
        assert again.report["previous_list"] == kept.name and noted() == "電話した"
        cover = load_workbook(out / "intake_list.xlsx")["表紙"]
        assert any(kept.name in str(row[0]) for row in cover.iter_rows(values_only=True))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(out.stat().st_mode) == 0o700
    note("直った")
    read_in(tmp_path, benefits=broken)
    assert noted() == "直った"


def test_page_gives_counts_lines_reasons_and_remedies_and_no_value(town: IntakeResult) -> None:
    page = (town.tables.folder / "intake_report.html").read_text(encoding="utf-8")
    assert "内部限り" in page and "12行を読み、7行を受け入れ、5行を分けた" in page
    for rule in ("month_impossible", "number_unreadable", "date_impossible"):
        assert load_rules()[rule].text in page and load_rules()[rule].remedy in page
    for value in (
        "平成29年13月",
        "@SUM",
        "HYPERLINK",
        "<b>3</b>",
        "&lt;b&gt;3",
        "0000000001",
        "0000000009",
        "秘密町",
        "山田",
    ):
        assert value not in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page

    class Titles(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append(tag)

    titles = Titles()
    titles.found = []
    titles.feed(page)
    assert titles.found.count("h1") == 1 and titles.found.count("table") == 4


def test_list_has_a_row_for_each_line_and_room_for_the_work(town: IntakeResult) -> None:
    book = load_workbook(town.tables.folder / "intake_list.xlsx")
    assert book.sheetnames == ["表紙", "分けた行", "注意"]
    assert "内部限り" in book["表紙"]["A2"].value
    head, *rows = list(book["分けた行"].iter_rows(values_only=True))
    assert head == (
        "番号",
        "ファイル",
        "行",
        "列",
        "見つかった値",
        "理由",
        "ほかの誤り",
        "対処",
        "対応者",
        "済",
        "メモ",
    )
    expected = [
        (entry["file"], q["line"], q["column"], q["reason"])
        for entry in town.report["files"]
        for q in entry["quarantine"]
    ]
    assert [(row[1], row[2], row[3], row[5]) for row in rows] == expected and len(expected) == 5
    assert all(row[7] for row in rows) and {row[8:] for row in rows} == {(None, None, None)}
    warned = list(book["注意"].iter_rows(min_row=2, values_only=True))
    assert len(warned) == sum(len(entry["warnings"]) for entry in town.report["files"])
    assert book["分けた行"].data_validations.dataValidation[0].formula1 == '"済"'


def test_value_that_looks_like_a_formula_stays_text_even_when_edited(town: IntakeResult) -> None:
    sheet = load_workbook(town.tables.folder / "intake_list.xlsx")["分けた行"]
    values = [row[4] for row in sheet.iter_rows(min_row=2)]
    assert {EVIL, "@SUM(1)"} <= {cell.value for cell in values}
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in values)


def test_every_rule_has_a_remedy() -> None:
    assert all(rule.remedy and rule.text for rule in load_rules().values())


def test_list_that_is_too_long_is_cut_and_says_so(
    monkeypatch: pytest.MonkeyPatch, town: IntakeResult, tmp_path: Path
) -> None:
    monkeypatch.setattr("kaigo.intake.work_list.MOST_ROWS", 2)
    (tmp_path / "l.xlsx").write_bytes(make_work_list(town.report))
    book = load_workbook(tmp_path / "l.xlsx")
    assert book["分けた行"].max_row == 3
    assert any("5行あり、はじめの2行だけ" in str(row[0]) for row in book["表紙"].iter_rows(values_only=True))
