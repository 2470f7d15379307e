"""What intake found, as a table of counts for reports: never a value of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaigo.display import Table
from kaigo.intake.report import summarise_report
from kaigo.intake.rules import load_rules


def intake_table(report: Mapping[str, Any]) -> Table:
    """読み込みの結果を、ファイルと規則ごとの件数の表にする。

    Parameters
    ----------
    report : mapping
        As returned by :func:`kaigo.intake.run_intake` or read from ``intake_report.json``.

    Returns
    -------
    Table
        One row a file for what was read and accepted, then one row a rule that applied.
    """
    import pandas as pd

    summary = summarise_report(report)
    rules = load_rules()
    rows: list[tuple[str, str, str, int]] = []
    for entry in summary["files"]:
        rows.append((entry["label"], "読んだ行", "", entry["rows_read"]))
        rows.append((entry["label"], "受け入れた行", "", entry["rows_accepted"]))
        for kind, word in (("quarantine", "隔離した行"), ("warnings", "注意")):
            rows += [(entry["label"], word, rules[rule].label, n) for rule, n in entry[kind].items()]
    totals = summary["totals"]
    caption = f"{totals['rows_read']:,}行を読み、{totals['rows_accepted']:,}行を受け入れ、{totals['rows_quarantined']:,}行を隔離した"
    return Table(
        pd.DataFrame(rows, columns=["ファイル", "扱い", "規則", "件数"]),
        caption=caption,
        source="読み込みの報告(intake_report.json)",
        units={"件数": "件"},
        note="読んだ行 = 受け入れた行 + 隔離した行。注意の件数は行・列・人と月の組など、規則ごとに数えるものが違う。",
        internal=True,
    )
