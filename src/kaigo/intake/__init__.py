"""Real files in: a municipality's three CSV files, checked, broken rows quarantined, to care tables."""

from kaigo.intake.report import summarise_report
from kaigo.intake.rules import Rule, load_rules
from kaigo.intake.run import IntakeResult, run_intake
from kaigo.intake.sources import IntakeSources

__all__ = ["IntakeResult", "IntakeSources", "Rule", "load_rules", "run_intake", "summarise_report"]
