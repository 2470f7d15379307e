"""② 高齢者の容態像別のサービス利用状況: who uses how much of which service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaigo.analysis.rules import UNKNOWN_CATEGORY, load_profiles, severity
from kaigo.analysis.service_use_result import MixRow, ServiceUseResult, UseRow
from kaigo.analysis.source import AnalysisSource
from kaigo.tables import load_service_kinds

DELETED = "コードが削除された行"
UNLISTED = "コード表にない種類"


def analyse_service_use(source: AnalysisSource) -> ServiceUseResult:
    """容態像・区分・月ごとに、利用した割合、単位数、限度額に対する割合、サービスの構成を数える。

    Parameters
    ----------
    source : AnalysisSource
        Open; see ``open_source`` and ``run_analysis``.
    """
    rows = _count_use(source)
    mix = _count_mix(source)
    benefits = "analysis_benefits" if source.names_persons else "released"
    all_lines = source.engine.count(benefits)
    total = next(row for kind, row in rows if kind == "all")
    profiles = {row.group: row for kind, row in rows if kind == "profile"}
    levels = [row for kind, row in rows if kind == "level"]
    return ServiceUseResult(
        unit=source.unit,
        layout=source.layout,
        is_synthetic=source.is_synthetic,
        months=source.months,
        total=total,
        by_profile=tuple(profiles[name] for name in load_profiles()["names"] if name in profiles),
        by_level=tuple(sorted(levels, key=_level_order)),
        by_month=tuple(sorted((row for kind, row in rows if kind == "month"), key=lambda row: row.group)),
        by_kind=tuple(row for kind, row in mix if kind == "kind"),
        by_category=tuple(row for kind, row in mix if kind == "category"),
        lines_left_out=all_lines - total.lines,
    )


def _level_order(row: UseRow) -> tuple[int, str]:
    order = severity(row.group)
    return (99 if order is None else order, row.group)


_LIMITED = "coalesce(sum(case when inside = 1 then units else 0 end), 0)"
_GROUPS = "grouping sets ((profile), (care_level), (month), ())"
_WHICH = "grouping(profile), grouping(care_level), grouping(month), profile, care_level, month"


def _count_use(source: AnalysisSource) -> list[tuple[str, UseRow]]:
    """Persons and months in force beside benefit lines, for each grouping at once."""
    if not source.names_persons:
        select = (
            f"select {_WHICH}, null, null, null, null, count(*), coalesce(sum(units), 0), sum(rolled), 0, 0 "
            f"from analysis_lines group by {_GROUPS}"
        )
    else:
        used = (
            "select person, month, count(*) as lines, coalesce(sum(units), 0) as units, sum(rolled) as rolled, "
            f"{_LIMITED} as limited from analysis_lines group by person, month"
        )
        base = (
            "select s.person, s.profile, s.care_level, s.month, u.person as user_person, "
            "coalesce(u.lines, 0) as lines, coalesce(u.units, 0) as units, coalesce(u.rolled, 0) as rolled, "
            "case when l.units is not null then coalesce(u.limited, 0) else 0 end as limited, "
            "case when u.limited > 0 then coalesce(l.units, 0) else 0 end as allowed "
            f"from analysis_states as s left join ({used}) as u on u.person = s.person and u.month = s.month "
            "left join analysis_limits as l on l.care_level = s.care_level and l.month = s.month"
        )
        select = (
            f"select {_WHICH}, count(distinct person), count(distinct user_person), count(*), count(user_person), "
            f"sum(lines), sum(units), sum(rolled), sum(limited), sum(allowed) from ({base}) as t group by {_GROUPS}"
        )
    found = []
    for no_profile, no_level, no_month, profile, level, month, *numbers in source.engine.rows(select):
        what, group = "all", ""
        for kind, absent, value in (
            ("profile", no_profile, profile),
            ("level", no_level, level),
            ("month", no_month, month),
        ):
            if not absent:
                what, group = kind, str(value) if value is not None else ""
        persons, users, person_months, user_months = (None if n is None else int(n) for n in numbers[:4])
        lines, units, rolled, limited, allowed = (int(n or 0) for n in numbers[4:])
        row = UseRow(
            group, persons, users, person_months, user_months, lines, units, rolled, limited, allowed
        )
        found.append((what, row))
    return found


def _count_mix(source: AnalysisSource) -> list[tuple[str, MixRow]]:
    """Users, lines and units by kind, and by profile and category."""
    persons = (
        "select person, profile, category, kind, count(*) as lines, coalesce(sum(units), 0) as units "
        "from analysis_lines group by person, profile, category, kind"
    )
    rows: Sequence[tuple[Any, ...]] = source.engine.rows(
        "select grouping(kind), profile, category, kind, count(distinct person), sum(lines), sum(units) "
        f"from ({persons}) as t group by grouping sets ((profile, category), (category, kind))"
    )
    names = _name_codes()
    found = []
    for no_kind, profile, category, kind, users, lines, units in rows:
        code = str(category) if no_kind else str(kind)
        name = names.get((str(category), "" if no_kind else code), DELETED if not code else UNLISTED)
        row = MixRow(
            profile=str(profile) if no_kind else "",
            code=code,
            name=name,
            category=str(category),
            users=int(users) if source.names_persons else None,
            lines=int(lines),
            units=int(units),
        )
        found.append(("category" if no_kind else "kind", row))
    return sorted(found, key=lambda pair: (pair[0], pair[1].profile, -pair[1].units, pair[1].code))


def _name_codes() -> dict[tuple[str, str], str]:
    """Names by (category, kind); kind empty for the category, equal to it where only the category is known."""
    names = {(UNKNOWN_CATEGORY, ""): "種類の分からないサービス"}
    for kind in load_service_kinds().values():
        names[kind.category_code, kind.code] = kind.name
        names[kind.category_code, ""] = kind.category
        names[kind.category_code, kind.category_code] = f"{kind.category}(種類は置き換え済み)"
    return names
