"""A notebook becomes a page only if it has what a page needs; its markdown leads nowhere outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kaigo.display.page import AUDIENCES
from kaigo.errors import InputError, NotebookError
from kaigo.workbook.chapter_parts import Chapter, read_chapter
from kaigo.workbook.info import CHAPTER_MIME
from kaigo.workbook.markdown import ChapterMarkdown
from kaigo.workbook.project import choose_chapters, find_project_root, list_chapters

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


@pytest.fixture
def read(town: Path) -> Callable[..., Chapter]:
    """Reads the fixture as a chapter after a change to its JSON."""

    def read_changed(change: Callable[[list[dict[str, Any]]], object] = lambda _: None) -> Chapter:
        notebook = json.loads(town.read_text(encoding="utf-8"))
        notebook["cells"][6]["outputs"][0]["data"]["image/png"] = PIXEL
        change(notebook["cells"])
        return read_chapter("10_town", nbformat.reads(json.dumps(notebook), as_version=4))

    return read_changed


def test_figures_and_tables_are_numbered_and_named(read: Callable[..., Chapter]) -> None:
    assert [(part.label, part.csv) for part in read().shown] == [
        ("表1", "downloads/10_town_table1.csv"),
        ("図1", "downloads/10_town_figure1.csv"),
    ]


def test_the_first_cell_gives_title_and_lead(read: Callable[..., Chapter]) -> None:
    chapter = read()
    assert chapter.title == "小さな町の認定者"
    assert "所要時間: 1分" in chapter.lead
    assert "<h1" not in chapter.lead


def test_the_verdict_is_the_last_one_or_the_one_tagged_summary(read: Callable[..., Chapter]) -> None:
    def add_second(cells: list[dict[str, Any]]) -> None:
        other = json.loads(json.dumps(cells[8]))
        other["id"] = "other"
        payload = other["outputs"][0]["data"]["application/vnd.kaigo.decision+json"]
        payload["verdict"] = "可"
        cells.append(other)

    def tag_first(cells: list[dict[str, Any]]) -> None:
        add_second(cells)
        cells[8]["metadata"]["tags"] = ["summary"]

    assert read(add_second).decision["verdict"] == "可"
    assert read(tag_first).decision["verdict"] == "要検討"


def test_an_internal_table_makes_the_whole_page_internal(read: Callable[..., Chapter]) -> None:
    def mark(cells: list[dict[str, Any]]) -> None:
        cells[5]["outputs"][0]["data"]["application/vnd.kaigo.table+json"]["internal"] = True

    assert read().audience == AUDIENCES[2]
    assert read(mark).audience == "内部限り"


def drop_chapter(cells: list[dict[str, Any]]) -> None:
    assert cells[2]["outputs"][0]["data"].pop(CHAPTER_MIME)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: cells[3].update(source="## はじめに"), "読み方と限界"),
        (lambda cells: cells.append(cells.pop(3)), "読み方と限界"),
        (lambda cells: cells[4].update(source="# もう1つの題"), "1つではありません"),
        (lambda cells: cells[0].update(source="題がない"), "1つではありません"),
        (lambda cells: cells[4].update(source="#### 深い"), "飛んでいます"),
        (drop_chapter, "使ったデータ"),
        (lambda cells: cells[6]["outputs"][0]["data"].pop("image/png"), "画像がありません"),
    ],
    ids=[
        "no limits",
        "limits after results",
        "two titles",
        "no title",
        "skipped level",
        "no info",
        "no picture",
    ],
)
def test_what_a_page_needs_is_required(
    read: Callable[..., Chapter], change: Callable[[list[dict[str, Any]]], object], words: str
) -> None:
    with pytest.raises(NotebookError) as caught:
        read(change)
    assert words in str(caught.value)
    assert "10_town" in caught.value.what


def test_markdown_keeps_links_to_chapters_and_prints_other_addresses() -> None:
    html = ChapterMarkdown().render(
        "[次](40_risk.ipynb#結果) [法](https://laws.example/x) <https://a.example> ![図](http://b.example/c.png)"
    )
    assert '<a href="40_risk.html#' in html
    assert html.count("<a ") == 1
    assert "法(https://laws.example/x)" in html
    assert "<img" not in html


def test_raw_html_in_markdown_is_shown_as_text() -> None:
    html = ChapterMarkdown().render(
        '<script>alert(1)</script>\n\n文 <b onclick="x">太</b> [x](javascript:alert(1))'
    )
    assert "<script" not in html
    assert "<b " not in html
    assert "href" not in html


def test_anchors_are_those_of_jupyterlab_and_unique() -> None:
    chapter = ChapterMarkdown()
    html = chapter.render("# 題\n\n## 結果 その1\n\n## 結果 その1\n\n## main")
    assert [heading.anchor for heading in chapter.headings] == ["題", "結果-その1", "結果-その1-2", "main-2"]
    assert '<h2 id="結果-その1-2">' in html


def test_markdown_tables_scroll_and_have_scopes() -> None:
    html = ChapterMarkdown().render("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert html.count('scope="col"') == 2
    assert '<td class="num">2</td>' in html
    assert 'tabindex="0"' in html


def test_the_project_is_found_from_a_folder_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks").mkdir()
    for name in ("10_guide.ipynb", "40_risk.ipynb", "notes.ipynb"):
        (tmp_path / "notebooks" / name).write_text("{}", encoding="utf-8")
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    root = find_project_root()
    assert root == tmp_path.resolve()
    assert [path.stem for path in list_chapters(root)] == ["10_guide", "40_risk"]


def test_chapters_are_chosen_by_name_or_number_in_their_own_order() -> None:
    chapters = tuple(Path(f"{name}.ipynb") for name in ("10_guide", "40_risk", "60_conditions"))
    assert choose_chapters(chapters, ()) == chapters
    assert choose_chapters(chapters, ("60", "10_guide")) == (chapters[0], chapters[2])
    with pytest.raises(InputError) as caught:
        choose_chapters(chapters, ("50",))
    assert "40_risk" in caught.value.remedy
