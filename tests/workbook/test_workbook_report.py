"""The reports: whole, offline, Japanese; and untouched when a chapter fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from kaigo.errors import InputError, NotebookError, OutputError
from kaigo.workbook.params import Params
from kaigo.workbook.report import ReportResult, write_report

MakeProject = Callable[..., Path]

FAILING = """from kaigo.workbook.info import ChapterInfo

raise ValueError("壊れた")"""


class Page(HTMLParser):
    """What the checks need to know of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [str(found[attribute]) for _, found in self.tags if attribute in found]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, make_project: MakeProject) -> ReportResult:
    root = make_project(tmp_path_factory.mktemp("report") / "project", **{"20_second": None})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        return write_report(Params.from_values({"persons": 1200}), root=root)


@pytest.fixture(scope="module", params=["10_guide.html", "20_second.html", "index.html"])
def page(result: ReportResult, request: pytest.FixtureRequest) -> Page:
    return Page(result.index.with_name(request.param))


def test_a_page_is_japanese_with_one_h1_and_unique_ids(page: Page) -> None:
    assert page.all("html") == [{"lang": "ja"}]
    assert len(page.all("h1")) == 1
    identifiers = page.values("id")
    assert len(identifiers) == len(set(identifiers))


def test_no_heading_level_is_skipped(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_outside_and_no_script_runs(page: Page) -> None:
    addresses = page.values("src") + page.values("href")
    assert not [address for address in addresses if ":" in address and not address.startswith("data:")]
    assert not [address for address in addresses if address.startswith("//")]
    assert not page.all("script")
    assert "@import" not in page.source
    assert "url(" not in page.source


def test_every_link_leads_somewhere(page: Page, result: ReportResult) -> None:
    for address in page.values("href"):
        file, _, anchor = address.partition("#")
        if address.startswith("data:"):
            continue
        target = Page(result.index.parent / file) if file.endswith(".html") else page
        assert not file or (result.index.parent / file).is_file()
        assert not anchor or anchor in target.values("id")


def test_every_picture_has_an_alternative_and_a_size(page: Page) -> None:
    for image in page.all("img"):
        assert image["alt"]
        assert image["width"]


def test_every_table_has_headers_with_scope_and_a_box_to_scroll_in(page: Page) -> None:
    assert all("scope" in header for header in page.all("th"))
    assert len(page.all("table")) == sum(found.get("class") == "scroll" for _, found in page.tags)
    assert all(box.get("tabindex") == "0" for box in page.all("div") if box.get("class") == "scroll")


def test_a_page_is_small(page: Page) -> None:
    assert len(page.source.encode("utf-8")) < 400_000


def test_a_chapter_shows_summary_numbers_sources_and_how_to_make_it_again(result: ReportResult) -> None:
    page = Page(result.index.with_name("10_guide.html"))
    for words in (
        "合成データによる例示です",
        "要検討",
        "本書の目安による技術的な評価であり、法114条の審査結果ではありません",
        "この判定が意味しないこと",
        "表1 要介護1の人がいちばん多い",
        "図1 軽い人ほど多い",
        "図1のもとの数値",
        "2023-11-15T07:13:20+09:00",
        "認定者数、単位は人(persons)",
        "kaigo report --set persons=1200",
    ):
        assert words in page.text, words
    assert page.all("img")[0]["alt"] == "棒グラフ。最も多いのは要介護1の400人。"
    assert "from kaigo" not in page.text


def test_the_section_on_limits_stands_before_the_first_result(result: ReportResult) -> None:
    source = result.index.with_name("10_guide.html").read_text(encoding="utf-8")
    assert source.index("読み方と限界</h2>") < source.index('id="table-1"')


def test_neighbours_are_linked(result: ReportResult) -> None:
    assert "20_second.html" in Page(result.index.with_name("10_guide.html")).values("href")
    assert "10_guide.html" in Page(result.index.with_name("20_second.html")).values("href")


def test_the_downloads_are_the_tables_of_the_page(result: ReportResult) -> None:
    folder = result.index.with_name("downloads")
    csv = (folder / "10_guide_table1.csv").read_text(encoding="utf-8-sig").splitlines()
    assert csv[:2] == ["要介護度,人数(人)", "要介護1,400"]
    assert csv[-1] == "要介護5,x(10未満)"
    book = openpyxl.load_workbook(folder / "10_guide.xlsx")
    assert book.sheetnames == ["表紙", "表1", "図1", "注"]
    assert "公表可" in str(book["表紙"]["A2"].value)


def test_verdict_json_has_the_interface_keys(result: ReportResult) -> None:
    content = json.loads(result.index.with_name("verdict.json").read_text(encoding="utf-8"))
    assert content["overall"] == "要検討" == result.overall
    assert list(content["chapters"]) == ["10_guide", "20_second"]
    assert content["chapters"]["10_guide"] == {
        "verdict": "要検討",
        "figures": [{"name": "表示できない人数", "value": 1, "threshold": 0, "unit": "か所"}],
        "reason": "10人未満の人数が1か所あり、目安の0か所を超える。",
    }


def test_the_index_has_a_card_a_chapter_with_result_and_files(result: ReportResult) -> None:
    page = Page(result.index)
    assert page.text.count("表示できない人数が1か所ある") == 2
    for name in (
        "10_guide.html",
        "10_guide.ipynb",
        "downloads/10_guide.xlsx",
        "10_guide.html#downloads-title",
    ):
        assert name in page.values("href")


def test_the_executed_notebook_has_its_pictures_and_no_machine_path(result: ReportResult) -> None:
    text = result.index.with_name("10_guide.ipynb").read_text(encoding="utf-8")
    assert "image/png" in text
    assert "persons = 1200" in text
    assert str(result.index.parent.parent) not in text


@pytest.mark.slow
def test_one_chapter_can_be_made_again_and_a_failing_one_leaves_all_as_it_was(
    project: MakeProject, make_project: MakeProject
) -> None:
    root = project(**{"20_second": None})
    out = root / "out"
    write_report(Params(), root=root, out=out)
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    again = write_report(Params.from_values({"persons": 800}), root=root, out=out, only=["20"])
    assert [card.name for card in again.cards] == ["10_guide", "20_second"]
    assert out.joinpath("10_guide.html").read_bytes() == before[out / "10_guide.html"]
    assert "要介護1の266人" in out.joinpath("20_second.html").read_text(encoding="utf-8")
    assert "--only 20" in out.joinpath("20_second.html").read_text(encoding="utf-8")

    made = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    second = root / "notebooks" / "20_second.ipynb"
    broken = make_project(root / "broken", **{"20_second": FAILING}) / "notebooks" / "20_second.ipynb"
    second.write_bytes(broken.read_bytes())
    with pytest.raises(NotebookError, match="章 20_second の6番目のセル"):
        write_report(Params(), root=root, out=out)
    assert {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()} == made
    assert not list(out.glob(".building*"))


@pytest.mark.slow
def test_a_chapter_taken_away_leaves_no_files_but_those_of_others_stay(project: MakeProject) -> None:
    root = project(**{"20_second": "from kaigo.workbook.info import ChapterInfo; 1"})
    out = root / "reports"
    out.mkdir()
    (out / "README.md").write_text("人のファイル", encoding="utf-8")
    write_report(Params(), root=root)
    assert (out / "20_second.html").is_file()
    (root / "notebooks" / "20_second.ipynb").unlink()
    write_report(Params(), root=root)
    assert not list(out.glob("20_second*"))
    assert (out / "README.md").read_text(encoding="utf-8") == "人のファイル"


def test_an_unknown_chapter_is_refused_before_anything_runs(project: MakeProject) -> None:
    root = project()
    with pytest.raises(InputError, match="指定された章"):
        write_report(Params(), root=root, only=["99"])
    assert not (root / "reports").exists()


def test_a_folder_that_cannot_be_written_is_named_before_anything_runs(project: MakeProject) -> None:
    root = project()
    (root / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="報告書のフォルダ"):
        write_report(Params(), root=root, out=root / "file")


def test_a_data_folder_that_is_not_there_is_named(project: MakeProject) -> None:
    with pytest.raises(InputError, match="介護データのフォルダ"):
        write_report(Params.from_values({"data": "no/such"}), root=project())
