"""What ③ found: change of level by pattern of use; a description, not an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaigo.analysis.intervals import Difference, Share, measure_share, subtract_shares
from kaigo.analysis.rules import Pattern, load_statements, release_notes

OUTCOMES = ("改善", "維持", "悪化", "見えなくなった")
"""Level at the last month against the first; the last: no certification in force any more."""


@dataclass(frozen=True)
class PatternOutcome:
    """1つのサービス利用パターンの人の、区分の変化。

    Attributes
    ----------
    pattern : Pattern
    counts : mapping of str to int
        Persons by outcome (``OUTCOMES``).
    needy : int
        Persons with 要介護3以上 in the first month: what differs between patterns before any service.
    not_reassessed : int
        Of those with 維持, persons with one and the same certification from the first to the last month.
    """

    pattern: Pattern
    counts: Mapping[str, int]
    needy: int
    not_reassessed: int

    @property
    def persons(self) -> int:
        """All persons of the pattern."""
        return sum(self.counts.values())

    def share(self, outcome: str) -> Share:
        """Share of one outcome with Wilson's interval."""
        return measure_share(self.counts[outcome], self.persons, "wilson")

    @property
    def not_worse(self) -> Share:
        """Share with 改善 or 維持: still certified and not worse; those no longer seen count against it."""
        return measure_share(self.counts["改善"] + self.counts["維持"], self.persons, "wilson")

    @property
    def needy_share(self) -> Share:
        """Share with 要介護3以上 in the first month."""
        return measure_share(self.needy, self.persons, "wilson")

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "arm": self.pattern.name,
            "n": self.persons,
            "outcomes": {outcome: self.share(outcome).to_payload() for outcome in OUTCOMES},
            "not_worse": self.not_worse.to_payload(),
            "not_reassessed_of_maintained": self.not_reassessed,
        }


@dataclass(frozen=True)
class NaiveDifference:
    """相手のパターンとの単純な差。``estimate`` は悪化も見えなくもならなかった割合の差。"""

    arm: str
    persons: int
    difference: Difference

    def to_payload(self) -> dict[str, Any]:
        """JSON form, as in the interface."""
        found = self.difference
        return {
            "arm": self.arm,
            "profile": None,
            "estimate": found.estimate,
            "se": found.se,
            "ci": [found.low, found.high],
            "n": self.persons,
        }


@dataclass(frozen=True)
class CarePlansResult:
    """③の結果: サービス利用パターンごとの区分の変化(調整なし)。

    Attributes
    ----------
    layout : str
    is_synthetic : bool
    coverages : tuple of (str, str)
        First and last month of each span that was used; each person is compared within one span.
    patterns : tuple of PatternOutcome
        In order of persons, the largest first.
    reference : str
        Name of the pattern that the others are compared with.
    flow : tuple of (str, int)
        Reason and number of persons: those seen in the first month, those left out, those compared.
    """

    layout: str
    is_synthetic: bool
    coverages: tuple[tuple[str, str], ...]
    patterns: tuple[PatternOutcome, ...]
    reference: str
    flow: tuple[tuple[str, int], ...]

    @property
    def total(self) -> PatternOutcome:
        """All patterns together."""
        counts = {outcome: sum(row.counts[outcome] for row in self.patterns) for outcome in OUTCOMES}
        return PatternOutcome(
            Pattern("", "none", "全体"),
            counts,
            sum(row.needy for row in self.patterns),
            sum(row.not_reassessed for row in self.patterns),
        )

    @property
    def not_reassessed_share(self) -> float | None:
        """Of those with 維持, the share that was never assessed again."""
        maintained = self.total.counts["維持"]
        return self.total.not_reassessed / maintained if maintained else None

    @property
    def naive(self) -> tuple[NaiveDifference, ...]:
        """Differences of every other pattern from the reference."""
        reference = next(row for row in self.patterns if row.pattern.name == self.reference)
        found = []
        for row in self.patterns:
            difference = subtract_shares(row.not_worse, reference.not_worse)
            if row is not reference and difference is not None:
                found.append(NaiveDifference(row.pattern.name, row.persons, difference))
        return tuple(found)

    @property
    def warning(self) -> str:
        """The words that stand in every caption: that this is no effect of services."""
        words = load_statements("care_plans")
        return str(words["synthetic" if self.is_synthetic else "own"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside every figure of ③."""
        words = load_statements("care_plans")
        keys = ("confounded", "maintained", "unseen", "pattern", "overlap")
        return (*(words[key] for key in keys), *release_notes(self.layout))

    def to_payload(self) -> dict[str, Any]:
        """JSON form, with the keys of ``kaigo analyze --what care-plans``. Not suppressed: 内部限り."""
        words = load_statements("care_plans")
        checks: list[dict[str, Any]] = [
            {"name": "最初の月に要介護3以上の割合", "arm": row.pattern.name, **row.needy_share.to_payload()}
            for row in self.patterns
        ]
        checks.append({"name": "維持のうち再認定を受けていない割合", "value": self.not_reassessed_share})
        return {
            "what": "care-plans",
            "audience": "内部限り",
            "unit": "人",
            "layout": self.layout,
            "synthetic": self.is_synthetic,
            "coverages": [list(coverage) for coverage in self.coverages],
            "estimand": words["estimand"],
            "reference": self.reference,
            "effects": [],
            "effects_reason": words["effects"],
            "naive": [row.to_payload() for row in self.naive],
            "checks": checks,
            "policy": None,
            "patterns": [row.to_payload() for row in self.patterns],
            "flow": [{"reason": reason, "persons": persons} for reason, persons in self.flow],
            "warning": self.warning,
            "notes": list(self.notes),
        }
