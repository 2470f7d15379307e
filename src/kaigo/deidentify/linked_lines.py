"""Writing the benefit lines of the linked layout in the order of their pseudonyms.

A pseudonym is a text of 32 digits, so lines are put in order by its place among all pseudonyms, a number, and get the text while
they are written: measured on ten million lines, sorting by the text costs twice as much. Of a country's lines one range of places
is in order at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from kaigo.deidentify.deal_out import deal_by_place
from kaigo.deidentify.workspace import Workspace
from kaigo.deidentify.written import WrittenTable
from kaigo.engine.arrow_numbers import to_arrow
from kaigo.tables.content_hash import HashedBatches

PLACES = "pseudonym_places"
"""Step: ``pseudonyms`` with ``place``, the number of each from 0 in their order."""


def store_places(work: Workspace) -> None:
    """Number the pseudonyms in their order."""
    work.engine.materialise(
        PLACES,
        "select person, period, person_id, cast(row_number() over (order by person_id) - 1 as integer) as place "
        "from pseudonyms",
        work.folder / PLACES,
    )


def write_lines(work: Workspace, columns: Sequence[str], rows: int, most: int, provide: Path) -> WrittenTable:
    """給付の行に仮IDを付けて、仮IDの順に書く。

    Parameters
    ----------
    columns : sequence of str
        Released columns: SQL over ``b``, the relation of the benefits; a date is a month and is written as ``YYYY-MM``.
    rows, most : int
        Lines, about; lines that are put in order at once.
    provide : pathlib.Path
        Receives ``benefits/``.
    """
    engine = work.engine
    select = (
        f"select i.place, {', '.join(columns)} from {work.relations['benefits']} as b "
        f"join {PLACES} as i on i.person = b.person and i.period = {work.period('b.month_number')}"
    )
    passes, places = max(-(-rows // most), 1), engine.count(PLACES)
    schema = engine.arrow_schema(select)
    ranges = [(select, 0, places)]
    if passes > 1:
        ranges = []
        # Dealt out in one reading: a range for each pass would read all lines again.
        for number, (folder, first, end) in enumerate(
            deal_by_place(engine, select, places, passes, work.folder / "dealt")
        ):
            engine.scan(f"dealt_{number}", folder)
            ranges.append((f"select {engine.dialect.columns(schema.names)} from dealt_{number}", first, end))
    order = engine.dialect.columns(schema.names)

    def name_lines() -> Iterator[pa.RecordBatch]:
        for each, first, end in ranges:
            ids = _read_ids(work, first, end)
            for batch in engine.batches(f"{each} order by {order}"):
                place = to_arrow(batch.column(0).to_numpy() - first)
                shown = [_show_months(column) for column in batch.columns[1:]]
                yield pa.RecordBatch.from_arrays([ids.take(place), *shown], schema=released)

    shown_types = [pa.string() if pa.types.is_date(field.type) else field.type for field in list(schema)[1:]]
    released = pa.schema(
        [
            ("person_id", pa.string()),
            *((name, kind) for name, kind in zip(schema.names[1:], shown_types, strict=True)),
        ]
    )
    hashed = HashedBatches(name_lines(), released)
    written = engine.store("linked_benefits", iter(hashed), released, provide / "benefits").rows
    return WrittenTable(written, hashed.hexdigest())


def _read_ids(work: Workspace, first: int, end: int) -> pa.Array:
    """Pseudonyms of a range of places, in their order."""
    batches = work.engine.batches(
        f"select person_id from {PLACES} where place >= {first} and place < {end} order by place"
    )
    return pa.chunked_array([batch.column(0) for batch in batches], pa.string()).combine_chunks()


def _show_months(column: pa.Array) -> pa.Array:
    """Dates as texts of their months; anything else as it is."""
    if not pa.types.is_date(column.type):
        return column
    months = column.dictionary_encode()
    texts = [f"{day:%Y-%m}" for day in months.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(months.indices, pa.array(texts, pa.string())).dictionary_decode()
