"""Real files in: a municipality's own files, checked, broken rows quarantined, to care tables."""

from kaigo.intake.checks import Checks, load_checks
from kaigo.intake.mapping import load_mapping
from kaigo.intake.open_inputs import Reading
from kaigo.intake.report import summarise_report
from kaigo.intake.rules import Rule, load_rules
from kaigo.intake.run import IntakeResult, run_intake
from kaigo.intake.sources import IntakeSources

__all__ = [
    "Checks",
    "IntakeResult",
    "IntakeSources",
    "Reading",
    "Rule",
    "load_checks",
    "load_mapping",
    "load_rules",
    "run_intake",
    "summarise_report",
]
