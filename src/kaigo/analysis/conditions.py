"""① 高齢者の疾患や容態による特性: which condition goes with which care level, at one point in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kaigo.analysis.conditions_result import ConditionNeed, ConditionsResult, Prevalence, interval_method
from kaigo.analysis.intervals import Method, Share, measure_share
from kaigo.analysis.rules import (
    CERTIFIED,
    Condition,
    load_conditions,
    load_profiles,
    load_thresholds,
    needy_levels,
)
from kaigo.analysis.source import AnalysisSource
from kaigo.analysis.states import condition_expression, profile_expression
from kaigo.analysis.views import DISEASE
from kaigo.errors import EmptyResultError

UNNAMED_DISEASE = "記載なし"


@dataclass(frozen=True)
class _Cell:
    """Rows of one level, profile and disease, with those that have or lack each condition."""

    level: str
    profile: str
    disease: str
    count: int
    present: tuple[int, ...]
    absent: tuple[int, ...]


def analyse_conditions(source: AnalysisSource) -> ConditionsResult:
    """容態・容態像・疾患ごとに、要介護3以上の割合と区分の構成を数える。

    Everyone with a certification in force in the last month counts once, so that a pseudonym that rotates
    counts nobody twice. This is a cross-section: no onset, no effect.

    Parameters
    ----------
    source : AnalysisSource
        Open; see ``open_source`` and ``run_analysis``.

    Raises
    ------
    EmptyResultError
        If nobody is certified in the last month.
    """
    month = source.months[-1]
    cells = _count_cells(source, month)
    certified = [cell for cell in cells if cell.level in CERTIFIED]
    if not certified:
        raise EmptyResultError(
            "最後の月に、要支援1から要介護5までの認定が1件もありません。",
            found=month,
            remedy="認定有効期間と対象の月がそろっているか確かめてください。",
        )
    method = interval_method(source.unit)
    conditions = load_conditions()
    available = [(place, c) for place, c in enumerate(conditions) if c.is_available(source.survey)]
    bands = load_thresholds()["need_bands"]
    band_of = {
        level: name for name, levels in zip(bands["names"], bands["levels"], strict=True) for level in levels
    }
    level_counts = _count_by(certified, lambda cell: cell.level)
    found_diseases = sorted({cell.disease for cell in certified})
    return ConditionsResult(
        month=month,
        unit=source.unit,
        layout=source.layout,
        is_synthetic=source.is_synthetic,
        total=sum(cell.count for cell in certified),
        left_out=sum(cell.count for cell in cells) - sum(cell.count for cell in certified),
        levels=tuple((level, level_counts.get(level, 0)) for level in CERTIFIED),
        need=_need(certified, lambda cell: cell.count, method),
        conditions=tuple(_condition_need(certified, place, c, method) for place, c in available),
        unavailable=tuple(c for c in conditions if not c.is_available(source.survey)),
        profiles=tuple(
            (profile, _need([c for c in certified if c.profile == profile], lambda cell: cell.count, method))
            for profile in load_profiles()["names"]
        ),
        by_level=_prevalence(certified, available, CERTIFIED, lambda cell: cell.level),
        by_band=_prevalence(certified, available, bands["names"], lambda cell: band_of[cell.level]),
        diseases=tuple(
            (disease, _need([c for c in certified if c.disease == disease], lambda cell: cell.count, method))
            for disease in found_diseases
        )
        if source.has_disease
        else None,
        by_disease=_prevalence(certified, available, found_diseases, lambda cell: cell.disease)
        if source.has_disease
        else None,
    )


def _count_cells(source: AnalysisSource, month: str) -> list[_Cell]:
    """One pass over the last month, grouped by level, profile and disease."""
    dialect = source.engine.dialect
    conditions = load_conditions()
    disease = f"coalesce(c.{DISEASE}, {dialect.text(UNNAMED_DISEASE)})" if source.has_disease else "''"
    flags = ", ".join(
        f"{condition_expression(condition, source.survey, 'c')} as flag_{place}"
        for place, condition in enumerate(conditions)
    )
    sums = ", ".join(
        f"sum(case when flag_{place} = {value} then 1 else 0 end)"
        for value in (1, 0)
        for place in range(len(conditions))
    )
    rows = source.engine.rows(
        f"select care_level, profile, disease, count(*), {sums} from ("
        f"select coalesce(c.care_level, '') as care_level, {profile_expression(source.survey, 'c')} as profile, "
        f"{disease} as disease, {flags} from analysis_certified as c where c.month = {dialect.text(month)}"
        ") as t group by care_level, profile, disease order by care_level, profile, disease"
    )
    number = len(conditions)
    return [
        _Cell(
            str(level),
            str(profile),
            str(disease),
            int(count),
            tuple(int(n) for n in flagged[:number]),
            tuple(int(n) for n in flagged[number:]),
        )
        for level, profile, disease, count, *flagged in rows
    ]


def _count_by(cells: Iterable[_Cell], key: Callable[[_Cell], str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for cell in cells:
        counts[key(cell)] = counts.get(key(cell), 0) + cell.count
    return counts


def _need(cells: Iterable[_Cell], count: Callable[[_Cell], int], method: Method) -> Share:
    """Share of the needy levels among the rows that ``count`` counts."""
    cells, needy = list(cells), needy_levels()
    total = sum(count(cell) for cell in cells)
    return measure_share(sum(count(cell) for cell in cells if cell.level in needy), total, method)


def _condition_need(
    cells: Iterable[_Cell], place: int, condition: Condition, method: Method
) -> ConditionNeed:
    cells = list(cells)
    return ConditionNeed(
        condition,
        present=_need(cells, lambda cell: cell.present[place], method),
        absent=_need(cells, lambda cell: cell.absent[place], method),
        unknown=_need(cells, lambda cell: cell.count - cell.present[place] - cell.absent[place], method),
    )


def _prevalence(
    cells: Iterable[_Cell],
    conditions: Iterable[tuple[int, Condition]],
    groups: Iterable[str],
    key: Callable[[_Cell], str],
) -> tuple[Prevalence, ...]:
    cells, groups = list(cells), list(groups)
    found = []
    for place, condition in conditions:
        for group in groups:
            members = [cell for cell in cells if key(cell) == group]
            present = sum(cell.present[place] for cell in members)
            absent = sum(cell.absent[place] for cell in members)
            unknown = sum(cell.count for cell in members) - present - absent
            found.append(Prevalence(condition, group, present, absent, unknown))
    return tuple(found)
