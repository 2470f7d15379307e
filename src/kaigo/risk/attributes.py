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
from kaigo.risk.equivalence import group_codes

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
    for number in range(1, len(keys) + 1):
        for chosen in combinations(keys, number):
            ids, classes = group_codes([key.codes for key in chosen], [key.size for key in chosen])
            if person is not None:
                ids = np.unique(ids * person.size + person.codes) // person.size
            yield KeySetPower(tuple(key.name for key in chosen), classes / len(ids), _separate(ids, classes))


def _separate(ids: Integers, classes: int) -> float | None:
    rows = len(ids)
    if rows < 2:
        return None
    sizes = np.bincount(ids, minlength=classes)
    alike = int((sizes * (sizes - 1)).sum())
    return (rows * (rows - 1) - alike) / (rows * (rows - 1))
