"""Hand-made care tables: a test states only what matters, the rest has plain defaults."""

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.tables import CareTables, load_schemas, write_manifest

MUNICIPALITY = "990001"
PERSON = {
    "insurer_number": MUNICIPALITY,
    "name": "架空 太郎",
    "address": "架空県架空市1-1",
    "birth_date": "1940-01-15",
    "sex": 1,
    "insured_category": 1,
}
CERTIFICATION = {
    "insurer_number": MUNICIPALITY,
    "application_kind": "更新",
    "valid_from": "2020-01-01",
    "valid_to": "2029-12-31",
    "care_level": "21",
}
BENEFIT = {
    "insurer_number": MUNICIPALITY,
    "service_month": "2024-04",
    "service_code": "111111",
    "days": 4,
    "units": 1000,
    "provider_number": "9970000001",
}


def insured_number(person: int | str) -> str:
    """The 10-digit number of the n-th person."""
    return person if isinstance(person, str) else f"{person:010d}"


def build_care_tables(
    folder: Path,
    persons: Iterable[int | Mapping[str, Any]],
    certifications: Iterable[Mapping[str, Any]] | None = None,
    benefits: Iterable[Mapping[str, Any]] | None = None,
    *,
    files: int = 1,
    shuffle: int | None = None,
    synthetic: bool = True,
) -> CareTables:
    """Write the three tables and their manifest, and open them.

    A row is a mapping of columns to values over the defaults above; ``person`` (a small number) stands for
    ``insured_number``; dates are ISO texts, a service month may be ``YYYY-MM``. Without ``certifications`` or
    ``benefits`` each person has one. ``files`` splits each table; ``shuffle`` is a seed for the order of rows.
    """
    people = [dict(PERSON, **({"person": p} if isinstance(p, int) else p)) for p in persons]
    numbers = [{"person": p["person"], "insurer_number": p["insurer_number"]} for p in people]
    rows: dict[str, list[dict[str, Any]]] = {
        "persons": people,
        "certifications": [
            dict(CERTIFICATION, **row) for row in (numbers if certifications is None else certifications)
        ],
        "benefits": [dict(BENEFIT, **row) for row in (numbers if benefits is None else benefits)],
    }
    for name, table in rows.items():
        if shuffle is not None:
            random.Random(shuffle).shuffle(table)
        _write(folder / name, name, table, files)
    write_manifest(folder, parameters={}, synthetic=synthetic)
    return CareTables.open(folder)


def _write(folder: Path, name: str, rows: Sequence[Mapping[str, Any]], files: int) -> None:
    schema = load_schemas()[name]
    folder.mkdir(parents=True, exist_ok=True)
    full = [_full_row(schema.names, schema.arrow, row) for row in rows]
    for number in range(files):
        part = pa.Table.from_pylist(full[number::files], schema=schema.arrow)
        pq.write_table(part, folder / f"part-{number:05d}.parquet")


def _full_row(names: Sequence[str], schema: pa.Schema, row: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(row)
    if "person" in values:
        values["insured_number"] = insured_number(values.pop("person"))
    unknown = set(values) - set(names)
    assert not unknown, f"no such column: {unknown}"
    for name, value in values.items():
        if schema.field(name).type == pa.date32() and isinstance(value, str):
            values[name] = dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return {name: values.get(name) for name in names}
