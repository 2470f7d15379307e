"""レコード削除: persons in groups of too few."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.removal import remove_records
from kaigo.deidentify.small_groups import GROUPING_TABLES, describe_groups, find_small_groups
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class SmallGroupParameters(Parameters):
    """``persons``: a group stays if at least so many persons of the municipality are in it."""

    persons: int = Field(ge=2, le=1000)


class DeleteSmallGroups(Technique):
    """該当者の少ない組に入る認定を、その給付とともに削除する(レコード削除)。

    The rule's columns, of persons and certifications, make the groups; an empty value is a value. A person with
    several certifications loses only those in small groups, and leaves with the last one. What is left is in
    groups of at least ``persons`` persons: nobody else's group gets smaller.

    Examples
    --------
    persons = 2, columns sex and care level: 甲 男・要介護1, 乙 男・要介護1, 丙 女・要介護1 → 丙 is removed.
    """

    name = "delete_small_groups"
    label = "レコード削除(該当者の少ない組)"
    recipient_note = "該当者の少ない組合せの人を含まない"
    parameters = SmallGroupParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.partition(".")[0] in GROUPING_TABLES

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        least = SmallGroupParameters.model_validate(rule.parameters).persons
        small = find_small_groups(work, rule, least)
        note = describe_groups(work, small, least)
        return remove_records(
            work, rule, "certification", small, technique=self.label, note=note, started=started
        )
