"""Running one analysis from a folder's noun, without a session in the caller's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kaigo.analysis.source import AnalysisSource, open_source
from kaigo.deidentify import Release
from kaigo.engine import open_engine
from kaigo.tables import CareTables

Result = TypeVar("Result")


def run_analysis(
    analyse: Callable[[AnalysisSource], Result], data: CareTables | Release, *, engine: str = "duckdb"
) -> Result:
    """介護データまたは加工したデータに、分析を1つ行う。

    Parameters
    ----------
    analyse : callable
        ``analyse_conditions``, ``analyse_service_use`` or ``analyse_care_plans``.
    data : CareTables or Release
    engine : str
        As for ``open_engine``.
    """
    with open_engine(engine) as session:
        return analyse(open_source(session, data))
