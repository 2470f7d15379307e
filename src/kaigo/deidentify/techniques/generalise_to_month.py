"""一般化: a date becomes its month."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class GeneraliseToMonth(Technique):
    """一般化(日付 → 年月)。The column becomes text ``YYYY-MM``.

    Examples
    --------
    1943-02-19 → 1943-02.
    """

    name = "generalise_to_month"
    label = "一般化(年月)"
    columns = ("persons.birth_date",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        dialect = work.engine.dialect
        entries = []
        for table, columns in rule.expanded().items():
            months: dict[str, str | None] = {
                column: f"substr(cast(t.{dialect.quote(column)} as {dialect.text_type}), 1, 7)"
                for column in columns
            }
            work, entry = work.rewrite(rule, table, months, technique=self.label, changes_type=True)
            entries.append(entry)
        return work, entries
