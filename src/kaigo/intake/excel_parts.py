"""What a worksheet's own XML says beyond its values: formulas never calculated, merged cells, hidden sheets."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

_READ_BYTES = 1 << 20
_OVERLAP = 4096
_NOT_CALCULATED = re.compile(
    rb'<c r="([A-Z]{1,3})(\d+)"[^>]*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class SheetMarks:
    """シートのXMLから分かること。

    Attributes
    ----------
    not_calculated : tuple of (int, int)
        (row, column), from 1, of formulas without a stored value.
    merged : tuple of (int, int, int, int)
        First row, first column, last row, last column of merged ranges, from 1.
    """

    not_calculated: tuple[tuple[int, int], ...]
    merged: tuple[tuple[int, int, int, int], ...]


def read_marks(archive: zipfile.ZipFile, part: str) -> SheetMarks:
    """シートのXMLを流し読みして、計算されていない数式と結合セルを拾う。"""
    formulas: set[tuple[int, int]] = set()
    merged: set[tuple[int, int, int, int]] = set()
    rest = b""
    with archive.open(part) as stream:
        while piece := stream.read(_READ_BYTES):
            text = rest + piece
            for letters, row in _NOT_CALCULATED.findall(text):
                formulas.add((int(row), column_number(letters.decode())))
            for first, top, last, bottom in _MERGED.findall(text):
                merged.add(
                    (int(top), column_number(first.decode()), int(bottom), column_number(last.decode()))
                )
            rest = text[-_OVERLAP:]
    return SheetMarks(tuple(sorted(formulas)), tuple(sorted(merged)))


def declares_entities(archive: zipfile.ZipFile) -> bool:
    """Whether a part of the workbook declares entities, which no spreadsheet program writes."""
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):
            with archive.open(name) as stream:
                if _DECLARATION.search(stream.read(_OVERLAP)):
                    return True
    return False


def column_number(letters: str) -> int:
    """Number of a column from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
