"""A small town made by the commands themselves, and the command line run inside the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Done, Run

from kaigo.cli.app import run


@pytest.fixture
def kaigo(capfd: pytest.CaptureFixture[str]) -> Run:
    """``kaigo(*arguments)`` → exit code, standard output, standard error (of child processes, too)."""

    def run_here(*arguments: object) -> Done:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        return Done(code, *capfd.readouterr())

    return run_here


@pytest.fixture(scope="session")
def care(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Care tables of 150 persons and 3 months."""
    folder = tmp_path_factory.mktemp("cli") / "care"
    assert run(["synthesize", "--out", str(folder), "--persons", "150", "--months", "3", "--csv"]) == 0
    return folder


@pytest.fixture(scope="session")
def release(care: Path) -> Path:
    """A release of it."""
    folder = care.parent / "release"
    assert run(["deidentify", str(care), "--standard", "soumu-2018", "--out", str(folder)]) == 0
    return folder
