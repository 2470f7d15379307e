"""t-closeness: how far the sensitive values of a class are from those of the whole table.

Sources: Li, Li, Venkatasubramanian (2007), t-Closeness: Privacy Beyond k-Anonymity and l-Diversity, ICDE,
doi:10.1109/ICDE.2007.367856, section 4.1 (ordered distance) and 4.2 (equal distance).
"""

from __future__ import annotations

import numpy as np

from kaigo.risk.codes import CodedColumn, Floats
from kaigo.risk.diversity import ValueCounts


def measure_equal(counts: ValueCounts, overall: Floats) -> float:
    """値どうしの距離をすべて等しいとみた t: ½ Σ |q − p| の、すべての同値類での最大値。

    Parameters
    ----------
    counts : ValueCounts
    overall : ndarray of float64, shape (values,)
        Share of each value in the whole table, p.
    """
    share, whole = counts.count / counts.totals[counts.of_class], overall[counts.value]
    # Values that a class does not have contribute p each: together 1 minus the p of those that it has.
    return float(((counts.sum_by_class(np.abs(share - whole) - whole) + 1) / 2).max())


def measure_ordered(counts: ValueCounts, overall: Floats, sensitive: CodedColumn) -> float | None:
    """数の順に並べた値の間の距離でみた t: Σ |Q − P| ÷ (m − 1) の、すべての同値類での最大値。

    Q and P are the cumulative shares over the m distinct numbers of the table, in order; the step from one number to
    the next is 1/(m − 1), whatever the numbers are (Li 2007, ordered distance). Missing values are left out of both.

    Returns
    -------
    float or None
        None where the column is not all numbers. 0 where it has one number only.

    Notes
    -----
    Q is constant between two values that a class has; P is not. Each stretch is summed from running sums of P, split
    where P passes Q, so that the cost follows the cells that occur and not classes × numbers.
    """
    if sensitive.numbers is None:
        return None
    number = sensitive.values
    known = counts.value < number
    of_class, value, count = counts.of_class[known], counts.value[known], counts.count[known]
    if number == 1 or len(count) == 0:
        return 0.0
    starts = np.flatnonzero(np.diff(of_class, prepend=-1))
    lengths = np.diff(starts, append=len(count))
    before = np.cumsum(count) - count
    totals = np.add.reduceat(count, starts)
    inside = np.cumsum(count) - np.repeat(before[starts], lengths)
    level = inside / np.repeat(totals, lengths)
    whole = np.cumsum(overall[:number] / overall[:number].sum())
    whole[-1] = 1.0
    running = np.concatenate([[0.0], np.cumsum(whole)])
    following = np.append(value[1:], number)
    following[starts[1:] - 1] = number
    # From each value of the class to the next one that it has, Q = level.
    crossing = np.clip(np.searchsorted(whole, level, "left"), value, following)
    above = level * (crossing - value) - (running[crossing] - running[value])
    below = running[following] - running[crossing] - level * (following - crossing)
    distance = np.add.reduceat(above + below, starts) + running[value[starts]]
    return float(distance.max() / (number - 1))


def share_values(sensitive: CodedColumn, person: CodedColumn | None = None) -> Floats:
    """Share of each value in the whole table, a missing value being the last; persons once for each value."""
    codes = sensitive.codes
    if person is not None:
        codes = np.unique(person.codes * sensitive.size + codes) % sensitive.size
    return np.bincount(codes, minlength=sensitive.size) / len(codes)
