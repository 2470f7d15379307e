"""The command line as a whole: the verbs, and what happens when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from kaigo import __version__
from kaigo.cli import analyze, calibrate, deidentify, intake, k_anonymize, report, risk, standard, synthesize
from kaigo.cli.command import JapaneseGroup, exceptions, translate_words
from kaigo.cli.messages import explain_system_error, explain_usage_error
from kaigo.errors import KaigoError

USER_ERROR = 2
INTERRUPTED = 130

_DESCRIPTION = (
    "介護データを加工し、残る危険を測り、結果がまだ役に立つかを示す手引き(ワークブック)です。\n\n"
    "例: kaigo report(合成データで全章の報告書を作る)"
)


def build_app() -> typer.Typer:
    """Assemble the verbs."""
    translate_words()
    app = typer.Typer(
        help=_DESCRIPTION,
        cls=JapaneseGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    report.register(app)
    synthesize.register(app)
    calibrate.register(app)
    intake.register(app)
    deidentify.register(app)
    k_anonymize.register(app)
    risk.register(app)
    analyze.register(app)
    app.add_typer(standard.build_app(), name="standard")
    return app


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        help="版を表示して終わる",
        is_eager=True,
        callback=lambda value: _show_version(value),
    ),
) -> None:
    """Options that stand before the verb."""


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"kaigo {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """コマンドを実行し、終了コードを返して終わる(0 終了、1 求めた検査が不可、2 利用者の誤り)。"""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; return the exit code."""
    command = typer.main.get_command(build_app())
    try:
        result = command.main(
            args=None if arguments is None else list(arguments), prog_name="kaigo", standalone_mode=False
        )
    except KaigoError as error:
        print(f"誤り: {error}", file=sys.stderr)
        return USER_ERROR
    except exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return 0
    except exceptions.ClickException as error:
        print(f"誤り: {explain_usage_error(error)}", file=sys.stderr)
        return USER_ERROR
    except (typer.Abort, KeyboardInterrupt):
        print("中断しました。書きかけのファイルは残していません。", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"誤り: {explain_system_error(error)}", file=sys.stderr)
        return USER_ERROR
    return result if isinstance(result, int) else 0
