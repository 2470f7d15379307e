"""Nbval really compares: whatever is changed in a committed notebook turns it red, and stripping it does not hide it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kaigo.workbook.normalise import check_normalised, dump_notebook

# What is changed in the stored outputs of a copy → the code cell that must turn red for it.
# Several changes share a copy where their cells differ: a kernel is dear.
COPIES: dict[str, dict[str, tuple[str, str, int]]] = {
    "first": {
        "audience": ('"audience": "公表可"', '"audience": "内部限り"', 1),
        "cell of a table": ('<td class=\\"num\\">150</td>', '<td class=\\"num\\">151</td>', 2),
        "word of an alt text": (
            "棒グラフ。最も多いのは要介護1の200人。\\n",
            "棒グラフ。最も少ないのは要介護1の200人。\\n",
            3,
        ),
        "verdict": ('"verdict": "要検討"', '"verdict": "可"', 4),
    },
    "second": {
        "number in the JSON of a table": ("         150\n", "         151\n", 2),
        "alt text in the JSON of a figure": ('"alt": "棒グラフ', '"alt": "円グラフ', 3),
        "number of a verdict": ('"value": 1\n', '"value": 2\n', 4),
    },
    "third": {"mark of a hidden count": ('"x(10未満)"', '"7"', 2)},
}


@pytest.fixture(scope="module")
def red(town: Path, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    """(copy, code cell) that nbval fails, from one run over an unchanged and the changed copies."""
    folder = tmp_path_factory.mktemp("mutated")
    text = town.read_text(encoding="utf-8")
    (folder / "same.ipynb").write_text(text, encoding="utf-8")
    for name, changes in COPIES.items():
        changed = text
        for before, after, _ in changes.values():
            assert before in changed
            changed = changed.replace(before, after, 1)
        (folder / f"{name}.ipynb").write_text(changed, encoding="utf-8")
    options = ["--nbval", "-q", "-p", "no:cacheprovider", "-rA", "--tb=no", "--color=no"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
    assert len(lines) == 5 * (1 + len(COPIES)), run.stdout + run.stderr
    failed = [line.split(" ", 1)[1].split(" - ")[0] for line in lines if line.startswith("FAILED")]
    return {(cell.partition(".ipynb")[0], int(cell.rpartition(" ")[2])) for cell in failed}


@pytest.mark.slow
@pytest.mark.notebooks
def test_an_unchanged_copy_and_unchanged_cells_pass(red: set[tuple[str, int]]) -> None:
    expected = {(name, cell) for name, changes in COPIES.items() for *_, cell in changes.values()}
    assert red == expected


@pytest.mark.slow
@pytest.mark.notebooks
@pytest.mark.parametrize(
    ("copy", "what"), [(copy, what) for copy, changes in COPIES.items() for what in changes]
)
def test_a_change_turns_its_cell_red(red: set[tuple[str, int]], copy: str, what: str) -> None:
    assert (copy, COPIES[copy][what][2]) in red


def test_a_stripped_copy_which_nbval_would_pass_fails_our_check(town: Path, tmp_path: Path) -> None:
    notebook: dict[str, Any] = json.loads(town.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    stripped = tmp_path / "stripped.ipynb"
    stripped.write_bytes(dump_notebook(notebook))
    assert any("実行されていません" in problem for problem in check_normalised(stripped))
