"""Search of the lattice of generalisations: the least loss under a limit of suppression, proven.

Why it need not look everywhere, and yet misses nothing:

* What is suppressed at a node (records in classes of fewer than k) is part of what is suppressed at every more specific
  node: generalising merges classes, and the merged class has all persons of both, so no record's class gets smaller.
  This holds for persons who stand in several classes too. A node over the limit therefore rules out all below it.
* The loss itself is not monotone (a coarser node may suppress less). But a node's loss is at least its loss without
  suppression, which is known for every node before any class is counted, as it is a sum over keys; and at least that
  with the records counted as suppressed which a more general node has been seen to suppress.

A node is left out only by one of the two; comparisons with the best are made on whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
import numpy.typing as npt

from kaigo.deidentify.k_anonymity.hierarchy import Hierarchy
from kaigo.deidentify.k_anonymity.records import Ints, Records, distinct, number_classes
from kaigo.errors import EmptyResultError, ParameterError

MOST_NODES = 2_000_000
_MARGIN = 1e-9
"""Bounds are floating-point numbers: a node this close to the best is looked at rather than left out."""

Bools = npt.NDArray[np.bool_]
Levels = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """探索の結果: 損失が最小の段階の組。

    Attributes
    ----------
    levels : tuple of int
        One level a key.
    loss : fractions.Fraction
        Mean over records and keys of (g − 1) / (D − 1); a suppressed record counts 1 on every key.
    suppressed_records, suppressed_units : int
        Records in classes under k; persons with such a record (records where persons are not counted).
    smallest_class : int or None
        Persons (or records) in the smallest class that is left; None if nothing is left.
    nodes_checked, lattice_size : int
    suppressed : numpy.ndarray
        Which combinations of the records are suppressed.
    """

    levels: Levels
    loss: Fraction
    suppressed_records: int
    suppressed_units: int
    smallest_class: int | None
    nodes_checked: int
    lattice_size: int
    suppressed: Bools


@dataclass(frozen=True)
class _Checked:
    levels: Levels
    loss: Fraction
    suppressed_records: int
    suppressed_units: int
    smallest_class: int | None
    suppressed: Bools

    @property
    def rank(self) -> tuple[Fraction, int, Levels]:
        """Least loss first, then fewest suppressed records, then the lower levels of the earlier keys."""
        return self.loss, self.suppressed_records, self.levels


def search_lattice(
    records: Records, hierarchies: Sequence[Hierarchy], k: int, limit: Fraction | float | str
) -> Found:
    """K を満たす全域一般化のうち、情報の損失が最も小さいものを探す(厳密)。

    Of nodes with equal loss the one that suppresses fewer records is taken, then the lexicographically lower
    levels.

    Parameters
    ----------
    records : Records
    hierarchies : sequence of Hierarchy
        One a key, in the keys' order.
    k : int
        Persons (or records) that a class must have to be left.
    limit : Fraction, float or str
        Largest share of persons with a suppressed record (of records where persons are not counted).

    Raises
    ------
    EmptyResultError
        If even the most general node suppresses more (fewer than k persons in all).
    ParameterError
        If the lattice has more than two million nodes.
    """
    size = prod(hierarchy.levels for hierarchy in hierarchies)
    if size > MOST_NODES:
        raise ParameterError(
            f"段階の組が多すぎます(上限{MOST_NODES:,})。",
            found=f"{size:,}",
            remedy="鍵を減らすか、階層の段階を減らしてください。",
        )
    most = int(Fraction(str(limit)) * records.units)
    search = _Search(records, hierarchies, k, most)
    best = search.run()
    return Found(
        **{name: getattr(best, name) for name in _Checked.__dataclass_fields__},
        nodes_checked=search.checked,
        lattice_size=size,
    )


class _Search:
    """One search: the nodes, what is known of each, and the best so far."""

    def __init__(self, records: Records, hierarchies: Sequence[Hierarchy], k: int, most: int) -> None:
        self.records, self.hierarchies, self.k, self.most = records, hierarchies, k, most
        self.covered = [hierarchy.covered() for hierarchy in hierarchies]
        # D = 1: nothing can be lost on the key unless the record is suppressed.
        self.scale = [max(hierarchy.domain_size - 1, 1) for hierarchy in hierarchies]
        everyone = np.ones(len(records.records), dtype=bool)
        self.lost = self._sum_covered(everyone)
        self.whole = records.number * len(hierarchies)
        shape = [hierarchy.levels for hierarchy in hierarchies]
        self.nodes = np.stack(np.unravel_index(np.arange(prod(shape)), shape), axis=1).astype(np.int16)
        self.lower = self._add_keys(self.lost) / self.whole
        self.open = np.ones(len(self.nodes), dtype=bool)
        self.best: _Checked | None = None
        self.checked = 0

    def run(self) -> _Checked:
        self._visit(len(self.nodes) - 1)
        if self.best is None:
            raise EmptyResultError(
                f"全部をまとめても、k = {self.k} に足りません。",
                found=f"{self.records.units:,}",
                remedy="kを小さくするか、対象を増やしてください。",
            )
        while True:
            left = np.flatnonzero(self.open)
            if not left.size:
                return self.best
            # The middle of what is left: either it is over the limit and rules out much below it, or its loss does
            # much above. Twenty to thirty nodes of 480 were looked at in this order, 390 from the top down.
            middle = (len(left) - 1) // 2
            self._visit(int(left[np.argpartition(self.lower[left], middle)[middle]]))

    def _sum_covered(self, chosen: Bools) -> list[Ints]:
        """For each key and level: sum of g − 1 over the records of the chosen combinations."""
        weights = self.records.records[chosen]
        return [
            covered @ np.bincount(code[chosen], weights=weights, minlength=covered.shape[1]).astype(np.int64)
            for code, covered in zip(self.records.codes, self.covered, strict=True)
        ]

    def _add_keys(self, sums: Sequence[Ints]) -> npt.NDArray[np.float64]:
        """Per node: the sums at its levels, each over its key's D − 1."""
        total = np.zeros(len(self.nodes))
        for key, (each, scale) in enumerate(zip(sums, self.scale, strict=True)):
            total += (each / scale)[self.nodes[:, key]]
        return total

    def _visit(self, place: int) -> None:
        """Count the classes of a node and draw the conclusions for the others."""
        self.open[place] = False
        self.checked += 1
        levels: Levels = tuple(int(level) for level in self.nodes[place])
        result = self._check(levels)
        below = (self.nodes <= self.nodes[place]).all(axis=1)
        if result.suppressed_units > self.most:
            self.open &= ~below
            return
        if self.best is None or result.rank < self.best.rank:
            self.best = result
        sums = self._sum_covered(result.suppressed)
        extra = result.suppressed_records * len(self.hierarchies) - self._add_keys(sums)[below]
        unsuppressed = self._add_keys(self.lost)[below]
        self.lower[below] = np.maximum(self.lower[below], (unsuppressed + extra) / self.whole)
        self.open &= self.lower <= float(self.best.loss) + _MARGIN

    def _check(self, levels: Levels) -> _Checked:
        records = self.records
        codes = [
            hierarchy.codes[level][code]
            for hierarchy, level, code in zip(self.hierarchies, levels, records.codes, strict=True)
        ]
        sizes = [len(h.labels[level]) for h, level in zip(self.hierarchies, levels, strict=True)]
        classes, cells = number_classes(codes, sizes)
        members = np.bincount(classes, weights=records.persons, minlength=cells).astype(np.int64)
        if records.shared.size:
            pairs = distinct(records.owner * cells + classes[records.shared])
            members += np.bincount(pairs % cells, minlength=cells)
        suppressed = (members < self.k)[classes]
        lone = int(records.persons[suppressed].sum())
        several = int(np.count_nonzero(np.bincount(records.owner[suppressed[records.shared]])))
        left = members[members >= self.k]
        number = int(records.records[suppressed].sum())
        sums = self._sum_covered(suppressed)
        lost = sum(
            Fraction(int(whole[level] - gone[level]), scale) + number
            for whole, gone, level, scale in zip(self.lost, sums, levels, self.scale, strict=True)
        )
        return _Checked(
            levels,
            Fraction(lost) / self.whole,
            number,
            lone + several,
            int(left.min()) if left.size else None,
            suppressed,
        )
