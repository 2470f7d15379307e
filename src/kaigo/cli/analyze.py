"""`kaigo analyze`: one of the three analyses of the source document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, write_json
from kaigo.cli.options import EngineText, JsonTo
from kaigo.errors import ParameterError

ANALYSES = ("conditions", "service-use", "care-plans")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("analyze", cls=JapaneseCommand)(analyze)


def analyze(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="加工したデータ、または介護データのフォルダ", show_default=False),
    ],
    what: Annotated[
        str,
        typer.Option(
            "--what", metavar="conditions|service-use|care-plans", help="分析の種類", show_default=False
        ),
    ],
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """資料の3つの分析のうち1つを行う(① 疾患・容態、② サービス利用、③ ケアプラン)。

    例: kaigo analyze release --what service-use --json use.json
    """
    if what not in ANALYSES:
        raise ParameterError(
            "分析の種類を読めません。",
            found=what,
            remedy=f"{'、'.join(ANALYSES)} のどれかを指定してください。",
        )
    from kaigo.analysis import analyse_care_plans, analyse_conditions, analyse_service_use, run_analysis
    from kaigo.analysis.figures import judge_care_plans, judge_conditions, judge_service_use
    from kaigo.deidentify import Release
    from kaigo.tables import CareTables

    data = Release.open(path) if Release.is_release(path) else CareTables.open(path)
    if what == "conditions":
        conditions = run_analysis(analyse_conditions, data, engine=engine)
        decision, payload = judge_conditions(conditions), conditions.to_payload()
    elif what == "service-use":
        use = run_analysis(analyse_service_use, data, engine=engine)
        decision, payload = judge_service_use(use), use.to_payload()
    else:
        plans = run_analysis(analyse_care_plans, data, engine=engine)
        decision, payload = judge_care_plans(plans), plans.to_payload()
    say(decision.to_text(), json_to)
    write_json(payload, json_to)
