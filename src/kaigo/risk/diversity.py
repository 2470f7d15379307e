"""l-diversity: how many sensitive values an attacker is left with who has found the class of a person.

Sources: Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam (2007), l-Diversity: Privacy Beyond k-Anonymity, ACM TKDD
1(1), doi:10.1145/1217299.1217302: entropy l-diversity (Definition 4.1), recursive (c,l)-diversity (Definition 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kaigo.risk.codes import CodedColumn, Floats, Integers
from kaigo.risk.equivalence import Classes, first_rows, group_codes


@dataclass(frozen=True)
class ValueCounts:
    """同値類ごとの、機微な値の度数。

    Attributes
    ----------
    of_class, value, count : ndarray of int64, shape (cells,)
        Only what occurs, sorted by class and value. Every class has at least one cell.
    values : int
        Number of distinct values in the whole table.
    starts : ndarray of int64, shape (classes,)
        First cell of each class.
    """

    of_class: Integers
    value: Integers
    count: Integers
    values: int
    starts: Integers

    def sum_by_class(self, cells: Floats | Integers) -> Floats:
        """Sum of a figure of the cells, for each class."""
        return np.add.reduceat(cells.astype(np.float64), self.starts)

    @property
    def totals(self) -> Floats:
        """Rows (persons) of each class, shape (classes,)."""
        return self.sum_by_class(self.count)


def count_values(classes: Classes, sensitive: CodedColumn, person: CodedColumn | None = None) -> ValueCounts:
    """同値類ごとに、機微な値の度数を数える。

    Parameters
    ----------
    classes : Classes
        Where a missing key is a wildcard, a class counts every row that it matches.
    sensitive : CodedColumn
        A missing value is a value of its own.
    person : CodedColumn, optional
        Then a person counts once for each value in a class, else every row counts.
    """
    size = sensitive.size
    of_row, codes = classes.of_row, sensitive.codes
    if person is not None:
        of_row, who, codes = classes.spread(of_row, person.codes, codes)
        once = first_rows(*group_codes([of_row, who, codes], [classes.number, person.size, size]))
        of_row, codes = of_row[once], codes[once]
    distinct, count = np.unique(of_row * size + codes, return_counts=True)
    of_class, value = distinct // size, distinct % size
    if person is None and classes.pairs is not None:
        of_class, value, count = classes.spread(of_class, value, count)
        distinct, place = np.unique(of_class * size + value, return_inverse=True)
        count = np.bincount(place, weights=count).astype(np.int64)
        of_class, value = distinct // size, distinct % size
    starts = np.flatnonzero(np.diff(of_class, prepend=-1))
    return ValueCounts(of_class, value, count.astype(np.int64), size, starts)


def measure_distinct(counts: ValueCounts) -> int:
    """値の種類の数が最も少ない同値類での、その数(distinct l-diversity)。"""
    return int(np.diff(counts.starts, append=len(counts.count)).min())


def measure_entropy(counts: ValueCounts) -> float:
    """エントロピー l-diversity: すべての同値類での exp(H) の最小値。

    H = −Σ p ln p over the values of the class. Real, not cut to a whole number: a class of two equally frequent
    values has exactly 2 (pycanon 1.3.5 cuts 1.9999… to 1).
    """
    totals = counts.totals
    share = counts.count / totals[counts.of_class]
    # As log2 of ratios, so that 2, 4, 8 … equally frequent values give whole numbers.
    entropy = counts.sum_by_class(-share * np.log2(share))
    return float(np.exp2(entropy.min()))


def measure_recursive(counts: ValueCounts) -> float | None:
    """再帰的 (c, l)-diversity の c: 表の distinct l での、最も悪い同値類の r₁ ÷ (r_l + … + r_m)。

    r₁ ≥ r₂ ≥ … ≥ r_m are the frequencies of the values in a class. The table is recursive (c, l)-diverse for every
    c above the figure, as the definition asks r₁ < c (r_l + … + r_m).

    Returns
    -------
    float or None
        None where l = 1: then the last sum is all of the class, and the condition says nothing.
    """
    least = measure_distinct(counts)
    if least == 1:
        return None
    order = np.lexsort((-counts.count, counts.of_class))
    ordered = counts.count[order]
    rank = (
        np.arange(len(ordered))
        - counts.starts[np.searchsorted(counts.starts, np.arange(len(ordered)), "right") - 1]
    )
    tail = counts.sum_by_class(np.where(rank >= least - 1, ordered, 0))
    return float((ordered[counts.starts] / tail).max())
