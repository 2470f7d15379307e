"""The floors are really held: an import against them, put into a copy of the sources, is caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", tree / "pyproject.toml"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_copy_itself_passes(copied_tree: Path) -> None:
    done = lint_imports(copied_tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("tables", "synthetic"),  # a floor above
        ("intake", "deidentify"),  # the room next door
        ("risk", "analysis"),
        ("display", "engine"),
        ("errors", "display"),
        ("deidentify", "workbook"),
    ],
)
def test_an_import_against_the_floors_is_caught(copied_tree: Path, importer: str, imported: str) -> None:
    room = copied_tree / "src" / "kaigo" / importer
    module = room / "smuggler.py" if room.is_dir() else room.with_suffix(".py")
    with module.open("a", encoding="utf-8") as file:
        file.write(f"\nimport kaigo.{imported}\n")
    done = lint_imports(copied_tree)
    assert done.returncode == 1
    assert f"-> kaigo.{imported}" in done.stdout


def test_a_room_that_stands_on_no_floor_is_caught(copied_tree: Path) -> None:
    (copied_tree / "src" / "kaigo" / "attic.py").write_text("", encoding="utf-8")
    done = lint_imports(copied_tree)
    assert done.returncode == 1
    assert "attic" in done.stdout
