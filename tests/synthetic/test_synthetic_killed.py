"""A run that is killed leaves no half table under the name that was asked for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.tables import CareTables

COMMAND = "import sys; from kaigo.cli import main; main(sys.argv[1:])"
PATIENCE = 60


def start_run(out: Path) -> subprocess.Popen[bytes]:
    arguments = ["synthesize", "--out", str(out), "--persons", "400000", "--months", "12"]
    return subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.DEVNULL)


def wait_for_a_part(parent: Path) -> Path:
    """The temporary folder, once a part of the benefits stands in it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for part in parent.glob(".care.tmp-*/benefits/part-*.parquet"):
            return part.parents[1]
        time.sleep(0.02)
    raise AssertionError("nothing was written")


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("old", [False, True])
def test_a_killed_run_leaves_what_was_there_and_the_next_run_clears_its_remains(
    tmp_path: Path, old: bool
) -> None:
    plan = SynthesisPlan(persons=30, months=1)
    before = synthesize(tmp_path / "care", plan).content_sha256 if old else None
    run = start_run(tmp_path / "care")
    try:
        remains = wait_for_a_part(tmp_path)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert remains.is_dir()
    if old:
        assert CareTables.open(tmp_path / "care").content_sha256 == before
    else:
        assert not (tmp_path / "care").exists()
    synthesize(tmp_path / "care", plan)
    assert [path.name for path in tmp_path.iterdir()] == ["care"]
