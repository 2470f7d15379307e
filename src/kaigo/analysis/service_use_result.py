"""What ② found: use by profile, level, month and kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kaigo.analysis.rules import load_statements, release_notes


@dataclass(frozen=True)
class UseRow:
    """1つの集まり(容態像、区分、月、全体)の利用。

    Attributes
    ----------
    group : str
        Code of the profile or level, month, or empty for all.
    persons, users : int or None
        Distinct persons with a certification in force, and those with any benefit line; None for lines.
    person_months, user_months : int or None
        Months in force, and months with any benefit line, over all persons.
    lines, units, rolled : int
        Benefit lines, their units, lines whose code was rolled up or deleted.
    limited_units, limit_units : int
        Units of kinds within the limit, and the limits (単位) of the months in which such kinds were used.
    """

    group: str
    persons: int | None
    users: int | None
    person_months: int | None
    user_months: int | None
    lines: int
    units: int
    rolled: int
    limited_units: int
    limit_units: int

    @property
    def users_share(self) -> float | None:
        """Share of months in force with any benefit."""
        return (
            self.user_months / self.person_months
            if self.person_months and self.user_months is not None
            else None
        )

    @property
    def units_per_user_month(self) -> float | None:
        """Mean units of a month with any benefit."""
        return self.units / self.user_months if self.user_months else None

    @property
    def limit_share(self) -> float | None:
        """Units within the limit over the limits of the months in which they were used."""
        return self.limited_units / self.limit_units if self.limit_units else None

    @property
    def units_per_line(self) -> float | None:
        """Mean units of a line."""
        return self.units / self.lines if self.lines else None

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "group": self.group,
            "persons": self.persons,
            "users": self.users,
            "person_months": self.person_months,
            "user_months": self.user_months,
            "users_share": self.users_share,
            "units_per_user_month": self.units_per_user_month,
            "limit_share": self.limit_share,
            "lines": self.lines,
            "units": self.units,
            "rolled_lines": self.rolled,
        }


@dataclass(frozen=True)
class MixRow:
    """サービスの種類または分類ごとの利用。``users`` は ``joined`` では None。"""

    profile: str
    code: str
    name: str
    category: str
    users: int | None
    lines: int
    units: int

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "profile": self.profile or None,
            "code": self.code,
            "name": self.name,
            "users": self.users,
            "lines": self.lines,
            "units": self.units,
        }


@dataclass(frozen=True)
class ServiceUseResult:
    """②の結果。全期間の人月(``joined`` では行)で数える。

    A person counts in every profile and level that the person had, so that groups may add up to more than all;
    with rotating pseudonyms one person of the source is several persons here.
    """

    unit: str
    layout: str
    is_synthetic: bool
    months: tuple[str, ...]
    total: UseRow
    by_profile: tuple[UseRow, ...]
    by_level: tuple[UseRow, ...]
    by_month: tuple[UseRow, ...]
    by_kind: tuple[MixRow, ...]
    by_category: tuple[MixRow, ...]
    lines_left_out: int

    @property
    def rolled_share(self) -> float:
        """Share of lines whose code was rolled up or deleted."""
        return self.total.rolled / self.total.lines if self.total.lines else 0.0

    @property
    def unknown_profile_share(self) -> float:
        """Share of person-months (of lines) whose profile cannot be told."""
        unknown = next((row for row in self.by_profile if row.group == "unknown"), None)
        if unknown is None:
            return 0.0
        if self.total.person_months:
            return (unknown.person_months or 0) / self.total.person_months
        return unknown.lines / self.total.lines if self.total.lines else 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside every figure of ②."""
        words = load_statements("service_use")
        first = words["lines"] if self.unit == "行" else words["meaning"]
        return (first, words["limit"], words["capped"], *release_notes(self.layout))

    def to_payload(self) -> dict[str, Any]:
        """JSON form. Counts are not suppressed: 内部限り."""
        return {
            "what": "service-use",
            "audience": "内部限り",
            "unit": self.unit,
            "layout": self.layout,
            "synthetic": self.is_synthetic,
            "months": list(self.months),
            "total": self.total.to_payload(),
            "profiles": [row.to_payload() for row in self.by_profile],
            "levels": [row.to_payload() for row in self.by_level],
            "by_month": [row.to_payload() for row in self.by_month],
            "kinds": [row.to_payload() for row in self.by_kind],
            "categories": [row.to_payload() for row in self.by_category],
            "rolled_share": self.rolled_share,
            "unknown_profile_share": self.unknown_profile_share,
            "lines_left_out": self.lines_left_out,
            "notes": list(self.notes),
        }
