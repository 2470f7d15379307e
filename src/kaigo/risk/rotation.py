"""What changing the pseudonym regularly buys (※1), and what it costs the analysis of change over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kaigo.risk.known_points import wilson
from kaigo.risk.numbering import Array, number_rows
from kaigo.risk.rejoin import RejoinResult, rejoin_periods
from kaigo.risk.released_history import NO_CERTIFICATION, ReleasedHistory

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RotationRisk:
    """仮IDをrか月ごとに替えたときに、結び直される割合と、その先に残るもの。

    Attributes
    ----------
    rotate_months : int
        r.
    boundaries : tuple of RejoinResult
        One for each pair of adjacent periods.
    rate, low, high : float
        Rejoin rate over all boundaries, with a 95 % Wilson interval (boundaries pooled); nan without a boundary.
    precision, chance : float
        Of the claims made with abstention allowed; of guessing.
    chain_months : float
        Mean number of months that the longest correct chain of a person covers.
    whole_share : float
        Share of persons whose every presence is joined into one chain.
    unique_before, unique_after : float
        Share of persons with a history of their own under one pseudonym, and over their longest chain.
    observable : dict of int to int
        Months of presence under one pseudonym to the number of persons who have at least that many.
    """

    rotate_months: int
    boundaries: tuple[RejoinResult, ...]
    rate: float
    low: float
    high: float
    precision: float
    chance: float
    chain_months: float
    whole_share: float
    unique_before: float
    unique_after: float
    observable: dict[int, int]


def measure_rotation(
    history: ReleasedHistory,
    rotate_months: int,
    random: np.random.Generator,
    *,
    observe: Sequence[int] = (6, 9, 15, 27),
) -> RotationRisk:
    """仮IDをrか月ごとに替えたデータについて、隣り合う期間を内容だけで結び直す攻撃を実際に行う。

    Periods are counted from the first month. What a release shows of a month does not depend on the interval (only the
    pseudonym does), so one release serves for every interval.

    Parameters
    ----------
    rotate_months : int
        r; the number of months or more: never changed.
    observe : sequence of int
        Numbers of months (baseline + landmark + outcome) for which the persons left are counted.
    """
    months = len(history.months)
    periods = [range(a, min(a + rotate_months, months)) for a in range(0, months, rotate_months)]
    results = [rejoin_periods(history, a, b, random) for a, b in pairwise(periods)]
    present = np.column_stack(
        [(history.content_of[:, list(p)] != NO_CERTIFICATION).any(axis=1) for p in periods]
    )
    joined = (
        np.column_stack([result.joined for result in results])
        if results
        else np.zeros((history.persons, 0), dtype=bool)
    )
    first, last = find_longest_chains(present, joined)
    known = present.any(axis=1)
    both, correct = sum(r.both for r in results), sum(r.correct for r in results)
    claimed = sum(r.claimed for r in results)
    rate = correct / both if both else float("nan")
    low, high = wilson(rate, both)
    ids = [number_histories(history, period) for period in periods]
    covered = _months_present(history, periods, first, last)
    runs = _longest_presence(history, periods)
    whole = (last - first + 1 == present.sum(axis=1)) & known
    return RotationRisk(
        rotate_months=rotate_months,
        boundaries=tuple(results),
        rate=rate,
        low=low,
        high=high,
        precision=sum(r.claimed_correct for r in results) / claimed if claimed else float("nan"),
        chance=float(np.average([r.chance for r in results], weights=[r.both for r in results]))
        if both
        else float("nan"),
        chain_months=float(covered[known].mean()),
        whole_share=float(whole[known].mean()),
        unique_before=float(_unique_in_some_period(ids, present)[known].mean()),
        unique_after=float(
            (_unique_in_some_period(ids, present) | _unique_over_chain(ids, first, last))[known].mean()
        ),
        observable={m: int((runs >= m).sum()) for m in observe},
    )


INTERVALS = (1, 3, 6, 12)
"""Months after which a pseudonym may be changed, as asked of ※1; never is measured besides."""


def choose_intervals(history: ReleasedHistory, in_force: int) -> tuple[int, ...]:
    """Intervals to compare: the usual ones, the one in force and never (the months of the release), in order.

    An interval that would cut the months for which one value is released is left out.

    Parameters
    ----------
    in_force : int
        Months of the release's own interval.

    Examples
    --------
    12 months, every 6: 1, 3, 6, 12. The same with each value standing for 6 months: 6, 12.
    """
    months = len(history.months)
    usual = {every for every in (*INTERVALS, in_force) if every < months and every % history.step == 0}
    return tuple(sorted(usual | {months}))


def find_longest_chains(present: Flags, joined: Flags) -> tuple[Array, Array]:
    """First and last period of each person's longest run of correct joins (the earliest of equals).

    A person who is present in one period only has a run of that period.

    Examples
    --------
    Present in periods 0, 1, 2; joined between 1 and 2 only → first 1, last 2.
    """
    persons, periods = present.shape
    best_first, best_last = np.zeros(persons, dtype=np.int64), np.full(persons, -1, dtype=np.int64)
    start = np.zeros(persons, dtype=np.int64)
    for period in range(periods):
        goes_on = joined[:, period - 1] & present[:, period] if period else np.zeros(persons, dtype=bool)
        start = np.where(goes_on, start, period)
        longer = present[:, period] & (period - start > best_last - best_first)
        best_first[longer], best_last[longer] = start[longer], period
    return best_first, best_last


def number_histories(history: ReleasedHistory, period: range) -> Array:
    """One number for each different history of a period: the person's values, certification and services of every month."""
    number = number_rows(np.ascontiguousarray(history.static))[1]
    for month in period:
        for values in (history.content_of[:, month], _number_services(history, month)):
            pair = number * (int(values.max(initial=0)) + 2) + values + 1
            number = np.unique(pair, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return number


def _number_services(history: ReleasedHistory, month: int) -> Array:
    """One number for each different set of services in a month; 0 for none."""
    number = np.zeros(history.persons, dtype=np.int64)
    inside = history.month == month
    person, label = history.person[inside], history.label[inside]
    starts = np.searchsorted(person, np.arange(history.persons + 1))
    sizes = np.diff(starts)
    for place in range(int(sizes.max(initial=0))):
        has = sizes > place
        value = np.zeros(history.persons, dtype=np.int64)
        value[has] = label[starts[:-1][has] + place] + 1
        number = np.unique(number * (len(history.labels) + 2) + value, return_inverse=True)[1].reshape(-1)
    return np.asarray(number, dtype=np.int64)


def _unique_in_some_period(ids: list[Array], present: Flags) -> Flags:
    unique = np.zeros(len(present), dtype=bool)
    for place, number in enumerate(ids):
        here = present[:, place]
        size = np.bincount(number[here], minlength=int(number.max(initial=0)) + 1)
        unique |= here & (size[number] == 1)
    return unique


def _unique_over_chain(ids: list[Array], first: Array, last: Array) -> Flags:
    """Whether nobody else has the same histories over all periods of the person's longest chain."""
    unique = np.zeros(len(first), dtype=bool)
    for a in range(len(ids)):
        number = np.zeros(len(first), dtype=np.int64)
        for b in range(a, len(ids)):
            number = np.unique(number * (int(ids[b].max(initial=0)) + 1) + ids[b], return_inverse=True)[
                1
            ].reshape(-1)
            own = (first == a) & (last == b)
            if own.any():
                unique[own] = np.bincount(number)[number[own]] == 1
    return unique


def _months_present(history: ReleasedHistory, periods: list[range], first: Array, last: Array) -> Array:
    """Months with a certification within the chain."""
    has = history.content_of != NO_CERTIFICATION
    total = np.concatenate([np.zeros((len(has), 1), dtype=np.int64), np.cumsum(has, axis=1)], axis=1)
    edges = np.array([period.start for period in periods] + [periods[-1].stop])
    rows = np.arange(len(has))
    return np.asarray(total[rows, edges[np.maximum(last, 0) + 1]] - total[rows, edges[first]], dtype=np.int64)


def _longest_presence(history: ReleasedHistory, periods: list[range]) -> Array:
    """Most months of presence that one pseudonym of the person covers."""
    has = history.content_of != NO_CERTIFICATION
    return np.asarray(
        np.column_stack([has[:, list(p)].sum(axis=1) for p in periods]).max(axis=1), dtype=np.int64
    )
