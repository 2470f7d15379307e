"""Folders and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from kaigo.engine.held import make_held, release, remove_if_free
from kaigo.errors import OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def is_disk_full(error: OSError) -> bool:
    """Whether a write failed for want of space."""
    return error.errno in _FULL or "No space left" in str(error) or "File too large" in str(error)


_REASONS = {
    errno.EACCES: "書き込む権限がありません",
    errno.EPERM: "書き込む権限がありません",
    errno.EROFS: "読み取り専用の場所です",
    errno.EEXIST: "途中に同じ名前のファイルがあります",
    errno.ENOTDIR: "途中に同じ名前のファイルがあります",
    errno.ENOENT: "フォルダを作れない場所です",
    errno.ENOSPC: "空きがありません",
    errno.EDQUOT: "割り当てられた容量を使い切りました",
    errno.EFBIG: "ファイルが大きすぎます",
}


def name_os_error(error: OSError) -> str:
    """The cause of a failed write in Japanese (the system's own words where we have none)."""
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__


def explain_os_error(error: OSError, target: Path) -> OutputError:
    """Turn a failed write into a message for people."""
    if is_disk_full(error):
        return OutputError(
            f"書き込み中にディスクの空きがなくなりました({target})。途中のファイルは消しました。",
            found=name_os_error(error),
            remedy="空き容量を増やすか、別のドライブを指定してください。",
        )
    return OutputError(
        f"書き込めません({target})。",
        found=name_os_error(error),
        remedy="フォルダの権限と場所を確かめるか、別の場所を指定してください。",
    )


def _sibling(target: Path, what: str) -> Path:
    """A name beside the target that tells which process owns it."""
    return target.parent / f".{target.name}.{what}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _is_owner_gone(sibling: Path) -> bool:
    """Whether the process that made a temporary name is gone, as far as its number tells."""
    owner = sibling.name.rsplit("-", 2)[-2]
    if os.name != "posix" or not owner.isdecimal():
        return False
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _tidy_up(target: Path) -> None:
    """Finish what killed runs left: undo a half-done swap, remove their temporary folders (personal data)."""
    name = glob.escape(target.name)
    for old in target.parent.glob(f".{name}.old-*"):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
    for left in target.parent.glob(f".{name}.tmp-*"):
        gone = _is_owner_gone(left)
        # A folder of this very process's number is of an earlier one, unless it is held.
        if gone or f".tmp-{os.getpid()}-" in left.name:
            remove_if_free(left, sure=gone)


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places at once; whether the system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, at_once = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), at_once) == 0)


def _swap(fresh: Path, target: Path) -> None:
    """Put the new folder in the old one's place: in one move where the system can, else in two."""
    if not target.exists():
        fresh.rename(target)
        return
    if _exchange(fresh, target):
        return
    old = _sibling(target, "old")
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _refuse_file(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise OutputError(
            "書き込み先と同じ名前のファイルがあります。",
            found=target,
            remedy="--out に別の名前を指定してください。",
        )


def check_replaceable(target: Path, mark: str) -> None:
    """書き込み先が、利用者の別のファイルを消さない場所であることを確かめる。

    Parameters
    ----------
    target : pathlib.Path
        Folder that is about to be replaced.
    mark : str
        File below it by which a folder of the same kind is known, e.g. ``manifest.json``.

    Raises
    ------
    OutputError
        If ``target`` is a file, or a folder that holds something else.
    """
    _refuse_file(target)
    if target.is_dir() and any(target.iterdir()) and not (target / mark).is_file():
        raise OutputError(
            "書き込み先のフォルダに、別のファイルが入っています。",
            found=target,
            remedy="--out に新しいフォルダの名前を指定してください。",
        )


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """フォルダを丸ごと作り終えてから本来の名前にする。

    Yields a temporary sibling to write into. On success it takes the place of ``target``; on any error it is
    removed and ``target`` stays as it was. What a killed run left is removed by the next one.

    An existing folder is replaced whatever it holds: :func:`check_replaceable` comes first where a user names it.

    Raises
    ------
    OutputError
        If the folder cannot be written, ``target`` is a file, or the disk is full.
    """
    fresh = _sibling(target, "tmp")

    def make() -> Path:
        fresh.mkdir()
        return fresh

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _tidy_up(target)
        _refuse_file(target)
        _, held = make_held(make)
    except OSError as error:
        raise explain_os_error(error, target) from error
    try:
        yield fresh
        _swap(fresh, target)
    except OSError as error:
        if is_disk_full(error) or error.errno in _REFUSED:
            raise explain_os_error(error, target) from error
        raise
    finally:
        # Where names changed places this is the old folder.
        shutil.rmtree(fresh, ignore_errors=True)
        release(held)


@contextlib.contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """ファイルを丸ごと書き終えてから本来の名前にする。

    Yields the name of a temporary file beside ``target`` to write into. On success it takes the place of ``target``;
    on any error it is removed and ``target`` stays as it was. What a killed run left is removed by the next one.

    Raises
    ------
    OutputError
        If the file cannot be written, ``target`` is a folder, or the disk is full.
    """
    if target.is_dir():
        raise OutputError(
            "書き込み先と同じ名前のフォルダがあります。",
            found=target,
            remedy="別のファイル名を指定してください。",
        )
    fresh = _sibling(target, "tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{glob.escape(target.name)}.tmp-*"):
            if left.is_file() and _is_owner_gone(left):
                left.unlink()
        yield fresh
        fresh.replace(target)
    except OSError as error:
        raise explain_os_error(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def write_file(target: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """ファイルを一度に置き換える(途中の内容は見えない)。

    Raises
    ------
    OutputError
        As :func:`atomic_file`.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_file(target) as fresh:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
