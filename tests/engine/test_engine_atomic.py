"""A folder or file appears whole or not at all, whatever happens on the way."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from kaigo.engine import atomic_file, atomic_folder, check_replaceable, open_engine, write_file
from kaigo.errors import KaigoError, OutputError


def run_python(code: str, *arguments: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_old(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "old").write_text("old")


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    with atomic_folder(target) as fresh:
        (fresh / "new").write_text("new")
        assert not target.exists()
    assert names(target) == ["new"]
    assert names(tmp_path / "a") == ["b"]


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    write_old(tmp_path / "t")
    with atomic_folder(tmp_path / "t") as fresh:
        (fresh / "new").write_text("new")
    assert names(tmp_path / "t") == ["new"]
    assert names(tmp_path) == ["t"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_after_an_error_the_old_folder_stays_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    write_old(tmp_path / "t")
    with pytest.raises(error), atomic_folder(tmp_path / "t") as fresh:
        (fresh / "new").write_text("new")
        raise error
    assert names(tmp_path / "t") == ["old"]
    assert names(tmp_path) == ["t"]


KILLED_STEP = """
    import os, signal, sys
    from pathlib import Path
    import pyarrow as pa
    from kaigo.engine import open_engine

    def rows():
        schema = pa.schema([("x", pa.int64())])
        for start in range(0, 10**9, 100_000):
            yield pa.record_batch([pa.array(range(start, start + 100_000))], schema=schema)
            if start >= 300_000:
                os.kill(os.getpid(), signal.SIGKILL)

    with open_engine("duckdb:spill=" + sys.argv[2]) as engine:
        engine.store("step", rows(), pa.schema([("x", pa.int64())]), Path(sys.argv[1]))
"""


def test_a_step_killed_in_the_middle_leaves_the_old_one(tmp_path: Path) -> None:
    target, spill = tmp_path / "work" / "step", tmp_path / "spill"
    write_old(target)
    spill.mkdir()
    killed = run_python(KILLED_STEP, target, spill)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert names(target) == ["old"]
    left = [name for name in names(target.parent) if name != "step"]
    assert len(left) == 1 and left[0].startswith(".step.tmp-")


def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    target, spill = tmp_path / "work" / "step", tmp_path / "spill"
    write_old(target)
    spill.mkdir()
    run_python(KILLED_STEP, target, spill)
    with atomic_folder(target) as fresh:
        (fresh / "new").write_text("new")
    assert names(target.parent) == ["step"]
    assert names(target) == ["new"]


def test_a_run_killed_inside_a_query_leaves_no_half_step(tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from kaigo.engine import open_engine
        with open_engine("duckdb:threads=1") as engine:
            print("ready", flush=True)
            engine.materialise("step", "select a.i * b.i as x from range(100000) as a(i), range(100000) as b(i)", Path(sys.argv[1]))
    """
    target = tmp_path / "step"
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), target], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline()
        until = time.monotonic() + 30
        while not any(tmp_path.glob(".step.tmp-*/*")) and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    assert not target.exists()


def test_the_temporary_folder_of_a_running_process_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".t.tmp-{os.getppid()}-0123abcd"
    other.mkdir()
    with atomic_folder(tmp_path / "t"):
        pass
    assert other.exists()


def test_a_swap_that_was_killed_between_its_two_names_is_undone(tmp_path: Path) -> None:
    write_old(tmp_path / ".t.old-1-0123abcd")
    with pytest.raises(ValueError, match="stop"), atomic_folder(tmp_path / "t"):
        raise ValueError("stop")
    assert names(tmp_path) == ["t"]
    assert names(tmp_path / "t") == ["old"]


def test_a_folder_name_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    write_old(tmp_path / ".a[bc].old-1-0123abcd")
    write_old(tmp_path / ".ab.old-1-0123abcd")
    with atomic_folder(tmp_path / "a[bc]"):
        pass
    assert names(tmp_path) == [".ab.old-1-0123abcd", "a[bc]"]


FULL_DISK = """
    import resource, sys
    from pathlib import Path
    import pyarrow as pa
    from kaigo.engine import atomic_folder, open_engine, write_file
    from kaigo.errors import OutputError

    target = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # no file may grow beyond 200 kB

    def materialise():
        with open_engine("duckdb:threads=1") as engine:
            engine.materialise("step", "select sha256(cast(i as varchar)) as x from range(100000) as t(i)", target)

    def store():
        schema = pa.schema([("x", pa.string())])
        import secrets
        batches = (pa.record_batch([pa.array([secrets.token_hex(32) for _ in range(50_000)])], schema=schema) for _ in range(4))
        with open_engine("duckdb:threads=1") as engine:
            engine.store("step", batches, schema, target)

    def file():
        write_file(target / "old", b"x" * 300_000)

    def folder():
        with atomic_folder(target) as fresh:
            (fresh / "new").write_bytes(b"x" * 300_000)

    try:
        {"materialise": materialise, "store": store, "file": file, "folder": folder}[sys.argv[2]]()
    except OutputError as error:
        print(error)
"""


