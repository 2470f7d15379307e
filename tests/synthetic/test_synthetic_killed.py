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


def start_run(out: Path, processes: int = 1) -> subprocess.Popen[bytes]:
    size = ["--persons", "400000", "--months", "12", "--processes", str(processes)]
    arguments = ["synthesize", "--out", str(out), *size]
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


def list_children(parent: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
def test_the_workers_of_a_killed_run_end_too(tmp_path: Path) -> None:
    run = start_run(tmp_path / "care", processes=2)
    try:
        wait_for_a_part(tmp_path)
        workers = list_children(run.pid)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert len(workers) >= 2
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{worker}").is_dir() for worker in workers) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [worker for worker in workers if Path(f"/proc/{worker}").is_dir()]
    synthesize(tmp_path / "care", SynthesisPlan(persons=30, months=1))
    assert [path.name for path in tmp_path.iterdir()] == ["care"]
