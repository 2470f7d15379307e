"""Running `kaigo` as its user does: the installed program, in a project of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOWN = ROOT / "data" / "synthetic" / "town"
KAIGO = Path(sys.executable).with_name("kaigo")
CHAPTERS = (
    "10_guide",
    "20_synthetic_data",
    "30_deidentification",
    "40_risk",
    "45_accumulation",
    "60_conditions",
    "70_service_use",
    "80_care_plans",
)


@dataclass
class Project:
    """A copy of what a report is made from, and all that was printed by the commands called in it."""

    root: Path
    printed: list[str] = field(default_factory=list)

    def call(self, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [KAIGO, *map(str, arguments)],
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        self.printed += [done.stdout, done.stderr]
        assert done.returncode == code, done.stderr
        return done


def copy_project(folder: Path, *chapters: str) -> Project:
    """The chapters (all where none is named) and the parameter files."""
    (folder / "notebooks").mkdir(parents=True)
    for name in chapters or CHAPTERS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder / "notebooks")
    shutil.copytree(ROOT / "params", folder / "params")
    return Project(folder)


@dataclass(frozen=True)
class Reports:
    """A written folder of reports, and the project that wrote it."""

    folder: Path
    project: Project

    @property
    def verdicts(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "verdict.json").read_text(encoding="utf-8"))
        return content

    def figures(self) -> dict[tuple[str, str], Any]:
        """(chapter, name of the figure) → value."""
        return {
            (chapter, figure["name"]): figure["value"]
            for chapter, part in self.verdicts["chapters"].items()
            for figure in part["figures"]
        }


def list_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
