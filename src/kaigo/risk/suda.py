"""SUDA2: special uniques, records that are unique already on few of the keys, with DIS scores and contributions.

A minimal sample unique (MSU) of a record is a set of keys on which it is unique, and on no part of which it is unique.
With M keys an MSU of s keys scores (M − s)!; a record's score is the sum over its MSUs.

Sources: Elliot, Manning, Mayes, Gurd, Bane (2005), SUDA: A program for detecting special uniques, UNECE/Eurostat work
session on statistical data confidentiality (scores); Elliot (2000), DIS: a new approach to the measurement of
statistical disclosure risk, Risk Management 2(4), doi:10.1057/palgrave.rm.8240067; Manning, Haglin, Keane (2008),
doi:10.1007/s10618-007-0078-6; sdcMicro ``suda2`` with ``original_scores = TRUE`` (its definitions, not its code).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt

from kaigo.risk.codes import Booleans, CodedColumn, Floats, Integers
from kaigo.risk.equivalence import group_codes, group_columns

DIS_FRACTION = 0.1
"""Sampling fraction for the DIS scores."""
MOST_KEYS = 15
"""32,767 sets of keys."""


@dataclass(frozen=True)
class Suda:
    """少ない鍵で一意になる行(special unique)の得点。

    Attributes
    ----------
    scores : ndarray of float64, shape (rows,)
        Sum of (M − s)! over the record's MSUs; 0 where it is not unique.
    dis : ndarray of float64, shape (rows,)
        Probability of a correct match, given that the record matches uniquely.
    contribution : mapping of str to float or None
        Key → percent of all scores that stand in MSUs holding it (an MSU counts for each of its keys, so that the
        figures sum to more than 100). None where no record is unique.
    """

    scores: Floats
    dis: Floats
    contribution: Mapping[str, float | None]


def measure_suda(
    keys: Sequence[CodedColumn], *, wildcard: bool = False, fraction: float = DIS_FRACTION
) -> Suda:
    """少ない鍵で一意になる行を探し、得点(SUDA)と一致の確率(DIS)を求める。

    Parameters
    ----------
    keys : sequence of CodedColumn
        At most 15 (`MOST_KEYS`).
    wildcard : bool
        False: a missing key is a value of its own. True: as sdcMicro, a missing key is never part of an MSU.
    fraction : float
        Sampling fraction for DIS.

    Notes
    -----
    Every set of keys is grouped once, smaller sets first; a record is unique on a set and on no set with one key less
    exactly if the set is one of its MSUs, as uniqueness is inherited by larger sets. Only records that are unique on
    all keys can be unique on some, so only they are looked at.

    With one or two keys sdcMicro adds constant columns, which raises its scores (and it warns of that); here M is the
    number of keys.
    """
    everything, classes = group_columns(keys)
    sizes = np.bincount(everything, minlength=classes)
    unique = sizes == 1
    rows = np.flatnonzero(unique[everything])
    # Three equal rows make no set of keys more or less unique than two of them.
    kept = _keep_two(everything, sizes)
    place = np.full(len(everything), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    chosen = place[rows]
    codes = [key.codes[kept] for key in keys]
    usable = [~key.missing[rows] if wildcard else np.ones(len(rows), dtype=bool) for key in keys]
    scores, by_key = _score_rows(codes, [key.size for key in keys], usable, chosen)
    total = scores.sum()
    full = np.zeros(len(everything))
    full[rows] = scores
    return Suda(
        full,
        _score_dis(full, int(2 * (sizes == 2).sum()), len(keys), fraction),
        {
            key.name: float(100 * share / total) if total else None
            for key, share in zip(keys, by_key, strict=True)
        },
    )


def _keep_two(ids: Integers, sizes: Integers) -> Integers:
    order = np.argsort(ids, kind="stable")
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(ids)) - np.repeat(starts, sizes)
    return np.sort(order[rank < 2])


def _score_rows(
    codes: Sequence[Integers], sizes: Sequence[int], usable: Sequence[Booleans], chosen: Integers
) -> tuple[Floats, Floats]:
    """Scores of the chosen rows, and the sum of scores that each key has a part in."""
    number = len(codes)
    scores, by_key = np.zeros(len(chosen)), np.zeros(number)
    smaller: dict[tuple[int, ...], npt.NDArray[np.uint8]] = {}
    for size in range(1, number + 1):
        found: dict[tuple[int, ...], npt.NDArray[np.uint8]] = {}
        weight = float(factorial(number - size))
        for subset in combinations(range(number), size):
            ids, groups = group_codes([codes[k] for k in subset], [sizes[k] for k in subset])
            alone = (np.bincount(ids, minlength=groups) == 1)[ids[chosen]]
            for k in subset:
                alone &= usable[k]
            minimal = np.packbits(alone)
            found[subset] = minimal
            for k in range(size) if size > 1 else ():
                minimal = minimal & ~smaller[subset[:k] + subset[k + 1 :]]
            hits = np.flatnonzero(np.unpackbits(minimal, count=len(chosen)))
            scores[hits] += weight
            by_key[list(subset)] += weight * len(hits)
        smaller = found
    return scores, by_key


def _score_dis(scores: Floats, in_pairs: int, keys: int, fraction: float) -> Floats:
    """DIS of each record: the file's probability of a correct match, shared out by the scores.

    The file's is D = U π ÷ (U π + P (1 − π)) with U unique records, P records in pairs, π the fraction. A record of score S
    has 1 ÷ (1 + (U/D − U) ÷ (S^q Σ S^−q)), and U/D − U = P (1 − π)/π, whatever U is. (sdcMicro goes by D in single
    precision, so its figures agree to about seven digits.)
    """
    result = np.zeros(len(scores))
    special = scores > 0
    powers = scores[special] ** (1 + (8 - keys) / 20)
    result[special] = 1 / (1 + in_pairs * (1 - fraction) / fraction / (powers * (1 / powers).sum()))
    return result
