"""Condition, profile and place in the code hierarchy, as columns of views."""

from __future__ import annotations

from collections.abc import Collection

from kaigo.analysis.rules import UNKNOWN_CATEGORY, Condition, load_conditions, load_profiles
from kaigo.engine import Engine
from kaigo.tables import find_limit, load_care_levels, load_service_kinds
from kaigo.tables.facts import read_facts


def view_states_and_lines(
    engine: Engine, joined: bool, survey: Collection[str], months: tuple[str, ...]
) -> None:
    """Make ``analysis_states`` and ``analysis_lines`` known (see `AnalysisSource`)."""
    _view_codes(engine, months)
    profile = profile_expression(survey, "c")
    state = f"c.person, c.month, c.certification, c.care_level, {profile} as profile"
    engine.view("analysis_states", f"select {state} from analysis_certified as c")
    if joined:
        lines = f"select {state}, c.service_code, c.units from analysis_certified as c"
    else:
        lines = (
            "select s.person, s.month, s.care_level, s.profile, b.service_code, b.units "
            "from analysis_benefits as b join analysis_states as s "
            "on s.person = b.person and s.month = b.service_month"
        )
    # A code is 6 characters; a base service has a hyphen in third place, a kind or category is shorter.
    rolled = "case when length(t.service_code) = 6 and substr(t.service_code, 3, 1) <> '-' then 0 else 1 end"
    engine.view(
        "analysis_lines",
        "select t.person, t.month, t.care_level, t.profile, coalesce(substr(t.service_code, 1, 2), '') as kind, "
        f"coalesce(k.category, '{UNKNOWN_CATEGORY}') as category, k.inside, {rolled} as rolled, t.units "
        f"from ({lines}) as t left join analysis_kinds as k on k.kind = substr(t.service_code, 1, 2)",
    )


def _view_codes(engine: Engine, months: tuple[str, ...]) -> None:
    """Kinds and categories with their place in or outside the limit; limits by level and month."""
    text = engine.dialect.text_type
    kinds = load_service_kinds().values()
    outside = {row["kind"] for row in read_facts("kinds_outside_limit", "kaigo.intake")}
    inside_by_category: dict[str, set[int]] = {}
    for kind in kinds:
        inside_by_category.setdefault(kind.category_code, set()).add(int(kind.code not in outside))
    rows: list[dict[str, str | int]] = [
        {"kind": kind.code, "category": kind.category_code, "inside": int(kind.code not in outside)}
        for kind in kinds
    ]
    # A code rolled up to a category is inside or outside only where all its kinds are; 2 stands for neither.
    rows += [
        {"kind": category, "category": category, "inside": places.pop() if len(places) == 1 else 2}
        for category, places in inside_by_category.items()
    ]
    engine.values_view("analysis_kinds_raw", rows, {"kind": text, "category": text, "inside": "integer"})
    engine.view(
        "analysis_kinds", "select kind, category, nullif(inside, 2) as inside from analysis_kinds_raw"
    )
    limits: list[dict[str, str | int]] = [
        {"care_level": level, "month": month, "units": limit}
        for level in load_care_levels()
        for month in months
        if (limit := find_limit(level, month)) is not None
    ]
    engine.values_view("analysis_limits", limits, {"care_level": text, "month": text, "units": "integer"})


def condition_expression(condition: Condition, survey: Collection[str], alias: str) -> str:
    """SQL of a condition: 1 present, 0 absent, null where an answer is missing and none says present."""
    if not condition.is_available(survey):
        return "cast(null as integer)"
    codes = ", ".join(str(code) for code in condition.codes)
    present = " or ".join(f"{alias}.{column} in ({codes})" for column in condition.columns)
    missing = " or ".join(f"{alias}.{column} is null" for column in condition.columns)
    return f"case when {present} then 1 when {missing} then null else 0 end"


def profile_expression(survey: Collection[str], alias: str) -> str:
    """SQL of the profile's name in ``profiles.toml``."""
    axes = load_profiles()["axes"]
    conditions = {condition.id: condition for condition in load_conditions()}

    def axis(name: str) -> tuple[str, str]:
        parts = [f"({condition_expression(conditions[item], survey, alias)})" for item in axes[name]]
        heavy = "(" + " or ".join(f"{part} = 1" for part in parts) + ")"
        return heavy, "(" + " and ".join(f"{part} = 0" for part in parts) + ")"

    (body, no_body), (cognition, no_cognition) = axis("body"), axis("cognition")
    return (
        f"case when {body} and {cognition} then 'both' when {body} and {no_cognition} then 'body' "
        f"when {no_body} and {cognition} then 'cognition' when {no_body} and {no_cognition} then 'light' "
        "else 'unknown' end"
    )
