"""Forgetting: the crosswalk (削除情報) and the key are destroyed, and a record says so."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from kaigo.deidentify.release import Release
from kaigo.engine import write_file
from kaigo.errors import InputError, OutputError

RECORD = "forgotten.json"


def forget_release(release: Release, key_file: Path | None = None) -> Path:
    """対応表と鍵を消し、消したことを記録する。

    Files are overwritten before they are removed. On drives that keep old blocks (SSD, snapshots, backups) this
    is no proof of erasure.

    Parameters
    ----------
    release : Release
    key_file : pathlib.Path, optional
        The key file that the release was made with; it is destroyed too.

    Returns
    -------
    pathlib.Path
        The record (``keep/forgotten.json``): one entry each time that something was destroyed.

    Raises
    ------
    InputError
        If there is no such key file; nothing is destroyed then.
    OutputError
        If a file cannot be destroyed; the record is not written then.
    """
    if key_file is not None and not key_file.is_file():
        raise InputError(
            "鍵ファイルがありません。", found=key_file, remedy="鍵ファイルの場所を確かめてください。"
        )
    crosswalk = release.keep / "crosswalk"
    files = sorted(path for path in crosswalk.rglob("*") if path.is_file())
    tables = [str(path.relative_to(release.keep)) for path in files if path.suffix == ".parquet"]
    try:
        for path in [*files, *([key_file] if key_file else [])]:
            _destroy(path)
        if crosswalk.exists():
            shutil.rmtree(crosswalk)
    except OSError as error:
        raise OutputError(
            "対応表または鍵を消せませんでした。",
            found=error.strerror or type(error).__name__,
            remedy="フォルダの権限を確かめて、もう一度実行してください。",
        ) from error
    record = release.keep / RECORD
    entries = _read_entries(record)
    if tables or key_file or not entries:
        entries.append(
            {
                "forgotten_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "destroyed": tables,
                "key_destroyed": key_file is not None,
            }
        )
        write_file(record, json.dumps(entries, ensure_ascii=False, indent=1) + "\n", mode=0o600)
    return record


def _read_entries(record: Path) -> list[dict[str, Any]]:
    """What earlier runs destroyed (empty if this is the first)."""
    if not record.is_file():
        return []
    entries: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    return entries


def _destroy(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"\0" * size)
    path.unlink()
