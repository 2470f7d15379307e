"""`kaigo calibrate`: fit the synthetic data to the published tables, and report how well they fit."""

from __future__ import annotations

from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_bar, write_json
from kaigo.cli.options import EngineText, JsonTo, Out

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("calibrate", cls=JapaneseCommand)(calibrate)


def calibrate(
    out: Out,
    persons: Annotated[
        int, typer.Option("--persons", metavar="N", help="1回ごとに模擬する人数", show_default=True)
    ] = 24_000,
    rounds: Annotated[
        int,
        typer.Option("--rounds", metavar="R", help="探索の回数(0は今の数値の報告だけ)", show_default=True),
    ] = 3,
    report_persons: Annotated[
        int, typer.Option("--report-persons", metavar="N", help="報告の表を作る人数", show_default=True)
    ] = 50_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="乱数の種", show_default=True)] = 1,
    processes: Annotated[
        int, typer.Option("--processes", metavar="P", help="並べて動かすプロセスの数", show_default=True)
    ] = 1,
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """合成データの数値を公表統計に合わせ直し、すべての指標の報告を書く。

    例: kaigo calibrate --out calibration --rounds 0
    """
    from kaigo.synthetic.calibration import calibrate as fit

    with show_bar("公表統計に合わせています") as progress:
        report = fit(
            out,
            persons=persons,
            rounds=rounds,
            report_persons=report_persons,
            seed=seed,
            processes=processes,
            engine=engine,
            progress=progress,
        ).report
    counts = "、".join(f"{name} {count:,}" for name, count in report["moments"].items())
    missed = "".join(
        f"\n  {row['群']} {row['指標']}: 公表{row['公表']:.1f}、合成{row['合成']:.1f}"
        for row in report["not_held"][:SHOWN]
    )
    say(
        f"報告を書きました: {out}\n指標 {counts}{missed}\n"
        "合成データから現実についての結論を出すことはできません。",
        json_to,
    )
    write_json(report, json_to)
