"""Measures of re-identification risk from class sizes.

Definitions: prosecutor risk of a record is 1/f, f the size of its class in the release; journalist risk is 1/F,
F the size of the class in the population. Where the release holds everyone of its population, F = f.
Averages are over records (or persons, each by the worst class), not over classes.

Sources: El Emam, Guide to the De-Identification of Personal Health Information (2013), ch. 16 (prosecutor,
journalist, marketer); ARX, RiskModelSampleSummary (the same names).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaigo.tables import ClassCounts

AT_RISK_THRESHOLDS = (0.05, 0.09, 0.2, 0.33, 0.5)


@dataclass(frozen=True)
class RiskMeasures:
    """同値類の大きさから求める再識別の危険の指標。

    Attributes
    ----------
    counts : ClassCounts
        Class sizes and each person's worst class.
    unit : str
        人 where persons were counted, 行 where only records are known.
    """

    counts: ClassCounts
    unit: str

    @property
    def number(self) -> int:
        """Persons (or records) measured."""
        return self.counts.persons

    @property
    def k(self) -> int:
        """Size of the smallest class."""
        return self.counts.k

    @property
    def unique_share(self) -> float:
        """Share of persons (records) that stand alone in a class."""
        return self._share(self.counts.unique_persons)

    @property
    def prosecutor_max(self) -> float:
        """1/k."""
        return 1 / self.k if self.k else 0.0

    @property
    def prosecutor_average(self) -> float:
        """Mean over persons (records) of 1/f, f the worst class."""
        return self._share(sum(number / size for size, number in sorted(self.counts.worst.items())))

    def share_below(self, size: int) -> float:
        """Share of persons (records) whose worst class is smaller than ``size``."""
        return self._share(self.counts.persons_below(size))

    def share_at_risk(self, threshold: float) -> float:
        """Share of persons (records) with 1/f strictly above ``threshold``."""
        return self._share(sum(n for size, n in self.counts.worst.items() if 1 / size > threshold))

    def _share(self, number: float) -> float:
        return number / self.number if self.number else 0.0

    def to_payload(self) -> dict[str, Any]:
        """JSON form, keys as other tools know them."""
        histogram: Mapping[int, int] = self.counts.classes
        return {
            "classes": self.counts.class_number,
            "k": self.k,
            "class_size_histogram": {str(size): number for size, number in sorted(histogram.items())},
            "risk": {
                "prosecutor_max": self.prosecutor_max,
                "prosecutor_average": self.prosecutor_average,
                "journalist_max": self.prosecutor_max,
                "journalist_average": self.prosecutor_average,
                "marketer": self.prosecutor_average,
                "records_at_risk": {str(t): self.share_at_risk(t) for t in AT_RISK_THRESHOLDS},
            },
        }
