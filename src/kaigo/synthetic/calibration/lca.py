"""Latent classes of yes/no items (EM), as a check: do the newly certified fall into the published profiles?

A checking tool only: five classes are asked for because five are published. The state of the generator is
continuous, so the criterion that chooses a number of classes is shown by the chapter, not tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SMOOTHING = 0.5
"""Half an answer of each kind is added in each class, so that no probability is 0 or 1."""


@dataclass(frozen=True)
class Classes:
    """潜在クラス。

    Attributes
    ----------
    share : float64, shape (K,)
    problem : float64, shape (K, items)
        Probability of a problem.
    likelihood : float
        Mean logarithm of the likelihood a person.
    bic : float
    """

    share: Floats
    problem: Floats
    likelihood: float
    bic: float


def fit_classes(
    answers: npt.NDArray[np.bool_], classes: int, starts: int = 8, rounds: int = 300, seed: int = 0
) -> Classes:
    """はい・いいえの項目に潜在クラスをあてはめる(EM、最もよい出発点)。

    Parameters
    ----------
    answers : bool, shape (n, items)
    classes : int
    """
    known = answers.astype(np.float64)
    best: Classes | None = None
    for start in range(starts):
        draw = np.random.default_rng((seed, start))
        centre = known.mean(axis=0)
        problem = np.clip(
            centre * (0.5 + draw.random((classes, 1))) + 0.1 * draw.random((classes, len(centre))), 0.02, 0.98
        )
        found = _climb(known, np.full(classes, 1 / classes), problem, rounds)
        if best is None or found.likelihood > best.likelihood:
            best = found
    assert best is not None
    return best


def _climb(known: Floats, share: Floats, problem: Floats, rounds: int) -> Classes:
    n, items = known.shape
    before = -np.inf
    for _ in range(rounds):
        score = known @ np.log(problem / (1 - problem)).T + np.log(1 - problem).sum(axis=1) + np.log(share)
        top = score.max(axis=1, keepdims=True)
        weight = np.exp(score - top)
        total = weight.sum(axis=1, keepdims=True)
        weight /= total
        likelihood = float((top + np.log(total)).mean())
        share = np.maximum(weight.mean(axis=0), 1e-9)
        share = share / share.sum()
        problem = (weight.T @ known + SMOOTHING) / (weight.sum(axis=0)[:, None] + 2 * SMOOTHING)
        if likelihood - before < 1e-6:
            break
        before = likelihood
    free = len(share) * items + len(share) - 1
    return Classes(share, problem, likelihood, -2 * likelihood * n + free * float(np.log(n)))


@dataclass(frozen=True)
class Match:
    """公表の容態像との対応。Arrays in the order of the published classes."""

    correlation: Floats
    share: Floats


def match_classes(found: Classes, published: Floats) -> Match:
    """見つかったクラスを、公表の容態像と1対1に対応させる(相関の和が最大の組)。

    Parameters
    ----------
    published : float64, shape (K, items)
    """
    count = len(published)
    table: Floats = np.atleast_2d(np.corrcoef(np.vstack([published, found.problem])))[:count, count:]
    order = max(permutations(range(count)), key=lambda each: sum(table[i, j] for i, j in enumerate(each)))
    return Match(np.array([table[i, j] for i, j in enumerate(order)]), found.share[list(order)])
