"""Checks that need a whole table or more than one: repeated keys, persons that are missing, months over the limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from kaigo.engine import Engine
from kaigo.intake.findings import FIRST_LINES, LineMap
from kaigo.intake.read_table import SourceFile
from kaigo.intake.rules import PACKAGE
from kaigo.tables.facts import read_facts
from kaigo.tables.schema import PERSON_KEY, load_schemas

_FOR_EVER = 999_912


def settle_keys(engine: Engine, source: SourceFile, staged: str) -> str:
    """鍵が同じ2行目以降を隔離し、残る行のSELECTを返す。

    The first row stands; a later row with the same key is a duplicate (all columns equal) or a conflict.

    Parameters
    ----------
    engine : Engine
    source : SourceFile
    staged : str
        View of the accepted rows with ``row_position``.

    Returns
    -------
    str
        SELECT of the remaining rows (all columns and ``row_position``).
    """
    schema = source.schema
    columns, keys = engine.dialect.columns(schema.names), engine.dialect.columns(schema.key)
    repeated = f"select {keys} from {staged} group by {keys} having count(*) > 1"
    if not engine.value(f"select count(*) from ({repeated}) as r"):
        return f"select {columns}, row_position from {staged}"
    ranked = (
        f"select {columns}, row_position, row_number() over (partition by {keys} order by row_position) as n "
        f"from {staged}"
    )
    quote = engine.dialect.quote
    on_key = " and ".join(f"a.{quote(c)} = b.{quote(c)}" for c in schema.key)
    same = " and ".join(f"a.{quote(c)} is not distinct from b.{quote(c)}" for c in schema.names)
    later = engine.rows(
        f"with ranked as ({ranked}) "
        f"select a.row_position, a.insured_number, case when {same} then 1 else 0 end as is_same "
        f"from ranked as a join ranked as b on {on_key} and b.n = 1 where a.n > 1 order by a.row_position"
    )
    header = source.match.headers[source.match.sources["insured_number"][0]].strip()
    for position, number, is_same in later:
        rule = "key_duplicate" if is_same else "key_conflict"
        source.findings.quarantine_row(source.lines.line(position), [(header, number, rule)])
        source.findings.rows_accepted -= 1
    return f"select {columns}, row_position from ({ranked}) as ranked where n = 1"


def select_persons(engine: Engine, settled: str, first_month: dt.date) -> str:
    """被保険者区分が空なら、最初の給付の月に65歳以上かどうかで補うSELECT。

    The age of 65 is reached on the day before the birthday (年齢計算ニ関する法律), so whoever has the birthday
    on the first day of the next month still reaches it in the month.
    """
    schema = load_schemas()["persons"]
    quote, keys = engine.dialect.quote, engine.dialect.columns(PERSON_KEY)
    first = (
        f"select {keys}, min(extract(year from service_month) * 12 + extract(month from service_month)) as m "
        f"from benefits group by {keys}"
    )
    month = f"coalesce(f.m, {first_month.year * 12 + first_month.month})"
    birthday = "(extract(year from p.birth_date) + 65) * 12 + extract(month from p.birth_date)"
    first_day = f"({birthday} = {month} + 1 and extract(day from p.birth_date) = 1)"
    derived = f"case when {birthday} <= {month} or {first_day} then 1 else 2 end"
    columns = ", ".join(
        f"cast(coalesce(p.insured_category, {derived}) as tinyint) as insured_category"
        if name == "insured_category"
        else f"p.{quote(name)}"
        for name in schema.names
    )
    on_key = " and ".join(f"p.{quote(c)} = f.{quote(c)}" for c in PERSON_KEY)
    return (
        f"select {columns} from ({settled}) as p left join ({first}) as f on {on_key} order by p.row_position"
    )


def warn_of_missing_persons(engine: Engine, source: SourceFile, view: str) -> None:
    """個人属性情報に被保険者番号がない行を数える。"""
    on_key = " and ".join(f"p.{c} = t.{c}" for c in PERSON_KEY)
    orphans = f"from {view} as t where not exists (select 1 from persons as p where {on_key})"
    count = int(engine.value(f"select count(*) {orphans}"))
    if count:
        positions = engine.rows(
            f"select t.row_position {orphans} order by t.row_position limit {FIRST_LINES}"
        )
        header = source.match.headers[source.match.sources["insured_number"][0]].strip()
        source.findings.warn("person_unknown", count, _lines(source.lines, positions), [header])


def warn_of_equal_lines(engine: Engine, source: SourceFile, view: str) -> None:
    """すべての列が同じ給付の行を数える(2行目以降)。"""
    columns = engine.dialect.columns(source.schema.names)
    groups = (
        f"select count(*) as n, min(row_position) as p from {view} group by {columns} having count(*) > 1"
    )
    count = engine.value(f"select coalesce(sum(n - 1), 0) from ({groups}) as g")
    if count:
        positions = engine.rows(f"select p from ({groups}) as g order by p limit {FIRST_LINES}")
        source.findings.warn("benefit_line_duplicate", int(count), _lines(source.lines, positions))


def warn_of_months_over_limit(engine: Engine, source: SourceFile, view: str) -> None:
    """区分支給限度基準額を超える(人, 月)を数える。

    Where a month has two certifications the higher limit holds. Kinds outside the limit do not count; single
    additions outside it (加算) cannot be told apart, so that this is a hint, never a fault.
    """
    limits: list[Mapping[str, str | int]] = [
        {
            "care_level": row["care_level"],
            "units": int(row["units_per_month"]),
            "since": int(row["valid_from"].replace("-", "")),
            "until": int(row["valid_to"].replace("-", "") or _FOR_EVER),
        }
        for row in read_facts("limits_by_level")
    ]
    types = {"care_level": engine.dialect.text_type, "units": "int", "since": "int", "until": "int"}
    engine.values_view("limits", limits, types)
    outside = ", ".join(
        engine.dialect.text(row["kind"]) for row in read_facts("kinds_outside_limit", PACKAGE)
    )
    keys = engine.dialect.columns(PERSON_KEY)
    totals = (
        f"select {keys}, service_month, sum(units) as units, min(row_position) as p from {view} "
        f"where substr(service_code, 1, 2) not in ({outside}) group by {keys}, service_month"
    )
    month_key = "extract(year from {0}) * 100 + extract(month from {0})"
    month, since, until = (month_key.format(c) for c in ("t.service_month", "c.valid_from", "c.valid_to"))
    over = (
        f"select t.p from ({totals}) as t "
        f"join certifications as c on c.insurer_number = t.insurer_number "
        f"and c.insured_number = t.insured_number and {since} <= {month} and {until} >= {month} "
        f"join limits as l on l.care_level = c.care_level and l.since <= {month} and l.until >= {month} "
        f"group by t.insurer_number, t.insured_number, t.service_month, t.p, t.units "
        f"having t.units > max(l.units)"
    )
    count = int(engine.value(f"select count(*) from ({over}) as o"))
    if count:
        positions = engine.rows(f"select p from ({over}) as o order by p limit {FIRST_LINES}")
        source.findings.warn("month_over_limit", count, _lines(source.lines, positions))


def _lines(lines: LineMap, positions: list[tuple[int]]) -> list[int]:
    return [lines.line(position) for (position,) in positions]
