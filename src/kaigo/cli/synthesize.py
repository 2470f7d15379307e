"""`kaigo synthesize`: synthetic care tables."""

from __future__ import annotations

from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_bar, write_json
from kaigo.cli.options import EngineText, JsonTo, Out


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("synthesize", cls=JapaneseCommand)(synthesize)


def synthesize(
    out: Out,
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            metavar="NAME",
            help="大きさの見本: town(1,800人)、demo(2万人)、city(月20万行)、prefecture(100万人)、national(700万人)",
            show_default=True,
        ),
    ] = "demo",
    persons: Annotated[
        int | None,
        typer.Option("--persons", metavar="N", help="認定者の数(見本より優先)", show_default=False),
    ] = None,
    months: Annotated[
        int | None, typer.Option("--months", metavar="M", help="月数(見本より優先)", show_default=False)
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="YYYY-MM", help="最初の月(見本より優先)", show_default=False),
    ] = None,
    municipalities: Annotated[
        int | None,
        typer.Option("--municipalities", metavar="K", help="市町村の数(見本より優先)", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="乱数の種(見本より優先)", show_default=False)
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="市町村のCSV(CP932、和暦)も書く", show_default=False)
    ] = False,
    faults: Annotated[
        float,
        typer.Option(
            "--faults",
            metavar="RATE",
            help="CSVに誤りを入れる割合(0〜0.5。--csv と使う)。一覧は truth/faults.csv",
            show_default=True,
        ),
    ] = 0.0,
    processes: Annotated[
        int, typer.Option("--processes", metavar="P", help="並べて動かすプロセスの数", show_default=True)
    ] = 1,
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """合成の介護データ(実在しない人)を作る。

    例: kaigo synthesize --preset town --csv --faults 0.01 --out data/synthetic/cache/town
    """
    from kaigo.synthetic import plan_from_preset
    from kaigo.synthetic import synthesize as make

    plan = plan_from_preset(
        preset, persons=persons, months=months, start=start, municipalities=municipalities, seed=seed
    )
    with show_bar("合成データを作っています") as progress:
        tables = make(
            out, plan, csv=csv, faults=faults, processes=processes, progress=progress, engine=engine
        )
    rows = "、".join(f"{label}{tables.rows(name):,}行" for name, label in _LABELS.items())
    planted = "\nCSVに誤りを入れました。一覧は truth/faults.csv にあります。" if faults else ""
    say(f"合成データを書きました: {out}\n{rows}{planted}\n実在の人物・事業所とは関係ありません。", json_to)
    write_json(tables.manifest, json_to)


_LABELS = {"persons": "個人属性情報", "certifications": "認定情報", "benefits": "介護給付情報"}
