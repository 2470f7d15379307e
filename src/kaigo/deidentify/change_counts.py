"""What a rule changed in a table: rows, cells and persons, for the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kaigo.engine import Engine


@dataclass(frozen=True)
class ChangeCounts:
    """1つの定めが変えたもの。

    Attributes
    ----------
    rows_in, rows_out, cells, persons : int
        Rows before and after; cells that differ in rows that stay; distinct persons with such a cell or a removed row.
    """

    rows_in: int
    rows_out: int
    cells: int
    persons: int


def count_changes(engine: Engine, source: str, removed: str, tests: Sequence[str]) -> ChangeCounts:
    """Count in one pass.

    Parameters
    ----------
    source : str
        The table as ``t`` with its joins.
    removed : str
        Condition under which a row goes.
    tests : sequence of str
        For each changed column, the condition under which its cell differs.
    """
    # Each test stands once, below the sums: Sail 0.7 fails on one that two aggregates share.
    flags = "".join(
        f", case when {test} then 1 else 0 end as changed_{place}" for place, test in enumerate(tests)
    )
    names = [f"changed_{place}" for place in range(len(tests))]
    cells = " + ".join(names) or "0"
    touched = " or ".join(f"{name} = 1" for name in [*names, "removed"])
    found = engine.rows(
        f"select count(*), coalesce(sum(1 - removed), 0), coalesce(sum((1 - removed) * ({cells})), 0), "
        f"count(distinct case when {touched} then person end) from "
        f"(select t.person, case when {removed} then 1 else 0 end as removed{flags} from {source}) as counted"
    )[0]
    return ChangeCounts(*(int(number) for number in found))


def count_full_column(engine: Engine, relation: str, column: str, persons: int | None) -> ChangeCounts | None:
    """What deleting a column changes if it holds a value in every row, as numbers do: then its persons are the table's.

    Parameters
    ----------
    column : str
        Quoted.
    persons : int or None
        Persons of the table, if they were counted before.
    """
    rows, cells = (int(n) for n in engine.rows(f"select count(*), count({column}) from {relation}")[0])
    if rows != cells or not rows:
        return None
    if persons is None:
        persons = int(engine.value(f"select count(distinct person) from {relation}"))
    return ChangeCounts(rows, rows, cells, persons)
