"""セル削除: values of persons in groups of too few."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.small_groups import GROUPING_TABLES, describe_groups, find_small_groups
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class BlankGroupParameters(Parameters):
    """``persons``: persons that a group needs; ``blank``: the columns to empty, ``"birth_date,care_level"``."""

    persons: int = Field(ge=2, le=1000)
    blank: str = Field(pattern=r"^\w+(,\w+)*$")


class BlankSmallGroups(Technique):
    """該当者の少ない組に入る人の、決めた列を空欄にする(セル削除)。

    Columns are emptied one after the other, in the order of ``blank``: after each, groups are counted again, with
    empty as a value of its own, and only who still stands in a small group loses the next. A column of a person
    is emptied if any of the person's certifications is in a small group, until none is left. Where the last column is emptied and the
    group is still small, ``delete_small_groups`` removes it.

    Examples
    --------
    persons = 2, columns sex and care level, blank = "care_level": 甲 乙 男・要介護1, 丙 男・要介護2, 丁
    男・要介護3 → the levels of 丙 and 丁 become empty, and they are two.
    """

    name = "blank_small_groups"
    label = "セル削除(該当者の少ない組)"
    recipient_note = "空欄を含む"
    parameters = BlankGroupParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.partition(".")[0] in GROUPING_TABLES

    def check_rule(self, rule: Rule) -> list[str]:
        """See :class:`Technique`."""
        named = {column for columns in rule.expanded().values() for column in columns}
        blank = str(rule.parameters["blank"]).split(",")
        return [
            f"空欄にする列「{column}」は、この定めの列にありません。"
            for column in blank
            if column not in named
        ]

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        parameters = BlankGroupParameters.model_validate(rule.parameters)
        table_of = {column: table for table, columns in rule.expanded().items() for column in columns}
        entries: list[LedgerEntry] = []
        for column in parameters.blank.split(","):
            # A person's column changes all certifications of the person, also those of large groups: count again.
            while True:
                work, entry = self._blank(work, rule, table_of[column], column, parameters.persons)
                entries.append(entry)
                if entry.cells_changed == 0 or table_of[column] == "certifications":
                    break
        return work, entries

    def _blank(
        self, work: Workspace, rule: Rule, table: str, column: str, least: int
    ) -> tuple[Workspace, LedgerEntry]:
        started = time.perf_counter()
        small = find_small_groups(work, rule, least)
        number = "person" if table == "persons" else "certification"
        return work.rewrite(
            rule,
            table,
            {column: f"case when s.{number} is null then t.{work.engine.dialect.quote(column)} end"},
            technique=self.label,
            joins=f"left join (select distinct {number} from {small}) as s on s.{number} = t.{number}",
            note=describe_groups(work, small, least),
            started=started,
        )
