"""How an original value appears in a release: what an attacker can work out from the standard, read off the data.

An attacker who knows an original value must know in which released values it may have ended. For generalisation, top
coding and merged answers this is a fixed mapping; it is read from the persons themselves (through the crosswalk), so
that every technique is covered without being named. A pair is kept if it holds for at least 1 % of those with the
original value, so that single errors do not widen the net.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kaigo.risk.numbering import Array

LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Translation:
    """もとの値から、加工後に現れうる値への対応。"""

    targets: dict[int, frozenset[int]]

    def of(self, values: Iterable[int]) -> Array:
        """Released values in which any of some original values may have ended, sorted."""
        found: set[int] = set()
        for value in values:
            found |= self.targets.get(int(value), frozenset())
        return np.array(sorted(found), dtype=np.int64)


def learn_translation(original: Array, released: Array) -> Translation:
    """もとの値と加工後の値の組から、対応を求める。

    Parameters
    ----------
    original, released : ndarray of shape (pairs,), int64
        One entry for each person (or person and month).

    Examples
    --------
    Original 1, 1, 2, 3 and released 7, 7, 7, 9 → 1 and 2 may have ended in 7, 3 in 9.
    """
    pairs, number = np.unique(np.column_stack([original, released]), axis=0, return_counts=True)
    totals = dict(zip(*np.unique(original, return_counts=True), strict=True))
    targets: dict[int, set[int]] = {}
    for (old, new), count in zip(pairs.tolist(), number.tolist(), strict=True):
        if count >= LEAST_SHARE * totals[old]:
            targets.setdefault(old, set()).add(new)
    return Translation({old: frozenset(new) for old, new in targets.items()})
