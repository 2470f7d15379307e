"""The source document's worked example, really processed: 1234567890 among ten others like it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.deidentify.key import Key
from kaigo.deidentify.make import make_release
from kaigo.deidentify.standard import Standard
from kaigo.tables import CareTables, load_schemas, parse_date, parse_month, write_manifest
from kaigo.tables.facts import read_facts
from kaigo.tables.rendering import show_rows

if TYPE_CHECKING:
    import pandas as pd

LEAST_OTHERS = 10
SHOWN = (
    "birth_month",
    "sex",
    "survey_1_7",
    "survey_2_5",
    "care_level",
    "service_month",
    "service_code",
    "days",
    "units",
)


def count_others(standard: Standard) -> int:
    """How many others stand beside the example: as many as the standard asks of a code or an answer."""
    asked = [value for rule in standard.rules for name, value in rule.parameters.items() if name == "persons"]
    return max([LEAST_OTHERS, *(int(value) for value in asked)])


def process_example(standard: Standard) -> pd.DataFrame:
    """資料の例(被保険者番号1234567890)を、同じコードと回答をもつ架空の人たちと一緒に加工する。

    Returns
    -------
    DataFrame
        The example's lines of the document's 加工後テーブル, shown as the document shows them.
    """
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
        tables = _write_tables(Path(folder) / "tables", count_others(standard))
        release = make_release(tables, standard, Path(folder) / "release", key=Key.random(), layout="joined")
        shown = [column for column in SHOWN if column in release.columns("joined")]
        frame = pq.read_table(release.provide / "joined", columns=shown).to_pandas()
        rows, people = (
            pq.read_table(release.keep / "crosswalk" / part).to_pandas() for part in ("rows", "persons")
        )
    example = read_facts("document_example", "kaigo.deidentify")[0]
    own_number = people["person"][people["insured_number"] == example["insured_number"]].item()
    own = frame[(rows["person"] == own_number).to_numpy()]
    return show_rows(own.sort_values("service_month").reset_index(drop=True))


def show_example_source() -> pd.DataFrame:
    """The example before processing, in the document's own words."""
    import pandas as pd

    lines = read_facts("document_example", "kaigo.deidentify")
    columns = {
        "insured_number": "被保険者番号",
        "name": "氏名",
        "address": "住所",
        "birth_date": "生年月日",
        "sex": "性別",
        "walking": "歩行",
        "urination": "排尿",
        "care_level": "要介護状態区分",
        "service_month": "サービス利用年月",
        "service_code": "サービスコード",
        "use": "サービス利用状況(日数・点数)",
        "provider_number": "サービス提供事業者番号",
    }
    return pd.DataFrame([{label: line[name] for name, label in columns.items()} for line in lines])


def _write_tables(folder: Path, others: int) -> CareTables:
    lines = read_facts("document_example", "kaigo.deidentify")
    schemas = load_schemas()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in schemas}
    first = lines[0]
    birth = parse_date(first["birth_date"])
    for number in range(others + 1):
        numbers = {
            "insurer_number": "990001",
            "insured_number": first["insured_number"] if number == 0 else f"{number:010d}",
        }
        # The others are born in other years, so that the example's own lines can be told apart afterwards.
        born = birth.replace(year=birth.year - 1 - number % 30) if birth and number else birth
        rows["persons"].append(
            numbers
            | {
                "name": first["name"],
                "address": first["address"],
                "birth_date": born,
                "sex": 1,
                "insured_category": 1,
            }
        )
        rows["certifications"].append(
            numbers
            | {
                "valid_from": parse_date("平成29年4月1日"),
                "valid_to": parse_date("平成30年3月31日"),
                "care_level": "23",
            }
            | {"survey_1_7": 2, "survey_2_5": 3}
        )
        rows["benefits"] += [
            numbers
            | {
                "service_month": parse_month(line["service_month"]),
                "service_code": line["service_code"],
                "days": int(line["days"]),
                "units": int(line["units"]),
                "provider_number": line["provider_number"],
            }
            for line in lines
        ]
    for name, schema in schemas.items():
        target = folder / name
        target.mkdir(parents=True)
        full = [{column: row.get(column) for column in schema.names} for row in rows[name]]
        pq.write_table(pa.Table.from_pylist(full, schema=schema.arrow), target / "part-00000.parquet")
    write_manifest(folder, parameters={}, synthetic=True)
    return CareTables.open(folder)
