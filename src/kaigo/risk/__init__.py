"""What risk is left: equivalence classes in persons, uniques, relinking; the verdict."""

from kaigo.risk.measures import RiskMeasures
from kaigo.risk.presence import Presence, measure_presence
from kaigo.risk.release import MonthRisk, ReleaseRisk, RelinkRisk, measure_release
from kaigo.risk.table_risk import measure_table
from kaigo.risk.verdict import judge_release, load_thresholds

__all__ = [
    "MonthRisk",
    "Presence",
    "ReleaseRisk",
    "RelinkRisk",
    "RiskMeasures",
    "judge_release",
    "load_thresholds",
    "measure_presence",
    "measure_release",
    "measure_table",
]
