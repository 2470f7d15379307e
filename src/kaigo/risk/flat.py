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
from kaigo.intake.sources import check_source
from kaigo.risk.measures import RiskMeasures
from kaigo.tables import count_classes

_REMEDY = "CSV(UTF-8またはCP932、先頭行が列名)かParquetを指定してください。"


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
    if path.is_dir():
        if any(path.glob("*.parquet")):
            return path
        raise InputError("フォルダにParquetがありません。", found=path, remedy=_REMEDY)
    if path.suffix.lower() == ".parquet" and path.is_file():
        return path
    check_source("表", path)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            table = _read_text_table(path, encoding)
        except UnicodeDecodeError:
            continue
        pq.write_table(table, folder / "flat.parquet")
        return folder / "flat.parquet"
    raise InputError(
        "CSVの文字コードを読めません。", found=path, remedy="UTF-8かCP932で保存し直してください。"
    )


def _read_text_table(path: Path, encoding: str) -> pa.Table:
    """Every column as text, so that leading zeros stay; an empty cell is missing."""
    with path.open(encoding=encoding, newline="") as file:
        for _ in iter(lambda: file.read(1 << 20), ""):
            pass
    broken: list[Any] = []

    def keep_broken(row: Any) -> str:
        broken.append(row)
        return "skip"

    # One thread: only then a broken row knows its number.
    read = pa_csv.ReadOptions(encoding="utf-8" if encoding == "utf-8-sig" else encoding, use_threads=False)
    parse = pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_broken)
    try:
        header = pa_csv.open_csv(path, read_options=read, parse_options=parse).schema.names
        names = [name.removeprefix("\ufeff") for name in header]
        _refuse_repeated_names(path, names)
        broken.clear()
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        table = pa_csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid as error:
        # The library's own message would quote the content of a row.
        raise InputError(
            f"CSVを読めません({path.name})。", found="列に分けられない行", remedy=_REMEDY
        ) from error
    if broken:
        first = broken[0]
        raise InputError(
            f"列の数が見出しと合わない行があります({path.name}、{len(broken):,}行)。",
            found=f"最初は{first.number}行目: 見出しは{first.expected_columns}列、この行は{first.actual_columns}列",
            remedy="その行の区切り(カンマ)と引用符を確かめてください。",
        )
    return table


def _refuse_repeated_names(path: Path, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(
            f"同じ名前の列が2つ以上あります({path.name})。",
            found="、".join(repeated),
            remedy="見出しを、列ごとに違う名前にしてください。",
        )


def _check_columns(engine: Engine, path: Path, wanted: Sequence[str]) -> None:
    found = engine.arrow_schema("select * from flat").names
    for name in wanted:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"「{near[0]}」のことですか。" if near else "列名を確かめてください。"
            raise InputError(f"列「{name}」がありません({path.name})。", found="、".join(found), remedy=hint)
