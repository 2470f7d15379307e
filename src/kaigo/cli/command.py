"""Help pages in Japanese: the few words that the command-line library would say in English."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import typer
import typer.core

_LIBRARY = typer.BadParameter.__module__.rpartition(".")[0]
"""The click that typer works with: its own copy in new versions, the package ``click`` in older ones."""

exceptions: Any = importlib.import_module(f"{_LIBRARY}.exceptions")

_WORDS = {
    "Options": "オプション",
    "Commands": "コマンド",
    "required": "必須",
    "default: {default}": "既定: {default}",
}


def translate_words() -> None:
    """Let the library look its words up in our list."""
    vars(typer.core)["_"] = lambda text: _WORDS.get(text, text)


class JapaneseCommand(typer.core.TyperCommand):
    """1つのコマンド。使い方の見出しと ``--help`` の説明を日本語にする。"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"options_metavar": "[オプション]"}))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Usage line with a Japanese head."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="使い方: ")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments by their plain name: newer versions of the library put braces around what is required."""
        return [piece.removeprefix("{").removesuffix("}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options, without the library's English names of types (``<path>``)."""
        sections: dict[str, list[tuple[str, str]]] = {"引数": [], "オプション": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                sections["引数"].append((str(parameter.metavar), record[1]))
            else:
                sections["オプション"].append(record)
        for head, records in sections.items():
            if records:
                with formatter.section(head):
                    formatter.write_dl(records)

    def get_help_option(self, ctx: Any) -> Any:
        """``--help`` with a Japanese description."""
        return _describe_help(super().get_help_option(ctx))


class JapaneseGroup(typer.core.TyperGroup):
    """コマンドの集まり。見出しを日本語にする。"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        words = {"options_metavar": "[オプション]", "subcommand_metavar": "コマンド …"}
        super().__init__(*args, **(kwargs | words))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Usage line with a Japanese head."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="使い方: ")

    def invoke(self, ctx: Any) -> Any:
        """Settle here what versions of the library settle differently: an interrupt, and a reader who went away."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt as error:
            raise typer.Abort from error
        except BrokenPipeError as error:
            # Nothing more can be said to the pipe, not even what is still in the buffer.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from error
        return result

    def get_help_option(self, ctx: Any) -> Any:
        """``--help`` with a Japanese description."""
        return _describe_help(super().get_help_option(ctx))


def _describe_help(option: Any) -> Any:
    if option is not None:
        option.help = "この説明を表示して終わる"
    return option
