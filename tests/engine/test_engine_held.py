"""What a killed run leaves is removed by the next one; what a run at work holds is not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kaigo.engine import WorkFolder, atomic_folder, open_engine
from kaigo.engine import atomic as atomic_module

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks and SIGKILL")


@contextmanager
def run_until_ready(code: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has said "ready" and waits."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().strip() == b"ready"
            yield process
        finally:
            process.kill()


SPILLING = """
    import sys, time
    from pathlib import Path
    from kaigo.engine import open_engine
    with open_engine(f"duckdb:spill={sys.argv[1]}") as engine:
        (next(Path(sys.argv[1]).iterdir()) / "spilled").write_text("personal data")
        print("ready", flush=True)
        time.sleep(60)
"""

WRITING = """
    import sys, time
    from pathlib import Path
    from kaigo.engine import atomic_folder
    with atomic_folder(Path(sys.argv[1])) as fresh:
        (fresh / "half").write_text("personal data")
        print("ready", flush=True)
        time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_spill_folder_of_a_killed_run_goes_with_the_next_run_and_that_of_a_running_one_stays(
    tmp_path: Path,
) -> None:
    with run_until_ready(SPILLING, tmp_path):
        (busy,) = names(tmp_path)
        with open_engine(f"duckdb:spill={tmp_path}"):
            assert busy in names(tmp_path)
        assert names(tmp_path) == [busy]
    assert (tmp_path / busy / "spilled").is_file()  # killed
    with open_engine(f"duckdb:spill={tmp_path}"):
        assert busy not in names(tmp_path)
    assert names(tmp_path) == []


def test_only_folders_of_our_own_making_are_removed(tmp_path: Path) -> None:
    for name in ("kaigo-work-of-2026", "kaigo-2026", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "kaigo-work-abcdefgh").write_text("a file")
    (tmp_path / "kaigo-work-12345678").symlink_to(tmp_path / "other")
    before = names(tmp_path)
    with WorkFolder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o077 == 0
    assert names(tmp_path) == before


def test_a_temporary_folder_that_a_run_holds_stays_whatever_its_number_says(tmp_path: Path) -> None:
    with run_until_ready(WRITING, tmp_path / "t"):
        (left,) = names(tmp_path)
        number = f"-{left.rsplit('-', 2)[-2]}-"
        # As seen from another container: no such process here.
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        seen = left.replace(number, f"-{dead.pid}-")
        (tmp_path / left).rename(tmp_path / seen)
        with atomic_folder(tmp_path / "t"):
            pass
        assert names(tmp_path) == [seen, "t"]
    with atomic_folder(tmp_path / "t"):
        pass
    assert names(tmp_path) == ["t"]


def test_what_an_earlier_process_of_the_same_number_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f".t.tmp-{os.getpid()}-0123abcd").mkdir()
    with atomic_folder(tmp_path / "t"):
        with atomic_folder(tmp_path / "t") as inner:
            (inner / "new").write_text("new")
        assert len(names(tmp_path)) == 2  # the outer one is held by this very process
    assert names(tmp_path) == ["t"]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_new_folder_takes_the_old_one_s_place_with_or_without_the_system_s_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(atomic_module, "_exchange", lambda one, other: False)
    for content in ("first", "second"):
        with atomic_folder(tmp_path / "t") as fresh:
            (fresh / content).write_text(content)
        assert names(tmp_path / "t") == [content]
        assert names(tmp_path) == ["t"]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2")
def test_names_change_places_in_one_move(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "of a").touch()
    assert atomic_module._exchange(tmp_path / "a", tmp_path / "b")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == ([], ["of a"])
    assert not atomic_module._exchange(tmp_path / "a", tmp_path / "none")
