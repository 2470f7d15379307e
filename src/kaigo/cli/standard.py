"""`kaigo standard show|check`."""

from __future__ import annotations

from typing import Annotated

import typer

from kaigo.cli.command import JapaneseCommand, JapaneseGroup
from kaigo.cli.messages import say, write_json
from kaigo.cli.options import JsonTo

Name = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="加工基準の名前またはTOML", show_default=False)
]

_DESCRIPTION = "加工基準を表示する・確かめる。\n\n例: kaigo standard show soumu-2018"


def build_app() -> typer.Typer:
    """The two verbs about standards."""
    app = typer.Typer(help=_DESCRIPTION, no_args_is_help=True, rich_markup_mode=None, cls=JapaneseGroup)
    app.command("show", cls=JapaneseCommand)(show)
    app.command("check", cls=JapaneseCommand)(check)
    return app


def show(name: Name, json_to: JsonTo = None) -> None:
    """加工基準書(定め、理由、準識別子、5号の検討)を、定めごとに1段ずつ示す(内部限り)。

    例: kaigo standard show soumu-2018
    """
    from kaigo.deidentify import load_standard
    from kaigo.deidentify.figures import show_reasons, show_standard
    from kaigo.deidentify.figures_standards import show_deliberations, show_exclusions

    standard = load_standard(name)
    parts = (show_standard, show_reasons, show_exclusions, show_deliberations)
    say("\n\n\n".join(part(standard).to_blocks() for part in parts), json_to)
    write_json(standard.model_dump(mode="json"), json_to)


def check(name: Name, json_to: JsonTo = None) -> None:
    """加工基準の誤りを探す(誤りがあれば終了コード1)。

    例: kaigo standard check my-standard.toml
    """
    from kaigo.deidentify.standard import check_standard, read_standard

    findings = check_standard(read_standard(name))
    if findings:
        say("\n".join(f"- {finding}" for finding in findings), json_to)
    say(f"{len(findings)}件の誤りがあります。" if findings else "誤りは見つかりませんでした。", json_to)
    write_json({"standard": name, "findings": findings}, json_to)
    if findings:
        raise typer.Exit(1)
