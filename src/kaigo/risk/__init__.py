"""What risk is left: equivalence classes in persons, uniques, relinking; the verdict."""

from kaigo.risk.accumulation import AccumulationRisk, measure_accumulation
from kaigo.risk.flat import measure_table
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.release import MonthRisk, ReleaseRisk, RelinkRisk, measure_release
from kaigo.risk.released_history import ReleasedHistory, read_history
from kaigo.risk.rotation import RotationRisk, measure_rotation
from kaigo.risk.verdict import judge_release, load_thresholds

__all__ = [
    "AccumulationRisk",
    "MonthRisk",
    "ReleaseRisk",
    "ReleasedHistory",
    "RelinkRisk",
    "RiskMeasures",
    "RotationRisk",
    "judge_release",
    "load_thresholds",
    "measure_accumulation",
    "measure_release",
    "measure_rotation",
    "measure_table",
    "read_history",
]
