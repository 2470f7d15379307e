"""`kaigo intake`: a municipality's own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_bar, write_json
from kaigo.cli.options import EngineText, JsonTo, Out


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("intake", cls=JapaneseCommand)(intake)


def intake(
    persons: Annotated[
        Path, typer.Option("--persons", metavar="F", help="個人属性情報のCSV", show_default=False)
    ],
    certifications: Annotated[
        Path, typer.Option("--certifications", metavar="F", help="認定情報のCSV", show_default=False)
    ],
    benefits: Annotated[
        Path, typer.Option("--benefits", metavar="F", help="介護給付情報のCSV", show_default=False)
    ],
    out: Out,
    insurer: Annotated[
        str | None,
        typer.Option("--insurer", metavar="NNNNNN", help="保険者番号(列がないとき)", show_default=False),
    ] = None,
    synthetic: Annotated[
        bool,
        typer.Option(
            "--synthetic", help="合成データのCSVとして読む(報告書に「合成データ」と示す)", show_default=False
        ),
    ] = False,
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """市町村のファイルを読み、確かめ、壊れた行を理由とともに分けて、介護データにする。

    例: kaigo intake --persons 個人.csv --certifications 認定.csv --benefits 給付.csv --out own
    """
    from kaigo.intake import IntakeSources, run_intake, summarise_report

    sources = IntakeSources(persons, certifications, benefits)
    with show_bar("ファイルを読んでいます") as bar:
        result = run_intake(
            sources,
            out,
            insurer=insurer,
            synthetic=synthetic,
            engine=engine,
            progress=lambda _label, read, total: bar(read, total),
        )
    for part in summarise_report(result.report)["files"]:
        say(_describe_file(part), json_to)
    say(
        f"介護データを書きました: {out}\n行ごとの理由は {out / 'intake_report.json'}(内部限り)にあります。",
        json_to,
    )
    write_json(result.report, json_to)


def _describe_file(part: Mapping[str, Any]) -> str:
    """Counts of one file and its rules, without any value."""
    from kaigo.intake import load_rules

    rules = load_rules()
    lines = [
        f"{part['label']}: 読んだ行 {part['rows_read']:,}、受け入れた行 {part['rows_accepted']:,}、"
        f"分けた行 {part['rows_quarantined']:,}"
    ]
    for head, counts in (("分けた理由", part["quarantine"]), ("注意", part["warnings"])):
        lines += [f"  {head}: {rules[rule].text}({count:,}件)" for rule, count in counts.items()]
    return "\n".join(lines)
