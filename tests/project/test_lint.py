"""The tools that hold style, types and floors; `make lint` runs this file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent


def assert_passes(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command[1:])}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_finds_nothing() -> None:
    assert_passes(sys.executable, "-m", "ruff", "check")


def test_ruff_would_format_nothing() -> None:
    assert_passes(sys.executable, "-m", "ruff", "format", "--check")


def test_every_import_goes_to_its_own_room_or_a_lower_floor() -> None:
    assert_passes(str(SCRIPTS / "lint-imports"), "--no-cache")


@pytest.mark.slow
def test_mypy_strict_finds_nothing() -> None:
    assert_passes(sys.executable, "-m", "mypy")


def test_committed_notebooks_are_normalised() -> None:
    notebooks = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks
    assert_passes(sys.executable, "-m", "kaigo.workbook.normalise", "--check", *notebooks)
