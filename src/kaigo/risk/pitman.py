"""Population uniques by Pitman's model.

The class sizes of a population of N records are taken as a Pitman random partition with parameters θ and α; both are
estimated from the sample by maximum likelihood, and the expected number of population uniques is
Γ(θ + 1) ÷ Γ(θ + α) · N^α, which is for large N and α between 0 and 1.

Measured on five populations that are known (``test_risk_population_truth``): made as the model assumes, within 20 % of the true
number from samples of 20 % on, within 40 % from 5 %; made otherwise, 0.4 to 2.2 times it, whatever the sample, or no figure.

Source: Hoshino (2001), Applying Pitman's sampling formula to microdata disclosure risk assessment, Journal of Official
Statistics 17(4), 499-520; start values, checks and limits as in ARX ``ModelPitman``, but for roots
at which the model gives the sample no probability: they are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from kaigo.risk.newton import ACCURACY, NoEstimateError, Pair, solve_pair

OUT_OF_RANGE = "推定値が0から母集団の人数までの数にならなかった。"

_MOST_TERMS = 300_000_000
"""Bound of the terms that the second attempt sums; ARX bounds its time instead."""
_MOST_CHECKED = 50_000_000
"""Rows and classes up to which a root is checked by plain sums: they are held in memory."""


def estimate_pitman(histogram: Mapping[int, int], population: int) -> float:
    """Expected number of population uniques.

    Parameters
    ----------
    histogram : mapping of int to int
        Class size in the sample → number of classes; at least one class of size 1.
    population : int
        Records of the population, N.

    Raises
    ------
    NoEstimateError
        If the likelihood equations are not solved, or the number is not between 0 and N.
    """
    classes = sum(histogram.values())
    rows = sum(size * number for size, number in histogram.items())
    with np.errstate(all="ignore"):
        start = _start(histogram, classes, rows)

        def may_be(theta: float, alpha: float) -> bool:
            return _is_possible(theta, alpha, classes)

        try:
            root = solve_pair(
                lambda t, a: _closed(t, a, histogram, classes, rows),
                start,
                first_unknown_positive=True,
                accept=may_be,
            )
            solved = _holds(root, histogram, classes, rows)
        except NoEstimateError:
            solved = False
        if not solved:
            root = solve_pair(
                lambda t, a: _summed(t, a, histogram, classes, rows),
                start,
                first_unknown_positive=True,
                accept=may_be,
                most_steps=_MOST_TERMS // (classes + rows) if classes + rows <= _MOST_CHECKED else 0,
            )
        return _count_uniques(*root, population)


def _is_possible(theta: float, alpha: float, classes: int) -> bool:
    """Whether Pitman's formula gives the sample a probability at all: every new class must have had one.

    The score equations have roots beyond (α = −2 with θ too small for so many classes); ARX takes them.
    """
    return alpha < 1 and theta + alpha > 0 and theta + alpha * (classes - 1) > 0


def _start(histogram: Mapping[int, int], classes: int, rows: int) -> Pair:
    ones, twos = float(histogram.get(1, 0)), histogram.get(2, 0) or 1
    u, n = float(classes), float(rows)
    c = np.float64(ones * (ones - 1) / twos)
    theta = (n * u * c - ones * (n - 1) * (2 * u + c)) / (2 * ones * u + ones * c - n * c)
    return float(theta), float((theta * (ones - n) + (n - 1) * ones) / (n * u))


def _closed(
    t: float, a: float, histogram: Mapping[int, int], classes: int, rows: int
) -> tuple[Pair, tuple[float, float, float, float]]:
    """Score equations and derivatives by digamma and trigamma."""
    more = classes - 1.0
    ratio = t / a
    d_all, t_all = _digamma(more + ratio + 1), _trigamma((a + t + a * more) / a)
    d_one, t_one = _digamma(ratio + 1), _trigamma(ratio + 1)
    over_theta = (t_one - t_all) / a**2
    mixed = (a * d_all + t * t_all - a * d_one - t * t_one) / a**3
    over_alpha = (a**2 * more - t**2 * t_all + t**2 * t_one - 2 * a * t * d_all + 2 * a * t * d_one) / a**4
    sizes = [(size, number) for size, number in histogram.items() if size != 1]
    d_base, t_base = _digamma(1 - a), _trigamma(1 - a)
    first = (d_all - d_one) / a - (_digamma(rows + t) - _digamma(t + 1))
    second = (a * more - t * d_all + t * d_one) / a**2 - sum(
        number * (_digamma(size - a) - d_base) for size, number in sizes
    )
    curve = sum(number * (t_base - _trigamma(size - a)) for size, number in sizes)
    within = _trigamma(t + 1) - _trigamma(rows + t)
    return (first, second), (within - over_theta, -mixed, -mixed, -over_alpha - curve)


def _summed(
    t: float, a: float, histogram: Mapping[int, int], classes: int, rows: int
) -> tuple[Pair, tuple[float, float, float, float]]:
    """The same as :func:`_closed` by plain sums."""
    i, j = np.arange(1.0, classes), np.arange(1.0, rows)
    over_i, over_j = 1 / (t + i * a), 1 / (t + j)
    first = float(over_i.sum() - over_j.sum())
    second = float((i * over_i).sum())
    curve = 0.0
    # A term 1/(m − α) stands in every class larger than m.
    larger = np.zeros(max(histogram) + 1)
    for size, number in histogram.items():
        larger[1:size] += number
    inverse = 1 / (np.arange(1.0, len(larger)) - a)
    second -= float((larger[1:] * inverse).sum())
    curve = float((larger[1:] * inverse**2).sum())
    mixed = -float((i * over_i**2).sum())
    return (first, second), (
        float((over_j**2).sum() - (over_i**2).sum()),
        mixed,
        mixed,
        -float((i**2 * over_i**2).sum()) - curve,
    )


def _holds(root: Pair, histogram: Mapping[int, int], classes: int, rows: int) -> bool:
    if classes + rows > _MOST_CHECKED:
        return True
    return all(abs(value) <= ACCURACY for value in _summed(*root, histogram, classes, rows)[0])


def _count_uniques(theta: float, alpha: float, population: int) -> float:
    from scipy import special

    grown = np.float64(population) ** alpha
    by_logarithm = np.exp(special.gammaln(theta + 1) - special.gammaln(theta + alpha)) * grown
    by_ratio = special.gamma(theta + 1) / special.gamma(theta + alpha) * grown
    found = [float(value) for value in (by_logarithm, by_ratio) if 0 <= value <= population]
    if alpha == 0 or not found or max(found) == 0:
        raise NoEstimateError(OUT_OF_RANGE)
    return max(found)


def _digamma(x: float) -> float:
    from scipy import special

    if not math.isfinite(x):
        return math.nan
    return -math.inf if x == 0 else float(special.digamma(x))


def _trigamma(x: float) -> float:
    """The derivative of digamma as ARX evaluates it: without the asymptotic part where x < 12.

    It only enters the slope, so that a root is a root; but the steps, and with them the point within the accuracy where
    they end, are those of ARX. The plain sums of the second attempt have no such flaw.
    """
    if not math.isfinite(x):
        return math.nan
    if x == 0:
        return -math.inf
    if x < 0:
        return (
            -_trigamma(1 - x) + (math.pi / math.sin(-math.pi * x)) ** 2
            if math.sin(-math.pi * x)
            else math.nan
        )
    if x <= 1e-4:
        return 1 / x**2 + math.pi**2 / 6 - 2 * 1.2020569031595942 * x
    result = 0.0
    while x < 8:
        result += 1 / x**2
        x += 1
    if x >= 12:
        r = 1 / x**2
        result += r / 2 + (1 + r * (1 / 6 + r * (-1 / 30 + r * (1 / 42 + r * (-1 / 30 + r * 5 / 66))))) / x
    return result
