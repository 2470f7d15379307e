"""What no file of the project may hold: too many lines, a path of someone's machine, an address of a package index."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|tmp|root)/|/home/[a-z]|/Users/[A-Za-z]|\b[A-Z]:\\Users\b")
INDEX_ADDRESS = re.compile(
    r"--(?:extra-)?index-url[ =]|https?://[^\s\"']+/simple\b|\bpypi\.org\b|pythonhosted\.org"
)


def list_text_files() -> list[Path]:
    """Files that git holds or would hold, where they are text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    paths = [ROOT / name for name in listed.stdout.decode("utf-8").split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


def find_lines(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in list_text_files():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def test_no_module_has_more_than_300_lines() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")
    }
    assert lengths
    assert [f"{path.relative_to(ROOT)}: {n}" for path, n in lengths.items() if n > 300] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert find_lines(MACHINE_PATH) == []


def test_no_file_names_a_package_index() -> None:
    assert find_lines(INDEX_ADDRESS) == []


@pytest.mark.parametrize("folder", ["work", "tmp", "root"])
def test_a_path_of_one_machine_is_recognised_and_a_relative_one_is_not(folder: str) -> None:
    assert MACHINE_PATH.search(f"read_csv('/{folder}/persons.csv')")
    assert not MACHINE_PATH.search(f"src/{folder}/persons.csv")


def test_an_address_of_a_package_index_is_recognised() -> None:
    host = "packages.example"
    assert INDEX_ADDRESS.search(f"--{'index-url'} x")
    assert INDEX_ADDRESS.search(f"https://{host}/{'simple'}/")


def test_citation_names_the_version_and_licence_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])


def test_changelog_has_an_entry_for_the_version_or_for_what_is_unreleased() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(
        r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert headings and headings[0] in {"Unreleased", project["version"]}
