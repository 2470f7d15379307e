"""The list that the officer has worked on is kept when the files are read again."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

from kaigo.engine import write_file
from kaigo.intake.work_list import make_work_list

LIST, PREVIOUS_LIST = "intake_list.xlsx", "intake_list_前回.xlsx"
_REPORT = "intake_report.json"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile)


def keep_previous_list(earlier: Path, fresh: Path) -> bool:
    """前に読み込んだときの一覧(担当者の書き込みがありうる)を、新しいフォルダに残す。

    The list becomes ``intake_list_前回.xlsx`` (mode 0600). If it is as it was written, and the earlier folder holds a
    previous list as well, that one is carried on: reading twice in a row loses no notes.

    Parameters
    ----------
    earlier : pathlib.Path
        Folder that is about to be replaced (it need not exist).
    fresh : pathlib.Path
        Folder that takes its place.

    Returns
    -------
    bool
        Whether there was a list to keep.
    """
    found = [path for path in (earlier / LIST, earlier / PREVIOUS_LIST) if path.is_file()]
    if not found:
        return False
    kept = found[-1] if len(found) == 2 and _is_untouched(earlier) else found[0]
    write_file(fresh / PREVIOUS_LIST, kept.read_bytes(), mode=0o600)
    return True


def _is_untouched(folder: Path) -> bool:
    """Whether the list is the one that follows from the folder's own report; in doubt it is not."""
    try:
        report = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
        there = _list_parts((folder / LIST).read_bytes())
        return any(
            _list_parts(make_work_list(report, synthetic=synthetic)) == there for synthetic in (False, True)
        )
    except _UNREADABLE:
        return False


def _list_parts(data: bytes) -> dict[str, int]:
    """Checksums of the parts of a workbook, without the time of writing."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {
            member.filename: member.CRC
            for member in archive.infolist()
            if not member.filename.startswith("docProps/")
        }
