"""Markdown cells as HTML of the report: numbered anchors, tables with scopes, no address outside the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LINK = re.compile(r"^(#[^\s]*|[^:/?#\s]+\.(html|ipynb|csv|xlsx)(#[^\s]*)?)$")
# Ids of the page around the chapter.
RESERVED = frozenset(
    {"main", "summary", "summary-title", "contents-title", "downloads-title", "sources-title", "record-title"}
)


@dataclass(frozen=True)
class Heading:
    """A heading of the chapter: level 1–6, anchor, text."""

    level: int
    anchor: str
    text: str


@dataclass
class ChapterMarkdown:
    """Renders the markdown cells of one chapter in order and gathers its headings.

    An anchor is the heading's text with hyphens for spaces, as in JupyterLab, so that a link works in both.
    """

    headings: list[Heading] = field(default_factory=list)
    tables: int = 0

    def render(self, source: str) -> str:
        """HTML of one cell; raw HTML in it is shown as text."""
        return str(MarkdownWithMath(renderer=_ReportRenderer(self)).render(source))

    def add_heading(self, level: int, text: str) -> Heading:
        """The heading with an anchor that no other has."""
        base = re.sub(r"\s+", "-", text.strip())
        taken = RESERVED | {heading.anchor for heading in self.headings}
        anchor, number = base, 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        heading = Heading(level, anchor, text)
        self.headings.append(heading)
        return heading


class _ReportRenderer(IPythonRenderer):
    """nbconvert's renderer without anchors of its own, raw HTML, outside links and images."""

    def __init__(self, chapter: ChapterMarkdown) -> None:
        super().__init__(escape=True, exclude_anchor_links=True)
        self.chapter = chapter

    def heading(self, text: str, level: int, **_: Any) -> str:
        heading = self.chapter.add_heading(level, unescape(re.sub(r"<[^>]+>", "", text)))
        return f'<h{level} id="{escape(heading.anchor)}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        # A report leads to nothing outside its folder; addresses are printed.
        if LINK.match(url):
            return f'<a href="{escape(_point_to_page(url))}">{text}</a>'
        return text if text == escape(url) else f"{text}({escape(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"{text}"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f'<pre tabindex="0"><code>{escape(code)}</code></pre>\n'

    def table(self, text: str) -> str:
        self.chapter.tables += 1
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="本文中の表{self.chapter.tables}">'
            f"<table>\n{text}</table>\n</div>\n"
        )

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        style = ' class="num"' if align == "right" else ""
        return f'  <th scope="col"{style}>{text}</th>\n' if head else f"  <td{style}>{text}</td>\n"


def _point_to_page(url: str) -> str:
    """In JupyterLab chapters link to notebooks, in the report to pages."""
    return re.sub(r"\.ipynb(?=$|#)", ".html", url)
