"""The two layouts of a release: ``joined`` (the document's table) and ``linked`` (three tables with 仮ID)."""

from __future__ import annotations

from pathlib import Path

from kaigo.deidentify.deal_out import SLOTS, deal_by_pseudonym, select_buckets
from kaigo.deidentify.joined import JoinedParts, stream_joined
from kaigo.deidentify.key import Key
from kaigo.deidentify.pseudonym import store_pseudonyms
from kaigo.deidentify.workspace import Workspace

_MONTH_TEXT = "substr(cast({0} as {1}), 1, 7)"


def _columns(work: Workspace, table: str, alias: str) -> list[str]:
    """Released columns of a table in schema order; dates of months as text, under their released names."""
    quote = work.engine.dialect.quote
    shown = []
    for column in work.columns[table]:
        source = f"{alias}.{quote(column)}"
        if column in work.names:
            shown.append(f"{source} as {quote(work.names[column])}")
        elif column == "service_month":
            shown.append(_MONTH_TEXT.format(source, work.engine.dialect.text_type) + " as service_month")
        else:
            shown.append(source)
    return shown


def write_joined(work: Workspace, key: Key, provide: Path, crosswalk: Path | None) -> dict[str, int]:
    """加工後テーブル(1行が1給付、識別子なし)を、順序を混ぜて書く。

    Parameters
    ----------
    provide : pathlib.Path
        Receives ``joined/``.
    crosswalk : pathlib.Path or None
        Receives ``rows/`` and ``persons/``: position of each row to the person.

    Returns
    -------
    dict
        Rows by released table.
    """
    return {"joined": stream_joined(work.engine, view_joined(work), key, work.folder, provide, crosswalk)}


def view_joined(work: Workspace) -> JoinedParts:
    """Name the three parts of the joined table: what persons, certifications and lines contribute."""
    engine, level = work.engine, work.engine.dialect.quote("care_level")
    survey = [column for column in _columns(work, "certifications", "c") if not column.endswith(level)]
    ordered = {
        "persons": (["p.person"], _columns(work, "persons", "p")),
        "certifications": (
            ["c.certification"],
            [*survey, *(c for c in _columns(work, "certifications", "c") if c.endswith(level))],
        ),
        "benefits": (["b.person", "b.certification"], _columns(work, "benefits", "b")),
    }
    released = []
    for table, (numbers, columns) in ordered.items():
        view = f"joined_{table}"
        alias = numbers[0][0]
        engine.view(view, f"select {', '.join([*numbers, *columns])} from {work.relations[table]} as {alias}")
        released.append(tuple(engine.arrow_schema(f"select * from {view}").names[len(numbers) :]))
    return JoinedParts(
        "joined_persons", "joined_certifications", "joined_benefits", (released[0], released[1], released[2])
    )


PASS_ROWS = {"persons": 16_000_000, "certifications": 3_000_000, "benefits": 16_000_000}
"""Rows put in order at once, so that memory does not grow with the data: a certification is eighty columns wide."""
_KEY_COLUMNS = {"persons": 1, "certifications": 3}


def _write_in_passes(work: Workspace, table: str, select: str, rows: int, provide: Path) -> int:
    """Write a linked table in the order of pseudonyms, one range of them after the other if it is large.

    Parameters
    ----------
    select : str
        With ``{ids}`` for the relation of pseudonyms; its order is that of its first columns.
    rows : int
        Of the table.
    """
    engine, name = work.engine, f"linked_{table}"
    passes = min(max(-(-rows // PASS_ROWS[table]), 1), SLOTS)
    columns = engine.arrow_schema(select.format(ids="pseudonyms")).names
    # Lines may be equal but for their last column; a certification has its months to itself.
    order = engine.dialect.columns(columns if table == "benefits" else columns[: _KEY_COLUMNS[table]])
    if passes == 1:
        whole = f"{select.format(ids='pseudonyms')} order by {order}"
        return engine.materialise(name, whole, provide / table).rows
    if table == "benefits":
        # Dealt out in one reading: a range for each pass would read all lines again.
        folders = deal_by_pseudonym(engine, select.format(ids="pseudonyms"), passes, work.folder / "dealt")
        return engine.materialise_passes(
            name, select_buckets(engine, "dealt", folders, columns), provide / table
        ).rows
    bounds = [f"{SLOTS * number // passes:03x}" for number in range(passes)]
    selects = []
    for number, low in enumerate(bounds):
        high = f" and person_id < '{bounds[number + 1]}'" if number + 1 < passes else ""
        ids = f"(select person, period, person_id from pseudonyms where person_id >= '{low}'{high})"
        selects.append(f"{select.format(ids=ids)} order by {order}")
    return engine.materialise_passes(name, selects, provide / table).rows


def write_linked(work: Workspace, key: Key, provide: Path, crosswalk: Path | None) -> dict[str, int]:
    """3つの表を、番号の代わりに仮IDを付けて書く(仮IDの順に並べる)。

    One row of ``persons`` for each person and pseudonym period in which a certification is in force; one row of
    ``certifications`` for each certification and period, with the months in which it applies
    (``from_month``, ``to_month``).
    """
    engine = work.engine
    engine.view(
        "in_force_periods",
        f"select person, certification, service_month, {work.period('month_number')} as period from {work.in_force}",
    )
    engine.materialise(
        "person_periods",
        "select distinct person, period from in_force_periods",
        work.folder / "person_periods",
    )
    store_pseudonyms(work, key, "person_periods")
    text = engine.dialect.text_type
    # A certification fixed for a period is shown for all its months: a person's own would tell entry and exit.
    source, first, last = "in_force_periods as f", "f.service_month", "f.service_month"
    if work.whole_periods:
        source += (
            " join (select period, min(service_month) as first_month, max(service_month) as last_month "
            "from in_force_periods group by period) as s on s.period = f.period"
        )
        first, last = "s.first_month", "s.last_month"
    from_month = _MONTH_TEXT.format(f"min({first})", text)
    to_month = _MONTH_TEXT.format(f"max({last})", text)
    engine.materialise(
        "certification_periods",
        f"select f.person, f.period, f.certification, {from_month} as from_month, {to_month} as to_month "
        f"from {source} group by f.person, f.period, f.certification",
        work.folder / "certification_periods",
    )
    period = work.period("b.month_number")
    selects = {
        "persons": f"select i.person_id, {', '.join(_columns(work, 'persons', 'p'))} from {{ids}} as i "
        f"join {work.relations['persons']} as p on p.person = i.person",
        "certifications": f"select i.person_id, f.from_month, f.to_month, {', '.join(_columns(work, 'certifications', 'c'))} "
        "from certification_periods as f join {ids} as i on i.person = f.person and i.period = f.period "
        f"join {work.relations['certifications']} as c on c.certification = f.certification",
        "benefits": f"select i.person_id, {', '.join(_columns(work, 'benefits', 'b'))} "
        f"from {work.relations['benefits']} as b join {{ids}} as i on i.person = b.person and i.period = {period}",
    }
    steps = {"persons": "pseudonyms", "certifications": "certification_periods", "benefits": "benefits_0"}
    rows = {
        table: _write_in_passes(work, table, select, engine.count(steps[table]), provide)
        for table, select in selects.items()
    }
    if crosswalk is not None:
        engine.materialise(
            "crosswalk_persons",
            "select i.person_id, i.period, p.person, p.insurer_number, p.insured_number from pseudonyms as i "
            "join persons_0 as p on p.person = i.person order by i.person_id",
            crosswalk / "persons",
        )
    return rows
