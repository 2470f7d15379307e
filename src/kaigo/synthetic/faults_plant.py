"""Planting faults: which rows of a municipality's CSV files get which kind, and the files written anew with them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.faults import Fault, FaultKind, check_fault_rate, load_fault_kinds
from kaigo.synthetic.faults_damage import DAMAGERS, SoundLine, split_line
from kaigo.tables.municipal_csv import ENCODING
from kaigo.tables.schema import PERSON_KEY, TableSchema, load_schemas
from kaigo.tables.wareki import parse_date

FIRST_LINE = 2
"""Line of the first data row: the header is line 1."""
_SEED_KEY = (0, 0, 0)
_AFTER_EXIT = "benefit_after_exit"
_MARGIN_ROWS = 2
"""A table needs so many rows for each kind before one of each is planted whatever the rate."""

Exits = dict[tuple[str, str], dt.date]


def plant_faults(folder: Path, rate: float, seed: int) -> tuple[Fault, ...]:
    """誤りのない3つのCSVに、種類ごとに決まった数の誤りを入れる。

    Sound rows keep their order and every byte; added rows stand right after the row they were copied from.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the sound CSV files of :func:`kaigo.tables.municipal_csv.write_municipal_csv`; changed in place.
    rate : float
        Faults per row of each file (0 to 0.5), divided equally among the kinds that the file can have; at
        least one of each kind where the file has two rows for each.
    seed : int
        Same files, rate and seed give the same faults.

    Returns
    -------
    tuple of Fault
        In the order of the files and their lines.
    """
    check_fault_rate(rate, csv=True)
    if not rate:
        return ()
    exits = _read_exits(folder / "persons.csv")
    planted: list[Fault] = []
    for number, schema in enumerate(load_schemas().values()):
        draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*_SEED_KEY, number)))
        path = folder / f"{schema.name}.csv"
        planted += _damage_file(path, schema, _choose_rows(path, schema.name, rate, exits, draw), exits, draw)
    return tuple(planted)


def divide_faults(rows: int, kinds: int, rate: float) -> list[int]:
    """誤りの数を種類に等しく分ける。

    Returns
    -------
    list of int
        One number a kind; the sum is ``rate × rows`` rounded, or the number of kinds where that is more and the
        table has two rows for each.
    """
    total = round(rate * rows)
    if rate and rows >= _MARGIN_ROWS * kinds:
        total = max(total, kinds)
    whole, rest = divmod(min(total, rows), kinds)
    return [whole + (place < rest) for place in range(kinds)]


def _count_rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def _read_exits(path: Path) -> Exits:
    """First day of the month in which each person left."""
    exits: Exits = {}
    schema = load_schemas()["persons"]
    key, left = [schema.names.index(name) for name in PERSON_KEY], schema.names.index("disqualified_on")
    with path.open(encoding=ENCODING, newline="") as file:
        for row in islice(csv.reader(file), 1, None):
            date = parse_date(row[left]) if row[left] else None
            if date:
                exits[row[key[0]], row[key[1]]] = date.replace(day=1)
    return exits


def _person_of(line: bytes) -> tuple[str, str]:
    """The two numbers, which are the first two columns of every table."""
    insurer, insured = line.split(b",", 2)[:2]
    return insurer.strip(b'"').decode("ascii"), insured.strip(b'"').decode("ascii")


def _find_rows_of(path: Path, persons: Mapping[tuple[str, str], dt.date]) -> npt.NDArray[np.int64]:
    with path.open("rb") as file:
        lines = islice(file, 1, None)
        return np.array([row for row, line in enumerate(lines) if _person_of(line) in persons], np.int64)


def _choose_rows(
    path: Path, table: str, rate: float, exits: Exits, draw: np.random.Generator
) -> dict[int, FaultKind]:
    """Which rows (from 0) get which kind: every row at most one."""
    kinds = [kind for kind in load_fault_kinds() if kind.table == table]
    rows = _count_rows(path)
    chosen: dict[int, FaultKind] = {}
    counts = dict(zip([kind.kind for kind in kinds], divide_faults(rows, len(kinds), rate), strict=True))
    for kind in kinds:
        if kind.kind == _AFTER_EXIT:
            of_exited = _find_rows_of(path, exits)
            count = min(counts.pop(kind.kind), len(of_exited))
            chosen |= dict.fromkeys(draw.choice(of_exited, count, replace=False).tolist(), kind)
    order = [kind for kind in kinds for _ in range(counts.get(kind.kind, 0))]
    # As many spare rows as are taken already.
    drawn = draw.choice(rows, min(rows, len(order) + len(chosen)), replace=False).tolist()
    free = [row for row in drawn if row not in chosen][: len(order)]
    return chosen | dict(zip(free, order, strict=False))


def _damage_file(
    path: Path, schema: TableSchema, chosen: Mapping[int, FaultKind], exits: Exits, draw: np.random.Generator
) -> Iterator[Fault]:
    fresh, inserted, done = path.with_suffix(".fresh"), 0, 0
    with path.open("rb") as source, fresh.open("wb") as target:
        target.writelines(islice(source, 1))
        for row in sorted(chosen):
            target.writelines(islice(source, row - done))
            sound, kind = next(source), chosen[row]
            done = row + 1
            column = kind.columns[int(draw.integers(len(kind.columns)))] if kind.columns else ""
            line = split_line(sound, schema)
            line = SoundLine(line.tokens, schema, exits.get(_person_of(sound)))
            damage = DAMAGERS[kind.kind](line, column, draw)
            origin = row + FIRST_LINE + inserted
            if kind.placement == "insert":
                target.write(sound)
                inserted += 1
            target.write(damage.line)
            header = schema.column(damage.column).label if damage.column else ""
            yield Fault(
                path.name,
                row + FIRST_LINE + inserted,
                header,
                kind.kind,
                kind.scope,
                damage.before,
                damage.after,
                origin,
            )
        target.writelines(source)
    fresh.replace(path)
