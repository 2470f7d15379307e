"""Code systems: care levels, service kinds, the service-code hierarchy, limits by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kaigo.tables.facts import read_facts


@dataclass(frozen=True)
class CareLevel:
    """要介護状態区分。``severity`` orders the levels (0 非該当 … 8 要介護5)."""

    code: str
    name: str
    severity: int


@dataclass(frozen=True)
class ServiceKind:
    """サービス種類(2文字)。``counted_in`` is 日, 回 or 月: only 日 is bounded by the days of the month."""

    code: str
    name: str
    category_code: str
    category: str
    counted_in: str


@dataclass(frozen=True)
class ServiceCode:
    """サービスコード(6文字)と、その上位の基本サービス。

    ``base_code`` (kind, hyphen, serial; ours) is empty where the base service is not known.
    ``units`` is None where the price is free or unknown. ``synthetic`` marks codes that exist only here.
    """

    code: str
    name: str
    kind: str
    base_code: str
    base_name: str
    units: int | None
    unit_type: str
    synthetic: bool


@cache
def load_care_levels() -> dict[str, CareLevel]:
    """Care levels by code, in order of severity."""
    return {
        row["code"]: CareLevel(row["code"], row["name_ja"], int(row["severity"]))
        for row in read_facts("care_levels")
    }


@cache
def load_service_kinds() -> dict[str, ServiceKind]:
    """Service kinds by their 2-character code."""
    return {
        row["code"]: ServiceKind(
            row["code"], row["name_ja"], row["category_code"], row["category_ja"], row["counted_in"]
        )
        for row in read_facts("service_kinds")
    }


@cache
def load_service_codes() -> dict[str, ServiceCode]:
    """Known service codes by their 6-character code (a sample of the national table, not all of it)."""
    rows = [(row, False) for row in read_facts("service_codes")]
    rows += [(row, True) for row in read_facts("service_codes_synthetic")]
    return {
        row["code"]: ServiceCode(
            code=row["code"],
            name=row["name_ja"],
            kind=row["kind"],
            base_code=row["base_code"],
            base_name=row["base_name_ja"],
            units=int(row["units"]) if row["units"] else None,
            unit_type=row["unit_type"],
            synthetic=synthetic,
        )
        for row, synthetic in rows
    }


def find_limit(care_level: str, month: str) -> int | None:
    """区分支給限度基準額(単位/月)。

    Parameters
    ----------
    care_level : str
        Two-character code.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    int or None
        None where no limit is known for the level and month.
    """
    for row in read_facts("limits_by_level"):
        in_force = row["valid_from"] <= month and (not row["valid_to"] or month <= row["valid_to"])
        if row["care_level"] == care_level and in_force:
            return int(row["units_per_month"])
    return None


@cache
def service_labels() -> dict[str, str]:
    """Names of codes at every depth of the hierarchy: code, base, kind, category."""
    labels = {code.code: code.name for code in load_service_codes().values() if code.name}
    labels |= {code.base_code: code.base_name for code in load_service_codes().values() if code.base_code}
    labels |= {kind.code: kind.name for kind in load_service_kinds().values()}
    labels |= {kind.category_code: kind.category for kind in load_service_kinds().values()}
    return labels


def level_name(code: str | None) -> str:
    """要介護状態区分の名称(知らないコードはそのまま返す)。"""
    level = load_care_levels().get(code or "")
    return level.name if level else (code or "")
