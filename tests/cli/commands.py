"""Running `kaigo` in tests: in this process where that is enough, as the installed program where it is not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KAIGO = Path(sys.executable).with_name("kaigo")
HALF_WRITTEN = (".tmp-", ".old-", ".building-", "kaigo-")


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


def run_installed(*arguments: object, cwd: Path | None = None, **environment: str) -> Done:
    """The installed script in a process of its own, without a terminal."""
    done = subprocess.run(
        [KAIGO, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | environment,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def run_limited(file_bytes: int, *arguments: object, cwd: Path, temporary: Path) -> Done:
    """The command where no file may grow beyond a size: to the program, the disk is full then."""
    code = (
        "import resource, sys; limit = int(sys.argv[1]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit));"
        "from kaigo.cli.app import run; sys.exit(run(sys.argv[2:]))"
    )
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code, str(file_bytes), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | {"TMPDIR": str(temporary)},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def assert_refused(done: Done, *words: str) -> None:
    """A user's error: exit 2, nothing on standard output, Japanese message with what and remedy, no traceback."""
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    assert lines[0].startswith("誤り: "), done.err
    assert re.search("[ぁ-ん]", lines[0]), done.err
    assert any(re.match(r"\s*対処: .*[ぁ-ん]", line) for line in lines), done.err
    for word in words:
        assert word in done.err, (word, done.err)


def list_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def find_half_written(folder: Path) -> list[Path]:
    """What a broken-off command would leave."""
    return [path for path in folder.rglob("*") if any(mark in path.name for mark in HALF_WRITTEN)]


def list_commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(words on the command line, command) of every command and group below a group, itself included."""
    yield words, group
    for name, command in getattr(group, "commands", {}).items():
        yield from list_commands(command, (*words, name))
