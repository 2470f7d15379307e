"""What is done about an odd row: a warning, quarantine, or nothing. The rules are data that the user may change."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kaigo.errors import InputError, ParameterError
from kaigo.intake.rules import PACKAGE
from kaigo.tables.facts import read_facts

ACTIONS = ("warn", "quarantine", "off")


@dataclass(frozen=True)
class Checks:
    """検査ごとの扱い(warn 注意、quarantine 隔離、off 検査しない)。

    Attributes
    ----------
    actions : mapping of str to str
        Rule to action; a rule that is not in it only warns.
    """

    actions: Mapping[str, str]

    def action(self, rule: str) -> str:
        """Action of a rule."""
        return self.actions.get(rule, "warn")


def load_checks(path: Path | None = None) -> Checks:
    """検査の扱いを読む。利用者のファイルにある検査だけが、同梱の扱いに代わる。

    Parameters
    ----------
    path : pathlib.Path, optional
        CSV (UTF-8) with the columns ``rule`` and ``action``; others are ignored.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    ParameterError
        If a rule or an action is not known.
    """
    actions = {row["rule"]: row["action"] for row in read_facts("checks", PACKAGE)}
    if path is not None:
        given = _read_actions(path, list(actions))
        # Who wants rows without a person set apart wants it whatever became of the person's own row.
        actions |= {"person_set_apart": given["person_unknown"]} if "person_unknown" in given else {}
        actions |= given
    return Checks(actions)


def _read_actions(path: Path, known: list[str]) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"検査の規則のファイル({path.name})を読めません。",
            found=getattr(error, "strerror", None) or "UTF-8のCSVではありません",
            remedy="rule と action の列をもつUTF-8のCSVにしてください。",
        ) from error
    if rows and not {"rule", "action"} <= set(rows[0]):
        raise InputError(
            f"検査の規則のファイル({path.name})に、必要な列がありません。",
            found="、".join(filter(None, rows[0])),
            remedy="1行目を rule,action にしてください。",
        )
    for number, row in enumerate(rows, start=2):
        if row["rule"] not in known:
            near = difflib.get_close_matches(row["rule"] or "", known, n=1)
            hint = f"{near[0]} のことですか。" if near else ""
            raise ParameterError(
                f"検査の規則のファイル({path.name})の{number}行目に、知らない検査があります。",
                found=row["rule"],
                remedy=f"{hint}使えるのは {'、'.join(known)} です。",
            )
        if row["action"] not in ACTIONS:
            raise ParameterError(
                f"検査の規則のファイル({path.name})の{number}行目の扱いが正しくありません。",
                found=row["action"],
                remedy="warn(注意)、quarantine(隔離)、off(検査しない)のどれかにしてください。",
            )
    return {row["rule"]: row["action"] for row in rows}
