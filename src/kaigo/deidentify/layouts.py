"""The two layouts of a release: ``joined`` (the document's table) and ``linked`` (three tables with 仮ID)."""

from __future__ import annotations

from pathlib import Path

from kaigo.deidentify.joined import JoinedParts, hash_joined, pair_heads, stream_joined
from kaigo.deidentify.key import Key
from kaigo.deidentify.linked_lines import PLACES, store_places, write_lines
from kaigo.deidentify.pseudonym import store_pseudonyms
from kaigo.deidentify.workspace import Workspace
from kaigo.deidentify.written import WrittenTable
from kaigo.tables import hash_table

_MONTH_TEXT = "substr(cast({0} as {1}), 1, 7)"


def _columns(work: Workspace, table: str, alias: str, *, as_text: bool = True) -> list[str]:
    """Released columns of a table in schema order, under their released names; months as text unless told otherwise."""
    quote = work.engine.dialect.quote
    shown = []
    for column in work.columns[table]:
        source = f"{alias}.{quote(column)}"
        if column in work.names:
            shown.append(f"{source} as {quote(work.names[column])}")
        elif column == "service_month" and as_text:
            shown.append(_MONTH_TEXT.format(source, work.engine.dialect.text_type) + " as service_month")
        else:
            shown.append(source)
    return shown


def write_joined(work: Workspace, key: Key, provide: Path, crosswalk: Path | None) -> dict[str, WrittenTable]:
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
        By released table.
    """
    parts = view_joined(work)
    pair_heads(work.engine, parts, work.folder)
    rows = stream_joined(work.engine, parts, key, work.folder, provide, crosswalk)
    if all(parts.columns):
        return {"joined": WrittenTable(rows, hash_joined(work.engine, parts, work.folder))}
    return {"joined": _hash(work, "joined", rows)}


def _hash(work: Workspace, name: str, rows: int) -> WrittenTable:
    columns = work.engine.arrow_schema(f"select * from {name}").names
    return WrittenTable(rows, hash_table(work.engine, name, columns, columns[:1]))


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


def _write_in_passes(work: Workspace, table: str, select: str, rows: int, provide: Path) -> WrittenTable:
    """Write persons or certifications in the order of pseudonyms, one range of them after the other if there are many.

    Parameters
    ----------
    select : str
        With ``{ids}`` for the relation of pseudonyms; its order is that of its first columns.
    rows : int
        Of the table.
    """
    engine, name = work.engine, f"linked_{table}"
    passes = max(-(-rows // PASS_ROWS[table]), 1)
    order = engine.dialect.columns(
        engine.arrow_schema(select.format(ids=PLACES)).names[: _KEY_COLUMNS[table]]
    )
    if passes == 1:
        whole = f"{select.format(ids=PLACES)} order by {order}"
        return _hash(work, name, engine.materialise(name, whole, provide / table).rows)
    places = engine.count(PLACES)
    selects = []
    for number in range(passes):
        first, end = places * number // passes, places * (number + 1) // passes
        ids = f"(select person, period, person_id from {PLACES} where place >= {first} and place < {end})"
        selects.append(f"{select.format(ids=ids)} order by {order}")
    return _hash(work, name, engine.materialise_passes(name, selects, provide / table).rows)


def write_linked(work: Workspace, key: Key, provide: Path, crosswalk: Path | None) -> dict[str, WrittenTable]:
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
    store_places(work)
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
    selects = {
        "persons": f"select i.person_id, {', '.join(_columns(work, 'persons', 'p'))} from {{ids}} as i "
        f"join {work.relations['persons']} as p on p.person = i.person",
        "certifications": f"select i.person_id, f.from_month, f.to_month, {', '.join(_columns(work, 'certifications', 'c'))} "
        "from certification_periods as f join {ids} as i on i.person = f.person and i.period = f.period "
        f"join {work.relations['certifications']} as c on c.certification = f.certification",
    }
    steps = {"persons": PLACES, "certifications": "certification_periods"}
    written = {
        table: _write_in_passes(work, table, select, engine.count(steps[table]), provide)
        for table, select in selects.items()
    }
    lines = _columns(work, "benefits", "b", as_text=False)
    written["benefits"] = write_lines(work, lines, engine.count("benefits_0"), PASS_ROWS["benefits"], provide)
    if crosswalk is not None:
        engine.materialise(
            "crosswalk_persons",
            "select i.person_id, i.period, p.person, p.insurer_number, p.insured_number from pseudonyms as i "
            "join persons_0 as p on p.person = i.person order by i.person_id",
            crosswalk / "persons",
        )
    return written
