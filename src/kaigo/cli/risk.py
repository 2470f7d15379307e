"""`kaigo risk`: of a release, or of any flat table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, write_json
from kaigo.cli.options import EngineText, JsonTo
from kaigo.cli.risk_table import TableOptions, measure_flat_table
from kaigo.errors import ParameterError

VERDICTS = ("可", "要検討", "不可")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("risk", cls=JapaneseCommand)(risk)


def risk(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="加工したデータのフォルダ、またはCSV・Parquet", show_default=False
        ),
    ],
    keys: Annotated[
        str | None, typer.Option("--keys", metavar="A,B,…", help="鍵の列(任意の表のとき)", show_default=False)
    ] = None,
    sensitive: Annotated[
        str | None,
        typer.Option(
            "--sensitive",
            metavar="C,…",
            help="機微な値の列。l-多様性とt-近接性を測る(任意の表のとき)",
            show_default=False,
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="COL", help="人を表す列(任意の表のとき)", show_default=False),
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(
            "--weight",
            metavar="COL",
            help="標本の重みの列。行ごとの危険を推定する(任意の表のとき)",
            show_default=False,
        ),
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(
            "--population",
            metavar="N",
            help="表が抜き出された母集団の人数。母集団で一意な割合を推定する(任意の表のとき)",
            show_default=False,
        ),
    ] = None,
    suda: Annotated[
        bool, typer.Option("--suda", help="少ない鍵で一意になる行の得点(SUDA2とDIS)を求める(任意の表のとき)")
    ] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="鍵のすべての組が行を見分ける力を測る(鍵10個まで)")
    ] = False,
    missing: Annotated[
        str,
        typer.Option(
            "--missing",
            metavar="value|wildcard",
            help="鍵の空欄を、1つの値とみなすか、どの値とも合うとみなすか",
            show_default=True,
        ),
    ] = "value",
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", metavar="不可|要検討", help="判定がこれ以下なら終了コード1", show_default=False
        ),
    ] = None,
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """残る危険を測る。加工したデータは人数で、任意の表は行(または --person の人)で数える。

    例: kaigo risk release --json risk.json

    例: kaigo risk table.csv --keys 性別,生年月,要介護度 --sensitive 疾患 --suda
    """
    if fail_on is not None and fail_on not in VERDICTS[1:]:
        raise ParameterError(
            "--fail-on の値を読めません。", found=fail_on, remedy="不可 か 要検討 を指定してください。"
        )
    from kaigo.deidentify import Release

    _check_path(path)
    asked = TableOptions(keys, sensitive, person, weight, population, suda, attributes, missing)
    if not Release.is_release(path):
        if fail_on:
            raise ParameterError(
                "任意の表には判定がありません。", found="--fail-on", remedy="--fail-on を外してください。"
            )
        measure_flat_table(path, asked, engine, json_to)
        return
    used = asked.used()
    if used:
        raise ParameterError(
            f"加工したデータでは {' と '.join(used)} を使いません。",
            found=path,
            remedy="準識別子は加工基準で決まっています。任意の表を測るときは表のファイルを指定してください。",
        )
    verdict = _measure_release(path, engine, json_to)
    if fail_on and VERDICTS.index(verdict) >= VERDICTS.index(fail_on):
        raise typer.Exit(1)


def _check_path(path: Path) -> None:
    """Say at once what is wrong with the place itself."""
    from kaigo.errors import InputError

    if not path.exists():
        raise InputError(
            "指定された場所に、何もありません。",
            found=path,
            remedy="フォルダまたはファイルの場所を確かめてください。",
        )
    if (path / "manifest.json").is_file():
        raise InputError(
            "加工する前の介護データのフォルダです。",
            found=path,
            remedy="kaigo deidentify で加工したデータのフォルダ(provide と keep のあるフォルダ)を指定してください。",
        )


def _measure_release(path: Path, engine: str, json_to: str | None) -> str:
    from kaigo.deidentify import Release
    from kaigo.risk import judge_release, measure_release

    measured = measure_release(Release.open(path), engine=engine)
    decision = judge_release(measured)
    say(decision.to_text(), json_to)
    write_json(measured.to_payload() | {"verdict": decision.to_payload()}, json_to)
    return decision.verdict
