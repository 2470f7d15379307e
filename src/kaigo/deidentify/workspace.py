"""The state of a processing run: which relation holds each table now, and what each rule did to it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.deidentify.standard import Rule
from kaigo.engine import Engine

RUNNING = {
    "persons": ("person", "municipality"),
    "certifications": ("person", "municipality", "certification"),
    "benefits": ("person", "municipality", "certification", "month_number"),
}
"""Running numbers that a relation carries beside its columns; they never leave. Months are numbered from 0."""


@dataclass(frozen=True)
class LedgerEntry:
    """加工の記録の1行: 1つの定めが1つの表に何をしたか。

    ``cells_changed`` counts cells whose value differs afterwards (a deleted item: cells that held a value);
    ``persons_touched`` counts distinct persons of the source with such a cell or a removed row.
    """

    id: str
    number: str
    table: str
    column: str
    technique: str
    parameters: Mapping[str, Any]
    clause_2018: str
    clause: str
    reason: str
    set_by: str
    rows_in: int
    rows_out: int
    cells_changed: int
    persons_touched: int
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class Workspace:
    """加工の途中の状態。定めを1つ行うたびに新しい値になる。

    Attributes
    ----------
    engine : Engine
    folder : pathlib.Path
        For the small steps (counts, maps, limits); removed at the end.
    first_month, last_month : str
        ``YYYY-MM`` of the release window.
    relations : mapping of str to str
        Table to the view or step that holds it now. Every relation has the running numbers ``person`` and
        ``municipality``; certifications and benefits also ``certification``; benefits also ``month_number``.
    columns : mapping of str to tuple of str
        Table to the columns still in it (running numbers not counted).
    """

    engine: Engine
    folder: Path
    first_month: str
    last_month: str
    relations: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    rewrites: int = 0

    def own_name(self, name: str) -> str:
        """A step's name that no other rule uses: views are lazy, so a second rule must not redefine it."""
        return f"{name}_{self.rewrites}"

    def drop_unused(self, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """給付のなくなった認定と人を外す(1行が1給付の形では、提供されないため)。"""
        work, entries = self, []
        for table, number in (("certifications", "certification"), ("persons", "person")):
            used = f"select distinct {number} from {work.relations['benefits']}"
            work, entry = work.rewrite(
                rule,
                table,
                {},
                technique="レコード削除(給付の残らない人・認定)",
                joins=f"left join ({used}) as u on u.{number} = t.{number}",
                keep_rows=f"u.{number} is not null",
            )
            entries.append(entry)
        return work, entries

    def rewrite(
        self,
        rule: Rule,
        table: str,
        changes: Mapping[str, str | None],
        *,
        technique: str,
        joins: str = "",
        keep_rows: str | None = None,
        changes_type: bool = False,
        note: str = "",
        started: float | None = None,
    ) -> tuple[Workspace, LedgerEntry]:
        """1つの表の列を書き換え、何が変わったかを数える。

        Parameters
        ----------
        changes : mapping of str to (str or None)
            Column to its new SQL expression over ``t`` (the table now) and what ``joins`` brings; None deletes
            the column.
        joins : str
            LEFT JOINs of lookup steps; must not multiply rows.
        keep_rows : str, optional
            Condition for a row to stay; others are removed.
        changes_type : bool
            Whether new values are text where the old ones are not (they are then compared as text).
        """
        started = time.perf_counter() if started is None else started
        engine, quote = self.engine, self.engine.dialect.quote
        source = f"{self.relations[table]} as t {joins}"
        removed = f"not ({keep_rows})" if keep_rows else "1 = 0"

        def differs(column: str, expression: str | None) -> str:
            if expression is None:
                return f"t.{quote(column)} is not null"
            old = f"t.{quote(column)}"
            if changes_type:
                old = f"cast({old} as {engine.dialect.text_type})"
            return f"{old} is distinct from ({expression})"

        changed = {column: differs(column, expression) for column, expression in changes.items()}
        # Each test stands once, below the sums: Sail 0.7 fails on one that two aggregates share.
        flags = "".join(
            f", case when {test} then 1 else 0 end as changed_{place}"
            for place, test in enumerate(changed.values())
        )
        names = [f"changed_{place}" for place in range(len(changed))]
        cells = " + ".join(names) or "0"
        touched = " or ".join(f"{name} = 1" for name in [*names, "removed"])
        rows_in, rows_out, changed_cells, persons = engine.rows(
            f"select count(*), coalesce(sum(1 - removed), 0), coalesce(sum((1 - removed) * ({cells})), 0), "
            f"count(distinct case when {touched} then person end) from "
            f"(select t.person, case when {removed} then 1 else 0 end as removed{flags} from {source}) as counted"
        )[0]
        left = tuple(column for column in self.columns[table] if changes.get(column, "") is not None)
        selected = ", ".join(
            f"{changes[column]} as {quote(column)}" if column in changes else f"t.{quote(column)}"
            for column in left
        )
        running = ", ".join(f"t.{name}" for name in RUNNING[table])
        view = f"{table}_{self.rewrites + 1}"
        where = f" where {keep_rows}" if keep_rows else ""
        engine.view(view, f"select {running}, {selected} from {source}{where}")
        entry = LedgerEntry(
            id=rule.id,
            number=rule.number,
            table=table,
            column=_column_text(tuple(changes)),
            technique=technique,
            parameters=rule.parameters,
            clause_2018=rule.clause_2018,
            clause=rule.clause_now,
            reason=rule.reason,
            set_by=rule.set_by,
            rows_in=int(rows_in),
            rows_out=int(rows_out),
            cells_changed=int(changed_cells),
            persons_touched=int(persons),
            seconds=round(time.perf_counter() - started, 3),
            note=note,
        )
        after = dataclasses.replace(
            self,
            relations={**self.relations, table: view},
            columns={**self.columns, table: left},
            rewrites=self.rewrites + 1,
        )
        return after, entry


def _column_text(columns: tuple[str, ...]) -> str:
    if not columns:
        return "(行)"
    if len(columns) > 4:
        return f"{columns[0]}〜{columns[-1]}({len(columns)}列)"
    return "、".join(columns)
