"""The table as numbers: distinct combinations of key values with how many records and persons share each.

numpy instead of the engine: one node of the lattice is a handful of look-ups and one count over small integers, which
a query per node would spend on planning and on hashing texts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
DENSE_CELLS = 1 << 23
"""Up to so many possible combinations are counted in an array of all of them, else by sorting."""
_MOST = 1 << 62


@dataclass(frozen=True)
class Records:
    """鍵の値の組ごとの行数と人数。

    Attributes
    ----------
    codes : tuple of numpy.ndarray
        One array a key, length c: number of the value in the key's domain.
    records : numpy.ndarray
        Length c, int64: records with the combination.
    persons : numpy.ndarray
        Length c, int64: persons who have this combination and no other (records where persons are not counted).
    shared : numpy.ndarray
        Length s: places in ``codes`` of the combinations of persons who have several.
    owner : numpy.ndarray
        Length s: the person of each of ``shared``, numbered from 0.
    place : numpy.ndarray
        Length n: the combination of each record of the table.
    """

    codes: tuple[npt.NDArray[np.int32], ...]
    records: Ints
    persons: Ints
    shared: Ints
    owner: Ints
    place: Ints

    @property
    def number(self) -> int:
        """Number of records (行)."""
        return int(self.records.sum())

    @property
    def units(self) -> int:
        """Number of persons, or of records where persons are not counted."""
        return int(self.persons.sum()) + (int(self.owner.max()) + 1 if self.owner.size else 0)


def pack(codes: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int]) -> tuple[Ints, int]:
    """Several small integers as one; return it with the number of possible values.

    Combinations beyond 62 bits are renumbered on the way.
    """
    packed, cells = np.zeros(len(codes[0]), dtype=np.int64), 1
    for code, size in zip(codes, sizes, strict=True):
        if cells > _MOST // size:
            distinct, packed = np.unique(packed, return_inverse=True)
            cells = len(distinct)
        packed = packed * size + code
        cells *= size
    return packed, cells


def distinct(values: Ints) -> Ints:
    """Distinct values in order, by sorting (numpy's own way hashes first, ten times slower on a million pairs)."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def number_classes(codes: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int]) -> tuple[Ints, int]:
    """Number of each row's class, and an upper bound of these numbers (numbers may be left out)."""
    packed, cells = pack(codes, sizes)
    if cells <= max(DENSE_CELLS, 4 * len(packed)):
        return packed, cells
    distinct, inverse = np.unique(packed, return_inverse=True)
    return inverse.astype(np.int64), len(distinct)


def collapse(
    codes: Sequence[npt.NDArray[np.int32]], sizes: Sequence[int], person: Ints | None = None
) -> Records:
    """行をまとめて、鍵の値の組ごとに数える。

    Parameters
    ----------
    codes : sequence of numpy.ndarray
        One array a key, one entry a record.
    sizes : sequence of int
        Domain size of each key.
    person : numpy.ndarray, optional
        Number of each record's person; without it every record counts.
    """
    classes, cells = number_classes(codes, sizes)
    records = np.bincount(classes, minlength=cells)
    used = np.flatnonzero(records)
    place = np.zeros(cells, dtype=np.int64)
    place[used] = np.arange(len(used))
    example = np.zeros(len(used), dtype=np.int64)
    row_place = place[classes]
    example[row_place] = np.arange(len(row_place))
    kept = tuple(code[example] for code in codes)
    none = np.zeros(0, dtype=np.int64)
    if person is None:
        return Records(kept, records[used], records[used], none, none, row_place)
    width = len(used)
    pairs = distinct(person * width + row_place)
    who, where = pairs // width, pairs % width
    combinations = np.bincount(who)
    alone = combinations[who] == 1
    persons = np.bincount(where[alone], minlength=width)
    number = np.cumsum(combinations > 1) - 1
    return Records(kept, records[used], persons, where[~alone], number[who[~alone]], row_place)
