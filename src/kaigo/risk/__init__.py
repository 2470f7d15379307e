"""What risk is left: equivalence classes in persons, uniques, attacks that are run; the verdict."""

from kaigo.risk.accumulation import AccumulationRisk, measure_accumulation
from kaigo.risk.attackers import Attacker, load_attackers
from kaigo.risk.attacks import AttackRisk, LinkageRisk, check_attackable, run_attacks, run_linkage
from kaigo.risk.between import TwoReleases, compare_releases, difference_counts
from kaigo.risk.between_trial import BetweenTrial, try_between
from kaigo.risk.contributions import Contributions, measure_contributions
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.mitigations import Mitigation, measure_mitigations
from kaigo.risk.presence import Presence, measure_presence
from kaigo.risk.release import MonthRisk, ReleaseRisk, RelinkRisk, measure_release
from kaigo.risk.released_history import ReleasedHistory, read_history
from kaigo.risk.rotation import RotationRisk, choose_intervals, measure_rotation
from kaigo.risk.table_risk import measure_table
from kaigo.risk.verdict import judge_release, judge_with_attacks, load_thresholds

__all__ = [
    "AccumulationRisk",
    "AttackRisk",
    "Attacker",
    "BetweenTrial",
    "Contributions",
    "LinkageRisk",
    "Mitigation",
    "MonthRisk",
    "Presence",
    "ReleaseRisk",
    "ReleasedHistory",
    "RelinkRisk",
    "RiskMeasures",
    "RotationRisk",
    "TwoReleases",
    "check_attackable",
    "choose_intervals",
    "compare_releases",
    "difference_counts",
    "judge_release",
    "judge_with_attacks",
    "load_attackers",
    "load_thresholds",
    "measure_accumulation",
    "measure_contributions",
    "measure_mitigations",
    "measure_presence",
    "measure_release",
    "measure_rotation",
    "measure_table",
    "read_history",
    "run_attacks",
    "run_linkage",
    "try_between",
]
