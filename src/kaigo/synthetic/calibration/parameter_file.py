"""The parameters as a TOML file: numbers are put into the text, comments and sources stay."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from kaigo.errors import InputError
from kaigo.synthetic.parameters import PACKAGE, Parameters, build_parameters, freeze

DIGITS = 5


def read_shipped_text() -> str:
    """The shipped ``parameters.toml``."""
    return resources.files(PACKAGE).joinpath("data", "parameters.toml").read_text(encoding="utf-8")


def read_parameters(path: Path) -> Parameters:
    """合成データの数値のファイル(parameters.toml と同じ形)を読む。

    Raises
    ------
    InputError
        If the file is not there, is not TOML or lacks a number.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return build_parameters({key: freeze(value) for key, value in raw.items()})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(
            "合成データの数値のファイルを読めません。",
            found=path.name,
            remedy="kaigo calibrate が書いた parameters.toml を指定してください。",
        ) from error


def render_parameters(parameters: Parameters, paths: list[str], text: str) -> str:
    """数値を書き換えた TOML の文(注釈はそのまま)。

    Parameters
    ----------
    paths : list of str
        Dotted paths ``section.key`` of the values that changed; each stands on one line of the text.
    """
    for path in paths:
        section, key = path.rsplit(".", 1)
        value: Any = parameters
        for part in path.split("."):
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        text = _replace_line(text, section, key, _render(value))
    return text


def _replace_line(text: str, section: str, key: str, value: str) -> str:
    head = re.search(rf"^\[{re.escape(section)}\]$", text, re.MULTILINE)
    name = re.escape(key)
    line = re.compile(rf'^("?{name}"?) = .*$', re.MULTILINE)
    found = line.search(text, head.end()) if head else None
    if found is None:
        raise ValueError(f"{section}.{key}")
    return f"{text[: found.start()]}{found[1]} = {value}{text[found.end() :]}"


def _render(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_render(part) for part in value)}]"
    if isinstance(value, float):
        return repr(round(value, DIGITS))
    return repr(value)
