"""Nbval really compares the committed notebooks: each small change in a copy turns its cell red, a stripped copy fails."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kaigo.workbook.normalise import check_normalised, dump_notebook

pytestmark = [pytest.mark.slow, pytest.mark.notebooks]

ROOT = Path(__file__).resolve().parents[2]
GUIDE, RISK = "10_guide", "40_risk"
TABLE = "application/vnd.kaigo.table+json"
FIGURE = "application/vnd.kaigo.figure+json"
DECISION = "application/vnd.kaigo.decision+json"
Notebook = dict[str, Any]


def list_codes(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def find_output(notebook: Notebook, kind: str, place: int = 0) -> tuple[int, dict[str, Any]]:
    """Number of the code cell (from 0, as nbval counts) and the data of its output of a kind."""
    found = [
        (number, output["data"])
        for number, cell in enumerate(list_codes(notebook))
        for output in cell["outputs"]
        if kind in output.get("data", {})
    ]
    return found[place]


def replace_line(lines: list[str], pattern: str, replacement: str) -> None:
    for place, line in enumerate(lines):
        changed = re.sub(pattern, replacement, line, count=1)
        if changed != line:
            lines[place] = changed
            return
    raise AssertionError(f"{pattern} is not in {lines}")


def change_number_in_text(notebook: Notebook) -> int:
    """A digit of a table's plain text: 480 → 481 persons."""
    number, data = find_output(notebook, TABLE, 2)
    replace_line(data["text/plain"], r"(\d)(\s+\d+\.\d)", lambda m: f"{(int(m[1]) + 1) % 10}{m[2]}")  # type: ignore[arg-type]
    return number


def change_cell_of_table(notebook: Notebook) -> int:
    """A cell in the table's HTML."""
    number, data = find_output(notebook, TABLE, 0)
    html = data["text/html"]
    replace_line(html, r'<td class="num">([0-9,.]+)</td>', r'<td class="num">\g<1>1</td>')
    return number


def change_alternative(notebook: Notebook) -> int:
    """A word of a figure's alternative text, in what is read without the picture."""
    number, data = find_output(notebook, FIGURE, 0)
    replace_line(data["text/plain"], "棒グラフ", "円グラフ")
    return number


def change_alternative_in_json(notebook: Notebook) -> int:
    """The same in the JSON from which the report takes it."""
    number, data = find_output(notebook, FIGURE, 1)
    assert "折れ線グラフ" in data[FIGURE]["alt"]
    data[FIGURE]["alt"] = data[FIGURE]["alt"].replace("折れ線グラフ", "折れ線")
    return number


def change_verdict(notebook: Notebook) -> int:
    """不可 becomes 可, in the JSON alone."""
    number, data = find_output(notebook, DECISION)
    assert data[DECISION]["verdict"] == "不可"
    data[DECISION]["verdict"] = "可"
    return number


def change_figure_of_verdict(notebook: Notebook) -> int:
    """The first figure of the verdict, one more."""
    number, data = find_output(notebook, DECISION)
    data[DECISION]["figures"][0]["value"] += 1
    return number


def change_word_of_table(notebook: Notebook) -> int:
    """A word in a table of the guide."""
    number, data = find_output(notebook, TABLE, 0)
    replace_line(data["text/html"], "行政機関等匿名加工情報", "匿名加工情報")
    return number


def change_audience(notebook: Notebook) -> int:
    """Whom the page is for."""
    kind = "application/vnd.kaigo.chapter+json"
    number, data = find_output(notebook, kind)
    data[kind]["audience"] = "提供先"
    return number


