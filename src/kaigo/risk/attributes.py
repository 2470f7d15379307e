"""Which sets of columns tell records apart: distinction and separation of every set of keys.

Source: Motwani, Xu (2007), Efficient algorithms for masking and finding quasi-identifiers, VLDB workshop; the figures
that ARX calls α-distinction and α-separation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kaigo.risk.codes import CodedColumn, Integers
from kaigo.risk.equivalence import first_rows, group_codes, group_columns

MOST_KEYS = 10
"""1,023 sets of keys."""


@dataclass(frozen=True)
class KeySetPower:
    """鍵の組が行を見分ける力。

    Attributes
    ----------
    keys : tuple of str
        In the order of the table's keys.
    distinction : float
        Classes ÷ rows: after removing the other rows, the set is a key of the table.
    separation : float or None
        Share of pairs of rows that differ in at least one of the keys. None where there is only one row.
    """

    keys: tuple[str, ...]
    distinction: float
    separation: float | None


def measure_key_sets(keys: Sequence[CodedColumn], person: CodedColumn | None = None) -> Iterator[KeySetPower]:
    """鍵のすべての組(空でないもの)について、distinction と separation を求める。

    Parameters
    ----------
    keys : sequence of CodedColumn
        At most 10 (`MOST_KEYS`). A missing key is a value of its own.
    person : CodedColumn, optional
        Then persons are counted (once for each combination of values that they have), else rows.

    Yields
    ------
    KeySetPower
        Smaller sets first, in the order of ``keys``.
    """
    kept, weights = _keep_distinct(keys, person)
    codes = [key.codes[kept] for key in keys]
    who = None if person is None else person.codes[kept]
    for number in range(1, len(keys) + 1):
        for chosen in combinations(range(len(keys)), number):
            ids, classes = group_codes([codes[k] for k in chosen], [keys[k].size for k in chosen])
            if person is None or who is None:
                sizes = np.bincount(ids, weights=weights, minlength=classes)
            else:
                sizes = np.bincount(np.unique(ids * person.size + who) // person.size, minlength=classes)
            yield _describe(tuple(keys[k].name for k in chosen), sizes.astype(np.int64))


def _keep_distinct(keys: Sequence[CodedColumn], person: CodedColumn | None) -> tuple[Integers, Integers]:
    """One row of each combination of all keys (and of the person), and how many there are of it."""
    of_row, number = group_columns([*keys, *([person] if person else [])])
    return first_rows(of_row, number), np.bincount(of_row, minlength=number)


def _describe(names: tuple[str, ...], sizes: Integers) -> KeySetPower:
    rows, alike = int(sizes.sum()), int((sizes * (sizes - 1)).sum())
    pairs = rows * (rows - 1)
    return KeySetPower(names, len(sizes) / rows, (pairs - alike) / pairs if pairs else None)
