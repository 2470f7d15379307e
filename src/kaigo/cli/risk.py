"""`kaigo risk`: of a release, or of any flat table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, write_json
from kaigo.cli.options import EngineText, JsonTo
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
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="COL", help="人を表す列(任意の表のとき)", show_default=False),
    ] = None,
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

    例: kaigo risk table.csv --keys 性別,生年月,要介護度
    """
    if fail_on is not None and fail_on not in VERDICTS[1:]:
        raise ParameterError(
            "--fail-on の値を読めません。", found=fail_on, remedy="不可 か 要検討 を指定してください。"
        )
    from kaigo.deidentify import Release

    _check_path(path)
    if Release.is_release(path):
        if keys or person:
            raise ParameterError(
                "加工したデータでは --keys と --person を使いません。",
                found=path,
                remedy="準識別子は加工基準で決まっています。任意の表を測るときは表のファイルを指定してください。",
            )
        verdict = _measure_release(path, engine, json_to)
    else:
        _measure_table(path, keys, person, fail_on, engine, json_to)
        return
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


def _measure_table(
    path: Path, keys: str | None, person: str | None, fail_on: str | None, engine: str, json_to: str | None
) -> None:
    from kaigo.risk import measure_table

    if not keys:
        raise ParameterError(
            "鍵の列が指定されていません。", found=path, remedy="--keys 列名,列名 を付けてください。"
        )
    if fail_on:
        raise ParameterError(
            "任意の表には判定がありません。", found="--fail-on", remedy="--fail-on を外してください。"
        )
    result = measure_table(
        path, [key.strip() for key in keys.split(",") if key.strip()], person=person, engine=engine
    )
    say(_summarise(result), json_to)
    write_json(result, json_to)


def _summarise(result: dict[str, Any]) -> str:
    unit = result["unit"]
    number = result.get("persons", result["records"])
    unique = result.get("unique_persons", result["unique_records"])
    note = (
        ""
        if unit == "人"
        else "\n行を数えた値です。1人が何行もつ表では、人についての判断には使えません。判定はしません。"
    )
    return (
        f"{number:,}{unit}、同値類 {result['classes']:,}、最も小さい同値類 k = {result['k']}{unit}\n"
        f"一意な{unit} {unique:,}({unique / number:.1%})、平均の再識別確率 {result['risk']['prosecutor_average']:.4f}{note}"
    )
