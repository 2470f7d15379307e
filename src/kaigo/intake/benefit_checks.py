"""Checks of the benefit lines against the other tables, most of them by the month of a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kaigo.engine import Engine
from kaigo.intake.cross_checks import EXITS, CrossCheck, lines_of, missing_person, same_person
from kaigo.intake.rules import PACKAGE
from kaigo.tables.codes import load_service_codes, load_service_kinds
from kaigo.tables.facts import read_facts
from kaigo.tables.schema import PERSON_KEY, load_schemas

_FOR_EVER = "9999-12"
_DAYS_UNIT = "1日"
MONTHS = "person_months"
_MONTH = "b.insurer_number, b.insured_number, b.service_month"


def _month_number(date: str) -> str:
    """A month as one number, to compare months in any engine."""
    return f"(extract(year from {date}) * 12 + extract(month from {date}))"


_PLACES = 61
# Each line sets one bit of 61; equal lines set the same one, so that a month with a repeated line has fewer bits than
# lines. Some others have too: they are looked at more closely, which is cheaper than grouping all lines by all columns.
_MAY_REPEAT = (
    "case when count(*) > coalesce(bit_count(bit_or("
    f"cast(power(2, (cast(units as bigint) + cast(days as bigint) * 17) % {_PLACES}) as bigint))), 0) then 1 else 0 end"
)


def _parse_month_number(month: str) -> int:
    year, number = month.split("-")[:2]
    return int(year) * 12 + int(number)


def gather_months(engine: Engine, folder: Path) -> None:
    """給付を(人, 月)にまとめる: 検査の多くは、行ではなく月を見れば足りる。"""
    keys, under = engine.dialect.columns(PERSON_KEY), _under_limit(engine)
    engine.materialise(
        MONTHS,
        f"select {keys}, service_month, {_month_number('service_month')} as month, "
        f"sum(case when {under} then units else 0 end) as units, "
        f"min(case when {under} then row_position end) as p, {_MAY_REPEAT} as may_repeat "
        f"from benefits group by {keys}, service_month",
        folder / MONTHS,
    )


def _select_missing_persons(engine: Engine) -> str:
    return f"select {_MONTH} from {MONTHS} as b where {missing_person('b')[0]}"


def _select_follow_ons(engine: Engine) -> str:
    return f"select {_MONTH} from {MONTHS} as b where {missing_person('b')[1]}"


def _select_without_certification(engine: Engine) -> str:
    """The level of a line is that of a certification valid on any day of its month."""
    keys = engine.dialect.columns(PERSON_KEY)
    periods = (
        f"select {keys}, {_month_number('valid_from')} as first_month, "
        f"{_month_number('valid_to')} as last_month from certifications"
    )
    # Most persons have one certification: a join on the person alone settles them, eight times faster than the search.
    spans = (
        f"select {keys}, min(first_month) as first_month, max(last_month) as last_month, count(*) as n "
        f"from ({periods}) as c group by {keys}"
    )
    doubtful = (
        f"select {_MONTH}, b.month from {MONTHS} as b left join ({spans}) as c on {same_person('c', 'b')} "
        "where c.n is null or c.n > 1 or c.first_month > b.month or c.last_month < b.month"
    )
    return (
        f"select {_MONTH} from ({doubtful}) as b where not exists (select 1 from ({periods}) as c "
        f"where {same_person('c', 'b')} and c.first_month <= b.month and c.last_month >= b.month)"
    )


def _select_after_exit(engine: Engine) -> str:
    """In a month after the one in which the person left, unless insured again by then."""
    columns = engine.dialect.columns((*PERSON_KEY, "qualified_on", "disqualified_on"))
    exits = f"select {columns} from persons union all select {columns} from {EXITS}"
    return (
        f"select distinct {_MONTH} from {MONTHS} as b join ({exits}) as p on {same_person('p', 'b')} "
        f"where p.disqualified_on is not null and b.month > {_month_number('p.disqualified_on')} "
        "and not (p.qualified_on is not null and p.qualified_on > p.disqualified_on "
        f"and b.month >= {_month_number('p.qualified_on')})"
    )


def _select_days_beyond_month(engine: Engine) -> str:
    """Codes counted by the day, of whatever kind, are bounded by the month; of an unknown code its kind decides."""
    text = engine.dialect.text
    kinds = ", ".join(text(kind.code) for kind in load_service_kinds().values() if kind.counted_in == "日")
    units = {code.code: code.unit_type for code in load_service_codes().values() if code.unit_type}
    by_day = {code for code, unit in units.items() if unit.startswith(_DAYS_UNIT)}
    types = {"service_code": engine.dialect.text_type}
    engine.values_view("codes_by_day", [{"service_code": code} for code in sorted(by_day)], types)
    others = [{"service_code": code} for code in sorted(units.keys() - by_day)]
    engine.values_view("codes_not_by_day", others, types)
    year, month = "extract(year from service_month)", "extract(month from service_month)"
    leap = f"({year} % 4 = 0 and ({year} % 100 <> 0 or {year} % 400 = 0))"
    length = (
        f"case when {month} in (4, 6, 9, 11) then 30 when {month} = 2 and {leap} then 29 "
        f"when {month} = 2 then 28 else 31 end"
    )
    return (
        f"select row_position from benefits where days > 28 and days > {length} "
        f"and (substr(service_code, 1, 2) in ({kinds}) "
        "and service_code not in (select service_code from codes_not_by_day) "
        "or service_code in (select service_code from codes_by_day))"
    )


def _likely_equal(engine: Engine) -> str:
    """Lines of the months that may hold a repeated line: few remain, and only these are grouped by all columns."""
    columns = load_schemas()["benefits"].names
    return (
        f"select {engine.dialect.columns(columns, 'b')}, b.row_position from benefits as b join {MONTHS} as m "
        f"on {same_person('b', 'm')} and b.service_month = m.service_month where m.may_repeat = 1"
    )


def _name_equal_lines(engine: Engine) -> str:
    """The first of equal lines stands for those that follow."""
    columns = engine.dialect.columns(load_schemas()["benefits"].names)
    return (
        f"select min(row_position) as row_position, count(*) - 1 as weight from ({_likely_equal(engine)}) as l "
        f"group by {columns} having count(*) > 1"
    )


def _select_equal_lines(engine: Engine) -> str:
    columns = engine.dialect.columns(load_schemas()["benefits"].names)
    ranked = (
        f"select row_position, row_number() over (partition by {columns} order by row_position) as n "
        f"from ({_likely_equal(engine)}) as l"
    )
    return f"select row_position from ({ranked}) as r where n > 1"


def _over_limit(engine: Engine) -> str:
    """(Person, month) over the limit. Where a month has two certifications the higher limit holds.

    Kinds outside the limit do not count; single additions outside it (加算) cannot be told apart, so that this is
    a hint, never a fault.
    """
    limits: list[Mapping[str, str | int]] = [
        {
            "care_level": row["care_level"],
            "units": int(row["units_per_month"]),
            "since": _parse_month_number(row["valid_from"]),
            "until": _parse_month_number(row["valid_to"] or _FOR_EVER),
        }
        for row in read_facts("limits_by_level")
    ]
    types = {"care_level": engine.dialect.text_type, "units": "int", "since": "int", "until": "int"}
    engine.values_view("limits", limits, types)
    least = "select min(units) from limits"
    keys = engine.dialect.columns(PERSON_KEY)
    certifications = (
        f"select {keys}, care_level, {_month_number('valid_from')} as first_month, "
        f"{_month_number('valid_to')} as last_month from certifications"
    )
    return (
        "select t.insurer_number, t.insured_number, t.service_month, t.p "
        f"from {MONTHS} as t join ({certifications}) as c on {same_person('c', 't')} "
        "and c.first_month <= t.month and c.last_month >= t.month "
        "join limits as l on l.care_level = c.care_level and l.since <= t.month and l.until >= t.month "
        # No month below the least of all limits is over any.
        f"where t.units > ({least}) "
        "group by t.insurer_number, t.insured_number, t.service_month, t.p, t.units having t.units > max(l.units)"
    )


def _under_limit(engine: Engine) -> str:
    outside = ", ".join(
        engine.dialect.text(row["kind"]) for row in read_facts("kinds_outside_limit", PACKAGE)
    )
    return f"substr(service_code, 1, 2) not in ({outside})"


def _select_months_over_limit(engine: Engine) -> str:
    return f"select p as row_position, 1 as weight from ({_over_limit(engine)}) as o"


def _select_lines_over_limit(engine: Engine) -> str:
    return f"{lines_of(_over_limit(engine))} where {_under_limit(engine)}"


BENEFIT_CHECKS = (
    CrossCheck("person_unknown", "insured_number", _select_missing_persons, by_month=True),
    CrossCheck("person_set_apart", "insured_number", _select_follow_ons, by_month=True),
    CrossCheck(
        "benefit_without_certification", "service_month", _select_without_certification, by_month=True
    ),
    CrossCheck("benefit_after_exit", "service_month", _select_after_exit, by_month=True),
    CrossCheck("days_beyond_month", "days", _select_days_beyond_month),
    CrossCheck("benefit_line_duplicate", "", _select_equal_lines, _name_equal_lines),
    CrossCheck("month_over_limit", "", _select_lines_over_limit, _select_months_over_limit),
)
"""Checks of the benefits in the view of that name."""
