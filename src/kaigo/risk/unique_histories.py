"""How many persons have a history of their own in the first months of a release, for several lengths in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kaigo.risk.numbering import Array, number_rows
from kaigo.risk.released_history import NO_CERTIFICATION, ReleasedHistory


def count_unique_histories(
    history: ReleasedHistory, windows: Sequence[int], services: Array | None = None
) -> list[tuple[int, int]]:
    """期間の長さごとに、いる人と、そのうち履歴がただ1つの人を数える。

    A history that nobody shares stays so when months are added, so month by month only the others are told apart further.

    Parameters
    ----------
    windows : sequence of int
        Months from the first, in ascending order.
    services : ndarray of shape (n, m), int64, optional
        :func:`number_service_sets` of the same persons and months, where it is known already.

    Returns
    -------
    list of (int, int)
        Persons with a certification in the window, and those of them with a history of their own.
    """
    sets = number_service_sets(history) if services is None else services
    number = number_rows(np.ascontiguousarray(history.static))[1]
    unique, left, number = _take_out_unique(np.zeros(history.persons, dtype=bool), None, number)
    here = np.zeros(history.persons, dtype=bool)
    counts: list[tuple[int, int]] = []
    for month in range(max(windows)):
        content = history.content_of[:, month]
        here |= content != NO_CERTIFICATION
        for values in (content, sets[:, month]):
            own = values[left]
            number = number * (int(own.max(initial=0)) + 2) + own + 1
            number = np.unique(number, return_inverse=True)[1].reshape(-1).astype(np.int64)
        unique, left, number = _take_out_unique(unique, left, number)
        if month + 1 in windows:
            counts.append((int(here.sum()), int((here & unique).sum())))
    return counts


def _take_out_unique(
    unique: npt.NDArray[np.bool_], left: Array | None, number: Array
) -> tuple[npt.NDArray[np.bool_], Array, Array]:
    """Who is alone by now, the persons that are not, and their numbers."""
    places = np.arange(len(number), dtype=np.int64) if left is None else left
    alone = np.bincount(number)[number] == 1 if len(number) else np.zeros(0, dtype=bool)
    unique = unique.copy()
    unique[places[alone]] = True
    return unique, places[~alone], number[~alone]


def number_service_sets(history: ReleasedHistory) -> Array:
    """人と月ごとに、使ったサービスの組の番号(同じ月で番号が同じなら組も同じ。なければ、その月の空の組の番号)。

    Returns
    -------
    ndarray of shape (n, m), int64
    """
    months = len(history.months)
    numbers = np.zeros((history.persons, months), dtype=np.int64)
    cell = history.person * months + history.month
    # A set as bits, 63 labels at a time; each further word of bits refines the numbers.
    for lowest in range(0, len(history.labels), 63):
        inside = (history.label >= lowest) & (history.label < lowest + 63)
        own, bit = cell[inside], np.int64(1) << (history.label[inside] - lowest)
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        words = np.zeros(history.persons * months, dtype=np.int64)
        if len(starts):
            words[own[starts]] = np.bitwise_or.reduceat(bit, starts)
        for month in range(months):
            _, one = np.unique(words[month::months], return_inverse=True)
            pair = numbers[:, month] * (int(one.max(initial=0)) + 1) + one
            numbers[:, month] = np.unique(pair, return_inverse=True)[1].reshape(-1)
    return numbers
