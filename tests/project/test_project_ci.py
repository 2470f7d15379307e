"""The order and the strictness of `.ci/run`, seen through a `make` that only writes down how it was called."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the few tools that the script needs and no Python of any version."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm"):
        found = next(
            Path(part) / name for part in os.environ["PATH"].split(os.pathsep) if (Path(part) / name).exists()
        )
        (folder / name).symlink_to(found)
    return folder


def run_ci(tools: Path, make: str) -> subprocess.CompletedProcess[str]:
    write_program(tools / "make", make)
    return subprocess.run(
        ["bash", ROOT / ".ci" / "run"],
        env={"PATH": str(tools), "HOME": str(tools), "CI": "true"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_everything_is_tested_before_the_reports_are_made(tools: Path) -> None:
    done = run_ci(tools, 'echo "called: $*"')
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("called")] == [
        "called: test",
        "called: report",
    ]


def test_a_newer_python_runs_the_fast_tests_first_and_a_missing_one_is_named(tools: Path) -> None:
    write_program(tools / "python3.13", "exit 0")
    lines = run_ci(tools, 'echo "called: $1 $2"').stdout.splitlines()
    assert lines[:3] == [
        "== Python 3.12: 見つからないため、この版の検査を省きました",
        "== Python 3.13: make test-fast",
        "called: test-fast PYTHON=python3.13",
    ]


def test_a_shim_that_refuses_to_run_counts_as_missing(tools: Path) -> None:
    write_program(tools / "python3.12", "exit 127")
    assert "== Python 3.12: 見つからない" in run_ci(tools, "exit 0").stdout


@pytest.mark.parametrize("failing", ["test-fast", "test", "report"])
def test_a_failure_anywhere_fails_the_run(tools: Path, failing: str) -> None:
    write_program(tools / "python3.12", "exit 0")
    assert run_ci(tools, f'[ "$1" != {failing} ]').returncode != 0
