"""Writing the document's joined table line by line, and its content hash, without a join of eighty columns.

A line of the joined table repeats what its person and its certification say. The engine puts the narrow lines in order; what
they repeat is looked up here, batch by batch: measured on five million lines, half the CPU of the engine's join, whose hash table
holds whole rows. Only the persons and certifications are in memory, never the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaigo.engine import Engine, atomic_folder
from kaigo.tables.content_hash import hash_texts, render_row

_TRACE = ("insurer_number", "insured_number")
PART = "part-00000.parquet"


@dataclass(frozen=True)
class JoinedParts:
    """加工後テーブルの3つの部分(ビューの名前)と、書き出す列。

    Attributes
    ----------
    persons, certifications, lines : str
        Views with ``person``; ``certification``; both; and their released columns.
    columns : tuple of (tuple of str)
        Released columns of persons, certifications and lines, in the order of the table.
    """

    persons: str
    certifications: str
    lines: str
    columns: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class _Lookup:
    """A small table by its running number."""

    batch: pa.RecordBatch
    row: npt.NDArray[np.int64]

    @classmethod
    def read(cls, engine: Engine, relation: str, number: str, columns: Sequence[str]) -> _Lookup:
        select = f"select {engine.dialect.columns((number, *columns))} from {relation}"
        table = pa.Table.from_batches(engine.batches(select), engine.arrow_schema(select)).combine_chunks()
        numbers = table.column(0).to_numpy().astype(np.int64)
        row = np.full(int(numbers.max(initial=-1)) + 1, -1, dtype=np.int64)
        row[numbers] = np.arange(len(numbers))
        if np.count_nonzero(row >= 0) != len(numbers):
            raise ValueError(f"{relation}: a {number} stands twice")
        rest = table.drop_columns([number])
        batches = rest.to_batches()
        return cls(batches[0] if batches else pa.RecordBatch.from_pylist([], rest.schema), row)

    def find(self, numbers: pa.Array) -> npt.NDArray[np.int64]:
        """Row of each number; -1 if it has none."""
        wanted = numbers.to_numpy().astype(np.int64)
        known = wanted < len(self.row)
        found = np.full(len(wanted), -1, dtype=np.int64)
        found[known] = self.row[wanted[known]]
        return found

    def take(self, rows: npt.NDArray[np.int64]) -> list[pa.Array]:
        """The columns at rows."""
        indices = pa.array(rows)
        return [column.take(indices) for column in self.batch.columns]


def stream_joined(
    engine: Engine, parts: JoinedParts, shuffled: str, provide: Path, crosswalk: Path | None
) -> int:
    """加工後テーブルを、決められた順に書く。対応表も同じ順に書く。

    Parameters
    ----------
    shuffled : str
        View of the lines with their ``place``. Lines with the same place are equal lines of one person.
    provide, crosswalk : pathlib.Path
        Receive ``joined/`` and ``rows/`` (position of each row to the person).

    Returns
    -------
    int
        Rows written.
    """
    of_person, of_certification, of_line = parts.columns
    persons = _Lookup.read(engine, parts.persons, "person", of_person)
    certifications = _Lookup.read(engine, parts.certifications, "certification", of_certification)
    wanted = engine.dialect.columns(("person", "certification", *of_line))
    select = f"select {wanted} from {shuffled} order by place"
    narrow = engine.arrow_schema(select)
    schema = pa.schema(
        [*persons.batch.schema, *certifications.batch.schema, *(narrow.field(name) for name in of_line)]
    )

    def find_lines() -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
        for batch in engine.batches(select):
            person, certification = persons.find(batch.column(0)), certifications.find(batch.column(1))
            # As an inner join: no line without its person and certification.
            kept = np.flatnonzero((person >= 0) & (certification >= 0))
            if len(kept) < len(person):
                batch, person, certification = batch.take(pa.array(kept)), person[kept], certification[kept]
            arrays = [
                *persons.take(person),
                *certifications.take(certification),
                *batch.columns[2:],
            ]
            yield batch.column(0), pa.RecordBatch.from_arrays(arrays, schema=schema)

    if crosswalk is None:
        lines = (batch for _, batch in find_lines())
        return engine.store("joined", lines, schema, provide / "joined").rows
    numbers = _Lookup.read(engine, "persons_0", "person", _TRACE)
    traced = pa.schema([pa.field("row_position", pa.int64()), *numbers.batch.schema])
    with (
        atomic_folder(crosswalk / "rows") as fresh,
        pq.ParquetWriter(fresh / PART, traced, compression="zstd") as writer,
    ):

        def trace_lines() -> Iterator[pa.RecordBatch]:
            position = 0
            for person, batch in find_lines():
                rows, found = np.arange(position, position + len(person)), numbers.find(person)
                known = found >= 0  # a person whom a rule made up has no numbers
                who = numbers.take(found[known])
                writer.write_batch(pa.RecordBatch.from_arrays([pa.array(rows[known]), *who], schema=traced))
                position += len(person)
                yield batch

        return engine.store("joined", trace_lines(), schema, provide / "joined").rows


def hash_joined(engine: Engine, parts: JoinedParts, folder: Path) -> str:
    """加工後テーブルの内容のハッシュ(:func:`kaigo.tables.hash_table` と同じ値)を、部分から求める。

    What persons and certifications contribute to a line (its head) is rendered once for each and ranked; the lines are
    sorted by the rank of the head and by their own text. Every head has equally many separators, so that is the order
    of the whole texts.
    """
    of_person, of_certification, of_line = parts.columns
    separator = "chr(31)"
    engine.materialise(
        "joined_heads",
        f"with p as (select person, {render_row(engine, parts.persons, of_person)} as text from {parts.persons}), "
        f"c as (select certification, {render_row(engine, parts.certifications, of_certification)} as text "
        f"from {parts.certifications}), "
        f"used as (select distinct person, certification from {parts.lines}) "
        f"select u.person, u.certification, p.text || {separator} || c.text || {separator} as head "
        "from used as u join p on p.person = u.person join c on c.certification = u.certification",
        folder / "joined_heads",
    )
    engine.materialise(
        "joined_ranks",
        "select head, row_number() over (order by head) - 1 as place "
        "from (select distinct head from joined_heads) as h order by place",
        folder / "joined_ranks",
    )
    engine.materialise(
        "joined_places",
        "select h.person, h.certification, r.place from joined_heads as h join joined_ranks as r on r.head = h.head",
        folder / "joined_places",
    )
    tail = f"{render_row(engine, parts.lines, of_line, alias='b')} || chr(10)"
    select = (
        f"select h.place, {tail} as tail from {parts.lines} as b "
        "join joined_places as h on h.person = b.person and h.certification = b.certification order by h.place, tail"
    )
    return hash_texts(_join_heads(engine, select))


def _join_heads(engine: Engine, select: str) -> Iterator[pa.Array]:
    """Whole texts in order: heads stream along with the lines, both by their place."""
    heads = engine.batches("select head from joined_ranks order by place")
    window, first = pa.array([], pa.string()), 0
    for batch in engine.batches(select):
        places = batch.column(0).to_numpy().astype(np.int64)
        window = window.slice(max(int(places[0]) - first, 0))
        first = max(first, int(places[0]))
        while first + len(window) <= places[-1]:
            window = pa.concat_arrays([window, next(heads).column(0).cast(pa.string())])
            if first < places[0]:
                window = window.slice(places[0] - first)
        head = window.take(pa.array(places - first))
        yield pc.binary_join_element_wise(head, batch.column(1).cast(pa.string()), "")
