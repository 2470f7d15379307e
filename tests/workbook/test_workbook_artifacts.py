"""An artifact is complete or not there; the same parameters find it, other ones do not."""

from __future__ import annotations

import errno
import json
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from kaigo.errors import InputError, OutputError
from kaigo.workbook.artifacts import MANIFEST, Artifact, load_or_build


class Builder:
    """Writes one file and counts how often it was asked to."""

    def __init__(self, pause: float = 0.0) -> None:
        self.calls, self.pause = 0, pause

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        assert list(folder.iterdir()) == []
        (folder / "part").mkdir()
        (folder / "part" / "a.txt").write_text("内容", encoding="utf-8")
        time.sleep(self.pause)


def build(root: Path, builder: Builder, **parameters: object) -> Artifact:
    return load_or_build("stage", {"seed": 1, **parameters}, builder, root=root)


def test_the_second_call_reuses_what_the_first_built(tmp_path: Path) -> None:
    builder = Builder()
    first, second = build(tmp_path, builder), build(tmp_path, builder)
    assert builder.calls == 1
    assert first == second
    assert (first.path / "part" / "a.txt").read_text(encoding="utf-8") == "内容"


def test_the_manifest_says_what_it_was_made_from(tmp_path: Path) -> None:
    manifest = json.loads((build(tmp_path, Builder()).path / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["stage"] == "stage"
    assert manifest["parameters"] == {"seed": 1}
    assert manifest["files"]["part/a.txt"]["bytes"] == 6
    assert len(manifest["files"]["part/a.txt"]["sha256"]) == 64


def test_other_parameters_another_stage_or_other_upstream_are_other_artifacts(tmp_path: Path) -> None:
    one = build(tmp_path, Builder())
    other = build(tmp_path, Builder(), seed=2)
    derived = [load_or_build("next", {}, Builder(), root=tmp_path, upstream=[up]) for up in (one, other)]
    stage = load_or_build("other", {"seed": 1}, Builder(), root=tmp_path)
    assert len({artifact.path for artifact in (one, other, *derived, stage)}) == 5


@pytest.mark.parametrize("damage", ["change", "shorten", "remove", "no manifest"])
def test_a_damaged_artifact_is_built_again(tmp_path: Path, damage: str) -> None:
    builder = Builder()
    folder = build(tmp_path, builder).path
    file = folder / "part" / "a.txt"
    match damage:
        case "change":
            file.write_text("変更", encoding="utf-8")
        case "shorten":
            file.write_bytes(b"")
        case "remove":
            file.unlink()
        case "no manifest":
            (folder / MANIFEST).unlink()
    assert (build(tmp_path, builder).path / "part" / "a.txt").read_text(encoding="utf-8") == "内容"
    assert builder.calls == 2


def test_a_failing_build_leaves_nothing_and_passes_its_error_on(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("半分", encoding="utf-8")
        raise InputError("だめ", remedy="直す")

    with pytest.raises(InputError):
        load_or_build("stage", {}, fail, root=tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_full_disk_is_answered_in_japanese_and_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="段階「stage」"):
        load_or_build("stage", {}, fill, root=tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="書けません"):
        load_or_build("stage", {}, Builder(), root=tmp_path / "file" / "below")


def test_what_a_killed_run_left_is_swept_and_never_taken_for_a_result(tmp_path: Path) -> None:
    folder = build(tmp_path, Builder()).path
    rest = tmp_path / f".{folder.name}-killed"
    folder.rename(rest)
    builder = Builder()
    build(tmp_path, builder)
    assert builder.calls == 1
    assert not rest.exists()


def test_concurrent_builders_in_threads_build_once(tmp_path: Path) -> None:
    builder = Builder(pause=0.2)
    threads = [threading.Thread(target=build, args=(tmp_path, builder)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builder.calls == 1


def _build_in_process(root: str, log: str) -> None:
    builder = Builder(pause=0.3)
    build(Path(root), builder)
    with Path(log).open("a", encoding="utf-8") as file:
        file.write("x" * builder.calls)


def test_concurrent_builders_in_processes_do_not_break_each_other(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    jobs = [
        context.Process(target=_build_in_process, args=(str(tmp_path / "root"), str(log))) for _ in range(2)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0]
    assert log.read_text(encoding="utf-8") == "x"
