"""`kaigo risk`: of a release, or of any flat table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_stages, write_json
from kaigo.cli.options import EngineText, JsonTo
from kaigo.cli.risk_table import TableOptions, measure_flat_table
from kaigo.errors import ParameterError

if TYPE_CHECKING:
    from kaigo.deidentify import Release
    from kaigo.risk import AttackRisk

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
    register: Annotated[
        Path | None,
        typer.Option(
            "--register",
            metavar="DIR",
            help="加工のもとになった介護データ。照合の試みも行う(仮IDのある3つの表 linked のとき)",
            show_default=False,
        ),
    ] = None,
    attackers: Annotated[
        Path | None,
        typer.Option(
            "--attackers",
            metavar="F.toml",
            help="識別を試みる場面の想定(既定は同梱のもの)",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="照合で抜き出す人を選ぶ乱数の種")] = 0,
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

    例: kaigo risk release --register own

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
        _refuse_for_tables(register, attackers)
        measure_flat_table(path, asked, engine, json_to)
        return
    used = asked.used()
    if used:
        raise ParameterError(
            f"加工したデータでは {' と '.join(used)} を使いません。",
            found=path,
            remedy="準識別子は加工基準で決まっています。任意の表を測るときは表のファイルを指定してください。",
        )
    verdict = _measure_release(path, AttackOptions(register, attackers, seed), engine, json_to)
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


@dataclass(frozen=True)
class AttackOptions:
    """What the attacks on a release need: the register, the assumptions, the seed of the draws."""

    register: Path | None
    attackers: Path | None
    seed: int


def _refuse_for_tables(register: Path | None, attackers: Path | None) -> None:
    for name, value in (("--register", register), ("--attackers", attackers)):
        if value is not None:
            raise ParameterError(
                f"任意の表では {name} を使いません。",
                found=value,
                remedy="照合の試みは、kaigo deidentify で加工したデータについて行います。",
            )


def _measure_release(path: Path, asked: AttackOptions, engine: str, json_to: str | None) -> str:
    from kaigo.deidentify import Release
    from kaigo.risk import check_attackable, judge_release, judge_with_attacks, measure_release
    from kaigo.risk.figures_attacks import show_attacks, show_criteria

    if asked.attackers is not None and asked.register is None:
        raise ParameterError(
            "--attackers には --register も要ります。",
            found=asked.attackers,
            remedy="--register に、加工のもとになった介護データのフォルダを指定してください。",
        )
    release = Release.open(path)
    if asked.register is not None:
        check_attackable(release)
    measured = measure_release(release, engine=engine)
    if asked.register is None:
        decision = judge_release(measured)
        say(decision.to_text(), json_to)
        write_json(measured.to_payload() | {"verdict": decision.to_payload()}, json_to)
        return decision.verdict
    found = _attack(release, asked, engine)
    decision = judge_with_attacks(measured, found.attackers, found.criteria)
    say(decision.to_text(), json_to)
    source = str(release.folder)
    for table in (show_attacks(found.attackers, source), show_criteria(found.criteria, source)):
        say("\n" + table.to_text(), json_to)
    parts = {"verdict": decision.to_payload(), "attacks": found.to_payload()}
    write_json(measured.to_payload() | parts, json_to)
    return decision.verdict


def _attack(release: Release, asked: AttackOptions, engine: str) -> AttackRisk:
    """Run the attacks."""
    import numpy as np

    from kaigo.risk import load_attackers, run_attacks
    from kaigo.tables import CareTables

    tables = CareTables.open(asked.register or Path())
    with show_stages() as progress:
        progress("台帳と照合する")
        return run_attacks(
            release,
            tables,
            np.random.default_rng(asked.seed),
            attackers=load_attackers(asked.attackers),
            engine=engine,
        )
