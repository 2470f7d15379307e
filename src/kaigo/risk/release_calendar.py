"""The months that a release speaks of, and how many of them one released fact stands for.

A standard may give benefits once for each pseudonym period (``average_per_period``). Such a line stands under the period's
first month, but speaks of all its months: an attacker who knows what a person used in May looks into the period that May
belongs to. Counted by the months that stand in the table, a release of twelve months would seem to be one of two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.deidentify import Release
from kaigo.deidentify.standard import read_standard

Array = npt.NDArray[np.int64]
ONCE_A_PERIOD = "average_per_period"


@dataclass(frozen=True)
class ReleaseCalendar:
    """提供の期間の月と、1つの値が何か月分を表すか。

    Attributes
    ----------
    months : tuple of str
        ``YYYY-MM``, in order; m of them.
    step : int
        Months that one line of the benefits stands for; 1 where every month has its own.
    units_step : int
        Averages of units are rounded up to a multiple of it; 0 where units are those of the month.
    """

    months: tuple[str, ...]
    step: int = 1
    units_step: int = 0

    def spread(self, facts: Array, column: int) -> Array:
        """Rows of facts, each repeated for every month of which it speaks.

        Parameters
        ----------
        facts : ndarray of shape (k, columns), int64
        column : int
            Where the month's number stands; the first month of the period.

        Examples
        --------
        Step 3 in a calendar of 5 months: a fact of month 0 is repeated for 0, 1, 2; one of month 3 for 3, 4.
        """
        if self.step == 1:
            return facts
        first = facts[:, column]
        spans = np.minimum(first + self.step, len(self.months)) - first
        spread = np.repeat(facts, spans, axis=0)
        spread[:, column] += np.arange(len(spread)) - np.repeat(np.cumsum(spans) - spans, spans)
        return spread


def read_calendar(release: Release, shown: tuple[str, ...]) -> ReleaseCalendar:
    """提供の期間の月を、目録と加工基準から読む。

    Parameters
    ----------
    release : Release
    shown : tuple of str
        Months that stand in the released benefits. Where they are no months of the window (dates made coarser), they are
        taken as they are.
    """
    parameters = release.manifest["parameters"]
    months = list_months(str(parameters["first_month"]), str(parameters["last_month"]))
    if not set(shown) <= set(months):
        return ReleaseCalendar(shown)
    rules = read_standard(release.keep / "standard.toml").rules
    once = next((rule for rule in rules if rule.technique == ONCE_A_PERIOD), None)
    if once is None:
        return ReleaseCalendar(months)
    step = min(int(parameters["rotate_months"] or len(months)), len(months))
    return ReleaseCalendar(months, step, int(once.parameters["units_step"]))


def list_months(first: str, last: str) -> tuple[str, ...]:
    """All months from the first to the last, ``YYYY-MM``.

    Examples
    --------
    2024-12, 2025-02 → 2024-12, 2025-01, 2025-02.
    """
    start, stop = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, stop + 1))
