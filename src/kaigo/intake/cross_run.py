"""The checks across tables are run as the rules say: rows are warned of, or set apart and taken out of the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from kaigo.engine import Engine
from kaigo.intake.checks import Checks
from kaigo.intake.cross_checks import CrossCheck
from kaigo.intake.findings import FIRST_LINES
from kaigo.intake.inputs import TableGroup, name_columns


def run_checks(
    engine: Engine,
    group: TableGroup,
    view: str,
    wanted: Sequence[CrossCheck],
    checks: Checks,
    folder: Path,
    prepare: Callable[[], None] | None = None,
) -> bool:
    """表をまたぐ検査を行い、規則のとおりに注意または隔離する。

    Parameters
    ----------
    engine : Engine
    group : TableGroup
        Where the rows of the view come from.
    view : str
        View of the table with ``row_position``; afterwards it lacks the rows that were set apart.
    wanted : sequence of CrossCheck
    checks : Checks
    folder : pathlib.Path
        For intermediate steps.
    prepare : callable, optional
        Makes what the checks look at beside the view; called again when the view has changed.

    Returns
    -------
    bool
        Whether rows were set apart.
    """
    if prepare:
        prepare()
    faults: dict[int, list[tuple[str, str, str]]] = {}
    for check in wanted:
        if checks.action(check.rule) == "quarantine" and _finds_any(engine, check):
            shown = f"t.{engine.dialect.quote(check.column)}" if check.column else "''"
            rows = engine.rows(
                f"select distinct t.row_position, {shown} from ({check.select(engine)}) as q "
                f"join {view} as t on t.row_position = q.row_position"
            )
            for position, value in rows:
                faults.setdefault(position, []).append((check.column, _show(value, check.column), check.rule))
    if faults:
        for position in sorted(faults):
            group.quarantine(position, faults[position])
        take_out(engine, view, sorted(faults), folder)
        if prepare:
            prepare()
    for check in wanted:
        if checks.action(check.rule) == "warn" and _finds_any(engine, check):
            select = (check.named or check.select)(engine)
            warn_at(engine, group, check.rule, select, check.column, weighted=check.named is not None)
    return bool(faults)


def _finds_any(engine: Engine, check: CrossCheck) -> bool:
    """False where a check by (person, month) finds none, so that its lines need not be sought."""
    return not check.by_month or bool(engine.rows(f"select 1 from ({check.rows(engine)}) as f limit 1"))


def warn_at(
    engine: Engine,
    group: TableGroup,
    rule: str,
    select: str,
    column: str = "",
    *,
    weighted: bool = False,
) -> None:
    """SELECTが返す行の注意を、行の来たファイルごとに積む。

    Parameters
    ----------
    engine : Engine
    group : TableGroup
    rule : str
    select : str
        SELECT of ``row_position`` (and ``weight``).
    column : str
        Column of the table that the warning is about.
    weighted : bool
        Whether a row counts ``weight`` times.
    """
    # One pass over the SELECT: the total of each origin, and its first lines.
    cases = " ".join(
        f"when row_position < {end} then {number}" for number, (_, _, end) in enumerate(group.ranges())
    )
    weight = "weight" if weighted else "1"
    found = f"select case {cases} end as origin, row_position, {weight} as weight from ({select}) as f"
    ranked = (
        "select origin, row_position, sum(weight) over (partition by origin) as total, "
        f"row_number() over (partition by origin order by row_position) as n from ({found}) as g"
    )
    rows = engine.rows(
        f"select origin, row_position, total from ({ranked}) as r where n <= {FIRST_LINES} "
        "order by origin, row_position"
    )
    for number, lines in groupby(rows, key=lambda row: int(row[0])):
        of_origin = list(lines)
        origin = group.origins[number]
        named = sorted(group.locate(position)[1] for _, position, _ in of_origin)
        origin.findings.warn(rule, int(of_origin[0][2]), named, name_columns(origin, column))


def take_out(engine: Engine, view: str, positions: Sequence[int], folder: Path) -> None:
    """ビューから、隔離した行を除く。

    Parameters
    ----------
    engine : Engine
    view : str
        View with ``row_position``; it keeps its name.
    positions : sequence of int
        ``row_position`` of the rows that were set apart.
    folder : pathlib.Path
        For intermediate steps.
    """
    gone = f"{view}_gone"
    batch = pa.record_batch([pa.array(positions, pa.int64())], ["row_position"])
    engine.store(gone, iter([batch]), batch.schema, folder / gone)
    kept = f"select t.* from {view} as t where t.row_position not in (select row_position from {gone})"
    engine.materialise(f"{view}_kept", kept, folder / f"{view}_kept")
    engine.view(view, f"select * from {view}_kept")


def _show(value: object, column: str) -> str:
    if isinstance(value, dt.date):
        return f"{value:%Y-%m}" if column == "service_month" else f"{value:%Y-%m-%d}"
    return str(value)
