"""レコード削除: rows that hold a named value."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.removal import Owner, remove_records
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import ColumnClass, load_schemas

_OWNERS: dict[str, Owner] = {"persons": "person", "certifications": "certification"}


class ValueParameters(Parameters):
    """``values``: the values concerned, ``"01,06"``; numbers and dates as they are written (2024-04-01)."""

    values: str = Field(min_length=1)


def names_nobody(column: str) -> bool:
    """Whether values of ``table.column`` may stand in a standard: no name, number, address or date of birth."""
    table, _, name = column.partition(".")
    schema = load_schemas().get(table)
    if schema is None or name not in schema.names:
        return False
    return name != "birth_date" and schema.column(name).column_class in {
        ColumnClass.QUASI,
        ColumnClass.ATTRIBUTE,
    }


def holds_value(work: Workspace, column: str, values: str) -> str:
    """SQL: whether a column of ``t`` holds one of the values (never true for an empty cell)."""
    dialect = work.engine.dialect
    listed = ", ".join(dialect.text(value.strip()) for value in values.split(","))
    shown = f"cast(t.{dialect.quote(column)} as {dialect.text_type})"
    return f"coalesce({shown} in ({listed}), false)"


class DeleteRecords(Technique):
    """決めた値を持つ行の削除(レコード削除)。

    A removed person takes the certifications and benefits along, a removed certification its benefits (and the
    person who has no other). A removed benefit line goes alone. Where the rule names several columns of a table,
    any of them is enough.

    Examples
    --------
    values = "2", 被保険者区分: 甲 1, 乙 2 → 乙 is removed from all three tables.
    """

    name = "delete_records"
    label = "レコード削除"
    recipient_note = "一部の行を含まない"
    parameters = ValueParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`. A standard is no place for a person's name or number."""
        return names_nobody(column)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        values = ValueParameters.model_validate(rule.parameters).values
        entries: list[LedgerEntry] = []
        for table, columns in rule.expanded().items():
            started = time.perf_counter()
            concerned = " or ".join(holds_value(work, column, values) for column in columns)
            if table == "benefits":
                work, entry = work.rewrite(
                    rule, table, {}, technique=self.label, keep_rows=f"not ({concerned})", started=started
                )
                entries.append(entry)
                continue
            gone, owner = work.own_name("records_to_remove"), _OWNERS[table]
            work.engine.materialise(
                gone,
                f"select distinct t.{owner} from {work.relations[table]} as t where {concerned}",
                work.folder / gone,
            )
            work, made = remove_records(
                work, rule, owner, gone, technique=self.label, note="", started=started
            )
            entries += made
        return work, entries
