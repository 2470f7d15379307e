"""③ サービス利用パターン別の区分の変化: counted without adjustment, and said so."""

from __future__ import annotations

from collections.abc import Sequence

from kaigo.analysis.care_plans_needs import list_needs, say_remedies
from kaigo.analysis.care_plans_result import OUTCOMES, CarePlansResult, PatternOutcome
from kaigo.analysis.rules import (
    NO_USE,
    Pattern,
    load_patterns,
    load_thresholds,
    needy_levels,
    severity,
)
from kaigo.analysis.source import AnalysisSource, Coverage
from kaigo.errors import EmptyResultError, RefusedError
from kaigo.tables import load_care_levels

SEEN = "最初の月に認定が有効な人"
COMPARED = "比べた人"
_LEFT_OUT = {
    "level": "要介護1〜5でない(要支援など)ため外した人",
    "landmark": "パターンを決める月のうちに見えなくなり、外した人",
    "residential": "パターンを決める月に施設・居住系を使い、外した人",
    "undetermined": "中心となるサービスが決まらず(コードの削除など)、外した人",
}


def analyse_care_plans(source: AnalysisSource) -> CarePlansResult:
    """最初の3か月のサービス利用パターンごとに、区分が改善・維持・悪化した割合を数える。

    A person counts in each span over which the person can be followed (a pseudonym period, or the whole window)
    and in which the person has 要介護1–5 in the first month, is still certified in the third, and uses no facility
    or residential service before its end. The pattern is the category of service with the most units of these
    months. The level in the last month is compared with the first.

    Parameters
    ----------
    source : AnalysisSource
        Open; see ``open_source`` and ``run_analysis``.

    Raises
    ------
    RefusedError
        If the layout is ``joined``, no span is long enough, or the level is given once a span only.
    EmptyResultError
        If nobody is left to compare.

    Notes
    -----
    This is not the estimand of an effect: nothing is adjusted, and the pattern is chosen for reasons that bear
    on the outcome (confounding by indication).
    """
    _refuse_unlinked(source)
    coverages = _find_coverages(source)
    rows = _count_changes(source, coverages)
    groups: dict[str, _Group] = {}
    flow = dict.fromkeys((SEEN, *_LEFT_OUT.values()), 0)
    for place, level, category, outcome, same, persons in rows:
        flow[SEEN] += persons
        if place != "compared":
            flow[_LEFT_OUT[place]] += persons
            continue
        group = groups.setdefault(category, _Group())
        group.counts[outcome] += persons
        group.needy += persons if level in needy_levels() else 0
        group.not_reassessed += persons if same and outcome == "維持" else 0
    if not groups:
        raise EmptyResultError(
            "③で比べられる人が1人も残りませんでした。",
            found="、".join(f"{reason}{persons:,}人" for reason, persons in flow.items()),
            remedy="対象の月数を増やすか、要介護1〜5の人を含む介護データを使ってください。",
        )
    patterns = [group.finish(category) for category, group in groups.items()]
    patterns.sort(key=lambda row: (-row.persons, row.pattern.category))
    flow[COMPARED] = sum(row.persons for row in patterns)
    return CarePlansResult(
        layout=source.layout,
        is_synthetic=source.is_synthetic,
        coverages=tuple((coverage.first, coverage.last) for coverage in coverages),
        patterns=tuple(patterns),
        reference=_choose_reference(patterns),
        flow=tuple(flow.items()),
    )


