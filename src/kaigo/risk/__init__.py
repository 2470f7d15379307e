"""What risk is left: equivalence classes in persons, uniques, relinking; the verdict."""

from kaigo.risk.flat import measure_table
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.release import MonthRisk, ReleaseRisk, RelinkRisk, measure_release
from kaigo.risk.verdict import judge_release, load_thresholds

__all__ = [
    "MonthRisk",
    "ReleaseRisk",
    "RelinkRisk",
    "RiskMeasures",
    "judge_release",
    "load_thresholds",
    "measure_release",
    "measure_table",
]
