"""The three analyses: ① conditions and need, ② service use, ③ patterns of use and change of level."""

from kaigo.analysis.care_plans import analyse_care_plans
from kaigo.analysis.care_plans_refused import CarePlansRefused, try_care_plans
from kaigo.analysis.care_plans_result import CarePlansResult
from kaigo.analysis.conditions import analyse_conditions
from kaigo.analysis.conditions_result import ConditionsResult
from kaigo.analysis.run import run_analysis
from kaigo.analysis.service_use import analyse_service_use
from kaigo.analysis.service_use_result import ServiceUseResult
from kaigo.analysis.source import AnalysisSource, open_source

__all__ = [
    "AnalysisSource",
    "CarePlansRefused",
    "CarePlansResult",
    "ConditionsResult",
    "ServiceUseResult",
    "analyse_care_plans",
    "analyse_conditions",
    "analyse_service_use",
    "open_source",
    "run_analysis",
    "try_care_plans",
]
