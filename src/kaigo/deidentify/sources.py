"""From care tables to the relations that the rules work on: running numbers, window, certification in force."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.deidentify.standard import Layout
from kaigo.deidentify.workspace import Workspace
from kaigo.engine import Engine
from kaigo.errors import EmptyResultError, InputError
from kaigo.tables import CareTables, load_schemas
from kaigo.tables.in_force import select_in_force, select_months


@dataclass(frozen=True)
class Scope:
    """対象にした行と、対象から外した行の数(理由ごと)。"""

    workspace: Workspace
    balance: dict[str, dict[str, Any]]


_REASONS: dict[Layout, tuple[str, str]] = {
    "joined": ("提供する給付のない人", "提供する給付に適用されない認定"),
    "linked": ("提供期間に有効な認定のない人", "提供期間のどの月にも適用されない認定"),
}


def open_sources(
    tables: CareTables,
    engine: Engine,
    folder: Path,
    layout: Layout,
    *,
    deleted: Collection[str] = (),
) -> Scope:
    """介護データを加工の対象にそろえる。

    Steps: a running number for each person; the window (first to last service month); for each person and
    month the certification in force, at most until 資格喪失 (valid on the last day of the month; if none, on any
    day of it; the latest wins); what the layout does not release is left out, and counted: benefit lines without a certification;
    in ``joined`` persons and certifications without a line, in ``linked`` those without a month in force. So a
    later rule that counts persons counts those whom a recipient can see.

    Parameters
    ----------
    deleted : collection of str
        Columns of the benefits that the standard deletes before anything reads them: only whether a cell holds a value
        is carried along (true, or null), which is what the ledger counts.

    Raises
    ------
    InputError
        If a person is listed twice or a service month is not the first of a month.
    EmptyResultError
        If no person or no benefit line is left.
    """
    tables.scan(engine)
    schemas = load_schemas()
    listed = {
        name: ", ".join(f"t.{engine.dialect.quote(c)}" for c in schema.names)
        for name, schema in schemas.items()
    }
    engine.materialise(
        "persons_0",
        "select cast(row_number() over (order by t.insurer_number, t.insured_number) as integer) as person, "
        "cast(dense_rank() over (order by t.insurer_number) as integer) as municipality, "
        f"{listed['persons']} from persons as t",
        folder / "persons_0",
    )
    engine.view(
        "person_messages",
        "select person, insurer_number || '/' || insured_number as message from persons_0",
    )
    same_person = "p.insurer_number = t.insurer_number and p.insured_number = t.insured_number"
    if engine.count("benefits") == 0:
        raise EmptyResultError(
            "介護給付情報が1件もありません。", remedy="読み込んだファイルと対象の月を確かめてください。"
        )
    _refuse_broken_tables(engine)
    first, last = engine.rows("select min(service_month), max(service_month) from benefits")[0]
    _number_certifications(engine, folder, listed["certifications"], same_person)
    origin = first.year * 12 + first.month
    _find_certification_in_force(engine, folder, origin)
    _list_spans(engine, folder)
    carried = ", ".join(
        f"case when t.{engine.dialect.quote(c)} is not null then true end as {engine.dialect.quote(c)}"
        if c in deleted
        else f"t.{engine.dialect.quote(c)}"
        for c in schemas["benefits"].names
    )
    month = f"cast({_count_months('t.service_month')} - {origin} as smallint)"
    # One look-up of spans, not one of months: a country has nine million of them, and eighty million months.
    engine.materialise(
        "benefits_0",
        f"select s.person, s.municipality, s.certification, t.month_number, {carried} "
        f"from (select t.*, {month} as month_number from benefits as t) as t "
        "join spans as s on s.insurer_number = t.insurer_number and s.insured_number = t.insured_number "
        "and s.first_number <= t.month_number and s.last_number >= t.month_number",
        folder / "benefits_0",
    )
    released = "benefits_0" if layout == "joined" else "certification_spans"
    engine.materialise(
        "certifications_0",
        f"select t.person, t.municipality, t.certification, {listed['certifications']} from certifications_all as t "
        f"join (select distinct certification from {released}) as u on u.certification = t.certification",
        folder / "certifications_0",
    )
    engine.materialise(
        "persons_released",
        f"select t.person, t.municipality, {listed['persons']} from persons_0 as t "
        f"join (select distinct person from {released}) as u on u.person = t.person",
        folder / "persons_released",
    )
    workspace = Workspace(
        engine=engine,
        folder=folder,
        first_month=f"{first:%Y-%m}",
        last_month=f"{last:%Y-%m}",
        relations={
            "persons": "persons_released",
            "certifications": "certifications_0",
            "benefits": "benefits_0",
        },
        columns={name: schema.names for name, schema in schemas.items()},
        layout=layout,
    )
    scope = Scope(workspace, _count_scope(engine, layout))
    if scope.balance["benefits"]["rows_kept"] == 0:
        raise EmptyResultError(
            "認定のある給付が1件も残りませんでした。",
            found=f"給付{scope.balance['benefits']['rows_in']:,}件",
            remedy="認定有効期間と、被保険者番号・保険者番号の桁がそろっているか確かめてください。",
        )
    return scope


def _refuse_broken_tables(engine: Engine) -> None:
    """What would multiply or lose lines silently: a person listed twice, a month that is a day."""
    twice = engine.value(
        "select count(*) from (select insurer_number, insured_number from persons "
        "group by insurer_number, insured_number having count(*) > 1) as d"
    )
    remedy = "kaigo intake で読み込み直すか、元のファイルを直してください。"
    if twice:
        raise InputError(
            "個人属性情報に、同じ被保険者が2回以上あります。", found=f"{twice:,}人", remedy=remedy
        )
    days = engine.value(
        "select count(*) from benefits where service_month is null or day(service_month) <> 1"
    )
    if days:
        raise InputError(
            "サービス利用年月が月の1日になっていない給付があります。", found=f"{days:,}件", remedy=remedy
        )


def _number_certifications(engine: Engine, folder: Path, columns: str, same_person: str) -> None:
    # All columns take part in the order, so that the number does not depend on the order of the input's rows.
    engine.materialise(
        "certifications_all",
        "select p.person, p.municipality, cast(row_number() over (order by p.person, t.valid_from, t.valid_to, "
        f"t.care_level, {columns}) as integer) as certification, {columns} "
        f"from certifications as t join persons_0 as p on {same_person}",
        folder / "certifications_all",
    )


def _find_certification_in_force(engine: Engine, folder: Path, first: int) -> None:
    """One certification for each person and month in which any is valid; months numbered from 0."""
    engine.view(
        "months",
        f"select m.service_month, m.last_day, cast({_count_months('m.service_month')} - {first} "
        f"as smallint) as month_number from ({select_months('benefits')}) as m",
    )
    # A certificate's printed period runs on after death or a move; the certification does not.
    engine.view(
        "certifications_valid",
        "select c.person, c.certification, c.valid_from, case when p.disqualified_on < c.valid_to "
        "then p.disqualified_on else c.valid_to end as valid_to "
        "from certifications_all as c join persons_0 as p on p.person = c.person",
    )
    engine.materialise(
        "in_force",
        select_in_force("certifications_valid", "months", carried=("month_number",)),
        folder / "in_force",
    )


def _count_months(date: str) -> str:
    return f"year({date}) * 12 + month({date})"


def _list_spans(engine: Engine, folder: Path) -> None:
    """Person, certification and the first and last month in which it is in force; the months between are all its own."""
    engine.materialise(
        "certification_spans",
        "select person, certification, min(month_number) as first_number, max(month_number) as last_number, "
        "count(*) as months from in_force group by person, certification order by person, certification",
        folder / "certification_spans",
    )
    # A shorter certification may stand within a longer one, whose months are then listed one by one.
    whole = "s.months = s.last_number - s.first_number + 1"
    engine.view(
        "spans",
        "select p.insurer_number, p.insured_number, p.person, p.municipality, u.certification, u.first_number, u.last_number "
        "from persons_0 as p join (select s.person, s.certification, s.first_number, s.last_number "
        f"from certification_spans as s where {whole} "
        "union all select f.person, f.certification, f.month_number, f.month_number from in_force as f "
        f"join certification_spans as s on s.certification = f.certification where not ({whole})) as u on u.person = p.person",
    )


def _count_scope(engine: Engine, layout: Layout) -> dict[str, dict[str, Any]]:
    certifications, known = engine.count("certifications"), engine.count("certifications_all")
    used = engine.count("certifications_0")
    benefits, kept = engine.count("benefits"), engine.count("benefits_0")
    of_persons = kept
    if kept < benefits:
        same_person = "p.insurer_number = t.insurer_number and p.insured_number = t.insured_number"
        of_persons = int(
            engine.value(f"select count(*) from benefits as t join persons_0 as p on {same_person}")
        )
    persons, released = engine.count("persons_0"), engine.count("persons_released")
    person_reason, certification_reason = _REASONS[layout]
    return {
        "persons": {
            "rows_in": persons,
            "rows_kept": released,
            "left_out": {person_reason: persons - released},
        },
        "certifications": {
            "rows_in": certifications,
            "rows_kept": used,
            "left_out": {
                "個人属性情報にない人の認定": certifications - known,
                certification_reason: known - used,
            },
        },
        "benefits": {
            "rows_in": benefits,
            "rows_kept": kept,
            "left_out": {
                "個人属性情報にない人の給付": benefits - of_persons,
                "その月に有効な認定のない給付": of_persons - kept,
            },
        },
    }
