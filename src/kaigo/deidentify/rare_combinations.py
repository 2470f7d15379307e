"""Combinations of answers that few persons gave, in one municipality: counting is by numpy, not by 2,701 joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Answers = NDArray[np.int64]
EMPTY = 0


def blank_rare_combinations(
    answers: Answers, persons: Answers, sets: Iterable[Sequence[int]], least: int
) -> Answers:
    """選択肢の組合せで、人の少ないものがなくなるまで回答を空にする。

    Of a rare combination the answer goes that fewest persons have now (of equals the one of the later column).
    Taking an answer away makes other combinations rarer, so all sets that it touches are counted again.

    Parameters
    ----------
    answers : ndarray of int64, shape (rows, items)
        From 1; 0 is empty.
    persons : ndarray of int64, shape (rows,)
        Person of each row; rows of a person stand together and count once.
    sets : iterable of sequence of int
        Columns to look at together.
    least : int
        Persons that a combination of answers needs.

    Returns
    -------
    ndarray of int64, shape (rows, items)

    Examples
    --------
    least 2, answers [1, 1], [1, 1], [1, 2], [2, 2], [2, 2]: (1, 2) has one person. Answer 1 of the first item
    has three persons, answer 2 of the second has three: the later goes.
    """
    shown = answers.copy()
    base = int(shown.max(initial=0)) + 1
    every = list(dict.fromkeys(tuple(columns) for columns in sets))
    waiting = every
    while waiting:
        sizes = [_count_answers(shown[:, column], persons, base) for column in range(shown.shape[1])]
        touched: set[int] = set()
        for columns in waiting:
            rows = _find_rare(shown, persons, columns, base, least)
            if not len(rows):
                continue
            own = np.stack([sizes[column][shown[rows, column]] for column in columns])
            # The last of the smallest: argmin over the reversed order.
            chosen = np.array(columns)[len(columns) - 1 - np.argmin(own[::-1], axis=0)]
            shown[rows, chosen] = EMPTY
            touched |= set(chosen.tolist())
        waiting = [columns for columns in every if touched & set(columns)]
    return shown


def _count_answers(values: Answers, persons: Answers, base: int) -> Answers:
    """Distinct persons of each answer."""
    return np.bincount(_pairs(persons, values, base) % base, minlength=base)


def _find_rare(shown: Answers, persons: Answers, columns: Sequence[int], base: int, least: int) -> Answers:
    """Rows whose combination (no answer empty) has too few persons."""
    full = (shown[:, list(columns)] != EMPTY).all(axis=1)
    code = np.zeros(len(shown), np.int64)
    for column in columns:
        code = code * base + shown[:, column]
    number = base ** len(columns)
    members = np.bincount(_pairs(persons[full], code[full], number) % number, minlength=number)
    rows = np.flatnonzero(full)
    return rows[members[code[rows]] < least]


def _pairs(persons: Answers, codes: Answers, number: int) -> Answers:
    """Distinct (person, code), as numbers whose remainder is the code."""
    pairs = persons * number + codes
    repeated = bool((persons[1:] == persons[:-1]).any())  # rows of a person stand together
    return np.unique(pairs) if repeated else pairs


def choose_sets(groups: Sequence[str], size: int, *, across: bool) -> list[tuple[int, ...]]:
    """Sets of columns to look at: all of ``size`` columns, or those within a group of the survey."""
    chosen = combinations(range(len(groups)), size)
    return [c for c in chosen if across or len({groups[column] for column in c}) == 1]
