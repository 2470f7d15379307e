"""Checks that need a whole table or more than one, each as a SELECT of the rows that it concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from kaigo.engine import Engine
from kaigo.tables.schema import PERSON_KEY

_FIRST_YEAR = 2000
"""介護保険法 came into force on 2000-04-01: an earlier start is a mistake of the certification, not of the birth."""
EXITS = "exits_set_apart"
"""Persons whose own row was set apart and who are not in the table, with the exit where it could be read."""


@dataclass(frozen=True)
class CrossCheck:
    """表をまたぐ検査。

    Attributes
    ----------
    rule, column : str
        Rule, and the column that the report names ("" for none).
    rows : callable
        Engine to a SELECT of ``row_position`` of the rows concerned, or of the (person, month) concerned.
    named : callable, optional
        Engine to a SELECT of ``row_position`` and ``weight``: the rows that a warning names and how much each counts,
        where that is not each row once.
    by_month : bool
        Whether ``rows`` gives (person, month): most checks find none, and no line need be looked at then.
    """

    rule: str
    column: str
    rows: Callable[[Engine], str]
    named: Callable[[Engine], str] | None = None
    by_month: bool = False

    def select(self, engine: Engine) -> str:
        """SELECT of ``row_position`` of the rows concerned."""
        return lines_of(self.rows(engine)) if self.by_month else self.rows(engine)


def lines_of(months: str) -> str:
    """The benefit lines of the (person, month) that a SELECT returns."""
    return (
        f"select b.row_position from benefits as b join ({months}) as m "
        f"on {same_person('b', 'm')} and b.service_month = m.service_month"
    )


def same_person(left: str, right: str) -> str:
    """Condition that two relations speak of the same person."""
    return " and ".join(f"{left}.{c} = {right}.{c}" for c in PERSON_KEY)


def missing_person(alias: str) -> tuple[str, str]:
    """Conditions that a row's person is in no file, and that only the person's own row was set apart.

    The second follows from a finding that the report has already: it is no finding of its own.
    """
    absent = f"not exists (select 1 from persons as p where {same_person('p', alias)})"
    apart = f"exists (select 1 from {EXITS} as e where {same_person('e', alias)})"
    return f"{absent} and not {apart}", f"{absent} and {apart}"


def find_overlaps(engine: Engine, view: str) -> list[int]:
    """有効期間の日が前の行の認定と重なる認定の行を返す。

    In the order of the file: a row stands unless it overlaps one that already stands. Two certifications within
    one month that share no day (区分変更) are no overlap.

    Parameters
    ----------
    engine : Engine
    view : str
        View of the certifications with ``row_position``.

    Returns
    -------
    list of int
        ``row_position``.
    """
    rows = engine.rows(
        f"select {', '.join('a.' + c for c in PERSON_KEY)}, a.row_position, a.valid_from, a.valid_to "
        f"from {view} as a where exists (select 1 from {view} as b where {same_person('a', 'b')} "
        "and a.row_position <> b.row_position and a.valid_from <= b.valid_to and b.valid_from <= a.valid_to) "
        f"order by {', '.join('a.' + c for c in PERSON_KEY)}, a.row_position"
    )
    found: list[int] = []
    for _, lines in groupby(rows, key=lambda row: (row[0], row[1])):
        standing: list[tuple[dt.date, dt.date]] = []
        for _, _, position, start, end in lines:
            if any(start <= other_end and other_start <= end for other_start, other_end in standing):
                found.append(position)
            else:
                standing.append((start, end))
    return found


def person_checks(persons: str, certifications: str) -> tuple[CrossCheck, ...]:
    """Checks of the persons in a view against the view of the certifications."""
    keys = ", ".join(PERSON_KEY)
    firsts = (
        f"select {keys}, min(valid_from) as first_from from {certifications} "
        f"where extract(year from valid_from) >= {_FIRST_YEAR} group by {keys}"
    )
    born_later = (
        f"select p.row_position from {persons} as p join ({firsts}) as c on {same_person('p', 'c')} "
        "where p.birth_date > c.first_from"
    )
    return (CrossCheck("birth_after_certification", "birth_date", lambda _: born_later),)


def certification_checks(engine: Engine, view: str, folder: Path) -> tuple[CrossCheck, ...]:
    """Checks of the certifications in a view; the overlaps, found one by one, are kept in a folder."""
    positions = find_overlaps(engine, view)
    engine.store(
        "overlapping_certifications",
        iter([pa.record_batch([pa.array(positions, pa.int64())], ["row_position"])]),
        pa.schema([("row_position", pa.int64())]),
        folder,
    )
    missing, follows = (
        f"select t.row_position from {view} as t where {where}" for where in missing_person("t")
    )
    return (
        CrossCheck("person_unknown", "insured_number", lambda _: missing),
        CrossCheck("person_set_apart", "insured_number", lambda _: follows),
        CrossCheck(
            "certification_overlap",
            "valid_from",
            lambda _: "select row_position from overlapping_certifications",
        ),
    )
