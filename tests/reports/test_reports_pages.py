"""Every page of the real reports: what a reader in an office without network, and with a screen reader, needs."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from pages import PageReader
from running import CHAPTERS, ROOT, Reports, list_files

pytestmark = pytest.mark.slow

DISCLAIMER = "本書の目安による技術的な評価であり、法114条の審査結果ではありません"
BAND = "合成データによる例示です。実在の人物・事業所とは関係ありません。"
VERDICTS = ("可", "要検討", "不可")
# The guide explains and uses no data about anybody.
WITH_DATA = tuple(name for name in CHAPTERS if name != "10_guide")
AUDIENCES = {"10_guide": "公表可", **dict.fromkeys(WITH_DATA, "内部限り"), "index": "内部限り"}


@pytest.fixture(scope="session")
def pages(quick: Reports) -> dict[str, PageReader]:
    return {name: PageReader(quick.folder / f"{name}.html") for name in (*CHAPTERS, "index")}


@pytest.fixture(params=(*CHAPTERS, "index"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(pages: dict[str, PageReader], name: str) -> PageReader:
    return pages[name]


def test_these_tests_look_at_every_chapter_that_there_is() -> None:
    assert list(CHAPTERS) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_the_folder_holds_the_index_and_every_chapter_and_nothing_unfinished(quick: Reports) -> None:
    names = {path.name for path in quick.folder.iterdir()}
    assert names == {
        "index.html",
        "verdict.json",
        "report.json",
        "downloads",
        *(f"{name}{kind}" for name in CHAPTERS for kind in (".html", ".ipynb")),
    }


def test_a_page_is_japanese_has_one_h1_and_is_small(page: PageReader) -> None:
    assert [tag.attributes for tag in page.all("html")] == [{"lang": "ja"}]
    assert len(page.all("h1")) == 1
    assert len(page.path.read_bytes()) < 400_000
    assert 'charset="utf-8"' in page.source[:300]


def test_headings_skip_no_level(page: PageReader) -> None:
    levels = [int(tag.name[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag.name)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_anywhere_and_no_script_runs(page: PageReader) -> None:
    for tag in page.tags:
        for name, value in tag.attributes.items():
            assert not name.startswith("on"), tag
            assert name != "srcset"
            if name in ("src", "href", "action", "data", "poster", "xlink:href"):
                assert not re.match(r"\s*([a-z][a-z0-9+.-]*:)?//", value, re.IGNORECASE), tag
                scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", value, re.IGNORECASE)
                assert scheme is None or (scheme[1] == "data" and tag.name in ("img", "link")), tag
            if name == "style":
                assert "url(" not in value
    assert not {"script", "iframe", "object", "embed", "base", "form"} & {tag.name for tag in page.tags}
    assert not re.search(r"@import|url\(|https?://|expression\(", page.style)
    assert "/tmp" not in page.source
    assert "/home/" not in page.source


def test_ids_are_unique_and_labels_point_to_them(page: PageReader) -> None:
    identifiers = page.values("id")
    assert len(identifiers) == len(set(identifiers))
    for attribute in ("aria-labelledby", "aria-describedby"):
        for value in page.values(attribute):
            assert set(value.split()) <= set(identifiers)


def test_every_link_leads_to_a_file_or_an_anchor_that_is_there(
    page: PageReader, pages: dict[str, PageReader], quick: Reports
) -> None:
    links = [unquote(value) for value in page.values("href") if not value.startswith("data:")]
    assert len(links) > 5
    for link in links:
        file, _, anchor = link.partition("#")
        assert not file.startswith(("/", "..")), link
        assert not file or (quick.folder / file).is_file(), link
        if anchor:
            target = pages[file.removesuffix(".html")] if file else page
            assert anchor in target.values("id"), link


def test_every_picture_has_an_alternative_with_its_numbers(page: PageReader, name: str) -> None:
    pictures = page.all("img")
    assert bool(pictures) is (name in WITH_DATA and name not in ("30_deidentification",))
    for picture in pictures:
        assert re.search("[ぁ-ん]", picture.attributes["alt"])
        assert re.search(r"\d", picture.attributes["alt"])
        assert picture.attributes["width"].isdecimal()


def test_every_table_has_a_caption_and_headers_with_scope_and_can_be_scrolled(page: PageReader) -> None:
    for table in page.all("table"):
        assert any(tag.name == "caption" and table in tag.around for tag in page.tags)
        assert any("scroll" in tag.classes and tag.attributes.get("tabindex") == "0" for tag in table.around)
    assert all(tag.attributes.get("scope") in ("col", "row", "colgroup") for tag in page.all("th"))


def test_a_page_says_whom_it_is_for_at_its_top_and_at_its_end(page: PageReader, name: str) -> None:
    stamp = page.of_class("audience")[0]
    assert page.text_in(stamp).endswith(AUDIENCES[name])
    assert stamp.place < page.all("h1")[0].place
    assert AUDIENCES[name] in page.text_in(page.all("footer")[-1])


def test_the_band_of_synthetic_data_is_there_wherever_data_are_shown(page: PageReader, name: str) -> None:
    bands = [page.text_in(tag) for tag in page.of_class("band")]
    assert bands == ([] if name == "10_guide" else [BAND])


def test_the_limits_stand_before_the_first_figure_or_table(page: PageReader, name: str) -> None:
    if name == "index":
        return
    limits = next(tag for tag in page.all("h2") if "読み方と限界" in page.text_in(tag))
    results = [*page.of_class("table-block"), *page.of_class("chart")]
    assert results
    assert limits.place < min(tag.place for tag in results)


def test_the_disclaimer_stands_beside_every_verdict(page: PageReader, name: str) -> None:
    """In the same box as the badge, or under the same heading."""
    badges = page.of_class("badge")
    assert bool(badges) is (name != "10_guide")
    headings = [tag.place for tag in page.all("h2")]
    places = _place_texts(page, DISCLAIMER)
    for badge in badges:
        boxes = [tag for tag in badge.around if "summary" in tag.classes]
        if boxes:
            assert DISCLAIMER in page.text_in(boxes[0])
            continue
        begin = max(place for place in headings if place < badge.place)
        end = min((place for place in headings if place > badge.place), default=10**9)
        assert any(begin < place < end for place in places), page.text_in(badge)


def _place_texts(page: PageReader, words: str) -> list[int]:
    """Places of the tags that directly hold some words."""
    return [around[-1].place for text, around in page.texts if words in text and around]


def test_a_verdict_is_word_and_icon_and_never_colour_alone(page: PageReader) -> None:
    for badge in page.of_class("badge"):
        assert page.text_in(badge).strip() in VERDICTS
        assert any(tag.name == "svg" and badge in tag.around for tag in page.tags)


def test_the_way_through_the_chapters_is_closed(pages: dict[str, PageReader]) -> None:
    for before, after in pairwise(CHAPTERS):
        assert f"{after}.html" in pages[before].values("href")
        assert f"{before}.html" in pages[after].values("href")
    for chapter in CHAPTERS:
        assert "index.html" in pages[chapter].values("href")
        assert f"{chapter}.html" in pages["index"].values("href")


def test_the_footer_says_how_to_make_the_page_again(page: PageReader, name: str, quick: Reports) -> None:
    record = page.text_in(page.of_class("record")[0])
    assert "kaigo report" in record
    assert "duckdb 2." in record
    assert re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00", record)
    if name in WITH_DATA:
        digest = re.search(r"データの内容ハッシュ([0-9a-f]{64})", record.replace("\n", ""))
        assert digest
        folder = next((quick.project.root / "data" / "synthetic" / "cache").glob("care-tables-*"))
        manifest = json.loads((folder / "tables" / "manifest.json").read_text(encoding="utf-8"))
        assert digest[1] == manifest["tables"]["benefits"]["content_sha256"]


# verdict.json and downloads


def test_verdict_json_has_exactly_the_keys_of_the_interface(quick: Reports) -> None:
    content = quick.verdicts
    assert set(content) == {"overall", "chapters"}
    assert list(content["chapters"]) == list(WITH_DATA)
    for part in content["chapters"].values():
        assert set(part) == {"verdict", "figures", "reason"}
        assert part["verdict"] in VERDICTS
        assert part["reason"].endswith("。")
        assert part["figures"]
        for figure in part["figures"]:
            assert set(figure) == {"name", "value", "threshold", "unit"}
            assert figure["name"]
    worst = max(VERDICTS.index(part["verdict"]) for part in content["chapters"].values())
    assert content["overall"] == VERDICTS[worst]


def test_what_the_pages_say_is_what_the_json_says(quick: Reports, pages: dict[str, PageReader]) -> None:
    for chapter, part in quick.verdicts["chapters"].items():
        summary = next(tag for tag in pages[chapter].tags if tag.attributes.get("id") == "summary")
        text = pages[chapter].text_in(summary)
        assert part["reason"] in text
        assert text.split("要約", 1)[1].strip().startswith(part["verdict"])
        for figure in part["figures"]:
            assert figure["name"] in text
            assert format_value(figure["value"]) in text.replace(",", "")


def format_value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_download_is_linked_and_every_chapter_has_its_workbook(
    quick: Reports, pages: dict[str, PageReader]
) -> None:
    there = {f"downloads/{path.name}" for path in (quick.folder / "downloads").iterdir()}
    linked = {
        value for page in pages.values() for value in page.values("href") if value.startswith("downloads/")
    }
    assert there == linked
    assert {f"downloads/{chapter}.xlsx" for chapter in CHAPTERS} <= there


def test_every_csv_has_a_mark_of_utf8_and_rows_of_one_width(quick: Reports) -> None:
    files = sorted((quick.folder / "downloads").glob("*.csv"))
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf"), path.name
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1, path.name
        assert all(rows[0])


def test_the_csv_of_a_table_is_the_table_of_the_page(quick: Reports, pages: dict[str, PageReader]) -> None:
    page = pages["40_risk"]
    block = next(tag for tag in page.of_class("table-block") if tag.attributes.get("id") == "table-1")
    cells = [
        page.text_in(tag).strip() for tag in page.tags if tag.name in ("th", "td") and block in tag.around
    ]
    text = (quick.folder / "downloads" / "40_risk_table1.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 5
    # Numbers are plain in the file and grouped by thousands on the page.
    assert [cell.replace(",", "") for cell in cells] == [cell for row in rows for cell in row]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_workbook_opens_with_cover_tables_and_notes(quick: Reports, chapter: str) -> None:
    book = openpyxl.load_workbook(quick.folder / "downloads" / f"{chapter}.xlsx")
    assert book.sheetnames[0] == "表紙"
    assert book.sheetnames[-1] == "注"
    files = list((quick.folder / "downloads").glob(f"{chapter}_*.csv"))
    assert len(book.sheetnames) == 2 + len(files)
    cover = "\n".join(str(cell.value) for row in book["表紙"].iter_rows() for cell in row if cell.value)
    assert AUDIENCES[chapter] in cover
    assert ("合成データによる例示" in cover) is (chapter in WITH_DATA)
    notes = [[cell.value for cell in row] for row in book["注"].iter_rows()]
    assert len(notes) >= len(files)


def test_the_executed_notebooks_open_and_hold_pictures_but_no_place_of_this_machine(quick: Reports) -> None:
    for chapter in CHAPTERS:
        text = (quick.folder / f"{chapter}.ipynb").read_text(encoding="utf-8")
        notebook = json.loads(text)
        codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all(isinstance(cell["execution_count"], int) for cell in codes)
        assert str(quick.folder.parent) not in text
        assert "papermill" not in notebook["metadata"]
        assert ("image/png" in text) is (chapter not in ("10_guide", "30_deidentification"))


def test_the_run_prints_a_short_summary_and_no_progress_without_a_terminal(quick: Reports) -> None:
    lines = quick.project.printed[0].splitlines()
    assert lines == ["全体の判定: 不可", f"報告書: {quick.folder / 'index.html'}"]


def test_the_same_parameters_give_the_same_verdicts_as_the_committed_notebooks(quick: Reports) -> None:
    """The committed notebooks stand at the quick parameters: what they show is what a run shows."""
    for chapter, part in quick.verdicts["chapters"].items():
        text = (ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8")
        shown = [
            output["data"]["application/vnd.kaigo.decision+json"]
            for cell in json.loads(text)["cells"]
            for output in cell.get("outputs", [])
            if "application/vnd.kaigo.decision+json" in output.get("data", {})
        ]
        figures = [{key: figure[key] for key in part["figures"][0]} for figure in shown[-1]["figures"]]
        assert (shown[-1]["verdict"], figures) == (part["verdict"], part["figures"])


def test_a_chapter_made_again_is_the_same_but_for_the_clock(quick: Reports, tmp_path: Path) -> None:
    """The data are found again, not made again: the page's content is the same, byte for byte."""
    quick.project.call("report", "--params", "params/quick.yaml", "--only", "40", "--out", tmp_path)
    clock = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\+09:00)?")
    contents = [
        clock.sub("", (folder / "40_risk.html").read_text(encoding="utf-8")).partition("再現のコマンド")[0]
        for folder in (tmp_path, quick.folder)
    ]
    assert len(contents[0]) > 50_000
    assert contents[0] == contents[1]
    downloads = list_files(tmp_path / "downloads")
    assert len(downloads) > 5
    for name, content in downloads.items():
        if name.endswith(".csv"):
            assert content == (quick.folder / "downloads" / name).read_bytes()
