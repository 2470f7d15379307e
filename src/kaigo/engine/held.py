"""Temporary folders that are held by the run that made them, so that the next run knows what was left by a killed one.

A lock on the folder ends with the process, however it ends. A process number alone does not tell: in a container every
run may have the same one, and two containers that share a folder do not see each other's.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "kaigo-work-"
_WORK_NAME = re.compile(_PREFIX + r"[a-z0-9_]{8}")


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Descriptor that holds the folder until it is closed; None where folders cannot be locked.

    Raises
    ------
    BlockingIOError
        If another run holds it.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def make_held(make: Callable[[], Path]) -> tuple[Path, int | None]:
    """Make a folder and hold it; what :func:`release` takes is returned beside it."""
    while True:
        folder = make()
        # A run that tidies up may look in between, find the folder held by nobody, and remove it.
        with contextlib.suppress(FileNotFoundError):
            descriptor = _lock(folder, wait=True)
            if descriptor is None or os.fstat(descriptor).st_nlink:
                return folder, descriptor
            os.close(descriptor)


def release(descriptor: int | None) -> None:
    """Hold a folder no longer."""
    if descriptor is not None:
        os.close(descriptor)


def remove_if_free(folder: Path, *, sure: bool = False) -> None:
    """Remove a folder that nobody holds.

    Parameters
    ----------
    sure : bool
        Whether it may go too where folders cannot be locked.
    """
    try:
        descriptor = _lock(folder, wait=False)
    except OSError:
        return
    try:
        if descriptor is not None or sure:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        release(descriptor)


class WorkFolder:
    """作業用の一時フォルダ。使い終われば消える。止められた実行が残したものは、次の実行が消す。

    It may hold persons' values (what a query spills), so it is readable by its owner alone.

    Parameters
    ----------
    parent : pathlib.Path, optional
        Default: the system's folder for temporary files.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        self._tidy_up(parent)
        self.path, self._held = make_held(lambda: Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)))

    @staticmethod
    def _tidy_up(parent: Path) -> None:
        for folder in parent.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                own = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
                if own and _WORK_NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                    remove_if_free(folder)

    def remove(self) -> None:
        """Remove it with all that it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        release(self._held)
        self._held = None

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *error: object) -> None:
        self.remove()
