"""Small helpers for Japanese text: required texts, and columns that line up in a fixed-width font."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from kaigo.errors import ParameterError


def require_text(text: str, name: str, remedy: str) -> str:
    """The text, which must say something.

    Raises
    ------
    ParameterError
        If it is empty or blank.
    """
    if not text.strip():
        raise ParameterError(f"{name}が空です。", remedy=remedy)
    return text.strip()


def measure_width(text: str) -> int:
    """Columns that the text takes in a fixed-width font (full-width characters take two)."""
    return sum(2 if unicodedata.east_asian_width(char) in "FWA" else 1 for char in text)


def pad_text(rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> list[str]:
    """Rows of cells as lines whose columns line up; numbers to the right."""
    widths = [max(measure_width(row[j]) for row in rows) for j in range(len(right))]
    lines = []
    for row in rows:
        cells = []
        for cell, width, to_right in zip(row, widths, right, strict=True):
            space = " " * (width - measure_width(cell))
            cells.append(space + cell if to_right else cell + space)
        lines.append("  ".join(cells).rstrip())
    return lines


def wrap_text(text: str, width: int, *, indent: str = "") -> list[str]:
    """Lines of at most ``width`` columns; those after the first begin with ``indent``.

    Japanese has no blanks to break at, so a line ends where it is full, but no line begins with 、 or 。.
    """
    lines, line = [], ""
    for char in text:
        if measure_width(line + char) > width and char not in "、。)」":
            lines.append(line)
            line = indent
        line += char
    return [*lines, line]
