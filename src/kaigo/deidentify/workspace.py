"""The state of a processing run: which relation holds each table now, and what each rule did to it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaigo.deidentify.change_counts import ChangeCounts, count_changes, count_full_column
from kaigo.deidentify.key import Key
from kaigo.deidentify.standard import Layout, Rule
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
    ``persons_touched`` counts distinct persons of the source with such a cell or a removed row; ``left_as`` is the
    line of the balance that takes up rows that are fewer afterwards.
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
    left_as: str = "定めによりレコード削除した行"


@dataclass(frozen=True)
class CountedRows:
    """What is known of a table's rows, so that a rule need not read a chain of views to count what it deletes.

    Attributes
    ----------
    relation : str
        The table now.
    base : str
        The last relation before it with the same rows.
    rewritten : frozenset of str
        Columns that rules rewrote since.
    rows : int or None
        Rows, if they were counted.
    """

    relation: str
    base: str
    rewritten: frozenset[str] = frozenset()
    rows: int | None = None

    def follow(self, view: str, changes: Collection[str], counts: ChangeCounts) -> CountedRows:
        """After a rule that made ``view`` and rewrote these columns."""
        if counts.rows_in != counts.rows_out:
            return CountedRows(view, view, rows=counts.rows_out)
        return CountedRows(view, self.base, self.rewritten | set(changes), counts.rows_out)


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
    layout : {"joined", "linked"}
    span_months : int
        Months that one pseudonym covers (1 where there is none: each month stands alone).
    in_force : str
        Relation with the certification in force for each person and month.
    pseudo_persons : int
        Artificial persons that were added (疑似データ).
    key : Key or None
        Secret of the creation, for techniques that draw random numbers; never printed, never in SQL.
    names : mapping of str to str
        Column to the name under which it is released, where they differ.
    whole_periods : bool
        Whether a certification is shown for the whole pseudonym period.
    persons : mapping of str to int
        Table to its distinct persons; None where they were not counted, or rows were removed since.
    counted : mapping of str to CountedRows
        Table to what the last rule found out about its rows.
    """

    engine: Engine
    folder: Path
    first_month: str
    last_month: str
    relations: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    rewrites: int = 0
    layout: Layout = "linked"
    span_months: int = 1
    in_force: str = "in_force"
    whole_periods: bool = False
    pseudo_persons: int = 0
    key: Key | None = field(default=None, repr=False)
    names: Mapping[str, str] = field(default_factory=lambda: {"birth_date": "birth_month"})
    persons: Mapping[str, int | None] = field(default_factory=dict)
    counted: Mapping[str, CountedRows] = field(default_factory=dict)

    def own_name(self, name: str) -> str:
        """A step's name that no other rule uses: views are lazy, so a second rule must not redefine it."""
        return f"{name}_{self.rewrites}"

    @property
    def months(self) -> int:
        """Months of the release window."""
        first, last = (int(text[:4]) * 12 + int(text[5:]) for text in (self.first_month, self.last_month))
        return last - first + 1

    def period(self, month_number: str) -> str:
        """SQL for the pseudonym period (0, 1, …) of a month's running number."""
        divided = self.engine.dialect.integer_division(month_number, str(self.span_months))
        return f"cast({divided} as smallint)"

    def _look_up_rows(self, table: str) -> CountedRows:
        relation = self.relations[table]
        found = self.counted.get(table)
        # A technique may have put another relation in the table's place.
        return found if found and found.relation == relation else CountedRows(relation, relation)

    def drop_unused(self, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """給付のなくなった認定と人を外す(1行が1給付の形では、提供されないため)。"""
        work, entries = self, []
        for table, number in (("certifications", "certification"), ("persons", "person")):
            # A step, not a view: later rules read the table once for each of its columns.
            used = work.own_name(f"used_{table}")
            work.engine.materialise(
                used, f"select distinct {number} from {work.relations['benefits']}", work.folder / used
            )
            work, entry = work.rewrite(
                rule,
                table,
                {},
                technique="レコード削除(給付の残らない人・認定)",
                joins=f"left join {used} as u on u.{number} = t.{number}",
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
        changes_type: bool | Collection[str] = False,
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
        changes_type : bool or collection of str
            Whether (or in which columns) new values are text where the old ones are not: they are compared as text.
        """
        started = time.perf_counter() if started is None else started
        engine, quote = self.engine, self.engine.dialect.quote
        source = f"{self.relations[table]} as t {joins}"
        removed = f"not ({keep_rows})" if keep_rows else "1 = 0"

        retyped = set(changes) if changes_type is True else set(changes_type or ())

        def differs(column: str, expression: str | None) -> str:
            if expression is None:
                return f"t.{quote(column)} is not null"
            old = f"t.{quote(column)}"
            if column in retyped:
                old = f"cast({old} as {engine.dialect.text_type})"
            return f"{old} is distinct from ({expression})"

        # A column that is only carried on need not be compared with itself.
        changed = {
            column: differs(column, expression)
            for column, expression in changes.items()
            if expression != f"t.{quote(column)}" or column in retyped
        }
        counts, known = None, self.persons.get(table)
        before = self._look_up_rows(table)
        if not changed and not keep_rows and before.rows is not None:
            counts = ChangeCounts(before.rows, before.rows, 0, 0)
        elif set(changes.values()) == {None} and len(changes) == 1 and not joins and not keep_rows:
            column = next(iter(changes))
            read = self.relations[table] if column in before.rewritten else before.base
            counts = count_full_column(engine, read, quote(column), known)
            known = counts.persons if counts else known
        if counts is None:
            counts = count_changes(engine, source, removed, list(changed.values()))
        left = tuple(column for column in self.columns[table] if changes.get(column, "") is not None)
        selected = "".join(
            f", {changes[column]} as {quote(column)}" if column in changes else f", t.{quote(column)}"
            for column in left
        )
        running = ", ".join(f"t.{name}" for name in RUNNING[table])
        view = f"{table}_{self.rewrites + 1}"
        where = f" where {keep_rows}" if keep_rows else ""
        engine.view(view, f"select {running}{selected} from {source}{where}")
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
            rows_in=counts.rows_in,
            rows_out=counts.rows_out,
            cells_changed=counts.cells,
            persons_touched=counts.persons,
            seconds=round(time.perf_counter() - started, 3),
            note=note,
        )
        after = dataclasses.replace(
            self,
            relations={**self.relations, table: view},
            columns={**self.columns, table: left},
            rewrites=self.rewrites + 1,
            persons={**self.persons, table: known if counts.rows_in == counts.rows_out else None},
            counted={**self.counted, table: before.follow(view, changes, counts)},
        )
        return after, entry


def _column_text(columns: tuple[str, ...]) -> str:
    if not columns:
        return "(行)"
    if len(columns) > 4:
        return f"{columns[0]}〜{columns[-1]}({len(columns)}列)"
    return "、".join(columns)
