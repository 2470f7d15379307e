"""Uniqueness of a person of whom p points are known: the measure of accumulation (※2).

Source: de Montjoye et al. (2013), Unique in the Crowd, doi:10.1038/srep01376 (p points drawn from a trajectory; unique if no
other trajectory has them all), carried over to months and services of care.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kaigo.risk.numbering import Array
from kaigo.risk.released_history import ReleasedHistory

Known = Literal["months", "services"]
DRAWS = 20
"""Draws a person; at least 20 by definition."""
SAMPLE = 1_000
"""Persons drawn for the estimate; all are taken where there are fewer."""
_BLOCK = 64
_FLAGS = 64_000_000
"""Bytes of flags that are packed into bits at once."""
THREADS = 2
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class KnownPoints:
    """p点を知られたときに、ただ1人に絞られる人の割合。

    Attributes
    ----------
    window : int
        Months of the release.
    known : {"months", "services"}
        ``months``: p different months, one service of each; ``services``: any p different (month, service).
    points : int
        p.
    eligible, sampled : int
        Persons with at least p points, and how many of them were drawn.
    share, low, high : float
        Mean over persons of the share of draws in which nobody else matches; 95 % Wilson interval for the drawn
        persons (a wide one: it takes each person's share for a yes or no).
    persons, by_person : ndarray of shape (sampled,)
        The drawn persons and their shares, for strata.
    """

    window: int
    known: Known
    points: int
    eligible: int
    sampled: int
    share: float
    low: float
    high: float
    persons: Array
    by_person: npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointIndex:
    """点ごとに、その点をもつ人の印。

    Attributes
    ----------
    bits : ndarray of shape (points that occur, words), uint64
        One bit a person; with classes, persons stand in the order of their classes, so that the candidates of a person
        stand in a few neighbouring words.
    rows : ndarray of int64
        Row of each point (month × labels + label); the last, for "no point", is -1.
    """

    bits: Words
    rows: Array

    @classmethod
    def build(cls, history: ReleasedHistory, also_known: Array | None = None) -> PointIndex:
        """Of all points of a history; ``also_known`` as for :func:`measure_known_points`."""
        persons, labels = history.persons, len(history.labels)
        who = history.person
        if also_known is not None:
            place = np.empty(persons, dtype=np.int64)
            place[np.argsort(also_known, kind="stable")] = np.arange(persons)
            who = place[who]
        point = history.month * labels + history.label
        occurs = np.bincount(point, minlength=len(history.months) * labels) > 0
        rows = np.append(np.where(occurs, np.cumsum(occurs) - 1, -1), -1)
        words = -(-persons // 64)
        bits = np.zeros((int(occurs.sum()), words), dtype=np.uint64)
        row = rows[point]
        at_once = max(_FLAGS // max(words * 64, 1), 1)
        order = np.argsort(row.astype(np.int32), kind="stable")
        ends = np.searchsorted(row[order], np.arange(0, len(bits) + at_once, at_once))
        for first, (start, end) in zip(range(0, len(bits), at_once), itertools.pairwise(ends), strict=False):
            own = order[start:end]
            flags = np.zeros((min(at_once, len(bits) - first), words * 64), dtype=bool)
            flags[row[own] - first, who[own]] = True
            bits[first : first + len(flags)] = _pack(flags)
        return cls(bits, rows)


def measure_known_points(
    history: ReleasedHistory,
    window: int,
    known: Known,
    points: Sequence[int],
    random: np.random.Generator,
    *,
    also_known: npt.NDArray[np.int64] | None = None,
    sample: int = SAMPLE,
    draws: int = DRAWS,
    index: PointIndex | None = None,
) -> list[KnownPoints]:
    """先頭から ``window`` か月のデータで、p点を知る者が1人に絞れる割合を求める。

    A point is (month, label of ``history``). A person matches if she has every point that was drawn; the person
    herself always does. The first p of one random order serve as the draw for p, so the shares of one person do not
    fall as p grows.

    Parameters
    ----------
    window : int
        Months, 1 … m.
    points : sequence of int
        Values of p, each at least 1.
    also_known : ndarray of shape (n,), optional
        A class number that the attacker knows besides (birth and sex, say).
    draws : int
        Draws a person.
    index : PointIndex, optional
        Of this history and ``also_known``, where several measurements share it.

    Examples
    --------
    Persons a: {April home help, May home help}, b: {April home help}. For p = 1 a is unique in half of the draws
    (May), b in none; for p = 2 only a is eligible, and unique.
    """
    inside = history.month < window
    person, label = history.person[inside], history.label[inside]
    point = history.month[inside] * len(history.labels) + label
    starts = np.concatenate([[0], np.cumsum(np.bincount(person, minlength=history.persons))])
    index = index or PointIndex.build(history, also_known)
    results = []
    most = max(points)
    counts = _count_eligible(person, history.month[inside], starts, known)
    able = np.flatnonzero(counts >= min(points))
    drawn = np.sort(random.choice(able, sample, replace=False)) if len(able) > sample else able
    queries = _draw_queries(drawn, starts, point, history.month[inside], known, most, draws, random)
    unique = _find_unique(queries, drawn, draws, history.persons, also_known, index)
    for p in points:
        has = counts[drawn] >= p
        shares = unique[:, p - 1].reshape(len(drawn), draws).mean(axis=1)[has]
        share = float(shares.mean()) if len(shares) else float("nan")
        low, high = wilson(share, len(shares))
        eligible = int((counts >= p).sum())
        results.append(
            KnownPoints(window, known, p, eligible, len(shares), share, low, high, drawn[has], shares)
        )
    return results


def wilson(share: float, number: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """95 % Wilson score interval of a share among ``number`` (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if number == 0:
        return float("nan"), float("nan")
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * np.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    # Rounding must not put a share of 0 or 1 outside its own interval.
    return float(min(max(0.0, centre - half), share)), float(max(min(1.0, centre + half), share))


def _count_eligible(person: Array, month: Array, starts: Array, known: Known) -> Array:
    """Active months or points of each person."""
    if known == "services":
        return np.diff(starts)
    fresh = np.ones(len(person), dtype=np.int64)
    fresh[1:] = (person[1:] != person[:-1]) | (month[1:] != month[:-1])
    total = np.concatenate([[0], np.cumsum(fresh)])
    return np.asarray(total[starts[1:]] - total[starts[:-1]], dtype=np.int64)


def _draw_queries(
    drawn: Array,
    starts: Array,
    point: Array,
    month: Array,
    known: Known,
    most: int,
    draws: int,
    random: np.random.Generator,
) -> Array:
    """For each drawn person and draw a random order of points, cut at ``most``; -1 where there are no more."""
    queries = np.full((len(drawn) * draws, most), -1, dtype=np.int64)
    for place, who in enumerate(drawn):
        own = slice(starts[who], starts[who + 1])
        size = int(starts[who + 1] - starts[who])
        if known == "months":
            order = _draw_months(month[own], draws, random)
        else:
            order = np.argsort(random.random((draws, size)), axis=1)
        chosen = order[:, :most]
        queries[place * draws : (place + 1) * draws, : chosen.shape[1]] = point[own][chosen]
    return queries


def _draw_months(month: Array, draws: int, random: np.random.Generator) -> Array:
    """For each draw the months in random order, and of each month one point at random (places in ``month``)."""
    # A person's points come in the order of their months.
    first = np.concatenate([[0], np.flatnonzero(month[1:] != month[:-1]) + 1])
    number = np.diff(first, append=len(month))
    order = np.argsort(random.random((draws, len(first))), axis=1)
    return np.asarray(first[order] + np.floor(random.random(order.shape) * number[order]), dtype=np.int64)


def _find_unique(
    queries: Array,
    drawn: Array,
    draws: int,
    persons: int,
    also_known: Array | None,
    index: PointIndex,
) -> npt.NDArray[np.bool_]:
    """Whether, after each further point, only the person herself is left."""
    columns, bits = index.rows[queries], index.bits
    if also_known is None:
        first, among = np.zeros(len(drawn), dtype=np.int64), _mark_everyone(persons)
    else:
        first, among = _mark_classes(also_known, drawn)
        bits = np.pad(bits, ((0, 0), (0, among.shape[1])))
    unique = np.zeros(queries.shape, dtype=bool)

    def scan(start: int) -> None:
        lines = slice(start, start + _BLOCK)
        who = np.arange(start, min(start + _BLOCK, len(queries))) // draws
        own = among[who] if also_known is not None else np.repeat(among, len(who), axis=0)
        _scan_block(queries[lines], columns[lines], bits, first[who], own, unique[lines])

    # Bit arithmetic leaves the interpreter free, so both cores work.
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(scan, range(0, len(queries), _BLOCK)))
    return unique


def _scan_block(
    queries: Array, columns: Array, bits: Words, first: Array, matching: Words, unique: npt.NDArray[np.bool_]
) -> None:
    """Strike out, point by point, who does not have it; ``unique`` is filled in place."""
    width = matching.shape[1]
    whole = width == bits.shape[1]
    window = first[:, None] + np.arange(width)
    open_lines = np.arange(len(matching))
    for p in range(queries.shape[1]):
        going = queries[open_lines, p] >= 0
        if not going.all():
            open_lines, matching, window = open_lines[going], matching[going], window[going]
        if not len(open_lines):
            break
        rows = columns[open_lines, p]
        matching &= bits[rows] if whole else bits[rows[:, None], window]
        alone = _find_single(matching)
        if alone.any():
            unique[open_lines[alone], p:] = True
            open_lines, matching, window = open_lines[~alone], matching[~alone], window[~alone]


def _find_single(matching: Words) -> npt.NDArray[np.bool_]:
    """Rows in which one bit is set. Where the union of the words has one, the bits are counted."""
    single = np.bitwise_count(np.bitwise_or.reduce(matching, axis=1)) == 1
    rows = np.flatnonzero(single)
    single[rows] = np.bitwise_count(matching[rows]).sum(axis=1) == 1
    return np.asarray(single)


def _mark_everyone(persons: int) -> Words:
    """One row of bits: everybody."""
    return _pack(np.arange(-(-persons // 64) * 64)[None, :] < persons)


def _mark_classes(classes: Array, drawn: Array) -> tuple[Array, Words]:
    """For each drawn person the first word of the class in the order of the classes, and the bits of its members."""
    size = np.bincount(classes)
    start = np.cumsum(size) - size
    own = classes[drawn]
    first = start[own] >> 6
    begin, end = start[own] - (first << 6), start[own] + size[own] - (first << 6)
    words = int(-(-end.max(initial=1) // 64))
    places = np.arange(words * 64)[None, :]
    return first, _pack((places >= begin[:, None]) & (places < end[:, None]))


def _pack(flags: npt.NDArray[np.bool_]) -> Words:
    """Rows of flags as rows of 64-bit words."""
    return np.ascontiguousarray(np.packbits(flags, axis=1, bitorder="little")).view(np.uint64)
