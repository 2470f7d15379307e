"""Newton's method for two equations, with the start values and limits of ARX.

ARX hands its estimators to a solver that tries a first start, then a fixed grid of sixteen, and gives up (no estimate)
if none of them leads to a root. Whether it finds one is part of its answer, so the path is followed and not only the
root. Its limits of time are not: an answer must not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import numpy as np

Pair = tuple[float, float]
Equations = Callable[[float, float], tuple[Pair, tuple[float, float, float, float]]]
"""(x, y) → values of the two equations, and their derivatives (by x and y of the first, then of the second)."""

NOT_SOLVED = "推定の方程式が解けなかった(収束しなかった)。"

ACCURACY = 1e-6
STEPS_A_TRY = 1000


class NoEstimateError(Exception):
    """推定値が求まらない。理由(日本語)を持つ。"""


def list_starts() -> tuple[Pair, ...]:
    """The grid 0, 0.33, 0.66, 0.99 in both unknowns."""
    steps = [0.0, 0.33, 0.33 + 0.33, 0.33 + 0.33 + 0.33]
    return tuple((x, y) for x in steps for y in steps)


def solve_pair(
    equations: Equations,
    first: Pair,
    *,
    first_unknown_positive: bool = False,
    accept: Callable[[float, float], bool] = lambda x, y: True,
    most_steps: int | None = None,
) -> Pair:
    """Find a root of two equations.

    Parameters
    ----------
    equations : callable
    first : tuple of float
        The start that is tried before the grid.
    first_unknown_positive : bool
        Give a start up as soon as x turns negative.
    accept : callable
        Whether a root is one that may be; else the next start is tried.
    most_steps : int, optional
        Steps in all, for equations that are dear to evaluate.

    Raises
    ------
    NoEstimateError
        If no start leads to a root that is accepted.
    """
    left = most_steps
    with np.errstate(all="ignore"):
        for start in (first, *list_starts()):
            x, y = np.float64(start[0]), np.float64(start[1])
            for _ in range(STEPS_A_TRY + 1):
                if left is not None:
                    left -= 1
                    if left < 0:
                        raise NoEstimateError(NOT_SOLVED)
                (f, g), (fx, fy, gx, gy) = equations(x, y)
                if abs(f) <= ACCURACY and abs(g) <= ACCURACY:
                    if accept(float(x), float(y)):
                        return float(x), float(y)
                    break
                scale = np.float64(1) / (fx * gy - fy * gx)
                x, y = x - (gy * scale * f - fy * scale * g), y - (fx * scale * g - gx * scale * f)
                if isnan(x) or isnan(y) or (first_unknown_positive and x < 0):
                    break
    raise NoEstimateError(NOT_SOLVED)
