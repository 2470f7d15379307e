"""A run of `kaigo deidentify` that is killed leaves the old release or the new one, and the next run succeeds.

Four moments here; ``KAIGO_KILLS=20 python -m pytest tests/deidentify/test_deidentify_killed.py`` for twenty.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from kaigo.deidentify import Release
from kaigo.engine import open_engine
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.tables import hash_table

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="SIGKILL")]

KILLS = int(os.environ.get("KAIGO_KILLS", "4"))
COMMAND = "import sys; from kaigo.cli import main; main(sys.argv[1:])"
OTHER = {"joined": "linked", "linked": "joined"}


@dataclass(frozen=True)
class Place:
    """A town, where its release stands, and where the runs put what is temporary."""

    folder: Path

    def start(self, layout: str) -> subprocess.Popen[bytes]:
        line = ("deidentify", "care", "--standard", "soumu-2018", "--layout", layout, "--out", "out/release")
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *line, "--key-file", "key/new", "--csv"],
            cwd=self.folder,
            env=os.environ | {"TMPDIR": str(self.folder / "temporary")},
            stdout=subprocess.DEVNULL,
        )

    def run(self, layout: str) -> float:
        """Seconds of a whole run."""
        started = time.perf_counter()
        assert self.start(layout).wait() == 0
        return time.perf_counter() - started

    def kill_after(self, seconds: float, layout: str) -> int:
        run = self.start(layout)
        try:
            run.wait(seconds)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
        return run.wait()

    @property
    def release(self) -> Path:
        return self.folder / "out" / "release"

    def strays(self) -> list[str]:
        """What stands beside the release, beside the key, and among the temporary files."""
        beside = [path for path in (self.folder / "out").iterdir() if path != self.release]
        beside += [path for path in (self.folder / "key").iterdir() if path.name != "new"]
        return [str(path) for path in [*beside, *(self.folder / "temporary").iterdir()]]


def read_whole(release: Path) -> dict[str, bytes]:
    """Every file of a release."""
    return {
        str(path.relative_to(release)): path.read_bytes() for path in release.rglob("*") if path.is_file()
    }


def describe_content(folder: Path) -> dict[str, object]:
    """What is the same in every run with the same key and layout; the tables are read and hashed."""
    release = Release.open(folder)
    tables = {}
    with open_engine() as engine:
        for name, described in release.manifest["tables"].items():
            engine.scan(name, release.provide / name)
            tables[name] = hash_table(engine, name, described["columns"], described["columns"][:1])
            assert tables[name] == described["content_sha256"]
    ledger = release.ledger()
    assert all(part["closes"] for part in ledger["balance"].values())
    files = sorted(read_whole(folder))
    return {"layout": release.layout, "tables": tables, "rows": ledger["released_rows"], "files": files}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("killed"))
    for name in ("out", "key", "temporary"):
        (place.folder / name).mkdir()
    synthesize(place.folder / "care", SynthesisPlan(persons=2000, months=6))
    return place


def test_killed_at_any_moment_it_leaves_the_old_release_or_the_new_one_and_the_next_run_succeeds(
    place: Place,
) -> None:
    whole: dict[str, dict[str, object]] = {}
    seconds = 0.0
    for layout in OTHER:
        seconds = max(seconds, place.run(layout))
        whole[layout] = describe_content(place.release)
    assert place.strays() == []
    standing = layout
    moments = np.random.default_rng().uniform(0, seconds, KILLS)
    for moment in moments:
        old, coming = read_whole(place.release), OTHER[standing]
        code = place.kill_after(moment, coming)
        left = f"killed after {moment:.3f} of {seconds:.3f} s, exit {code}"
        if read_whole(place.release) != old:
            assert describe_content(place.release) == whole[coming], left
        place.run(coming)
        assert describe_content(place.release) == whole[coming], left
        assert place.strays() == [], left
        standing = coming


def test_the_first_run_killed_leaves_no_release_and_the_next_makes_it(place: Place, tmp_path: Path) -> None:
    first = Place(tmp_path)
    for name in ("out", "key", "temporary"):
        (first.folder / name).mkdir()
    (first.folder / "care").symlink_to(place.folder / "care")
    run = first.start("linked")
    try:
        # In the middle: the first steps stand in the temporary folder.
        end = time.monotonic() + 60
        while not list(first.folder.glob("out/.release.tmp-*/.work/*")) and time.monotonic() < end:
            time.sleep(0.005)
    finally:
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
    assert not first.release.exists()
    assert any("kaigo-work-" in stray for stray in first.strays())
    first.run("linked")
    describe_content(first.release)
    assert first.strays() == []
