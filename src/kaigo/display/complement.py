"""Keeping a total from giving a hidden count away (合計からの逆算の防止), within one table.

The story: a column shows 120, x(10未満), 41 and the total 165; anyone subtracts and reads 4. Or two hidden counts add
up to 18, so that both must be 9. The remedy hides the smallest further count, until the total leaves every hidden
count free over its whole range 1…threshold-1; where no further count is left, the total goes too.

Rows and columns are treated one equation at a time. The optimum over linked tables, with an audit, is
``kaigo statistics``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Cells = tuple[NDArray[np.intp], NDArray[np.intp]]


def protect_totals(
    counts: NDArray[np.float64], primary: NDArray[np.bool_], threshold: int
) -> NDArray[np.bool_]:
    """合計から逆算できないように、隠すセルを足す。

    Parameters
    ----------
    counts : ndarray of float64, shape (rows, columns of persons)
        Numbers of persons; NaN where there is none.
    primary : ndarray of bool, same shape
        Cells hidden because they are small.
    threshold : int
        Counts from 1 to ``threshold - 1`` are small.

    Returns
    -------
    ndarray of bool, same shape
        ``primary`` and the cells that must be hidden with it.
    """
    hidden = primary.copy()
    equations = _find_equations(counts)
    changed = True
    while changed:
        changed = False
        for parts, total in equations:
            while not _is_protected(counts, hidden, primary, parts, total, threshold):
                hidden[_choose_next(counts, hidden, parts, total)] = True
                changed = True
    return hidden


def _find_equations(counts: NDArray[np.float64]) -> list[tuple[Cells, tuple[int, int]]]:
    """Rows (and columns) that are the sum of all others, found as a reader would find them: by adding up."""
    values = np.nan_to_num(counts)
    rows, columns = values.shape
    equations: list[tuple[Cells, tuple[int, int]]] = []
    for row in range(rows):
        others = np.delete(np.arange(rows), row)
        if len(others) >= 2 and np.array_equal(values[others].sum(axis=0), values[row]) and values[row].any():
            equations += [
                ((others, np.full_like(others, column)), (row, column)) for column in range(columns)
            ]
    for column in range(columns):
        others = np.delete(np.arange(columns), column)
        total = values[:, column]
        if len(others) >= 2 and np.array_equal(values[:, others].sum(axis=1), total) and total.any():
            equations += [((np.full_like(others, row), others), (row, column)) for row in range(rows)]
    return equations


def _is_protected(
    counts: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    primary: NDArray[np.bool_],
    parts: Cells,
    total: tuple[int, int],
    threshold: int,
) -> bool:
    """Whether the shown total leaves each hidden part free: small ones over 1…threshold-1, others unknown."""
    if hidden[total]:
        # A single hidden total beside shown parts is their sum; a hidden part must stand beside it.
        return bool(hidden[parts].any())
    small = int(primary[parts].sum())
    large = int(hidden[parts].sum()) - small
    if small + large == 0:
        return True
    remainder = float(counts[parts][hidden[parts]].sum())
    if small == 0:
        return large >= 2
    highest = remainder - (small - 1) - large * threshold
    lowest = 1.0 if large else remainder - (small - 1) * (threshold - 1)
    return highest >= threshold - 1 and lowest <= 1


def _choose_next(
    counts: NDArray[np.float64], hidden: NDArray[np.bool_], parts: Cells, total: tuple[int, int]
) -> tuple[int, int]:
    """The smallest count still shown (not 0, which everyone may see); the total when none is left."""
    values = np.where(hidden[parts] | ~(counts[parts] > 0), np.inf, counts[parts])
    if np.isinf(values).all():
        return total
    place = int(np.argmin(values))
    return int(parts[0][place]), int(parts[1][place])
