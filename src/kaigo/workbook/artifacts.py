"""`load_or_build`: what one notebook makes, another finds, by the hash of its parameters; complete or not there at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kaigo.errors import OutputError

MANIFEST = "artifact.json"
CODE_SUFFIXES = {".py", ".csv", ".toml"}
# Larger files are checked by their size alone: reading a national data set again would take longer than it saves.
HASHED_BYTES = 64 * 2**20
WRITE_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EEXIST,
    errno.ENOTDIR,
}


@dataclass(frozen=True)
class Artifact:
    """作り終えた段階の結果のフォルダ。

    Attributes
    ----------
    stage : str
        Name of the stage ("synthetic").
    path : Path
        Folder that holds its files.
    digest : str
        Hash over stage, parameters, version of kaigo and the artifacts it was made from.
    """

    stage: str
    path: Path
    digest: str


def load_or_build(
    stage: str,
    parameters: Mapping[str, object],
    build: Callable[[Path], None],
    *,
    root: Path,
    upstream: Sequence[Artifact] = (),
) -> Artifact:
    """同じパラメータの結果があれば使い、なければ作る。

    Parameters
    ----------
    stage : str
        Name of the stage.
    parameters : mapping
        All that the result depends on; JSON values.
    build : callable
        Writes its files into the (empty) folder that it is given.
    root : Path
        Folder that holds ``<stage>-<hash>/``.
    upstream : sequence of Artifact
        What the result is made from.

    Returns
    -------
    Artifact
        Complete: the folder appears under its name only when all is written, and concurrent builders wait.

    Raises
    ------
    OutputError
        If the folder cannot be written, or the disk is full; nothing half-written is left.
    """
    record = {
        "stage": stage,
        "parameters": dict(parameters),
        "version": _read_version(),
        "upstream": [source.digest for source in upstream],
    }
    digest = _hash_json(record)
    folder = root / f"{stage}-{digest[:16]}"
    artifact = Artifact(stage, folder, digest)
    if _is_complete(folder, digest):
        return artifact
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _hold_lock(root / f".{folder.name}.lock") as alone:
            if not _is_complete(folder, digest):
                _build_folder(folder, build, {**record, "digest": digest}, alone=alone)
    except OSError as error:
        if error.errno not in WRITE_ERRORS:
            raise
        raise OutputError(
            f"段階「{stage}」の結果を書けません。",
            found=f"{root}({error.strerror or error})",
            remedy="書き込みの権限とディスクの空きを確かめてください。",
        ) from error
    return artifact


def _build_folder(
    folder: Path, build: Callable[[Path], None], record: Mapping[str, Any], *, alone: bool
) -> None:
    """Builds beside the place and moves in at the end; what a killed run left there is swept first."""
    for rest in folder.parent.glob(f".{folder.name}-*") if alone else ():
        shutil.rmtree(rest, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        build(place)
        manifest = {**record, "files": _list_files(place)}
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        (place / MANIFEST).write_text(text + "\n", encoding="utf-8")
        place.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            place.replace(folder)
        except OSError:
            # Without locks another builder may have been first; its result is the same.
            if not _is_complete(folder, record["digest"]):
                raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _is_complete(folder: Path, digest: str) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        listed = manifest["files"]
        return manifest["digest"] == digest and all(
            _matches(folder / name, facts) for name, facts in listed.items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _matches(path: Path, facts: Mapping[str, Any]) -> bool:
    size = path.stat().st_size
    return bool(size == facts["bytes"] and (size > HASHED_BYTES or _hash_file(path) == facts["sha256"]))


def _list_files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _hash_file(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@cache
def _read_version() -> str:
    """Version and content of the package: what an older state of the code built is not found again."""
    from kaigo import __version__

    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        if path.suffix in CODE_SUFFIXES:
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def _hold_lock(path: Path) -> Iterator[bool]:
    """One builder at a time, where the system has file locks; the lock falls with its process.

    The file stays: who waits for it must not hold one that is no longer there.
    """
    try:
        import fcntl
    except ImportError:
        yield False
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield True
