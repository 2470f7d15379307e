"""③ where it cannot be done: why, what it would need, and what can be counted all the same."""

from __future__ import annotations

from dataclasses import dataclass

from kaigo.analysis.care_plans import analyse_care_plans
from kaigo.analysis.care_plans_needs import Need, list_needs, make_need, months_under_one
from kaigo.analysis.care_plans_result import CarePlansResult
from kaigo.analysis.rules import load_thresholds
from kaigo.analysis.run import run_analysis
from kaigo.analysis.source import AnalysisSource, Terms, open_source, read_terms
from kaigo.deidentify import Release
from kaigo.engine import open_engine
from kaigo.errors import EmptyResultError, KaigoError, MissingColumnsError, RefusedError
from kaigo.tables import CareTables

INTERVALS = (1, 3, 4, 6, 12, 24)
"""Intervals of pseudonyms, in months, for which the months that could be followed are told."""


@dataclass(frozen=True)
class Beginning:
    """追える期間1つの、最初の月の人。

    Attributes
    ----------
    month : str
        ``YYYY-MM``.
    counts : tuple of int
        Persons (pseudonyms; lines of ``joined``) in each band of levels (``need_bands`` in ``thresholds.toml``).
    """

    month: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class CarePlansRefused:
    """③を行えない理由と、それでも数えられること。

    Attributes
    ----------
    layout : {"care", "linked", "joined"}
    is_synthetic : bool
    error : KaigoError
        With which the analysis was refused.
    needs : tuple of Need
        What ③ needs, met or not; at least one is not.
    intervals : tuple of (int, int)
        Interval of pseudonyms (the one in force among them) and months under one pseudonym if benefits and levels were
        given by month.
    in_force : int or None
        The interval in force; None without one.
    beginnings : tuple of Beginning
        One a span, in order; empty where the table lacks a column that every analysis needs.
    months : int
        The longest span over which one person can be followed; 0 for ``joined``.
    """

    layout: str
    is_synthetic: bool
    error: KaigoError
    needs: tuple[Need, ...]
    intervals: tuple[tuple[int, int], ...]
    in_force: int | None
    beginnings: tuple[Beginning, ...]
    months: int

    @property
    def missing(self) -> tuple[Need, ...]:
        """What is not met."""
        return tuple(need for need in self.needs if not need.met)


def try_care_plans(
    data: CareTables | Release, *, engine: str = "duckdb"
) -> CarePlansResult | CarePlansRefused:
    """③を行う。行えなければ、理由と、要るものと、数えられるものを返す。

    Parameters
    ----------
    data : CareTables or Release
    engine : str
        As for ``open_engine``.

    Returns
    -------
    CarePlansResult or CarePlansRefused
        As :func:`analyse_care_plans`; what it refuses is a result here, so that a report can say why.
    """
    try:
        return run_analysis(analyse_care_plans, data, engine=engine)
    except (RefusedError, EmptyResultError) as error:
        return explain_refusal(data, error, engine)


def explain_refusal(data: CareTables | Release, error: KaigoError, engine: str) -> CarePlansRefused:
    """③を行えない理由を、加工基準とデータから調べる。

    Parameters
    ----------
    error : KaigoError
        With which :func:`analyse_care_plans` was refused.
    engine : str
        As for ``open_engine``.
    """
    layout = data.layout if isinstance(data, Release) else "care"
    beginnings: tuple[Beginning, ...] = ()
    months = 0
    with open_engine(engine) as session:
        try:
            source = open_source(session, data)
        except MissingColumnsError:
            terms = read_terms(data, ())
            needs = (*list_needs(layout, terms, ())[:-1], make_need("columns", error.found or "", False))
        else:
            terms, beginnings = source.terms, _count_beginnings(source)
            months = max((len(coverage.months) for coverage in source.coverages), default=0)
            needs = list_needs(layout, terms, source.coverages)
            if isinstance(error, EmptyResultError):
                needs = (*needs, make_need("persons", error.found or "", False))
    in_force = None if layout == "joined" else terms.rotate_months
    return CarePlansRefused(
        layout,
        data.is_synthetic,
        error,
        needs,
        _list_intervals(terms, in_force),
        in_force,
        beginnings,
        months,
    )


def _list_intervals(terms: Terms, in_force: int | None) -> tuple[tuple[int, int], ...]:
    """Usual intervals shorter than the window, the window itself, and the one in force."""
    shorter = {interval for interval in INTERVALS if interval < terms.window}
    wanted = sorted({*shorter, terms.window, *([in_force] if in_force else [])})
    return tuple((interval, months_under_one(terms, interval)) for interval in wanted)


def _count_beginnings(source: AnalysisSource) -> tuple[Beginning, ...]:
    """The first month of each span; of the whole table, where nobody can be followed."""
    rows = source.engine.rows(
        "select month, care_level, count(*) from analysis_states group by month, care_level"
    )
    counts = {(str(month), str(level)): int(number) for month, level, number in rows}
    bands = load_thresholds()["need_bands"]["levels"]
    return tuple(
        Beginning(month, tuple(sum(counts.get((month, level), 0) for level in band) for band in bands))
        for month in [coverage.first for coverage in source.coverages] or source.months[:1]
    )
