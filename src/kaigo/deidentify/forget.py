"""Forgetting: the crosswalk (削除情報) and the key are destroyed, and a record says so."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

from kaigo.deidentify.release import Release
from kaigo.engine import write_file
from kaigo.errors import InputError, OutputError

RECORD = "forgotten.json"
EARLIER = "forgotten_earlier.json"
"""Records of releases that stood in the same folder before."""


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


def read_records(folder: Path) -> list[dict[str, Any]]:
    """置き換えられる加工データの、消した記録(それより前のものを含む)を読む。

    Parameters
    ----------
    folder : pathlib.Path
        A release that is about to be replaced, or anything else (no records then).

    Returns
    -------
    list of dict
        Entries of :func:`forget_release`, each with the ``standard`` and the content hashes (``tables``) of its release.

    Raises
    ------
    OutputError
        If a record is there and cannot be read: replacing the folder would lose it.
    """
    if not Release.is_release(folder):
        return []
    earlier, own = (_read_entries(folder / "keep" / name) for name in (EARLIER, RECORD))
    with contextlib.suppress(InputError):
        # What is broken may be replaced; its records stay without its name then.
        manifest = Release.open(folder).manifest
        hashes = {name: table["content_sha256"] for name, table in manifest["tables"].items()}
        own = [entry | {"standard": manifest["standard"], "tables": hashes} for entry in own]
    return [*earlier, *own]


def write_records(keep: Path, entries: list[dict[str, Any]]) -> None:
    """前の加工データの消した記録を、新しい加工データの ``keep/`` に引き継ぐ(なければ書かない)。"""
    if entries:
        write_file(keep / EARLIER, json.dumps(entries, ensure_ascii=False, indent=1) + "\n", mode=0o600)


def _read_entries(record: Path) -> list[dict[str, Any]]:
    """What earlier runs destroyed (empty if this is the first)."""
    if not record.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(
            f"消した記録({record.name})を読めないので、書き換えません。",
            found=record,
            remedy="記録を別の場所に移すか、--out に新しいフォルダの名前を指定してください。",
        ) from error
    return entries


def _destroy(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"\0" * size)
    path.unlink()
