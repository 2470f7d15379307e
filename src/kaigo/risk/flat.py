"""Risk of any flat table (CSV or Parquet) on chosen keys."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kaigo.engine import Engine, open_engine
from kaigo.errors import EmptyResultError, InputError
from kaigo.risk.measures import RiskMeasures
from kaigo.tables import count_classes
from kaigo.tables.flat_file import as_parquet


def measure_table(
    path: Path, keys: Sequence[str], *, person: str | None = None, engine: str = "duckdb"
) -> dict[str, Any]:
    """任意の表(CSV・Parquet)について、鍵の列から見た再識別の危険を測る。

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8 or CP932, one header row; every value is read as text) or Parquet.
    keys : sequence of str
        Quasi-identifiers. A missing key is a value of its own.
    person : str, optional
        Column that names the person; measures then count persons, else rows (行).

    Returns
    -------
    dict
        ``records``, ``classes``, ``k``, ``unique_records``, ``class_size_histogram``, ``risk``, ``unit``; with
        ``person`` also ``persons``. No verdict: a flat table says nothing about who is in it.

    Raises
    ------
    InputError
        If the file cannot be read or a column is missing.
    EmptyResultError
        If the table has no row.
    """
    if not keys:
        raise InputError("鍵の列がありません。", remedy="--keys 列名,列名 のように1つ以上指定してください。")
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        session.scan("flat", as_parquet(path, Path(folder)))
        _check_columns(session, path, [*keys, *([person] if person else [])])
        records = session.count("flat")
        if records == 0:
            raise EmptyResultError("表に1行もありません。", found=path, remedy="ファイルを確かめてください。")
        by_row = RiskMeasures(count_classes(session, "flat", keys, None), "行")
        measures = RiskMeasures(count_classes(session, "flat", keys, [person]), "人") if person else by_row
    result: dict[str, Any] = {"keys": list(keys), "unit": measures.unit, "records": records}
    if person:
        result["persons"] = measures.number
        result["unique_persons"] = measures.counts.unique_persons
    return result | {"unique_records": by_row.counts.unique_persons} | measures.to_payload()


def _check_columns(engine: Engine, path: Path, wanted: Sequence[str]) -> None:
    found = engine.arrow_schema("select * from flat").names
    for name in wanted:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"「{near[0]}」のことですか。" if near else "列名を確かめてください。"
            raise InputError(f"列「{name}」がありません({path.name})。", found="、".join(found), remedy=hint)
