"""`kaigo intake`: a municipality's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_bar, write_json
from kaigo.cli.options import EngineText, JsonTo
from kaigo.errors import OutputError, ParameterError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("intake", cls=JapaneseCommand)(intake)


def _files(option: str, what: str) -> Any:
    return typer.Option(option, metavar="F", help=f"{what}(繰り返せます)", show_default=False)


def intake(
    persons: Annotated[list[Path] | None, _files("--persons", "個人属性情報のCSV・Excel・ZIP")] = None,
    certifications: Annotated[
        list[Path] | None, _files("--certifications", "認定情報のCSV・Excel・ZIP")
    ] = None,
    benefits: Annotated[list[Path] | None, _files("--benefits", "介護給付情報のCSV・Excel・ZIP")] = None,
    exchange: Annotated[
        list[Path] | None, _files("--exchange", "給付実績(111x)か請求明細書(7131)の交換ファイル")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="書き出すフォルダ", show_default=False)
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="MAP.toml", help="見出しと値の読み替え", show_default=False),
    ] = None,
    draft_mapping: Annotated[
        Path | None,
        typer.Option(
            "--draft-mapping",
            metavar="FILE",
            help="見出しから読み替えの下書きを作って終わる(- は標準出力)",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        list[str] | None,
        typer.Option("--sheet", metavar="NAME", help="Excelのシート(繰り返せます)", show_default=False),
    ] = None,
    checks: Annotated[
        Path | None,
        typer.Option(
            "--checks",
            metavar="F",
            help="検査の扱いのCSV(列は rule,action。action は warn 注意、quarantine 隔離、off なし)",
            show_default=False,
        ),
    ] = None,
    exchange_layout: Annotated[
        Path | None,
        typer.Option("--exchange-layout", metavar="F", help="交換ファイルの項目の並び", show_default=False),
    ] = None,
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

    例: kaigo intake --exchange 給付実績.csv --certifications 認定.xlsx --out own

    例: kaigo intake --benefits 給付.csv --draft-mapping map.toml

    例: kaigo intake --persons 個人.csv --certifications 認定.csv --benefits 給付.csv --out own
    """
    from kaigo.intake import IntakeSources, Reading, load_checks, load_mapping, run_intake, summarise_report

    sources = IntakeSources(persons or (), certifications or (), benefits or (), exchange or ())
    if draft_mapping is not None:
        _write_draft(sources, draft_mapping, tuple(sheet or ()))
        return
    if out is None:
        raise ParameterError(
            "必要な指定がありません: --out", remedy="kaigo intake --help で使い方を確かめてください。"
        )
    reading = Reading(load_mapping(mapping) if mapping else None, tuple(sheet or ()), exchange_layout)
    with show_bar("ファイルを読んでいます") as bar:
        result = run_intake(
            sources,
            out,
            insurer=insurer,
            synthetic=synthetic,
            engine=engine,
            progress=lambda _label, read, total: bar(read, total),
            reading=reading,
            checks=load_checks(checks),
        )
    parts = summarise_report(result.report)["files"]
    for part in parts:
        say(_describe_file(part), json_to)
    hint = _hint_at_mapping(parts)
    if hint:
        say(hint, json_to)
    say(
        f"介護データを書きました: {out}\n行ごとの理由は {out / 'intake_report.json'}、"
        f"直すための一覧は {out / 'intake_list.xlsx'}(どちらも内部限り)にあります。",
        json_to,
    )
    if "previous_list" in result.report:
        say(
            f"前に読み込んだときの一覧(書き込んだメモを含む)は、{out / result.report['previous_list']} に残しました。",
            json_to,
        )
    write_json(result.report, json_to)


def _write_draft(sources: Any, target: Path, sheets: tuple[str, ...]) -> None:
    from kaigo.engine import write_file
    from kaigo.intake.draft_mapping import draft_mapping

    if str(target) != "-" and target.exists():
        # The officer may have filled it in.
        raise OutputError(
            "読み替えの下書きの書き込み先が、すでにあります。",
            found=target,
            remedy="--draft-mapping に別の名前を指定するか、いまのファイルを消してください。",
        )
    draft = draft_mapping(sources, sheets)
    if str(target) == "-":
        print(draft.text, end="")
        return
    write_file(target, draft.text, mode=0o600)
    print(f"読み替えの下書きを書きました: {target}(確かめが要る行 {draft.open_questions}件)")
    print(f"確かめてから、--mapping {target} を付けて読み込んでください。")


def _describe_file(part: Mapping[str, Any]) -> str:
    """Counts of one file and its rules, without any value."""
    from kaigo.intake import load_rules

    rules = load_rules()
    lines = [
        f"{part['label']} {part['file']}: 読んだ行 {part['rows_read']:,}、受け入れた行 {part['rows_accepted']:,}、"
        f"分けた行 {part['rows_quarantined']:,}"
    ]
    lines += [f"  分けた理由: {rules[rule].text}({count:,}件)" for rule, count in part["quarantine"].items()]
    told: dict[str, tuple[int, list[str]]] = {}
    for warning in part["messages"]:
        count, columns = told.get(warning["message"], (0, []))
        names = warning["columns"] if warning["rule"] in _NAMES_COLUMNS else []
        told[warning["message"]] = (count + warning["count"], [*columns, *names])
    lines += [
        f"  注意: {message}{_name_columns(columns)}({count:,}件)"
        for message, (count, columns) in told.items()
    ]
    return "\n".join(lines)


_NAMES_COLUMNS = ("column_absent", "column_ignored")
_MOST_COLUMNS = 12


def _name_columns(columns: Sequence[str]) -> str:
    """The first columns by name, and how many more there are."""
    if not columns:
        return ""
    more = f"、ほか{len(columns) - _MOST_COLUMNS}列" if len(columns) > _MOST_COLUMNS else ""
    return " " + "".join(f"「{' '.join(name.split())}」" for name in columns[:_MOST_COLUMNS]) + more + " "


def _hint_at_mapping(parts: Sequence[Mapping[str, Any]]) -> str:
    """What to do about columns that were not read; exchange files have no headers to map."""
    rules = {rule for part in parts if part["table"] != "exchange" for rule in part["warnings"]}
    if not rules & set(_NAMES_COLUMNS):
        return ""
    return "見出しの書き方が違うだけの列は、--draft-mapping FILE で読み替えの下書きを作り、--mapping で読み込めます。"
