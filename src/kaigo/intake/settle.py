"""Repeated keys are set apart, and what a file does not say is derived from the others."""

from __future__ import annotations

import datetime as dt

from kaigo.engine import Engine
from kaigo.intake.inputs import TableGroup
from kaigo.tables.schema import PERSON_KEY, load_schemas


def settle_keys(engine: Engine, group: TableGroup, staged: str) -> str:
    """鍵が同じ2行目以降を隔離し、残る行のSELECTを返す。

    The first row stands; a later row with the same key is a duplicate (all columns equal) or a conflict.

    Parameters
    ----------
    engine : Engine
    group : TableGroup
    staged : str
        View of the accepted rows with ``row_position``.

    Returns
    -------
    str
        SELECT of the remaining rows (all columns and ``row_position``).
    """
    schema = group.schema
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
        f"select a.row_position, a.insured_number, case when {same} then 1 else 0 end as is_same, "
        "b.row_position as kept "
        f"from ranked as a join ranked as b on {on_key} and b.n = 1 where a.n > 1 order by a.row_position"
    )
    for position, number, is_same, kept in later:
        rule = "key_duplicate" if is_same else "key_conflict"
        group.quarantine(position, [("insured_number", number, rule)], kept=kept)
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
