"""Persons who are alone in a combination of plain facts: rare people that arise by mechanism, not by planting."""

from __future__ import annotations

import calendar
from dataclasses import dataclass

from kaigo.engine import open_engine
from kaigo.synthetic.summary import find_first_month, select_stock
from kaigo.tables.care_tables import CareTables

_YEAR, _MONTH = "extract(year from birth_date)", "extract(month from birth_date)"
COMBINATIONS = {
    "性別×要介護度": ("sex", "care_level"),
    "生まれた年×性別×要介護度": (_YEAR, "sex", "care_level"),
    "生年月×性別×要介護度": (_YEAR, _MONTH, "sex", "care_level"),
    "生年月日×性別×要介護度": ("birth_date", "sex", "care_level"),
}
"""Ever finer combinations, in the words of a report."""


@dataclass(frozen=True)
class UniqueCount:
    """ある組合せで、保険者の中でただ1人になる人の数。

    Attributes
    ----------
    combination : str
    persons, unique : int
        Persons certified on the last day of the first month; those alone within their insurer.
    """

    combination: str
    persons: int
    unique: int


def count_unique(tables: CareTables, engine: str = "duckdb") -> tuple[UniqueCount, ...]:
    """組合せごとに、ただ1人になる人を数える。

    Parameters
    ----------
    tables : CareTables
        Synthetic or own.
    engine : str
        See :func:`kaigo.engine.open_engine`.

    Raises
    ------
    EmptyResultError
        If there is no benefit line (the first month is not known).
    """
    with open_engine(engine) as session:
        tables.scan(session)
        first = find_first_month(session)
        month_end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        session.view("unique_stock", select_stock(month_end))
        persons = int(session.value("select count(*) from unique_stock"))
        counts = []
        for name, facts in COMBINATIONS.items():
            classes = (
                "select count(*) as size from unique_stock "
                f"group by insurer_number, {', '.join(facts)} having count(*) = 1"
            )
            alone = int(session.value(f"select count(*) from ({classes}) as c"))
            counts.append(UniqueCount(name, persons, alone))
    return tuple(counts)
