"""The noun ``Standard``: the processing standard (加工基準) as data, read from TOML and checked."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from kaigo.deidentify.standard_messages import MOST, explain_errors
from kaigo.deidentify.standard_parts import (
    Deliberation,
    Exclusion,
    Frozen,
    Layout,
    PeriodRule,
    PseudonymRule,
    QuasiIdentifiers,
    Rule,
    ShuffleRule,
)
from kaigo.errors import StandardError

__all__ = ["Layout", "Rule", "Standard", "check_standard", "list_standards", "load_standard", "read_standard"]


class Standard(Frozen):
    """加工基準。どの列も、どこかの定めに必ず1回は現れる。"""

    name: str
    title: str
    description: str
    source: str
    law_as_of: str
    layout: Layout
    pseudonym: PseudonymRule
    period: PeriodRule | None = None
    shuffle: ShuffleRule
    quasi_identifiers: QuasiIdentifiers
    not_quasi_identifiers: tuple[Exclusion, ...] = ()
    deliberations: tuple[Deliberation, ...] = ()
    rules: tuple[Rule, ...]

    @field_validator("name", "title")
    @classmethod
    def _refuse_empty(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("空にはできません")
        return text

    @field_validator("law_as_of")
    @classmethod
    def _refuse_other_dates(cls, text: str) -> str:
        wrong = "年月日を 2026-11-23 の形で書いてください"
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(wrong)
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError(wrong) from None
        return text

    def with_parameters(self, overrides: Mapping[str, Mapping[str, Any]]) -> Standard:
        """基準値を替えた加工基準を返す(もとの基準は変わらない)。

        Parameters
        ----------
        overrides : mapping
            Technique name (or ``pseudonym``) to the parameters to replace. A replaced value is marked 自治体.

        Raises
        ------
        StandardError
            If a technique or parameter is unknown or a value is out of range.
        """
        _refuse_unknown_overrides(overrides)
        data = self.model_dump()
        for rule in data["rules"]:
            new = {
                k: v
                for k, v in overrides.get(rule["technique"], {}).items()
                if rule["parameters"].get(k) != v
            }
            if new:
                rule["parameters"] |= new
                rule["set_by"] = "自治体"
                rule["reason"] = f"自治体が値を替えた。もとの理由: {rule['reason']}"
        rotation = overrides.get("pseudonym", {}).get("rotate_months")
        rotates = self.pseudonym.mode == "rotating"
        if rotates and rotation is not None and rotation != self.pseudonym.rotate_months:
            data["pseudonym"] |= {"rotate_months": rotation, "set_by": "自治体"}
        standard = _validate(data, self.name)
        _refuse_contradictions(standard, self.name)
        return standard

    def to_toml(self) -> str:
        """The standard in force, as TOML for ``keep/standard.toml``."""
        data = self.model_dump(exclude_none=True)
        lines = [f"{key} = {_toml_value(value)}" for key, value in data.items() if isinstance(value, str)]
        for name, part in data.items():
            if isinstance(part, dict):
                lines += ["", f"[{name}]", *_toml_pairs(part)]
        for name, parts in data.items():
            if isinstance(parts, list | tuple):
                for part in parts:
                    lines += ["", f"[[{name}]]", *_toml_pairs(part)]
        return "\n".join(lines) + "\n"


def _toml_pairs(part: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml_value(value)}" for key, value in part.items()]


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _refuse_unknown_overrides(overrides: Mapping[str, Mapping[str, Any]]) -> None:
    from kaigo.deidentify.techniques import TECHNIQUES

    known = {name: set(technique.parameters.model_fields) for name, technique in TECHNIQUES.items()}
    known["pseudonym"] = {"rotate_months"}
    usable = "、".join(f"{name}({'・'.join(sorted(each))})" for name, each in known.items() if each)
    for name, parameters in overrides.items():
        unknown = sorted(set(parameters) - known.get(name, set()))
        if name not in known or unknown:
            raise StandardError(
                "加工基準にない手法または基準値です。",
                found=f"{name}: {'、'.join(unknown)}" if name in known else name,
                remedy=f"使える手法と基準値: {usable}。",
            )


def list_standards() -> tuple[str, ...]:
    """Names of the standards that ship with the package."""
    folder = resources.files("kaigo.deidentify").joinpath("standards")
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    )


def load_standard(name_or_path: str | Path) -> Standard:
    """加工基準を名前またはTOMLファイルから読み、確かめる。

    Raises
    ------
    StandardError
        If there is no such standard, the TOML cannot be read, or :func:`check_standard` finds anything.
    """
    standard = read_standard(name_or_path)
    _refuse_contradictions(standard, str(name_or_path))
    return standard


def read_standard(name_or_path: str | Path) -> Standard:
    """加工基準を読む(項目名と値の形だけを確かめる)。

    Raises
    ------
    StandardError
        If there is no such standard or the TOML cannot be read.
    """
    text, origin = _read_text(str(name_or_path))
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StandardError(
            f"加工基準をTOMLとして読めません({origin})。",
            found=str(error),
            remedy="書き方(引用符、括弧、=)を確かめてください。",
        ) from error
    return _validate(data, origin)


def _validate(data: Mapping[str, Any], origin: str) -> Standard:
    try:
        return Standard.model_validate(data)
    except ValidationError as error:
        sentences = explain_errors(error.errors(), data, Standard)
        more = f" / ほか{len(sentences) - MOST}件" if len(sentences) > MOST else ""
        raise StandardError(
            f"加工基準の項目に誤りがあります({origin}、{len(sentences)}件)。",
            found=" / ".join(sentences[:MOST]) + more,
            remedy="同梱の soumu-2018 を手本に、項目名と値を直してください。",
        ) from error


def _read_text(name: str) -> tuple[str, str]:
    if re.fullmatch(r"[\w\-]+", name) and name in list_standards():
        path = resources.files("kaigo.deidentify").joinpath("standards", f"{name}.toml")
        return path.read_text(encoding="utf-8"), name
    path = Path(name)
    if not path.is_file():
        raise StandardError(
            "加工基準が見つかりません。",
            found=name,
            remedy=f"同梱の基準名({'、'.join(list_standards())})か、TOMLファイルの場所を指定してください。",
        )
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StandardError(
            "加工基準のファイルを読めません。", found=path, remedy="UTF-8のTOMLにしてください。"
        ) from error


def check_standard(standard: Standard) -> list[str]:
    """加工基準の矛盾を探す。

    Returns
    -------
    list of str
        One Japanese sentence a finding; empty if the standard is sound.
    """
    # The checks know the techniques, and the techniques know rules: the circle is closed here, at run time.
    from kaigo.deidentify.standard_checks import find_contradictions

    return find_contradictions(standard)


def _refuse_contradictions(standard: Standard, origin: str) -> None:
    findings = check_standard(standard)
    if findings:
        raise StandardError(
            f"加工基準に{len(findings)}件の誤りがあります({origin})。",
            found=" / ".join(findings),
            remedy="kaigo standard check で1件ずつ確かめて直してください。",
        )
