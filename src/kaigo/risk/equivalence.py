"""Equivalence classes of rows: which rows have the same keys, a missing key being a value of its own or a wildcard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kaigo.errors import InputError
from kaigo.risk.codes import Booleans, CodedColumn, Floats, Integers
from kaigo.tables import ClassCounts

_TABLE_ROOM = 4_000_000
"""Codes up to this bound are ranked by a table of flags instead of by sorting."""
_MOST_PAIRS = 100_000_000


def rank_codes(codes: Integers, bound: int) -> tuple[Integers, int]:
    """Give the distinct codes (0 ≤ code < ``bound``) numbers without gaps, in ascending order."""
    if len(codes) == 0:
        return codes, 0
    if bound <= max(_TABLE_ROOM, 4 * len(codes)):
        seen = np.zeros(bound, dtype=bool)
        seen[codes] = True
        rank = np.cumsum(seen, dtype=np.int32)
        return (rank[codes] - 1).astype(np.int64), int(rank[-1])
    distinct, place = np.unique(codes, return_inverse=True)
    return place.astype(np.int64), len(distinct)


def group_codes(columns: Sequence[Integers], sizes: Sequence[int]) -> tuple[Integers, int]:
    """Number the combinations of codes that occur: (number of each row's combination, how many there are)."""
    combined, bound = columns[0], sizes[0]
    for codes, size in zip(columns[1:], sizes[1:], strict=True):
        if bound * size >= 2**62:
            combined, bound = rank_codes(combined, bound)
        combined, bound = combined * size + codes, bound * size
    return rank_codes(combined, bound)


def group_columns(columns: Sequence[CodedColumn]) -> tuple[Integers, int]:
    """:func:`group_codes` of whole columns, a missing value being a value of its own."""
    return group_codes([column.codes for column in columns], [column.size for column in columns])


def first_rows(of_row: Integers, number: int) -> Integers:
    """The first row of each of ``number`` groups."""
    first = np.zeros(number, dtype=np.int64)
    first[of_row[::-1]] = np.arange(len(of_row))[::-1]
    return first


@dataclass(frozen=True)
class Classes:
    """同値類: 鍵の値の組が同じ行の集まり。

    Attributes
    ----------
    of_row : ndarray of int64, shape (rows,)
        Class of each row.
    number : int
        Classes, that is distinct combinations of keys, a missing key told apart from every value.
    pairs : tuple of two ndarrays of int64, or None
        Only where a missing key is a wildcard: all pairs (class, class that it matches), each class with itself
        included. Then the groups of two classes may overlap without being equal.
    """

    of_row: Integers
    number: int
    pairs: tuple[Integers, Integers] | None

    def sum_matches(self, weights: Floats | None = None) -> Floats:
        """Rows (or the sum of their weights) that match each class: f, or its estimate of F. Shape (classes,)."""
        own = np.bincount(self.of_row, weights=weights, minlength=self.number).astype(np.float64)
        if self.pairs is None:
            return own
        left, right = self.pairs
        return np.bincount(left, weights=own[right], minlength=self.number).astype(np.float64)

    def spread(self, of_class: Integers, *columns: Integers) -> tuple[Integers, ...]:
        """Repeat rows (of a class) for each class that they match; as they are where nothing is a wildcard."""
        if self.pairs is None:
            return (of_class, *columns)
        left, right = self.pairs
        order = np.argsort(of_class, kind="stable")
        starts = np.searchsorted(of_class[order], np.arange(self.number + 1))
        matched = np.diff(starts)[right]
        places = order[_ranges(starts[right], matched)]
        return (np.repeat(left, matched), *(column[places] for column in columns))


def find_classes(keys: Sequence[CodedColumn], *, wildcard: bool = False) -> Classes:
    """鍵の値の組が同じ行をまとめる。

    Parameters
    ----------
    keys : sequence of CodedColumn
    wildcard : bool
        False: a missing key is a value of its own. True: it matches every value, as in sdcMicro ``freqCalc``; a row
        then counts as many rows as agree with it on every key that both have.

    Raises
    ------
    InputError
        If so many keys are missing that the matches cannot be listed (more than 100 million pairs).
    """
    of_row, number = group_columns(keys)
    if not wildcard or not any(key.has_missing for key in keys):
        return Classes(of_row, number, None)
    first = first_rows(of_row, number)
    codes = [key.codes[first] for key in keys]
    missing = np.stack([key.missing[first] for key in keys])
    found = list(_match_patterns(codes, [key.size for key in keys], missing))
    everyone = np.arange(number)
    left = np.concatenate([everyone, *(a for a, _ in found), *(b for _, b in found)])
    right = np.concatenate([everyone, *(b for _, b in found), *(a for a, _ in found)])
    return Classes(of_row, number, (left, right))


def _match_patterns(
    codes: Sequence[Integers], sizes: Sequence[int], missing: Booleans
) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of classes with different sets of missing keys that agree on the keys both have."""
    weights = 1 << np.arange(len(codes))
    pattern = weights @ missing
    members = {int(p): np.flatnonzero(pattern == p) for p in np.unique(pattern)}
    total = 0
    for a, b in combinations(members, 2):
        known = [k for k in range(len(codes)) if not (a | b) >> k & 1]
        one, other = members[a], members[b]
        if known:
            both = np.concatenate([one, other])
            ids, number = group_codes([codes[k][both] for k in known], [sizes[k] for k in known])
        else:
            ids, number = np.zeros(len(one) + len(other), dtype=np.int64), 1
        order = np.argsort(ids[len(one) :], kind="stable")
        starts = np.searchsorted(ids[len(one) :][order], np.arange(number + 1))
        mine = ids[: len(one)]
        matched = np.diff(starts)[mine]
        total += int(matched.sum())
        if total > _MOST_PAIRS:
            raise InputError(
                "鍵に空欄が多く、合いうる行の組を数えきれません。",
                found=f"{total:,}組以上",
                remedy="--missing value(空欄を1つの値とみなす)にするか、空欄の多い列を鍵から外してください。",
            )
        yield np.repeat(one, matched), other[order[_ranges(starts[mine], matched)]]


def _ranges(starts: Integers, lengths: Integers) -> Integers:
    """The concatenated ranges start … start + length − 1."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - lengths, lengths) + np.repeat(starts, lengths)


def count_rows(classes: Classes) -> ClassCounts:
    """Class sizes in rows; each row's own."""
    sizes = classes.sum_matches().astype(np.int64)
    return ClassCounts(_count_values(sizes), _count_values(sizes[classes.of_row]))


def count_persons(classes: Classes, person: CodedColumn) -> ClassCounts:
    """Class sizes in distinct persons; each person's smallest."""
    of_class, who = classes.spread(classes.of_row, person.codes)
    distinct = _distinct_pairs(of_class, who, person.size)
    sizes = np.bincount(distinct // person.size, minlength=classes.number)
    own = _distinct_pairs(classes.of_row, person.codes, person.size)
    worst = np.full(person.size, len(person.codes) + 1, dtype=np.int64)
    np.minimum.at(worst, own % person.size, sizes[own // person.size])
    return ClassCounts(_count_values(sizes), _count_values(worst))


def _distinct_pairs(first: Integers, second: Integers, size: int) -> Integers:
    return np.unique(first * size + second)


def _count_values(values: Integers) -> dict[int, int]:
    found, numbers = np.unique(values, return_counts=True)
    return {int(value): int(number) for value, number in zip(found, numbers, strict=True)}
