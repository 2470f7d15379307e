"""A chapter that fails: named with its cell, no page of it, and what stood there before stays, byte for byte."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Project, Reports, list_files

pytestmark = pytest.mark.slow


@pytest.fixture
def broken(quick: Reports, tmp_path: Path) -> Callable[[str, str], Project]:
    """A copy of the whole project, data included, with one code cell of one chapter replaced."""

    def break_chapter(before: str, after: str) -> Project:
        root = shutil.copytree(quick.project.root, tmp_path / "project")
        path = root / "notebooks" / "40_risk.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if before in "".join(cell["source"])]
        assert len(cells) == 1
        cells[0]["source"] = "".join(cells[0]["source"]).replace(before, after)
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
        return Project(root)

    return break_chapter


# In the committed chapter this stands in the eighth cell, the fifth that is executed.
CELL = "figures.plot_months(provided, chapter.source_text)"


def test_the_run_names_chapter_and_cell_and_leaves_the_earlier_reports_as_they_were(
    quick: Reports, broken: Callable[[str, str], Project], tmp_path: Path
) -> None:
    out = shutil.copytree(quick.folder, tmp_path / "reports")
    before = list_files(out)
    project = broken(CELL, "figures.plot_weeks(provided, chapter.source_text)")
    line = ("report", "--params", "params/quick.yaml", "--only", "10", "--only", "40", "--out", out)
    done = project.call(*line, code=2)
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first == "誤り: 章 40_risk の8番目のセル(実行番号 [5])で失敗しました。"
    assert any("plot_weeks" in line for line in rest)
    assert any("notebooks/40_risk.ipynb" in line and "対処" in line for line in rest)
    assert "Traceback" not in done.stderr
    assert list_files(out) == before
    assert list(out.glob(".building-*")) == []


def test_what_a_user_can_mend_is_said_with_its_remedy_inside_the_chapter(
    broken: Callable[[str, str], Project], tmp_path: Path
) -> None:
    """Zero persons left after a rule: a standard too strict for the town, seen from `kaigo report`."""
    project = broken("import figures, figures_attacks", "import figures, figures_attacks")
    done = project.call(
        *("report", "--set", "persons=100", "--set", "months=1", "--set", "threshold=100"),
        *("--only", "40", "--out", tmp_path / "reports"),
        code=2,
    )
    assert "章 40_risk の6番目のセル" in done.stderr
    assert "1件も残りませんでした" in done.stderr
    assert "基準値を見直して" in done.stderr
    assert not (tmp_path / "reports").exists()


def test_a_first_run_that_fails_on_a_full_disk_tells_it_and_leaves_neither_page_nor_folder(
    quick: Reports, tmp_path: Path
) -> None:
    """No file may grow beyond 60 kB: the care tables that the chapter wants cannot be written."""
    import subprocess

    from running import copy_project

    project = copy_project(tmp_path / "project", "10_guide", "20_synthetic_data")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
        "from kaigo.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )
    line = ["report", "--params", "params/quick.yaml", "--only", "20", "--out", "../reports"]
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        cwd=project.root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2, done.stderr
    # Under the limit the kernel's own process may fail to write and say so first; what the command says comes after.
    told = done.stderr[done.stderr.index("誤り: 章 20_synthetic_data の3番目のセル") :]
    assert "ディスクの空きがなくなりました" in told
    assert "Traceback" not in told
    assert not (tmp_path / "reports").exists()
    assert list(tmp_path.rglob("*.html")) == []
    cache = project.root / "data" / "synthetic" / "cache"
    assert [path for path in cache.iterdir() if path.suffix != ".lock"] == []
