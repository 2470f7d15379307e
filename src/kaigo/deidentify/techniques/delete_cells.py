"""セル削除: cells that hold a named value."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.techniques.delete_records import ValueParameters, holds_value, names_nobody
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class DeleteCells(Technique):
    """決めた値のセルの削除(セル削除)。行は残る。

    Examples
    --------
    values = "01,06", 要介護状態区分: 21, 06, 01 → 21, empty, empty; 2 cells.
    """

    name = "delete_cells"
    label = "セル削除"
    recipient_note = "空欄を含む"
    parameters = ValueParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`. A standard is no place for a person's name or number."""
        return names_nobody(column)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        values = ValueParameters.model_validate(rule.parameters).values
        quote = work.engine.dialect.quote
        entries = []
        for table, columns in rule.expanded().items():
            changes: dict[str, str | None] = {
                column: f"case when {holds_value(work, column, values)} then null else t.{quote(column)} end"
                for column in columns
            }
            work, entry = work.rewrite(rule, table, changes, technique=self.label)
            entries.append(entry)
        return work, entries
