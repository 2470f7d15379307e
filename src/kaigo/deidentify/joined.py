"""Writing the document's joined table line by line, and its content hash, without a join of eighty columns.

A line of the joined table repeats what its person and its certification say. Only the narrow lines are put in order; what they
repeat is looked up here, batch by batch, and written as codes: measured on five million lines, a quarter of the CPU of the
engine's join, whose hash table holds whole rows. Persons and certifications are in memory, as codes, and one bucket of lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.deidentify.deal_out import PART
from kaigo.deidentify.key import Key
from kaigo.deidentify.lookup import Lookup
from kaigo.deidentify.shuffle import shuffle_rows
from kaigo.engine import Engine, atomic_folder
from kaigo.engine.arrow_numbers import to_arrow
from kaigo.tables import PERSON_KEY
from kaigo.tables.content_hash import hash_batches


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


def pair_heads(engine: Engine, parts: JoinedParts, folder: Path) -> None:
    """Step ``joined_pairs``, which the rest reads: persons and certifications that stand together on lines that are provided."""
    engine.materialise(
        "joined_pairs",
        "select u.person, u.certification, u.lines from (select person, certification, count(*) as lines "
        f"from {parts.lines} group by person, certification) as u "
        f"join {parts.persons} as p on p.person = u.person "
        f"join {parts.certifications} as c on c.certification = u.certification",
        folder / "joined_pairs",
    )


def stream_joined(
    engine: Engine, parts: JoinedParts, key: Key, folder: Path, provide: Path, crosswalk: Path | None
) -> int:
    """加工後テーブルを、無作為な順に書く。対応表も同じ順に書く。

    Parameters
    ----------
    key : Key
        Fixes the order.
    folder, provide, crosswalk : pathlib.Path
        For what waits; receive ``joined/``; ``rows/`` (position of each row, number of its person) and ``persons/``.

    Returns
    -------
    int
        Rows written.
    """
    of_person, of_certification, of_line = parts.columns
    persons = _read_used(engine, parts.persons, "person", of_person)
    certifications = _read_used(engine, parts.certifications, "certification", of_certification)
    narrow = engine.arrow_schema(f"select {engine.dialect.columns(of_line)} from {parts.lines}")
    schema = pa.schema([*persons.schema, *certifications.schema, *narrow])
    wanted = ("person", "certification", *of_line)
    rows = int(engine.value("select coalesce(sum(lines), 0) from joined_pairs"))

    def find_lines() -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
        for batch in shuffle_rows(engine, parts.lines, wanted, key, folder, rows=rows):
            person, certification = persons.find(batch.column(0)), certifications.find(batch.column(1))
            # As an inner join: no line without its person and certification.
            kept = np.flatnonzero((person >= 0) & (certification >= 0))
            if len(kept) < len(person):
                batch, person, certification = batch.take(to_arrow(kept)), person[kept], certification[kept]
            arrays = [
                *persons.take(person),
                *certifications.take(certification),
                *batch.columns[2:],
            ]
            yield batch.column(0), pa.RecordBatch.from_arrays(arrays, schema=schema)

    if crosswalk is None:
        lines = (batch for _, batch in find_lines())
        return engine.store("joined", lines, schema, provide / "joined").rows
    engine.materialise(
        "crosswalk_persons",
        f"select p.person, {engine.dialect.columns(PERSON_KEY, 'p')} from persons_0 as p "
        "join (select distinct person from joined_pairs) as b on b.person = p.person order by p.person",
        crosswalk / "persons",
    )
    known = Lookup.read(engine, "select person from crosswalk_persons")
    traced = pa.schema([("row_position", pa.int64()), ("person", pa.int32())])
    with (
        atomic_folder(crosswalk / "rows") as fresh,
        pq.ParquetWriter(fresh / PART, traced, compression="zstd") as writer,
    ):

        def trace_lines() -> Iterator[pa.RecordBatch]:
            position = 0
            for person, batch in find_lines():
                # A person whom a rule made up stands in no source.
                real = np.flatnonzero(known.find(person) >= 0)
                who = person.cast(pa.int32()).take(to_arrow(real))
                writer.write_batch(
                    pa.RecordBatch.from_arrays([to_arrow(real + position), who], schema=traced)
                )
                position += batch.num_rows
                yield batch

        return engine.store("joined", trace_lines(), schema, provide / "joined").rows


def _read_used(engine: Engine, relation: str, number: str, columns: Sequence[str]) -> Lookup:
    """What the provided lines repeat of a table, and nothing else: the codes of its texts are provided too."""
    listed = engine.dialect.columns((number, *columns), "t")
    return Lookup.read(
        engine,
        f"select {listed} from {relation} as t "
        f"join (select distinct {number} from joined_pairs) as u on u.{number} = t.{number}",
    )


def hash_joined(engine: Engine, parts: JoinedParts, folder: Path) -> str:
    """加工後テーブルの内容のハッシュ(:func:`kaigo.tables.hash_table` と同じ値)を、部分から求める。

    What persons and certifications contribute to a line (its head) is ranked once; the narrow lines are sorted by the rank of
    their head and by their own values, and the heads looked up.
    """
    of_person, of_certification, of_line = parts.columns
    heads = [*(("p", column) for column in of_person), *(("c", column) for column in of_certification)]
    listed = ", ".join(f"{alias}.{engine.dialect.quote(column)}" for alias, column in heads)
    engine.materialise(
        "joined_heads",
        f"select u.person, u.certification, cast(dense_rank() over (order by {listed}) as integer) as place, {listed} "
        "from joined_pairs as u "
        f"join {parts.persons} as p on p.person = u.person "
        f"join {parts.certifications} as c on c.certification = u.certification",
        folder / "joined_heads",
    )
    columns = engine.dialect.columns(("place", *(column for _, column in heads)))
    found = Lookup.read(engine, f"select {columns} from joined_heads", unique=False)
    line = engine.dialect.columns(of_line, "b")
    select = (
        f"select h.place, {line} from {parts.lines} as b "
        "join joined_heads as h on h.person = b.person and h.certification = b.certification "
        f"order by h.place, {line}"
    )
    narrow = engine.arrow_schema(select)
    schema = pa.schema([*found.schema, *list(narrow)[1:]])
    return hash_batches(
        (
            pa.RecordBatch.from_arrays(
                [*found.take(found.find(batch.column(0))), *batch.columns[1:]], schema=schema
            )
            for batch in engine.batches(select)
        ),
        schema,
    )
