"""Individual risk of a sample with weights (Benedetti and Franconi), as sdcMicro computes it.

A record in a class of f in the sample, of an estimated F in the population (the sum of the weights), is re-identified
with probability E[1/F | f] under the negative binomial model, p = f/F the sampling fraction of the class, q = 1 − p:

    r(f) = p^f ÷ f · ₂F₁(f, f; f+1; q) = p ÷ f · ₂F₁(1, 1; f+1; q)

Sources: Benedetti, Franconi (1998), Statistical and technological solutions for controlled data dissemination;
Franconi, Polettini (2004), Individual risk estimation in μ-ARGUS: a review, PSD 2004, LNCS 3050,
doi:10.1007/978-3-540-25955-8_20; sdcMicro ``freqCalc`` and ``indivRisk`` (the definitions, not their code).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kaigo.risk.codes import Floats, Integers
from kaigo.risk.equivalence import Classes

_SERIES_TERMS = 60
"""Enough where q < 1/2: a term is less than half of the one before."""
_CLOSE_TO_WHOLE = 1e-4
"""Below this q the closed form for f = 2 loses its digits; the series does not."""


@dataclass(frozen=True)
class IndividualRisk:
    """重みのある標本での、行ごとの再識別の危険。

    Attributes
    ----------
    sample : ndarray of int64, shape (rows,)
        fk: rows in the class of the row.
    population : ndarray of float64, shape (rows,)
        Fk: sum of the weights in the class.
    approximate : ndarray of float64, shape (rows,)
        rk by sdcMicro's default: exact for f = 1 and 2, p ÷ (f − q) above.
    exact : ndarray of float64, shape (rows,)
        rk exactly.
    """

    sample: Integers
    population: Floats
    approximate: Floats
    exact: Floats

    @property
    def expected_reidentifications(self) -> float:
        """Sum of the approximate risks: records expected to be re-identified if all are attacked."""
        return float(self.approximate.sum())

    @property
    def journalist(self) -> Floats:
        """1/F of each row; F is never taken as smaller than f."""
        return 1 / np.maximum(self.population, self.sample)


def measure_individual(classes: Classes, weights: Floats) -> IndividualRisk:
    """行ごとの再識別の危険を、標本の重みから求める。

    Parameters
    ----------
    classes : Classes
        Where a missing key is a wildcard, f and F count every row that matches.
    weights : ndarray of float64, shape (rows,)
        Sampling weights, positive: how many members of the population a row stands for.

    Notes
    -----
    Where F ≤ f the sample holds the whole class: r = 1/f (sdcMicro: where F = f).
    """
    frequency, estimate = classes.sum_matches(), classes.sum_matches(weights)
    whole = estimate <= frequency
    p = np.where(whole, 0.5, frequency / np.where(whole, 1.0, estimate))
    exact = np.where(whole, 1 / frequency, compute_exact(frequency, p))
    small = np.where(
        frequency == 1, _risk_of_one(p), np.where(frequency == 2, compute_exact(frequency, p), 0.0)
    )
    approximate = np.where(frequency > 2, p / (frequency - (1 - p)), small)
    approximate = np.where(whole, 1 / frequency, approximate)
    of_row = classes.of_row
    return IndividualRisk(
        frequency.astype(np.int64)[of_row], estimate[of_row], approximate[of_row], exact[of_row]
    )


def compute_exact(frequency: Floats, p: Floats) -> Floats:
    """r(f) exactly, for 0 < p < 1.

    Where q < 1/2 by the series; else by r(f) = (p/q) (1/(f − 1) − r(f − 1)) from r(1) = (p/q) ln(1/p), which does not
    enlarge errors as p/q ≤ 1. (The alternating sum of the literature loses its digits where p/q is large.)
    """
    result = np.empty_like(p)
    near = p > 0.5
    result[near] = _sum_series(frequency[near], p[near])
    result[~near] = _recur(frequency[~near], p[~near])
    return result


def _risk_of_one(p: Floats) -> Floats:
    return np.where(1 - p < _CLOSE_TO_WHOLE, _sum_series(np.ones_like(p), p), -p / (1 - p) * np.log(p))


def _sum_series(frequency: Floats, p: Floats) -> Floats:
    """P ÷ f · Σ n! q^n ÷ ((f+1) … (f+n))."""
    term, total = np.ones_like(p), np.ones_like(p)
    for n in range(1, _SERIES_TERMS):
        term = term * (1 - p) * n / (frequency + n)
        total = total + term
    return p / frequency * total


def _recur(frequency: Floats, p: Floats) -> Floats:
    odds = p / (1 - p)
    risk = -odds * np.log(p)
    order = np.argsort(frequency, kind="stable")
    ordered, odds = frequency[order], odds[order]
    result = risk[order]
    for f in range(2, int(ordered[-1]) + 1 if len(ordered) else 0):
        first = np.searchsorted(ordered, f, "left")
        result[first:] = odds[first:] * (1 / (f - 1) - result[first:])
    unsorted = np.empty_like(result)
    unsorted[order] = result
    return unsorted
