"""What care tables look like, in counts: levels, ages, services, units, answers, rare things.

Computed from the three tables alone, so it works for own data as it does for synthetic data.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaigo.engine import Engine
from kaigo.errors import EmptyResultError
from kaigo.synthetic.answers import load_item_model
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.parameters import load_parameters, read_synthetic_facts
from kaigo.tables.care_tables import CareTables
from kaigo.tables.codes import find_limit, load_service_kinds

if TYPE_CHECKING:
    import pandas as pd

AGE_BANDS = (
    (0, "40〜64歳"),
    (65, "65〜69歳"),
    (70, "70〜74歳"),
    (75, "75〜79歳"),
    (80, "80〜84歳"),
    (85, "85〜89歳"),
)
OLDEST_BANDS = ((90, "90〜94歳"), (95, "95〜99歳"), (100, "100歳以上"))
RARE_USERS = 10
"""A code used by fewer persons than this in the whole span counts as rare."""


@dataclass(frozen=True)
class Summary:
    """介護データの姿(人数と割合の小さな表)。

    Attributes
    ----------
    levels : DataFrame
        ``care_level``, ``persons``: certified on the last day of the first month.
    age_sex : DataFrame
        ``band`` (index into the bands from the youngest), ``sex``, ``persons`` of the same persons.
    kinds : DataFrame
        ``kind``, ``persons``, ``lines``, ``units`` over the whole span.
    limit_use : DataFrame
        ``care_level``, ``persons`` (with home services), ``share`` (mean units a month against the limit),
        ``over`` (share of person-months over it), by level in force at the end of the month.
    unused : DataFrame
        ``care_level``, ``persons``, ``unused``: certified in the first month, and those without benefits in it
        (総合事業 does not count, as in the published figure).
    items : DataFrame
        ``column``, ``first_share`` (新規), ``share`` (all certifications): share with a problem.
    rare : dict
        Name to number.
    synthetic : bool
    """

    levels: pd.DataFrame
    age_sex: pd.DataFrame
    kinds: pd.DataFrame
    limit_use: pd.DataFrame
    unused: pd.DataFrame
    items: pd.DataFrame
    rare: dict[str, int]
    synthetic: bool


def _date(day: dt.date) -> str:
    return f"date '{day.isoformat()}'"


def _years_before(day: dt.date, years: int) -> dt.date:
    """The birth date at which that age is reached on ``day``."""
    return day.replace(year=day.year - years, day=min(day.day, 28))


def select_level_on(day: str) -> str:
    """SELECT of the level in force on a day (an SQL expression): the certification that began last."""
    return (
        "select insurer_number, insured_number, care_level from ("
        "select insurer_number, insured_number, care_level, row_number() over ("
        "partition by insurer_number, insured_number order by valid_from desc, valid_to desc, care_level desc"
        f") as place from certifications where valid_from <= {day} and valid_to >= {day}) as ranked where place = 1"
    )


def summarise(tables: CareTables, engine: Engine) -> Summary:
    """介護データの姿を数える。

    Parameters
    ----------
    tables : CareTables
        Synthetic or own.
    engine : Engine

    Returns
    -------
    Summary

    Raises
    ------
    EmptyResultError
        If there is no benefit line.
    """
    tables.scan(engine)
    first = find_first_month(engine)
    month_end = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    engine.view("summary_stock", select_stock(month_end))
    return Summary(
        levels=engine.df(
            "select care_level, count(*) as persons from summary_stock group by care_level order by care_level"
        ),
        age_sex=_count_age_sex(engine, month_end),
        kinds=_count_kinds(engine),
        limit_use=_relate_to_limit(engine, f"{first:%Y-%m}"),
        unused=_count_unused(engine, first),
        items=_count_items(engine),
        rare=_count_rare(engine, month_end),
        synthetic=tables.is_synthetic,
    )


def find_first_month(engine: Engine) -> dt.date:
    """First service month of the scanned benefits.

    Raises
    ------
    EmptyResultError
        If there is no benefit line.
    """
    first: dt.date | None = engine.value("select min(service_month) from benefits")
    if first is None:
        raise EmptyResultError(
            "介護給付情報が1行もありません。", remedy="給付のある期間のデータを指定してください。"
        )
    return first


def select_stock(month_end: dt.date) -> str:
    """SELECT of the persons certified on a day who have not left, with level, birth date and sex."""
    return (
        f"select l.insurer_number, l.insured_number, l.care_level, p.birth_date, p.sex from ({select_level_on(_date(month_end))}) as l "
        "join persons as p on p.insurer_number = l.insurer_number and p.insured_number = l.insured_number "
        f"where p.disqualified_on is null or p.disqualified_on > {_date(month_end)}"
    )


def _count_age_sex(engine: Engine, day: dt.date) -> pd.DataFrame:
    bands = (*AGE_BANDS, *OLDEST_BANDS)
    cases = " ".join(
        f"when birth_date <= {_date(_years_before(day, bands[band][0]))} then {band}"
        for band in range(len(bands) - 1, 0, -1)
    )
    inner = f"select case {cases} else 0 end as band, sex from summary_stock"
    return engine.df(
        f"select band, sex, count(*) as persons from ({inner}) as b group by band, sex order by band, sex"
    )


def _count_kinds(engine: Engine) -> pd.DataFrame:
    person = "insurer_number || '-' || insured_number"
    return engine.df(
        f"select substr(service_code, 1, 2) as kind, count(distinct {person}) as persons, count(*) as lines, "
        "cast(sum(units) as bigint) as units from benefits group by substr(service_code, 1, 2) "
        "order by persons desc, kind"
    )


def _month_units(engine: Engine, start: str) -> str:
    """SELECT of units within the limit by person and month, with the level in force at the month's end."""
    outside = ", ".join(engine.dialect.text(kind) for kind in load_parameters().benefits.outside_limit_kinds)
    limits = [(level, find_limit(level, start)) for level in LEVELS]
    cases = " ".join(
        f"when c.care_level = {engine.dialect.text(level)} then {limit}" for level, limit in limits if limit
    )
    units = (
        "select insurer_number, insured_number, service_month, sum(units) as units from benefits "
        f"where substr(service_code, 1, 2) not in ({outside}) "
        "group by insurer_number, insured_number, service_month"
    )
    # The month's last certification counts: a person whose level changed in the month has the new limit.
    ranked = (
        "select u.insurer_number, u.insured_number, u.service_month, u.units, c.care_level, row_number() over ("
        "partition by u.insurer_number, u.insured_number, u.service_month order by c.valid_from desc, "
        f"c.valid_to desc, c.care_level desc) as place, case {cases} end as month_limit from ({units}) as u "
        "join certifications as c on c.insurer_number = u.insurer_number and c.insured_number = u.insured_number "
        "and c.valid_from < u.service_month + interval '1' month and c.valid_to >= u.service_month"
    )
    return f"select * from ({ranked}) as r where place = 1 and month_limit is not null"


