"""What any room may show: `Figure`, `Table`, `Decision`, and the page they stand on. Knows nothing of care."""

from kaigo.display.decision import Criterion, Decision, Verdict, worst
from kaigo.display.figure import Figure
from kaigo.display.table import Table

__all__ = ["Criterion", "Decision", "Figure", "Table", "Verdict", "worst"]
