"""An executed chapter as one HTML page with its downloads, through nbconvert and our own template."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaigo.display.export import encode_csv, write_workbook
from kaigo.display.page import FOLDER, SYNTHETIC_BAND, Link, Page, equip_environment
from kaigo.workbook.chapter_parts import Chapter

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).with_name("template")


@dataclass(frozen=True)
class Neighbours:
    """The chapters before and after, as (name, title); ``None`` at the ends."""

    previous: tuple[str, str] | None = None
    following: tuple[str, str] | None = None


def render_chapter(
    chapter: Chapter,
    notebook: NotebookNode,
    *,
    neighbours: Neighbours,
    record: Sequence[tuple[str, str]],
) -> str:
    """章を、単独で開ける HTML にする。

    Parameters
    ----------
    chapter : Chapter
        The notebook's parts.
    notebook : NotebookNode
        The executed notebook that they come from.
    neighbours : Neighbours
        Chapters before and after.
    record : sequence of (str, str)
        What is needed to make the page again.
    """
    page = Page(
        title=chapter.title,
        audience=chapter.audience,
        synthetic=chapter.synthetic,
        breadcrumb=(Link("章の一覧", "index.html"), Link(chapter.title)),
        previous=_link_chapter(neighbours.previous),
        following=_link_chapter(neighbours.following),
        decision=chapter.decision,
        contents=tuple(
            Link(heading.text, f"#{heading.anchor}") for heading in chapter.headings if heading.level == 2
        ),
        sources=_gather_sources(chapter),
        downloads=_list_downloads(chapter),
        record=tuple(record),
    )
    exporter = _open_exporter()
    exporter.environment.globals["page"] = page
    html, _ = exporter.from_notebook_node(notebook, resources={"chapter": chapter})
    return str(html)


def make_downloads(chapter: Chapter) -> dict[str, bytes]:
    """Relative path → content of the chapter's CSV files and its one Excel file."""
    tables = {part.label: part.table for part in chapter.shown if part.table}
    if not tables:
        return {}
    content = {part.csv: encode_csv(part.table) for part in chapter.shown if part.table}
    notice = f"読み手: {chapter.audience}" + (f" {SYNTHETIC_BAND}" if chapter.synthetic else "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.xlsx"
        write_workbook(path, title=chapter.title, tables=tables, notice=notice)
        content[_name_workbook(chapter)] = path.read_bytes()
    return content


def _gather_sources(chapter: Chapter) -> tuple[str, ...]:
    sources = []
    for part in chapter.shown:
        if part.payload:
            sources.append(str(part.payload["source"]))
        if part.table:
            sources.append(part.table.source)
    return tuple(dict.fromkeys(sources))


def _list_downloads(chapter: Chapter) -> tuple[Link, ...]:
    if not chapter.shown:
        return ()
    return (
        Link("この章のすべての表(Excel)", _name_workbook(chapter)),
        *(Link(f"{part.label} {part.table.caption}(CSV)", part.csv) for part in chapter.shown if part.table),
    )


def _name_workbook(chapter: Chapter) -> str:
    return f"downloads/{chapter.name}.xlsx"


def _link_chapter(chapter: tuple[str, str] | None) -> Link | None:
    return Link(chapter[1], f"{chapter[0]}.html") if chapter else None


@cache
def _open_exporter() -> Any:
    """The template exporter of nbconvert on our two template folders, escaping by default and strict about names."""
    from jinja2 import StrictUndefined
    from nbconvert.exporters.templateexporter import TemplateExporter

    make: Any = TemplateExporter  # its constructor is not typed
    exporter = make(
        template_paths=[str(TEMPLATES), str(FOLDER)], template_file="chapter.html.j2", file_extension=".html"
    )
    environment = exporter.environment
    environment.autoescape = True
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    equip_environment(environment)
    return exporter
