"""What ① found: counts, shares with intervals, and what the table cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kaigo.analysis.intervals import Method, Share, measure_share
from kaigo.analysis.rules import Condition, load_statements, release_notes


def interval_method(unit: str) -> Method:
    """Exact intervals for persons; none for lines, which are not independent."""
    return "none" if unit == "行" else "clopper-pearson"


@dataclass(frozen=True)
class ConditionNeed:
    """1つの容態: 「あり」「なし」「回答なし」のそれぞれで、要介護3以上の割合。"""

    condition: Condition
    present: Share
    absent: Share
    unknown: Share

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "id": self.condition.id,
            "name": self.condition.name,
            "group": self.condition.group,
            "present": self.present.to_payload(),
            "absent": self.absent.to_payload(),
            "unknown": self.unknown.to_payload(),
        }


@dataclass(frozen=True)
class Prevalence:
    """ある集まり(区分または疾患)のうち、容態が「あり」「なし」「回答なし」の数。"""

    condition: Condition
    group: str
    present: int
    absent: int
    unknown: int

    @property
    def total(self) -> int:
        """All of the group."""
        return self.present + self.absent + self.unknown

    def to_payload(self, method: Method) -> dict[str, Any]:
        """JSON form; the share is that of 「あり」 among those with an answer."""
        known = measure_share(self.present, self.present + self.absent, method)
        return {
            "id": self.condition.id,
            "group": self.group,
            **known.to_payload(),
            "unknown": self.unknown,
        }


@dataclass(frozen=True)
class ConditionsResult:
    """①の結果: 最後の月に認定が有効な人(``joined`` では最後の月の給付の行)についての構成。

    Attributes
    ----------
    month, unit, layout : str
        ``unit`` is 人 or 行.
    is_synthetic : bool
    total, left_out : int
        Rows with 要支援1 to 要介護5; rows with another or no level, left out.
    levels : tuple of (str, int)
        Level code and count, in order of severity.
    need : Share
        要介護3以上 among all.
    conditions : tuple of ConditionNeed
        Exact 95 % intervals; none for lines, which are not independent.
    unavailable : tuple of Condition
        Conditions whose items the table does not have.
    profiles : tuple of (str, Share)
    by_level, by_band, by_disease : tuple of Prevalence
    diseases : tuple of (str, Share) or None
        None where the table has no disease; ``lost`` says what is then lost.
    """

    month: str
    unit: str
    layout: str
    is_synthetic: bool
    total: int
    left_out: int
    levels: tuple[tuple[str, int], ...]
    need: Share
    conditions: tuple[ConditionNeed, ...]
    unavailable: tuple[Condition, ...]
    profiles: tuple[tuple[str, Share], ...]
    by_level: tuple[Prevalence, ...]
    by_band: tuple[Prevalence, ...]
    diseases: tuple[tuple[str, Share], ...] | None
    by_disease: tuple[Prevalence, ...] | None

    @property
    def lost(self) -> tuple[dict[str, str], ...]:
        """Questions that a table without a disease column cannot answer; empty where it has one."""
        return () if self.diseases is not None else tuple(load_statements("conditions")["lost"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside every figure of ①."""
        words = load_statements("conditions")
        keys = ("denominator", "deleted_answers", "lines" if self.unit == "行" else "snapshot")
        return (*(words[key] for key in keys), *release_notes(self.layout)[1:])

    def to_payload(self) -> dict[str, Any]:
        """JSON form. Counts are not suppressed: 内部限り."""
        method = interval_method(self.unit)
        return {
            "what": "conditions",
            "audience": "内部限り",
            "unit": self.unit,
            "layout": self.layout,
            "synthetic": self.is_synthetic,
            "month": self.month,
            "n": self.total,
            "left_out": self.left_out,
            "levels": [{"level": level, "count": count} for level, count in self.levels],
            "need": self.need.to_payload(),
            "conditions": [need.to_payload() for need in self.conditions],
            "unavailable": [{"id": c.id, "columns": list(c.columns)} for c in self.unavailable],
            "profiles": [{"profile": profile, **share.to_payload()} for profile, share in self.profiles],
            "by_level": [row.to_payload(method) for row in self.by_level],
            "diseases": None
            if self.diseases is None
            else [{"disease": disease, **share.to_payload()} for disease, share in self.diseases],
            "by_disease": None
            if self.by_disease is None
            else [row.to_payload(method) for row in self.by_disease],
            "lost": list(self.lost),
            "notes": list(self.notes),
        }
