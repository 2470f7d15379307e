"""The committed form of a notebook: executed, text only, the same bytes whenever and wherever it is run.

``python -m kaigo.workbook.normalise [--check | --execute] FILES`` for people, pre-commit and CI.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kaigo.errors import InputError, KaigoError, NotebookError

PICTURES = ("image/png", "image/jpeg")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def normalise_notebook(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """ノートブックを、版管理にのせる形にする(もう一度かけても変わらない)。

    Kept: sources, tags, text outputs, ``execution_count``. Dropped: pictures, run records, time stamps, Python's patch version,
    the parameters that a run injected. Cell ids are c010, c020, …

    Parameters
    ----------
    notebook : mapping
        The notebook's JSON (nbformat 4).
    """
    cells = [
        cell for cell in notebook["cells"] if "injected-parameters" not in cell["metadata"].get("tags", [])
    ]
    return {
        "cells": [_normalise_cell(cell, number) for number, cell in enumerate(cells, start=1)],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def normalise_file(path: Path) -> bool:
    """Brings a notebook file into the committed form; returns whether it changed."""
    after = dump_notebook(normalise_notebook(read_notebook(path)))
    before = path.read_bytes()
    if after != before:
        path.write_bytes(after)
    return after != before


def check_normalised(path: Path) -> list[str]:
    """ノートブックが、実行済みで正規化された形かを調べる。

    Returns
    -------
    list of str
        What is wrong, in Japanese; empty if nothing is.
    """
    notebook = read_notebook(path)
    problems = []
    if dump_notebook(normalise_notebook(notebook)) != path.read_bytes():
        problems.append("正規化されていません")
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not any(cell["outputs"] for cell in codes):
        problems.append("出力が1つもありません(実行されていません)")
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        if not isinstance(cell["execution_count"], int):
            problems.append(f"{number}番目のセルに実行番号がありません(実行されていません)")
        elif not cell["outputs"] and _ends_in_display(cell):
            problems.append(f"{number}番目のセルの出力がありません")
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                problems.append(f"{number}番目のセルに {output['name']} の出力があります")
            elif output["output_type"] == "error":
                problems.append(f"{number}番目のセルが誤りで終わっています")
    return [f"{path.name}: {problem}" for problem in problems]


def execute_notebook(path: Path) -> bool:
    """Runs a notebook at its own defaults, in its own folder, and writes the committed form; returns whether it changed."""
    from kaigo.workbook.run import read_source, run_notebook

    run = run_notebook(path, read_source(path), {})
    before = path.read_bytes()
    after = dump_notebook(normalise_notebook(json.loads(json.dumps(run.notebook))))
    path.write_bytes(after)
    return after != before


def read_notebook(path: Path) -> dict[str, Any]:
    """The notebook's JSON as it stands in the file.

    Raises
    ------
    InputError, NotebookError
        If the file is missing, or no notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "ノートブックを開けません。", found=path.name, remedy="ファイル名を確かめてください。"
        ) from error
    except ValueError as error:
        raise NotebookError(
            "ノートブックの形になっていません。",
            found=path.name,
            remedy="JupyterLab で保存し直してください。",
        ) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise NotebookError(
            "ノートブックの形式が古いか、違います。",
            found=path.name,
            remedy="JupyterLab で保存し直してください。",
        )
    return notebook


def dump_notebook(notebook: Mapping[str, Any]) -> bytes:
    """JSON as nbformat writes it, Japanese readable."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8")


def _normalise_cell(cell: Mapping[str, Any], number: int) -> dict[str, Any]:
    tags = cell["metadata"].get("tags") or []
    clean: dict[str, Any] = {
        "cell_type": cell["cell_type"],
        "id": f"c{number * 10:03d}",
        "metadata": {"tags": list(tags)} if tags else {},
        "source": _split_lines(cell["source"]),
    }
    if cell["cell_type"] == "code":
        clean["execution_count"] = cell["execution_count"]
        clean["outputs"] = [_normalise_output(output) for output in cell["outputs"]]
    return clean


def _normalise_output(output: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(output)
    if "data" in clean:
        clean["data"] = {
            kind: _split_lines(content) if _is_text(kind, content) else content
            for kind, content in output["data"].items()
            if kind not in PICTURES
        }
        clean["metadata"] = {}
    if "text" in clean:
        clean["text"] = _split_lines(clean["text"])
    clean.pop("transient", None)
    return clean


def _is_text(kind: str, content: object) -> bool:
    return kind.startswith("text/") and isinstance(content, str | list)


def _split_lines(text: str | Sequence[str]) -> list[str]:
    """Multi-line text as a list of lines, so that a diff shows lines."""
    whole = text if isinstance(text, str) else "".join(text)
    return whole.splitlines(keepends=True)


def _ends_in_display(cell: Mapping[str, Any]) -> bool:
    """Whether the last line is an expression, which would have shown something."""
    import ast

    try:
        body = ast.parse("".join(cell["source"])).body
    except SyntaxError:
        return False
    ends_quietly = "".join(cell["source"]).rstrip().endswith(";")
    return bool(body) and isinstance(body[-1], ast.Expr) and not ends_quietly


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line for pre-commit, CI and authors."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m kaigo.workbook.normalise", description="ノートブックを、版管理にのせる形にそろえる。"
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILES", help="ノートブック")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="書き換えず、違いがあれば終了コード1")
    mode.add_argument("--execute", action="store_true", help="既定値で実行し直してから、そろえる")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    try:
        for path in options.files:
            if options.check:
                problems += check_normalised(path)
                continue
            changed = execute_notebook(path) if options.execute else normalise_file(path)
            sys.stdout.write(f"{path.name}: {'書き換えました' if changed else '変わりません'}\n")
    except KaigoError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
