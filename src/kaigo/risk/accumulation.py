"""How risk grows with the months released (※2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaigo.risk.known_points import KnownPoints, PointIndex, measure_known_points, wilson
from kaigo.risk.numbering import Array
from kaigo.risk.released_history import ReleasedHistory
from kaigo.risk.unique_histories import count_unique_histories, number_service_sets

WINDOWS = (1, 3, 6, 12, 24, 36)
POINTS = (1, 2, 3, 4, 6, 12, 24, 36)
YEAR = 12


@dataclass(frozen=True)
class WholeHistory:
    """提供する月数だけの履歴をすべて知られたときに、ただ1人になる人。"""

    window: int
    persons: int
    unique: int

    @property
    def share(self) -> float:
        """Share of the persons present."""
        return self.unique / self.persons if self.persons else float("nan")


@dataclass(frozen=True)
class AccumulationRisk:
    """提供する月数が増えると、ただ1人に絞られる人がどれだけ増えるか。

    Attributes
    ----------
    windows : tuple of int
        Months released, counted from the first, see :func:`choose_windows`.
    services_only : tuple of KnownPoints
        The attacker knows p months (one service of each), and nothing of the person.
    services_any : tuple of KnownPoints
        The attacker knows p services, whatever their month.
    with_person : tuple of KnownPoints
        p months, and the person's own released values (birth as released, sex).
    whole : tuple of WholeHistory
        Everything that the release shows of the person in those months.
    whole_without_answers : tuple of WholeHistory
        The same without the survey answers.
    step : int
        Months for which one value is released.
    """

    windows: tuple[int, ...]
    services_only: tuple[KnownPoints, ...]
    services_any: tuple[KnownPoints, ...]
    with_person: tuple[KnownPoints, ...]
    whole: tuple[WholeHistory, ...]
    whole_without_answers: tuple[WholeHistory, ...]
    step: int = 1

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        curves = {
            "months": self.services_only,
            "services": self.services_any,
            "months_and_person": self.with_person,
        }
        return {
            "windows": list(self.windows),
            "known_points": [
                {
                    "known": name,
                    "window": r.window,
                    "points": r.points,
                    "eligible": r.eligible,
                    "sampled": r.sampled,
                    "unique_share": None if np.isnan(r.share) else r.share,
                    "ci": None if np.isnan(r.share) else [r.low, r.high],
                }
                for name, results in curves.items()
                for r in results
            ],
            "whole_history": [
                {
                    "window": w.window,
                    "persons": w.persons,
                    "unique_persons": w.unique,
                    "unique_share": w.share,
                    "unique_share_without_answers": without.share,
                }
                for w, without in zip(self.whole, self.whole_without_answers, strict=True)
            ],
        }


def measure_accumulation(
    history: ReleasedHistory,
    random: np.random.Generator,
    *,
    windows: Sequence[int] = WINDOWS,
    points: Sequence[int] = POINTS,
) -> AccumulationRisk:
    """提供する月数ごとに、p点を知る者や全部を知る者が1人に絞れる割合を求める。

    Counted as if one pseudonym covered the whole window: what a pseudonym of that many months shows, and what is left of
    shorter ones once they are rejoined.

    Parameters
    ----------
    windows : sequence of int
        Months; those beyond the data are left out, and so are those that are no multiple of the months for which one value
        is released. The whole release is always measured.
    points : sequence of int
        Values of p; p months need a window of at least p, and more than a year's services are asked of longer windows only.
    """
    inside = choose_windows(history, windows)
    person_class = np.unique(history.static, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    plain, classed = PointIndex.build(history), PointIndex.build(history, person_class)
    months_only: list[KnownPoints] = []
    services: list[KnownPoints] = []
    with_person: list[KnownPoints] = []
    for window in inside:
        of_months = [p for p in points if p <= window]
        months_only += measure_known_points(history, window, "months", of_months, random, index=plain)
        of_services = [p for p in points if p <= max(window, YEAR)]
        services += measure_known_points(history, window, "services", of_services, random, index=plain)
        with_person += measure_known_points(
            history, window, "months", of_months, random, also_known=person_class, index=classed
        )
    bare, sets = history.without("survey_"), number_service_sets(history)
    return AccumulationRisk(
        inside,
        tuple(months_only),
        tuple(services),
        tuple(with_person),
        _count_unique(history, inside, sets),
        _count_unique(bare, inside, sets),
        history.step,
    )


def choose_windows(history: ReleasedHistory, windows: Sequence[int] = WINDOWS) -> tuple[int, ...]:
    """Windows that the release can show, the whole release always among them.

    Examples
    --------
    9 months: 1, 3, 6, 9. 12 months, each value standing for 6 of them: 6, 12.
    """
    months = len(history.months)
    return tuple(sorted({w for w in windows if w < months and w % history.step == 0} | {months}))


def _count_unique(history: ReleasedHistory, windows: Sequence[int], sets: Array) -> tuple[WholeHistory, ...]:
    counted = count_unique_histories(history, windows, sets)
    return tuple(
        WholeHistory(window, here, unique) for window, (here, unique) in zip(windows, counted, strict=True)
    )


def find_crossing(results: Sequence[KnownPoints], points: int, limit: float) -> int | None:
    """The shortest release, in months, at which the share for p points passes a limit; None if none does.

    Examples
    --------
    Shares .01, .04, .12 at 1, 3 and 6 months with limit .05 → 6.
    """
    return next((r.window for r in results if r.points == points and r.share > limit), None)


def split_by(result: KnownPoints, groups: Sequence[object]) -> list[tuple[str, int, float, float, float]]:
    """区分ごとの内訳: name of the group, drawn persons, share, 95 % Wilson interval.

    Parameters
    ----------
    groups : sequence of shape (n,)
        Group of every person of the history.
    """
    own = np.array([str(groups[person]) for person in result.persons])
    rows = []
    for name in sorted(set(own.tolist())):
        shares = result.by_person[own == name]
        share = float(shares.mean())
        rows.append((name, len(shares), share, *wilson(share, len(shares))))
    return rows
