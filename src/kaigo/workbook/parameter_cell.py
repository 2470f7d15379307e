"""The ``parameters`` cell of a notebook: one ``name: type = value  # 説明(範囲)`` a line, the same as `Params`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kaigo.errors import NotebookError
from kaigo.workbook.params import Params, check_names, describe_field

TAG = "parameters"
LINE = re.compile(
    r"^(?P<name>[a-z_]+): (?P<kind>int|float|str) = (?P<default>\"[^\"]*\"|[-+0-9._e]+)  # (?P<help>.+)$"
)


@dataclass(frozen=True)
class Declared:
    """A parameter that a notebook declares."""

    name: str
    kind: str
    default: int | float | str
    help: str


def read_declared(notebook: Mapping[str, Any], *, name: str = "ノートブック") -> tuple[Declared, ...]:
    """ノートブックの parameters セルから、名前・型・既定値・説明を読む。

    Parameters
    ----------
    notebook : mapping
        The notebook's JSON (nbformat 4).
    name : str
        What to call it in an error.

    Returns
    -------
    tuple of Declared
        Empty if the notebook has no such cell.

    Raises
    ------
    NotebookError
        If a line of the cell has another form, or there are two such cells.
    """
    cells = [cell for cell in notebook["cells"] if TAG in cell["metadata"].get("tags", [])]
    if len(cells) > 1:
        raise NotebookError(f"{name}に parameters セルが2つ以上あります。", remedy="1つにまとめてください。")
    declared = []
    for line in "".join(cells[0]["source"]).splitlines() if cells else []:
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.match(line.rstrip())
        if match is None:
            raise NotebookError(
                f"{name}の parameters セルに、決まった形でない行があります。",
                found=line,
                remedy="1行に1つ「名前: 型 = 値  # 説明(範囲)」と書いてください。",
            )
        declared.append(
            Declared(match["name"], match["kind"], ast.literal_eval(match["default"]), match["help"])
        )
    return tuple(declared)


def write_line(name: str) -> str:
    """The one right line for a parameter: ``persons: int = 600  # 認定者数、単位は人(100〜7000000)``."""
    check_names([name], Params.model_fields)
    field = Params.model_fields[name]
    value = f'"{field.default}"' if isinstance(field.default, str) else repr(field.default)
    return f"{name}: {type(field.default).__name__} = {value}  # {describe_field(field)}"


def write_cell(names: Iterable[str]) -> str:
    """The source of a ``parameters`` cell with these parameters."""
    return "\n".join(write_line(name) for name in names)


def find_differences(notebook: Mapping[str, Any], *, name: str = "ノートブック") -> list[str]:
    """Lines of the parameters cell that are not those of `Params`, with what they should be."""
    problems = []
    for item in read_declared(notebook, name=name):
        if item.name not in Params.model_fields:
            problems.append(f"{name}: パラメータ {item.name} は Params にない")
            continue
        right = write_line(item.name)
        value = f'"{item.default}"' if isinstance(item.default, str) else repr(item.default)
        line = f"{item.name}: {item.kind} = {value}  # {item.help}"
        if line != right:
            problems.append(f"{name}: 「{line}」ではなく「{right}」")
    return problems
