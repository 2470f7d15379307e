"""項目削除: the column does not appear in what is provided."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class DeleteItem(Technique):
    """項目削除(別表第1)。

    Examples
    --------
    氏名 [甲, 乙, 空] → no column; 2 cells changed, 2 persons touched.
    """

    name = "delete_item"
    label = "項目削除"

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        entries = []
        for table, columns in rule.expanded().items():
            work, entry = work.rewrite(rule, table, dict.fromkeys(columns), technique=self.label)
            entries.append(entry)
        return work, entries
