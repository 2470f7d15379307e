"""What counts as a condition (容態), a condition profile (容態像) and a pattern of use: data files, read here."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from kaigo.tables import level_name, load_care_levels
from kaigo.tables.facts import read_facts

PACKAGE = "kaigo.analysis"
UNKNOWN_CATEGORY = "X"
"""Category of lines whose code was deleted or is of no known kind."""
CERTIFIED = ("12", "13", "21", "22", "23", "24", "25")
"""要支援1 to 要介護5; 非該当 and 事業対象者 are not certified."""

Role = Literal["home", "residential", "none", "undetermined"]


@dataclass(frozen=True)
class Condition:
    """認定調査の回答から読み取る容態の1つ。

    Attributes
    ----------
    id, name, group : str
        ``name`` is Japanese and says what 「あり」 means.
    columns : tuple of str
        Survey items; one answer among ``codes`` in any of them makes the condition present.
    codes : tuple of int
    reason, source : str
    """

    id: str
    name: str
    group: str
    columns: tuple[str, ...]
    codes: tuple[int, ...]
    reason: str
    source: str

    def is_available(self, survey: Collection[str]) -> bool:
        """Whether all its items are in the table."""
        return all(column in survey for column in self.columns)


@dataclass(frozen=True)
class Pattern:
    """サービス利用パターン: 最初の数か月に単位数で中心となるサービスの分類。"""

    category: str
    role: Role
    name: str


NO_USE = Pattern("", "none", "利用なし")


@cache
def load_conditions() -> tuple[Condition, ...]:
    """容態を、定めた順に返す。"""
    return tuple(
        Condition(
            id=row["id"],
            name=row["name_ja"],
            group=row["group"],
            columns=tuple(row["columns"].split("|")),
            codes=tuple(int(code) for code in row["codes"].split("|")),
            reason=row["reason"],
            source=row["source"],
        )
        for row in read_facts("conditions", PACKAGE)
    )


@cache
def load_patterns() -> dict[str, Pattern]:
    """Patterns by category of service."""
    roles: dict[str, Role] = {
        "home": "home",
        "residential": "residential",
        "none": "none",
        "undetermined": "undetermined",
    }
    return {
        row["category"]: Pattern(row["category"], roles[row["role"]], row["name_ja"])
        for row in read_facts("patterns", PACKAGE)
    }


@cache
def _read_toml(name: str) -> dict[str, Any]:
    text = resources.files(PACKAGE).joinpath("data", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def load_profiles() -> dict[str, Any]:
    """容態像の規則(``axes``)、名前(``names``)、説明(``rule``)。"""
    return _read_toml("profiles")


def profile_name(profile: str) -> str:
    """Japanese name of a profile."""
    return str(load_profiles()["names"][profile])


def load_thresholds() -> dict[str, dict[str, Any]]:
    """分析の決めと目安を、理由と出典とともに返す。"""
    return _read_toml("thresholds")


def load_statements(analysis: str) -> dict[str, Any]:
    """結果に必ず添える文(``conditions``, ``service_use``, ``care_plans``)。"""
    statements: dict[str, Any] = _read_toml("statements")[analysis]
    return statements


def release_notes(layout: str) -> tuple[str, ...]:
    """What has to be said where a pseudonym stands for a person: it rotates, and says nothing of death."""
    words = load_statements("common")
    return (str(words["pseudonyms"]), str(words["qualification"])) if layout == "linked" else ()


def severity(level: str | None) -> int | None:
    """Order of a care level; None where the level is not known."""
    found = load_care_levels().get(level or "")
    return found.severity if found else None


def needy_levels() -> tuple[str, ...]:
    """Levels at or above the one that counts as high need (要介護3 by default)."""
    levels = load_care_levels()
    least = levels[load_thresholds()["need_level"]["value"]].severity
    return tuple(code for code in CERTIFIED if levels[code].severity >= least)


def needy_name() -> str:
    """The levels of high need in words: 要介護3以上."""
    return f"{level_name(needy_levels()[0])}以上"
