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
    persons: Annotated[
        int, typer.Option("--persons", metavar="N", help="認定者の数", show_default=True)
    ] = 20_000,
    months: Annotated[int, typer.Option("--months", metavar="M", help="月数", show_default=True)] = 12,
    start: Annotated[
        str, typer.Option("--start", metavar="YYYY-MM", help="最初の月", show_default=True)
    ] = "2024-04",
    municipalities: Annotated[
        int, typer.Option("--municipalities", metavar="K", help="市町村の数", show_default=True)
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="乱数の種", show_default=True)] = 42,
    csv: Annotated[
        bool, typer.Option("--csv", help="市町村のCSV(CP932、和暦)も書く", show_default=False)
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", metavar="P", help="並べて動かすプロセスの数", show_default=True)
    ] = 1,
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """合成の介護データ(実在しない人)を作る。

    例: kaigo synthesize --out data/synthetic/demo --persons 20000 --months 12
    """
    from kaigo.synthetic import SynthesisPlan
    from kaigo.synthetic import synthesize as make

    plan = SynthesisPlan(
        persons=persons, months=months, start=start, municipalities=municipalities, seed=seed
    )
    with show_bar("合成データを作っています") as progress:
        tables = make(out, plan, csv=csv, processes=processes, progress=progress, engine=engine)
    rows = "、".join(f"{label}{tables.rows(name):,}行" for name, label in _LABELS.items())
    say(f"合成データを書きました: {out}\n{rows}\n実在の人物・事業所とは関係ありません。", json_to)
    write_json(tables.manifest, json_to)


_LABELS = {"persons": "個人属性情報", "certifications": "認定情報", "benefits": "介護給付情報"}
