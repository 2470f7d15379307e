"""The reports at the quick parameters, made once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import TOWN, Reports, copy_project
from towns import name_files, write_changed_town


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = tmp_path_factory.mktemp("quick")
    project = copy_project(folder / "project")
    out = folder / "reports"
    done = project.call("report", "--params", "params/quick.yaml", "--out", out)
    assert done.stderr == ""
    return Reports(out, project)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what the whole session shares."""
    return tmp_path_factory.mktemp("workshop")


@pytest.fixture(scope="session")
def town(workshop: Path) -> Reports:
    """The committed town, taken in as the synthetic data that it is, and its reports."""
    return report_on_own_data(workshop / "town", TOWN, "--synthetic")


@pytest.fixture(scope="session")
def other(workshop: Path) -> Reports:
    """The changed town, taken in as a municipality takes its own files in, and its reports."""
    csv = write_changed_town(workshop / "other-csv")
    return report_on_own_data(workshop / "other", csv)


def report_on_own_data(folder: Path, csv: Path, *options: str) -> Reports:
    project = copy_project(folder / "project")
    project.call("intake", *name_files(csv), *options, "--out", "../own")
    project.call("report", "--params", "params/quick.yaml", "--data", "../own", "--out", "../reports")
    return Reports(folder / "reports", project)
