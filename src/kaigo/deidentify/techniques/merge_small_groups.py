"""一般化: in groups of too few the birth becomes wider, step by step, until enough persons share it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from kaigo.deidentify.small_groups import GROUPING_TABLES, describe_groups, find_small_groups
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace

WIDEST = 40
"""Years of the widest band; what is still rare then becomes empty."""


class MergeGroupParameters(Parameters):
    """``persons``: persons that a group needs."""

    persons: int = Field(ge=2, le=1000)


class MergeSmallGroups(Technique):
    """該当者の少ない組に入る人の生年の幅を、少しずつ広げる(一般化)。

    The rule's columns, the birth (a year or a band of years) among them, make the groups. In groups of fewer than
    ``persons`` persons a year becomes 5 years, and a band twice as wide, up to 40 years; then the birth is
    emptied. Groups are counted again after every step, a wider band and an empty birth being values of their own.
    What is still small then, ``blank_small_groups`` or ``delete_small_groups`` deals with. An open band is
    emptied at once. The released column is ``birth_band``: bands of different width stand side by side.

    Examples
    --------
    persons = 2, columns birth and sex, all 男: 1940, 1940, 1941, 1943 → 1941 and 1943 have one person each; both
    become 1940-1944, and that has two.
    """

    name = "merge_small_groups"
    label = "一般化(該当者の少ない組の生年の幅)"
    recipient_note = "幅の違う値が混じり、空欄を含む"
    parameters = MergeGroupParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.partition(".")[0] in GROUPING_TABLES

    def check_rule(self, rule: Rule) -> list[str]:
        """See :class:`Technique`."""
        named = rule.expanded().get("persons", ())
        return (
            [] if "birth_date" in named else ["広げる生年(persons.birth_date)が、この定めの列にありません。"]
        )

    def release_as(self, column: str, parameters: Mapping[str, Any]) -> str | None:
        """See :class:`Technique`."""
        return "birth_band" if column == "persons.birth_date" else None

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        least = MergeGroupParameters.model_validate(rule.parameters).persons
        entries: list[LedgerEntry] = []
        wider = _widen(work)
        while True:
            started = time.perf_counter()
            small = find_small_groups(work, rule, least)
            work, entry = work.rewrite(
                rule,
                "persons",
                {"birth_date": f"case when s.person is null then t.birth_date else {wider} end"},
                technique=self.label,
                joins=f"left join (select distinct person from {small}) as s on s.person = t.person",
                note=describe_groups(work, small, least),
                started=started,
            )
            if entry.cells_changed == 0:
                break
            entries.append(entry)
        entries = entries or [entry]
        return dataclasses.replace(work, names={**work.names, "birth_date": "birth_band"}), entries


def _widen(work: Workspace) -> str:
    """SQL: the next wider band of ``t.birth_date`` (``1943`` or ``1940-1944``); null if there is none."""
    text = work.engine.dialect.text_type
    first, last = "cast(substr(t.birth_date, 1, 4) as integer)", "cast(substr(t.birth_date, 6, 4) as integer)"
    five = f"({first} - {first} % 5)"
    width = f"(2 * ({last} - {first} + 1))"
    start = f"({first} - {first} % {width})"
    return (
        f"case when length(t.birth_date) = 4 then concat(cast({five} as {text}), '-', cast({five} + 4 as {text})) "
        f"when length(t.birth_date) = 9 and {width} <= {WIDEST} then "
        f"concat(cast({start} as {text}), '-', cast({start} + {width} - 1 as {text})) end"
    )
