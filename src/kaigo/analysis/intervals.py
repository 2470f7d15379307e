"""Shares with their 95 % intervals, and the difference of two shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

CONFIDENCE = 0.95
Method = Literal["clopper-pearson", "wilson", "none"]


@dataclass(frozen=True)
class Share:
    """全体のうちの数と割合、95%区間。

    Attributes
    ----------
    count, total : int
        Persons (or lines).
    low, high : float or None
        Bounds of the 95 % interval, 0 to 1; None where ``total`` is 0 or the rows are not independent.
    """

    count: int
    total: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None where nothing was counted."""
        return self.count / self.total if self.total else None

    @property
    def others(self) -> int:
        """Those who are not counted in."""
        return self.total - self.count

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        ci = None if self.low is None else [self.low, self.high]
        return {"count": self.count, "n": self.total, "share": self.value, "ci": ci}


@dataclass(frozen=True)
class Difference:
    """2つの割合の差(前者 - 後者)と95%区間。"""

    estimate: float
    se: float
    low: float
    high: float


def measure_share(count: int, total: int, method: Method = "clopper-pearson") -> Share:
    """割合に95%区間を付ける。

    Parameters
    ----------
    count, total : int
        ``0 <= count <= total``.
    method : {"clopper-pearson", "wilson", "none"}
        The exact interval, Wilson's score interval, or none (rows that are not independent).

    Notes
    -----
    Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404; Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    if total == 0 or method == "none":
        return Share(count, total, None, None)
    low, high = (_clopper_pearson if method == "clopper-pearson" else _wilson)(count, total)
    return Share(count, total, low, high)


def subtract_shares(first: Share, second: Share) -> Difference | None:
    """割合の差に、Newcombeの方法(Wilsonの区間の組合せ)で95%区間を付ける。

    Returns
    -------
    Difference or None
        None where one of the two has nobody.

    Notes
    -----
    Newcombe (1998), method 10, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    ``se`` is the usual (Wald) standard error.
    """
    if not first.total or not second.total:
        return None
    p, q = first.count / first.total, second.count / second.total
    (p_low, p_high), (q_low, q_high) = _wilson(first.count, first.total), _wilson(second.count, second.total)
    return Difference(
        estimate=p - q,
        se=math.sqrt(p * (1 - p) / first.total + q * (1 - q) / second.total),
        low=p - q - math.hypot(p - p_low, q_high - q),
        high=p - q + math.hypot(p_high - p, q - q_low),
    )


def _clopper_pearson(count: int, total: int) -> tuple[float, float]:
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return low, high


def _wilson(count: int, total: int) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    share, scale = count / total, 1 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # At the ends the bound is the share itself; rounding must not push it past.
    low = 0.0 if count == 0 else centre - half
    high = 1.0 if count == total else centre + half
    return low, high
