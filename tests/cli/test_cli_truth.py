"""What only synthetic data have (`truth/`) is read by nobody who makes or judges a release."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
from commands import Run

import kaigo

PACKAGE = Path(kaigo.__file__).parent


def test_no_room_but_synthetic_names_the_folder() -> None:
    named = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".toml", ".csv", ".j2") and re.search(r"\btruth\b", path.read_text("utf-8"))
    }
    assert named
    # The command that makes synthetic data says where the list of planted faults lies.
    assert {name for name in named if not name.startswith("synthetic/")} <= {"cli/synthesize.py"}


def test_every_command_gives_the_same_without_the_truth(kaigo: Run, care: Path, tmp_path: Path) -> None:
    blind = shutil.copytree(care, tmp_path / "blind")
    assert (blind / "truth" / "states").is_dir()
    shutil.rmtree(blind / "truth")
    results = []
    for name, tables in (("seeing", care), ("blind", blind)):
        release = tmp_path / f"{name}-release"
        line = ("--standard", "soumu-2018", "--layout", "linked", "--key-file", tmp_path / "key")
        done = [kaigo("deidentify", tables, *line, "--out", release, "--json", "-")]
        done += [kaigo("risk", release, "--json", "-")]
        done += [
            kaigo("analyze", path, "--what", what, "--json", "-")
            for path in (tables, release)
            for what in ("conditions", "service-use")
        ]
        assert [found.code for found in done] == [0] * 6, [found.err for found in done]
        manifest = json.loads(done[0].out)["manifest"]
        results.append((manifest, [found.out for found in done[1:]]))
    assert results[0] == results[1]


def test_no_column_of_the_truth_is_in_a_release(kaigo: Run, care: Path, tmp_path: Path) -> None:
    # The register holds what acquaintances know (sex, level): its columns bear the names of the tables.
    hidden = [path for path in (care / "truth").rglob("*.parquet") if path.parent.name != "register"]
    truth = {column for path in hidden for column in pq.read_schema(path).names}
    truth -= {"insurer_number", "insured_number"}
    assert len(truth) >= 5
    for layout in ("joined", "linked"):
        out = tmp_path / layout
        line = ("--standard", "soumu-2018", "--layout", layout)
        assert kaigo("deidentify", care, *line, "--out", out).code == 0
        released = {c for path in (out / "provide").rglob("*.parquet") for c in pq.read_schema(path).names}
        assert released
        assert not released & truth
