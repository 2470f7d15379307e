"""What to hide so that a promise holds: small classes, rare pairs of kinds, rare pairs of answers.

numpy and not SQL: the search looks at one class at a time and goes on until nothing is left to do. It is greedy;
what it returns keeps the promise by construction, and :mod:`kaigo.deidentify.promise_check` counts it again in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
HIDDEN = 0
"""The number of an empty value; others are numbered from 1."""


@dataclass(frozen=True)
class Attribute:
    """A column of the classes.

    Attributes
    ----------
    name : str
    values : array of int, shape (rows,)
        Number of the value, 0 where empty. One row a person and period.
    owner : array of int, shape (rows,)
        The row of the source that holds the value (a person or a certification): it is hidden there, so in
        every period.
    """

    name: str
    values: Ints
    owner: Ints


@dataclass(frozen=True)
class ClassSearch:
    """Values after hiding, and the persons that cannot be released at all."""

    attributes: tuple[Attribute, ...]
    stays: Flags


def number_classes(columns: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Running number of each row's class and the size of each class.

    Examples
    --------
    [[1, 1, 2]] → numbers [0, 0, 1], sizes [2, 1].
    """
    _, numbers, sizes = np.unique(np.stack(columns, 1), axis=0, return_inverse=True, return_counts=True)
    return numbers.reshape(-1).astype(np.int64), sizes.astype(np.int64)


def protect_classes(
    fixed: Sequence[Ints], cascade: Sequence[Attribute], unit: Ints, stays: Flags, least: int
) -> ClassSearch:
    """小さい同値類の値を、決めた順に空欄にする。それでも小さい人は外す。

    Parameters
    ----------
    fixed : sequence of arrays
        What is never hidden (period, sex).
    cascade : sequence of Attribute
        In the order in which they are hidden.
    unit : array of int
        Rows that are left out together (a person with all rows; each row by itself).
    stays : array of bool
        Rows that are still there.
    least : int
        Persons that a class must hold. Rows of one period belong to different persons.

    Notes
    -----
    Each turn hides more or leaves out more, so it ends. An empty value is a value of its own: where the rows
    hidden together are still too few, the smallest class beside them is hidden as well.
    """
    attributes = list(cascade)
    stays = stays.copy()
    while _find_small(fixed, attributes, stays, least).any():
        for place in range(len(attributes)):
            attributes[place] = _hide_small(fixed, attributes, place, stays, least)
        small = _find_small(fixed, attributes, stays, least)
        stays &= ~np.isin(unit, unit[small])
    return ClassSearch(tuple(attributes), stays)


def _find_small(fixed: Sequence[Ints], attributes: Sequence[Attribute], stays: Flags, least: int) -> Flags:
    small = np.zeros(len(stays), bool)
    if stays.any():
        columns = [column[stays] for column in [*fixed, *(each.values for each in attributes)]]
        numbers, sizes = number_classes(columns)
        small[stays] = sizes[numbers] < least
    return small


def _hide_small(
    fixed: Sequence[Ints], attributes: Sequence[Attribute], place: int, stays: Flags, least: int
) -> Attribute:
    """Hide one attribute in small classes, and in the smallest class beside them as long as they are too few."""
    attribute = attributes[place]
    values, others = attribute.values.copy(), [each for i, each in enumerate(attributes) if i != place]
    chosen = _find_small(fixed, attributes, stays, least)
    while True:
        values[np.isin(attribute.owner, attribute.owner[chosen & (values != HIDDEN)])] = HIDDEN
        context, _ = number_classes([*fixed, *(each.values for each in others)])
        chosen = _find_companions(context, values, stays, least)
        if not chosen.any():
            return Attribute(attribute.name, values, attribute.owner)


def _find_companions(context: Ints, values: Ints, stays: Flags, least: int) -> Flags:
    """Rows of the smallest class beside hidden rows that are too few."""
    hidden = np.bincount(context[stays & (values == HIDDEN)], minlength=int(context.max()) + 1)
    chosen = np.zeros(len(values), bool)
    for lonely in np.flatnonzero((hidden > 0) & (hidden < least)):
        beside = stays & (context == lonely) & (values != HIDDEN)
        if beside.any():
            numbers, sizes = np.unique(values[beside], return_counts=True)
            chosen |= beside & (values == numbers[np.argmin(sizes)])
    return chosen


