"""加工なし: the column goes out as it is, and the ledger says so."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class Keep(Technique):
    """加工なし。値は変わらず、記録だけが残る。"""

    name = "keep"
    label = "加工なし"

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        quote = work.engine.dialect.quote
        entries = []
        for table, columns in rule.expanded().items():
            same: dict[str, str | None] = {column: f"t.{quote(column)}" for column in columns}
            work, entry = work.rewrite(rule, table, same, technique=self.label)
            entries.append(entry)
        return work, entries
