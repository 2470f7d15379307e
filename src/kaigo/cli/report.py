"""`kaigo report` and `kaigo lab`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import choose_teller, say, write_json
from kaigo.cli.options import JsonTo
from kaigo.errors import ParameterError

DEFAULT_PARAMETERS = Path("params") / "default.yaml"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("report", cls=JapaneseCommand)(report)
    app.command("lab", cls=JapaneseCommand)(lab)


def report(
    params: Annotated[
        Path | None,
        typer.Option(
            "--params",
            metavar="FILE",
            help="パラメータのYAML(既定は params/default.yaml)",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="パラメータを1つ替える(何度でも)", show_default=False
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="CHAPTER", help="この章だけ作る(何度でも)", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="kaigo intake で作った介護データのフォルダ", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="報告書のフォルダ(既定は reports)", show_default=False),
    ] = None,
    json_to: JsonTo = None,
) -> None:
    """全章を実行し、報告書(HTML)と索引を作る。

    加工基準のために行えない分析は、その章に理由と要るものを載せる(判定は不可、終了コードは0)。章の実行に失敗したときは、前の報告書を残し、どの章のどのセルかを示して、終了コード2で終わる。

    例: kaigo report

    例: kaigo report --data own --out reports-own --set threshold=20
    """
    from kaigo.workbook.params import Params
    from kaigo.workbook.project import find_project_root
    from kaigo.workbook.record import write_command
    from kaigo.workbook.report import write_report

    root = find_project_root()
    overrides = dict(_split_setting(text) for text in settings or [])
    if data is not None:
        _check_data(data)
        overrides["data"] = str(data)
    base = Params.load(params or root / DEFAULT_PARAMETERS)
    wanted = Params.load(params or root / DEFAULT_PARAMETERS, overrides)
    chosen = tuple(only or ())
    command = write_command(wanted, chosen, file=params, base=base, out=out)
    result = write_report(wanted, only=chosen, out=out, root=root, command=command, progress=choose_teller())
    say(f"全体の判定: {result.overall or 'なし'}\n報告書: {result.index}", json_to)
    if json_to:
        write_json(json.loads((result.index.parent / "verdict.json").read_text(encoding="utf-8")), json_to)


def lab(json_to: JsonTo = None) -> None:
    """JupyterLabで手引きを開く。JSONには、閉じたあとに手引きの場所と終了コードを書く。

    例: kaigo lab
    """
    from kaigo.workbook.project import GUIDE, find_project_root

    guide = find_project_root() / GUIDE
    code = subprocess.call([sys.executable, "-m", "jupyterlab", str(guide)])
    write_json({"guide": str(guide), "exit_code": code}, json_to)
    raise typer.Exit(code)


def _split_setting(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise ParameterError(
            "--set の書き方が正しくありません。",
            found=text,
            remedy="--set threshold=20 のように 名前=値 で書いてください。",
        )
    return name.strip(), value.strip()


def _check_data(folder: Path) -> None:
    """Open the care tables once before any chapter starts, so that a wrong folder is answered at once."""
    from kaigo.tables import CareTables

    CareTables.open(folder)