@pytest.mark.parametrize("what", ["materialise", "store", "file", "folder"])
def test_a_full_disk_is_explained_and_leaves_the_old_folder(tmp_path: Path, what: str) -> None:
    target = tmp_path / "work" / "step"
    write_old(target)
    done = run_python(FULL_DISK, target, what)
    assert done.returncode == 0, done.stderr
    assert "ディスクの空きがなくなりました" in done.stdout and "対処: 空き容量を増やす" in done.stdout
    assert names(target) == ["old"] and (target / "old").read_text() == "old"
    assert names(target.parent) == ["step"]


@pytest.mark.parametrize("write", ["folder", "file", "step"])
def test_a_place_below_a_file_is_refused_in_japanese(tmp_path: Path, write: str) -> None:
    (tmp_path / "file").write_text("x")
    target = tmp_path / "file" / "out" / "step"
    with pytest.raises(OutputError, match=r"書き込めません[\s\S]*対処"):
        if write == "folder":
            with atomic_folder(target):
                pass
        elif write == "file":
            write_file(target, "x")
        else:
            with open_engine() as engine:
                engine.materialise("step", "select 1 as x", target)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_permission_is_refused_in_japanese(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="書き込めません"), atomic_folder(tmp_path / "t"):
        pass


def test_a_file_is_never_put_aside_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("mine")
    with pytest.raises(OutputError, match="同じ名前のファイル"), atomic_folder(tmp_path / "t"):
        pass
    with pytest.raises(OutputError, match="同じ名前のファイル"):
        check_replaceable(tmp_path / "t", "mark")
    assert names(tmp_path) == ["t"] and (tmp_path / "t").read_text() == "mine"


def test_only_a_folder_of_the_same_kind_an_empty_or_a_new_one_may_be_replaced(tmp_path: Path) -> None:
    write_old(tmp_path / "foreign")
    (tmp_path / "empty").mkdir()
    write_old(tmp_path / "ours" / "keep")
    check_replaceable(tmp_path / "ours", "keep/old")
    check_replaceable(tmp_path / "empty", "keep/old")
    check_replaceable(tmp_path / "new", "keep/old")
    with pytest.raises(OutputError, match=r"別のファイルが入っています[\s\S]*foreign"):
        check_replaceable(tmp_path / "foreign", "keep/old")
    assert names(tmp_path / "foreign") == ["old"]


def test_a_file_is_replaced_at_once_with_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "a" / "f"
    write_file(target, "旧", mode=0o600)
    write_file(target, b"new", mode=0o600)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(target.parent) == ["f"]


def test_an_error_inside_that_is_no_write_error_keeps_its_own_message(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught, atomic_folder(tmp_path / "t"):
        raise OSError(errno.EIO, "input/output error")
    assert not isinstance(caught.value, KaigoError)


@pytest.mark.parametrize("old", [False, True])
def test_a_file_written_by_another_hand_appears_whole_or_not_at_all(tmp_path: Path, old: bool) -> None:
    target = tmp_path / "f.csv"
    if old:
        target.write_text("old")
    with pytest.raises(ValueError), atomic_file(target) as fresh:
        fresh.write_text("half")
        raise ValueError
    assert names(tmp_path) == (["f.csv"] if old else [])
    with atomic_file(target) as fresh:
        fresh.write_text("new")
    assert names(tmp_path) == ["f.csv"]
    assert target.read_text() == "new"


def test_the_next_run_removes_the_file_that_a_killed_one_left_and_no_other(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".f.csv.tmp-{dead.pid}-00000000").write_text("half")
    running = tmp_path / f".f.csv.tmp-{os.getpid()}-00000000"
    running.write_text("of a process at work")
    with atomic_file(tmp_path / "f.csv") as fresh:
        fresh.write_text("new")
    assert names(tmp_path) == [running.name, "f.csv"]


def test_a_file_never_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    write_old(tmp_path / "t")
    with pytest.raises(OutputError, match="同じ名前のフォルダ"), atomic_file(tmp_path / "t"):
        pass
    assert names(tmp_path / "t") == ["old"]
