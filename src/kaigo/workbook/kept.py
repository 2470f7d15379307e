"""The executed notebook as a report keeps it: where own data lie is not part of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaigo.workbook.info import CHAPTER_MIME
from kaigo.workbook.run import INJECTED

if TYPE_CHECKING:
    from nbformat import NotebookNode

OWN_DATA = "自分の介護データ"
"""Stands in the place of the folder of own data, whose name may be that of the municipality."""


def drop_places(notebook: NotebookNode) -> NotebookNode:
    """場所を消したノートブックを返す(もとのノートブックは変わらない)。

    Kernels work in the notebooks' folder, so that a path from there may pass through all folders of the machine. The folder of
    own data becomes a word; of the file of a standard its name is left.

    Parameters
    ----------
    notebook : NotebookNode
        Executed by papermill, whose injected cell and the chapter's own data (`ChapterInfo`) hold the values.
    """
    kept = copy.deepcopy(notebook)
    for cell in kept.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.source = re.sub(
                r"^(data|standard) = (['\"])(.+)\2$", _rewrite_line, cell.source, flags=re.MULTILINE
            )
        for output in cell.get("outputs", []):
            info = output.get("data", {}).get(CHAPTER_MIME)
            if info:
                info["parameters"] = _rename(info["parameters"])
    return kept


def _rewrite_line(found: re.Match[str]) -> str:
    name, value = found[1], found[3]
    return f"{name} = {_rename({name: value})[name]!r}"


def _rename(parameters: Mapping[str, Any]) -> dict[str, Any]:
    named = dict(parameters)
    if named.get("data"):
        named["data"] = OWN_DATA
    if named.get("standard"):
        named["standard"] = PurePosixPath(named["standard"]).name
    return named
