"""Every node of the lattice, one after the other, in plain Python: what the search must find."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Hierarchies = Sequence[Sequence[Sequence[str]]]
"""One a key: rows of a value and its generalisations, last ``*``."""


def judge_node(
    rows: Sequence[Sequence[str]],
    owners: Sequence[Any],
    hierarchies: Hierarchies,
    levels: Sequence[int],
    k: int,
) -> tuple[Fraction, int, int]:
    """Loss, suppressed records, owners of suppressed records."""
    shown = [{line[0]: line[level] for line in each} for each, level in zip(hierarchies, levels, strict=True)]
    classes = defaultdict(list)
    for number, row in enumerate(rows):
        classes[tuple(names[value] for names, value in zip(shown, row, strict=True))].append(number)
    suppressed = [
        number
        for members in classes.values()
        if len({owners[number] for number in members}) < k
        for number in members
    ]
    total = Fraction(0)
    for number, row in enumerate(rows):
        for names, value in zip(shown, row, strict=True):
            if number in set(suppressed):
                total += 1
            elif len(names) > 1:
                alike = sum(other == names[value] for other in names.values())
                total += Fraction(alike - 1, len(names) - 1)
    return total / (len(rows) * len(hierarchies)), len(suppressed), len({owners[n] for n in suppressed})


def find_best(
    rows: Sequence[Sequence[str]],
    owners: Sequence[Any],
    hierarchies: Hierarchies,
    k: int,
    limit: Fraction,
) -> tuple[Fraction, int, tuple[int, ...]] | None:
    """Least loss, then fewest suppressed records, then lowest levels; None if no node is within the limit."""
    allowed = []
    for levels in itertools.product(*(range(len(each[0])) for each in hierarchies)):
        loss, records, persons = judge_node(rows, owners, hierarchies, levels, k)
        if persons <= limit * len(set(owners)):
            allowed.append((loss, records, levels))
    return min(allowed, default=None)
