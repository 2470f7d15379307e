"""Measures of a flat table by counting all pairs of rows: an oracle that shares no code with the program."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import Any

from scipy.integrate import quad

Row = dict[str, Any]


def find_group(rows: list[Row], row: Row, keys: list[str], wildcard: bool) -> list[Row]:
    def agree(a: object, b: object) -> bool:
        return a == b or (wildcard and (a is None or b is None))

    return [other for other in rows if all(agree(row[key], other[key]) for key in keys)]


def measure_sensitive(rows: list[Row], keys: list[str], name: str, wildcard: bool) -> dict[str, float | None]:
    groups = [[other[name] for other in find_group(rows, row, keys, wildcard)] for row in rows]
    counts = [sorted(Counter(group).values(), reverse=True) for group in groups]
    least = min(len(c) for c in counts)
    entropies = [-sum(n / sum(c) * math.log(n / sum(c)) for n in c) for c in counts]
    ratios = [c[0] / sum(c[least - 1 :]) for c in counts]
    table = [row[name] for row in rows]
    distances = [
        sum(abs(group.count(v) / len(group) - table.count(v) / len(table)) for v in set(table)) / 2
        for group in groups
    ]
    return {
        "l_distinct": least,
        "l_entropy": math.exp(min(entropies)),
        "recursive_c": max(ratios) if least > 1 else None,
        "t_equal": max(distances),
        "t_ordered": measure_ordered(groups, table),
    }


def measure_ordered(groups: list[list[Any]], table: list[Any]) -> float | None:
    known = [value for value in table if value is not None]
    if not known or any(isinstance(value, str) for value in known):
        return None
    numbers = sorted(set(known))
    if len(numbers) == 1:
        return 0.0
    distances = []
    for group in groups:
        here = [value for value in group if value is not None]
        if here:
            steps = [
                abs(sum(v <= number for v in here) / len(here) - sum(v <= number for v in known) / len(known))
                for number in numbers
            ]
            distances.append(sum(steps) / (len(numbers) - 1))
    return max(distances)


def score_suda(
    rows: list[Row], keys: list[str], ignore_missing: bool
) -> tuple[list[float], dict[str, float]]:
    scores, shares = [0.0] * len(rows), dict.fromkeys(keys, 0.0)
    for place, row in enumerate(rows):
        minimal: list[set[str]] = []
        for size in range(1, len(keys) + 1):
            for subset in combinations(keys, size):
                if any(known <= set(subset) for known in minimal):
                    continue
                if ignore_missing and any(row[key] is None for key in subset):
                    continue
                if sum(all(other[key] == row[key] for key in subset) for other in rows) == 1:
                    minimal.append(set(subset))
        for subset_found in minimal:
            weight = math.factorial(len(keys) - len(subset_found))
            scores[place] += weight
            for key in subset_found:
                shares[key] += weight
    return scores, shares


def expect_inverse(f: int, p: float) -> float:
    """E[1/F | f] under the negative binomial, as the integral of its generating function."""
    q = 1 - p
    integral = quad(lambda x: x ** (f - 1) / (1 - x) ** f, 0, q, epsrel=1e-12, limit=500)[0]
    return float((p / q) ** f * integral)