# Copies by chapter: a kernel is dear, so changes of different cells share one; each must turn its own cell red.
COPIES: dict[str, tuple[str, tuple[Callable[[Notebook], int], ...]]] = {
    "same_guide": (GUIDE, ()),
    "same_risk": (RISK, ()),
    "first": (
        RISK,
        (
            change_audience,
            change_cell_of_table,
            change_alternative,
            change_alternative_in_json,
            change_number_in_text,
            change_verdict,
        ),
    ),
    "second": (RISK, (change_figure_of_verdict,)),
    "third": (GUIDE, (change_word_of_table, change_audience)),
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Copy → cells that were changed, and copy → cells that nbval found red, in a project of their own."""
    root = tmp_path_factory.mktemp("compared")
    folder = root / "notebooks"
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / f"{GUIDE}.ipynb", folder)
    changed: dict[str, set[int]] = {}
    for name, (chapter, changes) in COPIES.items():
        notebook = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        before = copy.deepcopy(notebook)
        changed[name] = {change(notebook) for change in changes}
        assert len(changed[name]) == len(changes)
        assert (notebook != before) is bool(changes)
        (folder / f"{name}.ipynb").write_bytes(dump_notebook(notebook))
    options = ("--nbval", "-q", "-p", "no:cacheprovider", "-rA", "--tb=no", "--color=no")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"notebooks/{name}.ipynb" for name in COPIES)],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    red: dict[str, set[int]] = {name: set() for name in COPIES}
    lines = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
    expected = sum(
        len(list_codes(json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8")))) for name in COPIES
    )
    assert len(lines) == expected, done.stdout + done.stderr
    for line in lines:
        match = re.search(r"notebooks/(\w+)\.ipynb::.*?(\d+)(?: - .*)?$", line)
        assert match, line
        if line.startswith("FAILED"):
            red[match[1]].add(int(match[2]))
    return changed, red


@pytest.mark.parametrize("name", [name for name, (_, changes) in COPIES.items() if not changes])
def test_an_unchanged_copy_is_green(
    compared: tuple[dict[str, set[int]], dict[str, set[int]]], name: str
) -> None:
    assert compared[1][name] == set()


@pytest.mark.parametrize("name", [name for name, (_, changes) in COPIES.items() if changes])
def test_every_change_turns_its_cell_red_and_no_other(
    compared: tuple[dict[str, set[int]], dict[str, set[int]]], name: str
) -> None:
    changed, red = compared
    assert red[name] == changed[name]


@pytest.mark.parametrize("name", [GUIDE, RISK])
def test_a_copy_without_outputs_fails_the_check_that_stands_beside_nbval(tmp_path: Path, name: str) -> None:
    """Nbval alone passes on a notebook that was never executed: it has nothing to compare."""
    path = tmp_path / f"{name}.ipynb"
    shutil.copy(ROOT / "notebooks" / path.name, path)
    assert check_normalised(path) == []
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in list_codes(notebook):
        cell.update(outputs=[], execution_count=None)
    path.write_bytes(dump_notebook(notebook))
    problems = check_normalised(path)
    assert any("出力が1つもありません" in problem for problem in problems)
    assert len([p for p in problems if "実行番号がありません" in p]) == len(list_codes(notebook))


def test_a_copy_that_lost_one_output_or_gained_a_picture_or_a_warning_fails_the_check(tmp_path: Path) -> None:
    source = ROOT / "notebooks" / f"{RISK}.ipynb"
    path = tmp_path / source.name
    for change, words in (
        (lambda cell: cell["outputs"].clear(), "出力がありません"),
        (lambda cell: cell["outputs"][0]["data"].update({"image/png": "AAAA"}), "正規化されていません"),
        (
            lambda cell: cell["outputs"].append(
                {"name": "stderr", "output_type": "stream", "text": ["警告\n"]}
            ),
            "stderr の出力があります",
        ),
        (lambda cell: cell.update(execution_count=None), "実行番号がありません"),
    ):
        notebook = json.loads(source.read_text(encoding="utf-8"))
        change(list_codes(notebook)[3])
        path.write_bytes(dump_notebook(notebook))
        assert any(words in problem for problem in check_normalised(path)), words
