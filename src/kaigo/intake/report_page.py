"""The report of intake as a page for the officer: counts, lines, reasons and remedies; never a person's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from kaigo.display.page import Link, Page, render_page
from kaigo.display.table import Table
from kaigo.intake.rules import load_rules

_SHOWN_LINES = 20
_SOURCE = "読み込みの報告(intake_report.json)"
_FOLDER = Path(str(files("kaigo.intake")))


def render_report(report: Mapping[str, Any], *, synthetic: bool = False) -> str:
    """読み込みの報告を、単独で開けるHTMLにする。

    Parameters
    ----------
    report : mapping
        As ``intake_report.json``.
    synthetic : bool
        Whether the persons of the files do not exist.
    """
    from markupsafe import Markup

    entries = report["files"]
    counts = ("rows_read", "rows_accepted", "rows_quarantined")
    titles = [f"{entry['label']}: {entry['file']}" for entry in entries]
    tables = [_rules_table(entry) for entry in entries]
    page = Page(
        title="ファイルの読み込みの報告",
        audience="内部限り",
        synthetic=synthetic,
        contents=(
            Link("ファイルごとの行数", "#files-title"),
            *(Link(title, f"#file-{number}") for number, title in enumerate(titles, start=1)),
        ),
        downloads=(
            Link("直すための一覧(Excel、内部限り)", "intake_list.xlsx"),
            Link("報告のすべて(JSON、内部限り)", "intake_report.json"),
        ),
        record=(
            ("kaigo の版", str(report["version"])),
            *((f"{entry['file']} の SHA-256", entry["sha256"]) for entry in entries),
        ),
    )
    # The tables escape their own cells.
    return render_page(
        page,
        template="report_page.html.j2",
        folders=(_FOLDER,),
        totals={key: f"{sum(entry[key] for entry in entries):,}" for key in counts},
        overview=Markup(_overview(entries).to_html()),  # noqa: S704  # the table escapes its own texts
        parts=[
            {"title": title, "table": Markup(table.to_html()) if table else None}  # noqa: S704  # the table escapes its own texts
            for title, table in zip(titles, tables, strict=True)
        ],
    )


def _overview(entries: Sequence[Mapping[str, Any]]) -> Table:
    import pandas as pd

    rows = [
        (
            entry["file"],
            entry["label"],
            entry["encoding"],
            entry["rows_read"],
            entry["rows_accepted"],
            entry["rows_quarantined"],
        )
        for entry in entries
    ]
    names = ["ファイル", "表", "形式", "読んだ行", "受け入れた行", "分けた行"]
    return Table(
        pd.DataFrame(rows, columns=names),
        caption=f"{len(entries)}個のファイルを読んだ",
        source=_SOURCE,
        units=dict.fromkeys(names[3:], "行"),
        internal=True,
    )


def _rules_table(entry: Mapping[str, Any]) -> Table | None:
    """One row a rule and column: how often, where first, why, what to do."""
    import pandas as pd

    rules = load_rules()
    found: dict[tuple[str, str], list[int]] = {}
    for row in entry["quarantine"]:
        found.setdefault((row["rule"], row["column"]), []).append(row["line"])
    rows = [
        (
            "分けた行",
            rules[rule].label,
            column,
            len(lines),
            _name_lines(lines),
            rules[rule].text,
            rules[rule].remedy,
        )
        for (rule, column), lines in found.items()
    ]
    rows += [
        (
            "注意",
            rules[warning["rule"]].label,
            "、".join(warning["columns"][:10]) + ("…" if len(warning["columns"]) > 10 else ""),
            warning["count"],
            _name_lines(warning["lines"]),
            warning["message"],
            rules[warning["rule"]].remedy,
        )
        for warning in entry["warnings"]
    ]
    if not rows:
        return None
    names = ["扱い", "規則", "列", "件数", "行(最初の20行まで)", "理由", "対処"]
    return Table(
        pd.DataFrame(rows, columns=names),
        caption=f"{entry['rows_quarantined']:,}行を分け、{len(entry['warnings'])}種類の注意がある",
        source=_SOURCE,
        units={"件数": "件"},
        note="注意の件数は、行・列・人と月の組など、規則ごとに数えるものが違う。",
        internal=True,
    )


def _name_lines(lines: Sequence[int]) -> str:
    shown = "、".join(str(line) for line in lines[:_SHOWN_LINES])
    return shown + ("…" if len(lines) > _SHOWN_LINES else "")
