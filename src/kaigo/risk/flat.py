"""Risk of any flat table (CSV or Parquet) on chosen keys."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kaigo.engine import Engine, open_engine
from kaigo.errors import EmptyResultError, InputError
from kaigo.risk.measures import RiskMeasures
from kaigo.tables import count_classes


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
        session.scan("flat", _as_parquet(path, Path(folder)))
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


def _as_parquet(path: Path, folder: Path) -> Path:
    remedy = "CSV(UTF-8またはCP932、先頭行が列名)かParquetを指定してください。"
    if path.is_dir():
        if any(path.glob("*.parquet")):
            return path
        raise InputError("フォルダにParquetがありません。", found=path, remedy=remedy)
    if not path.is_file():
        raise InputError("ファイルがありません。", found=path, remedy="ファイル名を確かめてください。")
    if path.suffix.lower() == ".parquet":
        return path
    for encoding in ("utf-8-sig", "cp932"):
        try:
            table = _read_text_table(path, encoding)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            raise InputError("CSVを読めません。", found=str(error)[:200], remedy=remedy) from error
        pq.write_table(table, folder / "flat.parquet")
        return folder / "flat.parquet"
    raise InputError(
        "CSVの文字コードを読めません。", found=path, remedy="UTF-8かCP932で保存し直してください。"
    )


def _read_text_table(path: Path, encoding: str) -> pa.Table:
    """Every column as text, so that leading zeros stay; an empty cell is missing."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            for _ in iter(lambda: file.read(1 << 20), ""):
                pass
        plain = "utf-8" if encoding == "utf-8-sig" else encoding
        read = pa_csv.ReadOptions(encoding=plain)
        header = pa_csv.open_csv(path, read_options=read).schema.names
        convert = pa_csv.ConvertOptions(
            column_types={name.removeprefix("\ufeff"): pa.string() for name in header},
            strings_can_be_null=True,
            null_values=[""],
        )
        return pa_csv.read_csv(path, read_options=read, convert_options=convert)
    except OSError as error:
        raise InputError("CSVを開けません。", found=path, remedy="権限を確かめてください。") from error


def _check_columns(engine: Engine, path: Path, wanted: Sequence[str]) -> None:
    found = engine.arrow_schema("select * from flat").names
    for name in wanted:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"「{near[0]}」のことですか。" if near else "列名を確かめてください。"
            raise InputError(f"列「{name}」がありません({path.name})。", found="、".join(found), remedy=hint)
