"""environment.yml (conda) asks for the same packages and ranges as pyproject.toml."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def read_ranges(lines: list[str]) -> dict[str, str]:
    requirements = [Requirement(line) for line in lines]
    return {requirement.name.lower(): str(requirement.specifier) for requirement in requirements}


def test_names_and_ranges_are_those_of_pyproject() -> None:
    conda = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]
    found = read_ranges([*conda, *(line for line in pip if not line.startswith("-e"))])
    assert found.pop("python") == PYPROJECT["requires-python"]
    found.pop("pip")
    assert found == read_ranges(PYPROJECT["dependencies"] + PYPROJECT["optional-dependencies"]["dev"])
    assert "-e ." in pip


def test_everything_comes_from_conda_forge() -> None:
    assert ENVIRONMENT["channels"] == ["conda-forge"]
