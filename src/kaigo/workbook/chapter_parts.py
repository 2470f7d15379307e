"""An executed notebook taken apart: text, figures, tables, decisions, in order, numbered, checked for what a report needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from kaigo.display.decision import DECISION_MIME
from kaigo.display.figure import FIGURE_MIME
from kaigo.display.page import Audience, check_audience
from kaigo.display.table import TABLE_MIME, Table
from kaigo.errors import NotebookError
from kaigo.workbook.info import CHAPTER_MIME
from kaigo.workbook.markdown import ChapterMarkdown, Heading

if TYPE_CHECKING:
    from nbformat import NotebookNode

LIMITS_HEADING = "読み方と限界"
SUMMARY_TAG = "summary"


@dataclass(frozen=True)
class Part:
    """One thing on the page.

    Attributes
    ----------
    kind : {"text", "figure", "table", "decision"}
        What it is; the other attributes are filled accordingly.
    """

    kind: Literal["text", "figure", "table", "decision"]
    html: str = ""
    payload: Mapping[str, Any] | None = None
    table: Table | None = None
    png: str = ""
    label: str = ""
    anchor: str = ""
    csv: str = ""
    is_summary: bool = False


@dataclass(frozen=True)
class Chapter:
    """章の中身。

    Attributes
    ----------
    title : str
        The one heading of level 1.
    lead : str
        Safe HTML of the first cell below the title.
    parts : mapping of int to tuple of Part
        Position of a cell → what it puts on the page.
    decision : mapping or None
        JSON form of the chapter's verdict.
    """

    name: str
    title: str
    lead: str
    headings: tuple[Heading, ...]
    parts: Mapping[int, tuple[Part, ...]]
    decision: Mapping[str, Any] | None
    audience: Audience
    synthetic: bool
    data_hash: str
    parameters: Mapping[str, Any]

    @property
    def shown(self) -> tuple[Part, ...]:
        """Figures and tables in the order of the page."""
        return tuple(
            part for parts in self.parts.values() for part in parts if part.kind in ("figure", "table")
        )


def read_chapter(name: str, notebook: NotebookNode) -> Chapter:
    """実行済みのノートブックを、報告書の部品に分ける。

    Raises
    ------
    NotebookError
        If the title, the chapter's own data (`ChapterInfo`) or the section on reading and limits is missing, headings skip a level,
        or a figure has no picture.
    """
    markdown = ChapterMarkdown()
    summary = _find_summary(notebook)
    parts: dict[int, tuple[Part, ...]] = {}
    info: Mapping[str, Any] | None = None
    counts = {"figure": 0, "table": 0}
    lead = ""
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            html = markdown.render(cell.source)
            if position == 0:
                lead = html.partition("</h1>")[2]
            else:
                parts[position] = (Part("text", html=html),)
        elif cell.cell_type == "code":
            found = []
            for number, output in enumerate(cell.outputs):
                data = output.get("data", {})
                info = data.get(CHAPTER_MIME, info)
                part = _read_output(name, data, counts, is_summary=(position, number) == summary)
                if part:
                    found.append(part)
                    if part.kind in counts:
                        _require_limits(name, markdown.headings)
            parts[position] = tuple(found)
    _check_headings(name, markdown.headings)
    _require_limits(name, markdown.headings)
    if info is None:
        raise NotebookError(
            f"章 {name} が、使ったデータと読み手の区分を示していません。",
            remedy="初めのコードセルで章を開いてください。",
        )
    tables = [part.table for group in parts.values() for part in group if part.table]
    internal = any(table.internal for table in tables)
    return Chapter(
        name=name,
        title=markdown.headings[0].text,
        lead=lead,
        headings=tuple(markdown.headings),
        parts=parts,
        decision=_read_decision(notebook, summary),
        audience="内部限り" if internal else check_audience(info["audience"]),
        synthetic=bool(info["synthetic"]),
        data_hash=info["data_hash"],
        parameters=info["parameters"],
    )


def _read_output(
    name: str, data: Mapping[str, Any], counts: dict[str, int], *, is_summary: bool
) -> Part | None:
    if DECISION_MIME in data:
        return Part("decision", payload=data[DECISION_MIME], is_summary=is_summary)
    if FIGURE_MIME in data:
        payload = data[FIGURE_MIME]
        if "image/png" not in data:
            raise NotebookError(
                f"章 {name} の図「{payload['caption']}」に画像がありません。",
                remedy="版管理にのせた形のノートブックではなく、実行したノートブックから作ってください。",
            )
        label, anchor, csv = _number(name, counts, "figure", "図")
        table = Table.from_payload(payload["table"])
        png = "".join(data["image/png"].split())
        return Part("figure", payload=payload, table=table, png=png, label=label, anchor=anchor, csv=csv)
    if TABLE_MIME in data:
        label, anchor, csv = _number(name, counts, "table", "表")
        return Part("table", table=Table.from_payload(data[TABLE_MIME]), label=label, anchor=anchor, csv=csv)
    return None


def _number(
    name: str, counts: dict[str, int], kind: Literal["figure", "table"], word: str
) -> tuple[str, str, str]:
    counts[kind] += 1
    number = counts[kind]
    return f"{word}{number}", f"{kind}-{number}", f"downloads/{name}_{kind}{number}.csv"


def _find_summary(notebook: NotebookNode) -> tuple[int, int] | None:
    """Place (cell, output) of the verdict of the chapter: in the cell tagged ``summary``, else the last one."""
    places = [
        (position, number, SUMMARY_TAG in cell.metadata.get("tags", []))
        for position, cell in enumerate(notebook.cells)
        for number, output in enumerate(cell.get("outputs", []))
        if DECISION_MIME in output.get("data", {})
    ]
    chosen = [place for place in places if place[2]] or places
    return chosen[-1][:2] if chosen else None


def _read_decision(notebook: NotebookNode, place: tuple[int, int] | None) -> Mapping[str, Any] | None:
    if place is None:
        return None
    payload: Mapping[str, Any] = notebook.cells[place[0]].outputs[place[1]]["data"][DECISION_MIME]
    return payload


def _check_headings(name: str, headings: list[Heading]) -> None:
    levels = [heading.level for heading in headings]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        raise NotebookError(
            f"章 {name} の題(# で始まる行)が1つではありません。",
            found=[heading.text for heading in headings if heading.level == 1],
            remedy="最初のセルの最初の行だけを # で始めてください。",
        )
    for before, after in pairwise(headings):
        if after.level > before.level + 1:
            raise NotebookError(
                f"章 {name} の見出しの段が飛んでいます。",
                found=f"「{before.text}」の次が「{after.text}」",
                remedy="# の数を1つずつ増やしてください。",
            )


def _require_limits(name: str, headings: list[Heading]) -> None:
    if not any(LIMITS_HEADING in heading.text for heading in headings):
        raise NotebookError(
            f"章 {name} で、最初の図表より前に「この報告書の読み方と限界」の節がありません。",
            remedy="「## この報告書の読み方と限界」の節を、結果より前に書いてください。",
        )