def _relate_to_limit(engine: Engine, start: str) -> pd.DataFrame:
    engine.view("summary_month_units", _month_units(engine, start))
    return engine.df(
        "select care_level, count(distinct insurer_number || '-' || insured_number) as persons, "
        # Whole numbers are summed (the limit is the same for all of a level): a sum of fractions would hang on
        # the order in which threads add them.
        "cast(sum(units) as double) / cast(sum(month_limit) as double) as share, "
        "cast(sum(case when units > month_limit then 1 else 0 end) as double) / count(*) as over "
        "from summary_month_units group by care_level order by care_level"
    )


def _count_unused(engine: Engine, first: dt.date) -> pd.DataFrame:
    programmes = [code for code in load_service_kinds() if code.startswith("A")]
    names = ", ".join(engine.dialect.text(code) for code in programmes)
    users = (
        f"select distinct insurer_number, insured_number from benefits where service_month = {_date(first)} "
        f"and substr(service_code, 1, 2) not in ({names})"
    )
    return engine.df(
        "select s.care_level, count(*) as persons, "
        "cast(sum(case when u.insured_number is null then 1 else 0 end) as bigint) as unused "
        f"from summary_stock as s left join ({users}) as u on u.insurer_number = s.insurer_number "
        "and u.insured_number = s.insured_number group by s.care_level order by s.care_level"
    )


def _count_items(engine: Engine) -> pd.DataFrame:
    import pandas as pd

    rows = {row["column"]: row for row in read_synthetic_facts("survey_model")}
    model = load_item_model()
    parts = []
    for column in model.columns:
        problem = f"case when {column} >= {rows[column]['problem_option']} then 1 when {column} is null then null else 0 end"
        first = f"case when application_kind = '新規' then {problem} end"
        parts += [f"cast(sum({each}) as bigint), count({each})" for each in (first, problem)]
    counts = engine.rows(f"select {', '.join(parts)} from certifications")[0]
    values = [
        problems / asked if asked else None for problems, asked in zip(counts[::2], counts[1::2], strict=True)
    ]
    return pd.DataFrame({"column": model.columns, "first_share": values[::2], "share": values[1::2]}).astype(
        {"first_share": float, "share": float}
    )


def _count_rare(engine: Engine, day: dt.date) -> dict[str, int]:
    person = "insurer_number || '-' || insured_number"
    hundred = _date(_years_before(day, 100))
    codes = f"select service_code, count(distinct {person}) as users from benefits group by service_code"
    return {
        "centenarians": int(
            engine.value(f"select count(*) from summary_stock where birth_date <= {hundred}")
        ),
        "second_category": int(engine.value("select count(*) from persons where insured_category = 2")),
        "codes": int(engine.value(f"select count(*) from ({codes}) as c")),
        "rare_codes": int(engine.value(f"select count(*) from ({codes}) as c where users < {RARE_USERS}")),
        "changed_persons": int(
            engine.value(
                f"select count(distinct {person}) from certifications where application_kind = '区分変更'"
            )
        ),
        "over_limit_months": int(
            engine.value("select count(*) from summary_month_units where units > month_limit")
        ),
        "over_limit_persons": int(
            engine.value(
                f"select count(distinct {person}) from summary_month_units where units > month_limit"
            )
        ),
        "exits": int(engine.value("select count(*) from persons where disqualified_on is not null")),
    }
