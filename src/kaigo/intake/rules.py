"""The named rules of intake: why a row is quarantined, what is only warned of. The texts are data (``rules.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kaigo.tables.facts import read_facts

PACKAGE = "kaigo.intake"


@dataclass(frozen=True)
class Rule:
    """読み込みの規則。``kind`` は quarantine(隔離)または warning(注意)。

    Attributes
    ----------
    id, kind, label : str
    text : str
        What was found, in Japanese, one sentence.
    kept : str
        What became of the row where the rule only warns; empty where ``text`` says it all.
    remedy : str
        What an officer can do about it.
    """

    id: str
    kind: str
    label: str
    text: str
    kept: str
    remedy: str

    @property
    def warning(self) -> str:
        """The text where the rule only warns: what was found, and that the row is in the tables all the same."""
        return self.text + self.kept


@cache
def load_rules() -> dict[str, Rule]:
    """読み込みの規則を名前(rule)で返す。"""
    return {row["id"]: Rule(**row) for row in read_facts("rules", PACKAGE)}
