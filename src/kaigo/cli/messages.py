"""What the command line says: summaries, JSON, progress, and the library's own errors in Japanese."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kaigo.cli.command import exceptions
from kaigo.engine import write_file
from kaigo.engine.atomic import is_disk_full
from kaigo.errors import OutputError, ParameterError

JSON_TO_STDOUT = "-"


def explain_usage_error(error: Any) -> ParameterError:
    """Say in Japanese what is wrong with the command line itself."""
    context = getattr(error, "ctx", None)
    remedy = f"{context.command_path if context else 'kaigo'} --help で使い方を確かめてください。"
    if isinstance(error, exceptions.NoSuchOption):
        near = f"{'、'.join(error.possibilities)} のことですか。" if error.possibilities else ""
        return ParameterError("知らないオプションです。", found=error.option_name, remedy=near + remedy)
    if isinstance(error, exceptions.MissingParameter):
        return ParameterError(f"必要な指定がありません: {_name_parameter(error)}", remedy=remedy)
    if isinstance(error, exceptions.BadParameter):
        return ParameterError(
            f"指定の値が正しくありません: {_name_parameter(error)}", found=_find_value(error), remedy=remedy
        )
    if isinstance(error, exceptions.BadOptionUsage):
        takes_none = "does not take a value" in error.format_message()
        what = "このオプションは値をとりません。" if takes_none else "オプションの値がありません。"
        return ParameterError(what, found=error.option_name, remedy=remedy)
    unknown = re.search(r"No such command '([^']*)'(?:.*Did you mean '([^']*)')?", error.format_message())
    if unknown:
        near = f"{unknown[2]} のことですか。" if unknown[2] else ""
        return ParameterError("知らないコマンドです。", found=unknown[1], remedy=near + remedy)
    extra = re.search(r"unexpected extra argument\w*\(?s?\)? \((.*)\)", error.format_message())
    if extra:
        return ParameterError("余分な引数があります。", found=extra[1], remedy=remedy)
    return ParameterError("コマンドの書き方が正しくありません。", found=error.format_message(), remedy=remedy)


def explain_system_error(error: OSError) -> OutputError:
    """Say in Japanese what the system refused, where no room has explained it."""
    if is_disk_full(error):
        return OutputError(
            "書き込み中にディスクの空きがなくなりました。",
            found=error.strerror or type(error).__name__,
            remedy="空き容量を増やしてください。一時ファイルの場所は環境変数 TMPDIR で替えられます。",
        )
    return OutputError(
        f"ファイルを読み書きできません({error.filename or '場所は不明'})。",
        found=error.strerror or type(error).__name__,
        remedy="ファイルの場所と権限を確かめてください。",
    )


def _name_parameter(error: Any) -> str:
    if error.param is None:
        return str(error.param_hint)
    option = str(error.param.opts[0])
    return option if option.startswith("-") else str(error.param.metavar or option)


def _find_value(error: Any) -> str:
    cause = error.__cause__
    if cause is not None and hasattr(cause, "errors"):
        return str(cause.errors()[0]["input"])
    return str(error.message)


def say(text: str, json_to: str | None = None) -> None:
    """Print a line for people, unless standard output is reserved for JSON."""
    if json_to != JSON_TO_STDOUT:
        print(text)


def write_json(payload: Mapping[str, Any], json_to: str | None) -> None:
    """結果をJSONで書く(``-`` は標準出力)。"""
    if json_to is None:
        return
    text = json.dumps(payload, ensure_ascii=False, indent=1) + "\n"
    if json_to == JSON_TO_STDOUT:
        sys.stdout.write(text)
    else:
        write_file(Path(json_to), text)


def choose_teller() -> Callable[[str], None]:
    """A line as each part is done, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda line: None
    return lambda line: print(line, file=sys.stderr)


@contextlib.contextmanager
def show_stages() -> Iterator[Callable[[str], None]]:
    """Show the stage at work, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda label: None
        return
    from rich.console import Console

    with Console(stderr=True).status("始めています") as status:
        yield lambda label: status.update(label)


@contextlib.contextmanager
def show_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of done and total, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(label)
        yield lambda done, total: progress.update(task, completed=done, total=total)
