"""Moments of care tables in SQL, as a stranger to the generator would count them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.engine import Engine
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.parameters import read_synthetic_facts
from kaigo.synthetic.summary import Summary, select_level_on, summarise
from kaigo.tables.care_tables import CareTables

Floats = npt.NDArray[np.float64]
YEAR = 12


@dataclass(frozen=True)
class Measures:
    """介護データから数えたもの。

    Attributes
    ----------
    summary : Summary
    transitions : float64, shape (7, 7)
        Rows from the level at the end of the first month to that eleven months later, among persons with
        benefits in all twelve months; shares, or NaN where nobody is. None if there are fewer months.
    followed : tuple of int
        Persons behind each row.
    deaths : dict of str to float
        Share of those certified at the end of the first month who died within a year (scaled to 12 months).
    causes : dict of (group, disease) to float
        Share of each main cause among 総数, 要支援, 要介護; certifications without one are left out.
    problems : bool, shape (n, 74)
        Answers with a problem of newly certified persons of 65 and over (in the order of their numbers).
    """

    summary: Summary
    transitions: Floats | None
    followed: tuple[int, ...]
    deaths: dict[str, float] | None
    causes: dict[tuple[str, str], float]
    problems: npt.NDArray[np.bool_]


def measure_tables(tables: CareTables, engine: Engine, newcomers: int) -> Measures:
    """介護データを数える。

    Parameters
    ----------
    newcomers : int
        How many newly certified persons are taken for the items and classes.
    """
    summary = summarise(tables, engine)
    first = engine.value("select min(service_month) from benefits")
    months = int(engine.value("select count(distinct service_month) from benefits"))
    transitions, followed, deaths = None, (0,) * len(LEVELS), None
    if months >= YEAR:
        transitions, followed = _follow_levels(engine, first)
        deaths = _count_deaths(engine, first)
    return Measures(
        summary, transitions, followed, deaths, _count_causes(engine), _read_problems(engine, newcomers)
    )


def _month_end(first: dt.date, later: int) -> str:
    index = first.year * 12 + first.month - 1 + later + 1
    day = dt.date(index // 12, index % 12 + 1, 1) - dt.timedelta(days=1)
    return f"date '{day.isoformat()}'"


def _follow_levels(engine: Engine, first: dt.date) -> tuple[Floats, tuple[int, ...]]:
    last = _month_end(first, YEAR - 1)
    users = (
        "select insurer_number, insured_number from (select distinct insurer_number, insured_number, service_month "
        f"from benefits where substr(service_code, 1, 1) <> 'A' and service_month <= {last}) as m "
        f"group by insurer_number, insured_number having count(*) = {YEAR}"
    )
    same = "{0}.insurer_number = u.insurer_number and {0}.insured_number = u.insured_number"
    rows = engine.rows(
        f"select a.care_level, b.care_level, count(*) from ({users}) as u "
        f"join ({select_level_on(_month_end(first, 0))}) as a on {same.format('a')} "
        f"join ({select_level_on(last)}) as b on {same.format('b')} group by a.care_level, b.care_level"
    )
    table = np.zeros((len(LEVELS), len(LEVELS)))
    for before, after, persons in rows:
        table[LEVELS.index(before), LEVELS.index(after)] = persons
    whole = table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return table / whole[:, None], tuple(int(number) for number in whole)


def _count_deaths(engine: Engine, first: dt.date) -> dict[str, float]:
    dead = f"p.disqualified_reason = '死亡' and p.disqualified_on <= {_month_end(first, YEAR - 1)}"
    rows = engine.rows(
        f"select s.care_level, cast(sum(case when {dead} then 1 else 0 end) as bigint), count(*) from summary_stock as s "
        "join persons as p on p.insurer_number = s.insurer_number and p.insured_number = s.insured_number "
        "group by s.care_level order by s.care_level"
    )
    return {level: 1 - (1 - died / all_) ** (YEAR / (YEAR - 1)) for level, died, all_ in rows}


def _count_causes(engine: Engine) -> dict[tuple[str, str], float]:
    # Every person once, by the first certification in the tables.
    firsts = (
        "select care_level, primary_disease, row_number() over (partition by insurer_number, insured_number "
        "order by valid_from, valid_to) as place from certifications"
    )
    rows = engine.rows(
        "select case when care_level < '20' then '要支援' else '要介護' end, primary_disease, count(*) "
        f"from ({firsts}) as f where place = 1 and primary_disease is not null group by 1, 2 "
        # Without an order equal shares would stand in another order each time.
        "order by 1, 2"
    )
    causes: dict[tuple[str, str], float] = {}
    for group in ("総数", "要支援", "要介護"):
        kept = [(disease, persons) for name, disease, persons in rows if group in ("総数", name)]
        counts: dict[str, int] = {}
        for disease, persons in kept:
            counts[disease] = counts.get(disease, 0) + persons
        whole = sum(counts.values())
        causes |= {(group, disease): counts[disease] / whole for disease in sorted(counts)}
    return causes


def keeps_order(shares: dict[str, float], leading: list[str]) -> bool:
    """上位の原因の順が公表の順と同じか。 Equal shares contradict no order."""
    lead = [shares.get(disease, 0.0) for disease in leading]
    rest = max((share for disease, share in shares.items() if disease not in leading), default=0.0)
    return all(first >= second for first, second in zip(lead, [*lead[1:], rest], strict=True))


def _read_problems(engine: Engine, newcomers: int) -> npt.NDArray[np.bool_]:
    rows = [row for row in read_synthetic_facts("survey_model") if row["column"].startswith("survey_")]
    parts = ", ".join(
        f"cast(coalesce(c.{row['column']}, 0) >= {row['problem_option']} as integer)" for row in rows
    )
    answers = engine.rows(
        f"select {parts} from certifications as c join persons as p "
        "on p.insurer_number = c.insurer_number and p.insured_number = c.insured_number "
        "where c.application_kind = '新規' and p.birth_date + interval '65' year <= c.valid_from "
        f"order by c.insurer_number, c.insured_number, c.valid_from limit {newcomers}"
    )
    return np.array(answers, bool).reshape(-1, len(rows))