def split_classes(numbers: Ints) -> Iterator[Ints]:
    """Rows of each class."""
    order = np.argsort(numbers, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def keep_shared_tokens(present: Flags, settled: Flags, least: int, *, pairs: bool) -> Flags:
    """1つの同値類で、どの2つの有無の組も0人か ``least`` 人以上になるまで印を消す。

    Parameters
    ----------
    present : array of bool, shape (persons, tokens)
        Whether a person has a token (a service kind).
    settled : array of bool, shape (tokens,)
        Tokens that already keep the rule among themselves and are left alone.
    least : int
    pairs : bool
        Whether two tokens are looked at together; otherwise each alone.

    Returns
    -------
    array of bool
        What stays: in the 2 x 2 table of any two tokens each cell holds 0 or at least ``least`` persons, so
        neither having two kinds, nor having one without the other, nor having neither points to few.

    Examples
    --------
    least = 2, three persons with [訪問, 通所] = [1,1], [1,0], [1,0]: 通所 has one person and goes.
    """
    if len(present) < least:
        return np.zeros_like(present)
    kept = present.copy()
    counted = kept.astype(np.float64)  # a float product is exact here and many times faster
    both = (counted.T @ counted).astype(np.int64)
    while True:
        own, rest = np.diagonal(both), len(kept) - np.diagonal(both)
        rare = (own > 0) & (rest > 0) & (np.minimum(own, rest) < least)
        found = None
        if rare.any():
            token = int(np.argmin(np.where(rare, np.minimum(own, rest), len(kept) + 1)))
            rows = _choose_fewest(kept, np.flatnonzero(kept[:, token]), least - int(rest[token]), least)
        elif pairs and (found := _find_worst_pair(both, len(kept), least)):
            token, rows = _mend_pair(kept, both, settled, found, least)
        else:
            return kept
        gone = kept[rows].sum(0)
        both[token] -= gone
        both[:, token] -= gone
        both[token, token] += gone[token]
        kept[rows, token] = False


def _find_worst_pair(both: Ints, persons: int, least: int) -> tuple[int, int, int] | None:
    """Cell (2 both, 1 the first alone, 0 neither) and tokens with the fewest persons below ``least``."""
    own = np.diagonal(both)
    cells = np.stack([persons - own[:, None] - own[None, :] + both, own[:, None] - both, both])
    np.einsum("cii->ci", cells)[:] = 0
    cells[(cells == 0) | (cells >= least)] = least
    place = int(np.argmin(cells))
    if cells.flat[place] >= least:
        return None
    cell, one, other = np.unravel_index(place, cells.shape)
    return int(cell), int(one), int(other)


def _mend_pair(
    kept: Flags, both: Ints, settled: Flags, found: tuple[int, int, int], least: int
) -> tuple[int, Ints]:
    """The token to take away, and from which rows, so that one cell is empty or large enough."""
    cell, one, other = found
    with_one, with_other = kept[:, one], kept[:, other]
    free = [token for token in (one, other) if not settled[token]] or [one, other]
    if cell == 2:
        # The commoner of the two loses fewer of its own.
        token = max(free, key=lambda each: int(both[each, each]))
        return token, np.flatnonzero(with_one & with_other)
    if cell == 1:
        return (
            (one, np.flatnonzero(with_one & ~with_other))
            if one in free
            else (other, np.flatnonzero(with_other))
        )
    token = min(free, key=lambda each: int(both[each, each]))
    alone = kept[:, token] & ~(with_other if token == one else with_one)
    missing = least - int((~with_one & ~with_other).sum())
    rows = _choose_fewest(kept, np.flatnonzero(alone), missing, least)
    return token, rows if len(rows) == missing else np.flatnonzero(kept[:, token])


def _choose_fewest(kept: Flags, having: Ints, missing: int, least: int) -> Ints:
    """Just as many rows as are missing, with the fewest tokens; all where too few would keep the token."""
    if missing <= 0 or len(having) - missing < least:
        return having
    return having[np.argsort(kept[having].sum(1), kind="stable")[:missing]]


def choose_answers(answers: Ints, groups: Ints, least: int, *, pairs: bool) -> list[int]:
    """1つの同値類で残せる調査項目を選ぶ: どの2項目の回答の組も ``least`` 人以上になるもの。

    Parameters
    ----------
    answers : array of int, shape (rows, items)
        Answers by number, empty (0) being one of them; items in order of importance.
    groups : array of int, shape (rows,)
        Period of each row: the rule holds in each.
    least : int
    pairs : bool
        Whether two items are looked at together; otherwise each alone.

    Returns
    -------
    list of int
        Items that stay; the item with the most conflicts goes first, of equals the less important.
    """
    items = answers.shape[1]
    conflict = np.zeros((items, items), bool)
    for rows in split_classes(groups):
        conflict |= _find_conflicts(answers[rows], least)
    alive = [item for item in range(items) if not conflict[item, item]]
    while alive and pairs:
        degrees = conflict[np.ix_(alive, alive)].sum(1)
        if degrees.max() == 0:
            break
        alive.pop(len(alive) - 1 - int(np.argmax(degrees[::-1])))
    return alive


def _find_conflicts(answers: Ints, least: int) -> Flags:
    """Items (pairs; on the diagonal: alone) with a combination of answers that too few persons share."""
    tokens = [(item, value) for item in range(answers.shape[1]) for value in np.unique(answers[:, item])]
    matrix = np.stack([answers[:, item] == value for item, value in tokens], 1).astype(np.float64)
    pairs = matrix.T @ matrix
    one, other = np.nonzero((pairs > 0) & (pairs < least))
    item = np.array([item for item, _ in tokens])
    conflict = np.zeros((answers.shape[1], answers.shape[1]), bool)
    conflict[item[one], item[other]] = True
    return conflict
