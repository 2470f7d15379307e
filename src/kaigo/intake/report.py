"""``intake_report.json``: what was read, accepted, quarantined and warned of; and its summary without persons' values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kaigo import __version__
from kaigo.engine import write_file
from kaigo.intake.exchange_file import ExchangeFile
from kaigo.intake.open_inputs import OpenFile
from kaigo.intake.report_page import render_report
from kaigo.intake.work_list import make_work_list

REPORT = "intake_report.json"
PAGE = "intake_report.html"
WORK_LIST = "intake_list.xlsx"
NOTICE = (
    "内部限り。隔離した行の値(個人の情報)を含みます。本人の情報として安全に管理し、外へ出さないでください。"
)


def build_report(files: Sequence[OpenFile]) -> dict[str, Any]:
    """読み込みの報告を組み立てる。

    Returns
    -------
    dict
        ``notice``, ``version``, ``files``: one entry a file with ``table``, ``label``, ``file``, ``sha256``,
        ``encoding``, ``rows_read``, ``rows_accepted``, ``rows_quarantined``, ``quarantine`` (``line``,
        ``column``, ``value``, ``reason``, ``rule``; ``also`` holds further faults of the same row, ``kept`` the
        ``file`` and ``line`` of the row that stands in the place of a repeated one), ``warnings``
        (``rule``, ``message``, ``columns``, ``count``, ``lines``: the first ones). ``run_intake`` adds
        ``previous_list``, the name of the kept list of an earlier run, where there is one.
    """
    entries = []
    for file in files:
        entry = {
            "table": file.table,
            "label": file.label,
            "file": file.findings.file_name,
            "sha256": file.sha256,
            "encoding": file.encoding,
            **file.findings.to_report(),
        }
        if isinstance(file.origin, ExchangeFile):
            entry["records"] = {"stated": file.origin.stated_count, **file.origin.records}
        entries.append(entry)
    return {"notice": NOTICE, "version": __version__, "files": entries}


def write_reports(folder: Path, report: Mapping[str, Any], *, synthetic: bool = False) -> None:
    """Write the report in its three forms so that only their owner can read them (they hold values of persons)."""
    write_file(folder / REPORT, json.dumps(report, ensure_ascii=False, indent=1) + "\n", mode=0o600)
    write_file(folder / PAGE, render_report(report, synthetic=synthetic), mode=0o600)
    write_file(folder / WORK_LIST, make_work_list(report, synthetic=synthetic), mode=0o600)


def summarise_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """報告を件数だけに縮める(個人の値を含まない。端末や報告書のページに使える)。

    Returns
    -------
    dict
        ``files``: per file ``table``, ``label``, ``file``, ``encoding``, the three row counts, ``quarantine``
        and ``warnings`` as rule to count, ``messages``: per warning ``rule``, ``message``, ``columns``
        and ``count``; ``totals``: the three row counts over all files.
    """
    files = []
    for entry in report["files"]:
        warnings: Counter[str] = Counter()
        for warning in entry["warnings"]:
            warnings[warning["rule"]] += warning["count"]
        files.append(
            {
                **{key: entry[key] for key in ("table", "label", "file", "encoding", *_COUNTS)},
                "quarantine": dict(Counter(row["rule"] for row in entry["quarantine"])),
                "warnings": dict(warnings),
                "messages": [
                    {key: warning[key] for key in ("rule", "message", "columns", "count")}
                    for warning in entry["warnings"]
                ],
            }
        )
    return {"files": files, "totals": {key: sum(entry[key] for entry in files) for key in _COUNTS}}


_COUNTS = ("rows_read", "rows_accepted", "rows_quarantined")
