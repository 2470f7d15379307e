"""What the three analyses read: care tables and releases brought into one shape."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Literal

from kaigo.analysis.states import view_states_and_lines
from kaigo.analysis.views import DISEASE, view_care, view_joined, view_linked
from kaigo.deidentify import Release, Rule, Standard
from kaigo.engine import Engine
from kaigo.errors import EmptyResultError, MissingColumnsError
from kaigo.tables import CareTables, load_schemas, survey_columns

Layout = Literal["care", "linked", "joined"]
NEEDED = {
    "linked": {
        "certifications": ("care_level",),
        "benefits": ("service_month", "service_code", "days", "units"),
    },
    "joined": {"certifications": ("care_level",), "benefits": ("service_month", "service_code", "units")},
}
"""Columns of each table without which a release of a layout cannot be read for any of the analyses."""


@dataclass(frozen=True)
class Coverage:
    """1人を続けて追える期間(仮IDの1期間、または全期間)。月は ``YYYY-MM``、両端を含む。"""

    number: int
    months: tuple[str, ...]

    @property
    def first(self) -> str:
        """First month."""
        return self.months[0]

    @property
    def last(self) -> str:
        """Last month."""
        return self.months[-1]


@dataclass(frozen=True)
class Terms:
    """1人をどこまで追えるかに関わる、期間と加工基準の定め。

    Attributes
    ----------
    window : int
        Months of the provision; of care tables the months with benefits.
    rotate_months : int or None
        Interval of pseudonyms; None for care tables, for a pseudonym that stays and for ``joined``.
    averaged, fixed : str
        Rule (``id``) that gives benefits once a pseudonym period, and that gives its first level only; empty where none does.
    """

    window: int
    rotate_months: int | None = None
    averaged: str = ""
    fixed: str = ""


@dataclass(frozen=True)
class AnalysisSource:
    """3つの分析の入力。

    Views of the engine's session (``person`` is null for ``joined``, whose rows name nobody):

    - ``analysis_persons``: ``person``, ``birth_month`` (or the coarser birth that a release has), ``sex`` (not
      for ``joined``; birth and sex where the release has them).
    - ``analysis_certified``: ``person``, ``month``, ``certification``, ``care_level``, the survey items that
      exist, ``primary_disease`` if it exists. One row a person and month in which a certification is in force;
      for ``joined`` one row a benefit line.
    - ``analysis_states``: ``person``, ``month``, ``certification``, ``care_level``, ``profile``.
    - ``analysis_lines``: ``person``, ``month``, ``care_level``, ``profile``, ``kind`` (2 characters, empty where
      deleted), ``category``, ``inside`` the limit (1, 0, null where it cannot be told), ``rolled`` (1: the code
      was rolled up or deleted), ``units``. Lines without a certification in force are left out.

    Attributes
    ----------
    engine : Engine
    layout : {"care", "linked", "joined"}
    is_synthetic : bool
    months : tuple of str
        Months with benefits, ``YYYY-MM``, in order.
    survey : tuple of str
        Survey items that exist.
    has_disease : bool
    coverages : tuple of Coverage
        Spans over which one ``person`` can be followed: the pseudonym periods of ``linked`` (a person of the
        source in two periods is two persons there), the whole window of care tables, none for ``joined``.
    terms : Terms
    """

    engine: Engine
    layout: Layout
    is_synthetic: bool
    months: tuple[str, ...]
    survey: tuple[str, ...]
    has_disease: bool
    coverages: tuple[Coverage, ...]
    terms: Terms

    @property
    def names_persons(self) -> bool:
        """Whether rows tell which of them belong to one person."""
        return self.layout != "joined"

    @property
    def unit(self) -> str:
        """What is counted: 人, or 行 where rows name nobody."""
        return "人" if self.names_persons else "行"


def open_source(engine: Engine, source: CareTables | Release) -> AnalysisSource:
    """介護データまたは加工したデータを、分析の入力にそろえる。

    Parameters
    ----------
    engine : Engine
        Open as long as the source is used.
    source : CareTables or Release
        A release is read as its recipient reads it: ``provide/`` only, never the crosswalk.

    Raises
    ------
    EmptyResultError
        If there is no benefit line.
    MissingColumnsError
        If a release does not hold a column that all analyses need.
    """
    layout: Layout
    if isinstance(source, Release):
        _refuse_missing_columns(source)
    if isinstance(source, CareTables):
        layout = "care"
        columns = view_care(engine, source)
    elif source.layout == "linked":
        layout = "linked"
        columns = view_linked(engine, source)
    else:
        layout = "joined"
        columns = view_joined(engine, source)
    benefits = "released" if layout == "joined" else "analysis_benefits"
    months = tuple(
        str(month)
        for (month,) in engine.rows(f"select distinct service_month from {benefits} order by service_month")
    )
    if not months:
        raise EmptyResultError(
            "介護給付情報が1件もありません。", remedy="読み込んだファイルと対象の月を確かめてください。"
        )
    survey = tuple(column for column in survey_columns() if column in columns)
    view_states_and_lines(engine, layout == "joined", survey, months)
    terms = read_terms(source, months)
    return AnalysisSource(
        engine=engine,
        layout=layout,
        is_synthetic=source.is_synthetic,
        months=months,
        survey=survey,
        has_disease=DISEASE in columns
        and bool(engine.value(f"select count({DISEASE}) from analysis_certified")),
        coverages=() if layout == "joined" else _split_months(months, terms.rotate_months or len(months)),
        terms=terms,
    )


def read_terms(source: CareTables | Release, months: tuple[str, ...]) -> Terms:
    """期間と、1人を追えるかに関わる定めを読む。

    Parameters
    ----------
    months : tuple of str
        Months that the table shows, ``YYYY-MM``.
    """
    if isinstance(source, CareTables):
        return Terms(len(months))
    parameters = source.manifest["parameters"]
    rotate = parameters.get("rotate_months")
    window = len(months)
    if "first_month" in parameters:
        window = _number(parameters["last_month"]) - _number(parameters["first_month"]) + 1
    rules: tuple[Rule, ...] = ()
    if "standard_text" in source.manifest:
        rules = Standard.model_validate(tomllib.loads(source.manifest["standard_text"])).rules
    return Terms(
        window,
        int(rotate) if rotate else None,
        _find_rule(rules, "average_per_period", "benefits.service_month"),
        _find_rule(rules, "fix_per_period", "certifications.care_level"),
    )


def _find_rule(rules: tuple[Rule, ...], technique: str, column: str) -> str:
    table, _, name = column.partition(".")
    found = (r.id for r in rules if r.technique == technique and name in r.expanded().get(table, ()))
    return next(found, "")


def _refuse_missing_columns(release: Release) -> None:
    schemas = load_schemas()
    missing = [
        schemas[table].column(name).label
        for table, names in NEEDED[release.layout].items()
        for name in names
        if name not in release.columns("joined" if release.layout == "joined" else table)
    ]
    if missing:
        raise MissingColumnsError(
            "このデータでは分析を行えません。分析に要る列が提供されていません。",
            found=f"ない列: {'、'.join(missing)}(加工基準 {release.manifest['standard']})",
            remedy="これらの列を残す加工基準で作ったデータか、もとの介護データを使ってください。",
        )


def _split_months(months: tuple[str, ...], rotate: int) -> tuple[Coverage, ...]:
    """Periods of ``rotate`` months from the first month; months without any benefit are not there."""
    periods: dict[int, list[str]] = {}
    for month in months:
        periods.setdefault((_number(month) - _number(months[0])) // rotate, []).append(month)
    return tuple(Coverage(number, tuple(found)) for number, found in sorted(periods.items()))


def _number(month: str) -> int:
    year, number = (int(part) for part in month.split("-"))
    return year * 12 + number
