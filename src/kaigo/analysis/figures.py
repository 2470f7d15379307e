"""Figures, tables and verdicts of the three analyses; captions state the finding from what may be shown."""

from kaigo.analysis.decisions import judge_care_plans, judge_conditions, judge_service_use
from kaigo.analysis.figures_care_plans import baseline_table, flow_table, naive_table, outcome_figure
from kaigo.analysis.figures_conditions import (
    disease_table,
    level_table,
    need_figure,
    prevalence_table,
    profile_table,
)
from kaigo.analysis.figures_service_use import (
    category_figure,
    kind_table,
    level_use_table,
    month_use_table,
    profile_use_table,
)

__all__ = [
    "baseline_table",
    "category_figure",
    "disease_table",
    "flow_table",
    "judge_care_plans",
    "judge_conditions",
    "judge_service_use",
    "kind_table",
    "level_table",
    "level_use_table",
    "month_use_table",
    "naive_table",
    "need_figure",
    "outcome_figure",
    "prevalence_table",
    "profile_table",
    "profile_use_table",
]
