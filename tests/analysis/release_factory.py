"""Hand-made releases: the folders that a recipient and the municipality hold, with a few rows each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.deidentify import Release

INTEGERS = {"sex": pa.int8(), "days": pa.int16(), "units": pa.int32()}


def build_release(
    folder: Path,
    layout: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    rotate_months: int | None = 6,
    synthetic: bool = True,
) -> Release:
    """Write ``provide/`` and ``keep/manifest.json``; a column is int8 where it is a survey item, else text."""
    entries = {}
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        schema = pa.schema([(column, _type(column)) for column in columns])
        (folder / "provide" / name).mkdir(parents=True)
        filled = [{column: row.get(column) for column in columns} for row in rows]
        table = pa.Table.from_pylist(filled, schema=schema)
        pq.write_table(table, folder / "provide" / name / "part-00000.parquet")
        entries[name] = {"rows": len(rows), "columns": columns, "content_sha256": ""}
    manifest = {
        "version": "test",
        "synthetic": synthetic,
        "layout": layout,
        "standard": "test",
        "parameters": {"rotate_months": rotate_months},
        "tables": entries,
    }
    (folder / "keep").mkdir()
    (folder / "keep" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Release.open(folder)


def _type(column: str) -> pa.DataType:
    if column.startswith("survey_"):
        return pa.int8()
    return INTEGERS.get(column, pa.string())
