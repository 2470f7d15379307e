"""Which patterns of use may stand by themselves in a table, and which are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kaigo.analysis.care_plans_result import OUTCOMES, CarePlansResult, PatternOutcome
from kaigo.analysis.figure_parts import is_small
from kaigo.analysis.intervals import Difference, subtract_shares
from kaigo.analysis.rules import Pattern
from kaigo.display.suppression import SmallCellRule, choose_rule

MERGED = "その他のパターン"


@dataclass(frozen=True)
class ShownPatterns:
    """表示するパターン。

    Attributes
    ----------
    rows : tuple of PatternOutcome
        Patterns with enough persons in every cell; the others together in a last row, or not at all where even
        their sum holds a small cell.
    total : PatternOutcome or None
        All patterns; None where it would give away those that are not shown.
    merged : tuple of str
        Names of the patterns that were put together.
    in_full : bool
        True: four outcomes are shown. False: only 「悪化せず認定が続いた」 and the rest, because otherwise fewer
        than two patterns could be shown.
    reference : PatternOutcome
        The reference of the result, or the largest pattern shown where it was put together with others.
    """

    rows: tuple[PatternOutcome, ...]
    total: PatternOutcome | None
    merged: tuple[str, ...]
    in_full: bool
    reference: PatternOutcome

    @property
    def differences(self) -> tuple[tuple[PatternOutcome, Difference], ...]:
        """Every other row against the reference."""
        pairs = [(row, subtract_shares(row.not_worse, self.reference.not_worse)) for row in self.rows]
        return tuple((row, found) for row, found in pairs if row is not self.reference and found is not None)


def choose_shown_patterns(result: CarePlansResult, inhabitants: int | None) -> ShownPatterns:
    """少ない人数を含むパターンをまとめ、引き算でも分からない表にする。

    Parameters
    ----------
    result : CarePlansResult
    inhabitants : int or None
        Residents, which decide the threshold.
    """
    rule = choose_rule(inhabitants)
    rows, merged, in_full = list(result.patterns), list[PatternOutcome](), True
    if rule.threshold is not None:
        rows, merged = _part(result.patterns, _four_cells, rule)
        in_full = len(rows) >= 2
        if not in_full:
            rows, merged = _part(result.patterns, _two_cells, rule)
    reference = next((row for row in rows if row.pattern.name == result.reference), (rows or merged)[0])
    cells = _four_cells if in_full else _two_cells
    total: PatternOutcome | None = result.total
    if merged:
        rest = _add_up(merged)
        if rows and is_small(cells(rest), rule):
            total = None
        else:
            rows = [*rows, rest]
            reference = reference if reference in rows else rest
    return ShownPatterns(tuple(rows), total, tuple(row.pattern.name for row in merged), in_full, reference)


def _four_cells(row: PatternOutcome) -> list[int]:
    return [row.counts[outcome] for outcome in OUTCOMES]


def _two_cells(row: PatternOutcome) -> list[int]:
    return [row.not_worse.count, row.not_worse.others]


def _part(
    patterns: Sequence[PatternOutcome], cells: Callable[[PatternOutcome], list[int]], rule: SmallCellRule
) -> tuple[list[PatternOutcome], list[PatternOutcome]]:
    """Patterns that may stand by themselves, and the others.

    The number of all persons compared is shown elsewhere: while the others are few, the next smallest joins them.
    """
    kept = [row for row in patterns if not is_small(cells(row), rule)]
    merged = [row for row in patterns if row not in kept]
    while merged and kept and is_small([sum(row.persons for row in merged)], rule):
        merged.append(kept.pop())
    return kept, merged


def _add_up(rows: Sequence[PatternOutcome]) -> PatternOutcome:
    return PatternOutcome(
        Pattern("", "none", MERGED),
        {outcome: sum(row.counts[outcome] for row in rows) for outcome in OUTCOMES},
        sum(row.needy for row in rows),
        sum(row.not_reassessed for row in rows),
    )
