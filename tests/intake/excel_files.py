"""Workbooks and archives written for tests."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook


def cells(text: str) -> list[list[Any]]:
    """Rows of a CSV text."""
    return [list(row) for row in csv.reader(io.StringIO(text))]


def write_book(
    path: Path, sheets: Mapping[str, list[list[Any]]], change: Callable[[Workbook], None] | None = None
) -> Path:
    """A workbook with these sheets, changed by a function before it is saved."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    book.save(path)
    return path


def write_zip(path: Path, members: Mapping[str, bytes], *, windows: bool = False) -> Path:
    """An archive; with ``windows`` the names are CP932 without the mark of UTF-8, as Windows writes them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # The library writes ASCII names without the mark: places are held by letters and put in afterwards.
            archive.writestr(_stand_in(name) if windows else name, content)
    if windows:
        data = path.read_bytes()
        for name in members:
            data = data.replace(_stand_in(name).encode("ascii"), name.encode("cp932"))
        path.write_bytes(data)
    return path


def _stand_in(name: str) -> str:
    """Two letters for each character that takes two bytes in CP932."""
    return "".join(c if c.isascii() else chr(65 + ord(c) % 26) + chr(97 + ord(c) // 26 % 26) for c in name)