class _Group:
    """Counts of one pattern while the rows are read."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.needy = 0
        self.not_reassessed = 0

    def finish(self, category: str) -> PatternOutcome:
        pattern: Pattern = load_patterns().get(category, NO_USE)
        return PatternOutcome(pattern, dict(self.counts), self.needy, self.not_reassessed)


def _choose_reference(patterns: Sequence[PatternOutcome]) -> str:
    wanted = load_thresholds()["reference"]["value"]
    return next((row for row in patterns if row.pattern.category == wanted), patterns[0]).pattern.name


def _refuse_unlinked(source: AnalysisSource) -> None:
    if not source.names_persons:
        raise RefusedError(
            "識別子のない表では、③サービス利用パターン別の区分の変化を求められません。同じ人の月をつなげないためです。",
            found="1行1給付の表(joined)",
            remedy="仮IDのある表(kaigo deidentify --layout linked)か、もとの介護データを使ってください。"
            "珍しい回答を手がかりに行をつなぐことは、分析ではなく本人を探す行為にあたるため行いません。",
        )


def _find_coverages(source: AnalysisSource) -> list[Coverage]:
    least = int(load_thresholds()["coverage_months"]["value"])
    found = [coverage for coverage in source.coverages if len(coverage.months) >= least]
    remedy = say_remedies(list_needs(source.layout, source.terms, source.coverages))
    if source.layout != "care":
        remedy += "どれも識別の危険を増やすため、リスクの章で測り直してください。"
    if not found:
        longest = max(len(coverage.months) for coverage in source.coverages)
        raise RefusedError(
            f"1人を続けて追える月数が足りないため、③を行いません({least}か月以上が必要)。",
            found=f"{longest}か月",
            remedy=remedy,
        )
    if source.terms.fixed:
        raise RefusedError(
            "区分を期間の初めの1回だけ示しているため、期間の中の変化が見えず、③を行いません。",
            found=f"定め{source.terms.fixed}",
            remedy=remedy,
        )
    return found


def _count_changes(
    source: AnalysisSource, coverages: Sequence[Coverage]
) -> list[tuple[str, str, str, str, bool, int]]:
    """Place in the flow, first level, category, outcome, whether one certification spans all; persons."""
    engine, dialect = source.engine, source.engine.dialect
    text = dialect.text_type
    early = int(load_thresholds()["pattern_months"]["value"])
    engine.values_view(
        "analysis_coverages",
        [
            {"number": c.number, "first": c.first, "landmark": c.months[early - 1], "last": c.last}
            for c in coverages
        ],
        {"number": "integer", "first": text, "landmark": text, "last": text},
    )
    engine.values_view(
        "analysis_roles",
        [{"category": p.category, "role": p.role} for p in load_patterns().values()],
        {"category": text, "role": text},
    )
    engine.values_view(
        "analysis_severities",
        [{"care_level": level.code, "severity": level.severity} for level in load_care_levels().values()],
        {"care_level": text, "severity": "integer"},
    )
    least, most = severity("21"), severity("25")
    use = (
        "select s.person, v.number, n.category, r.role, sum(coalesce(n.units, 0)) as units "
        "from analysis_states as s join analysis_coverages as v on v.first = s.month "
        "join analysis_lines as n on n.person = s.person and n.month >= v.first and n.month <= v.landmark "
        "join analysis_roles as r on r.category = n.category where r.role <> 'none' "
        "group by s.person, v.number, n.category, r.role"
    )
    ranked = (
        f"select person, number, category, role, row_number() over (partition by person, number "
        "order by units desc, category) as place, "
        "max(case when role = 'residential' then 1 else 0 end) over (partition by person, number) as residential "
        f"from ({use}) as u"
    )
    followed = (
        "select s.person, v.number, s.care_level, a.severity as before, l.person as at_landmark, "
        "e.person as at_end, z.severity as after, case when e.certification = s.certification then 1 else 0 end as same, "
        "coalesce(u.category, '') as category, coalesce(u.role, '') as role, coalesce(u.residential, 0) as residential "
        "from analysis_states as s join analysis_coverages as v on v.first = s.month "
        "left join analysis_severities as a on a.care_level = s.care_level "
        "left join analysis_states as l on l.person = s.person and l.month = v.landmark "
        "left join analysis_states as e on e.person = s.person and e.month = v.last "
        "left join analysis_severities as z on z.care_level = e.care_level "
        f"left join ({ranked}) as u on u.person = s.person and u.number = v.number and u.place = 1"
    )
    placed = (
        f"select case when before is null or before < {least} or before > {most} then 'level' "
        "when at_landmark is null then 'landmark' when residential = 1 then 'residential' "
        "when role = 'undetermined' then 'undetermined' else 'compared' end as place, "
        "coalesce(care_level, '') as care_level, category, same, "
        "case when at_end is null or after is null then '見えなくなった' when after < before then '改善' "
        f"when after > before then '悪化' else '維持' end as outcome from ({followed}) as f"
    )
    rows = engine.rows(
        f"select place, care_level, category, outcome, same, count(*) from ({placed}) as p "
        "group by place, care_level, category, outcome, same "
        "order by place, care_level, category, outcome, same"
    )
    return [
        (str(place), str(level), str(category), str(outcome), bool(same), int(persons))
        for place, level, category, outcome, same, persons in rows
    ]
