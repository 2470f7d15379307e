"""Opening a set of care tables: what is missing or wrong is said in Japanese."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.errors import InputError
from kaigo.tables import CareTables, load_schemas

Make = Callable[..., CareTables]


def rewrite(tables: CareTables, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    path = tables.table(name) / "part-00000.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_a_set_opens_with_its_rows_and_hashes(make_tables: Make) -> None:
    tables = CareTables.open(make_tables([1, 2], benefits=[{"person": 1}]).folder)
    assert {name: tables.rows(name) for name in load_schemas()} == {
        "persons": 2,
        "certifications": 2,
        "benefits": 1,
    }
    assert tables.is_synthetic
    assert all(len(digest) == 64 for digest in tables.content_sha256.values())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"介護データのフォルダがありません。[\s\S]*none[\s\S]*kaigo synthesize"
    ):
        CareTables.open(tmp_path / "none")


def test_a_folder_without_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="目録"):
        CareTables.open(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"tables": 3}', '{"tables": {}}', '{"tables": {"persons": 1}}', "\ufeff\x00"]
)
def test_a_broken_manifest_is_refused(make_tables: Make, text: str) -> None:
    tables = make_tables([1])
    (tables.folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="目録"):
        CareTables.open(tables.folder)


@pytest.mark.parametrize(
    ("name", "label"),
    [("persons", "個人属性情報"), ("certifications", "認定情報"), ("benefits", "介護給付情報")],
)
def test_a_missing_table_is_named(make_tables: Make, name: str, label: str) -> None:
    tables = make_tables([1])
    shutil.rmtree(tables.table(name))
    with pytest.raises(InputError, match=f"{label}の表"):
        CareTables.open(tables.folder)


def test_a_missing_column_is_named_with_those_found(make_tables: Make) -> None:
    tables = make_tables([1])
    rewrite(tables, "persons", lambda table: table.drop_columns(["sex"]))
    with pytest.raises(InputError, match=r"列「性別」\(sex\)がありません[\s\S]*birth_date"):
        CareTables.open(tables.folder)


def test_a_column_of_another_type_is_named_with_both_types(make_tables: Make) -> None:
    tables = make_tables([1])
    rewrite(tables, "benefits", lambda t: t.set_column(5, "units", t["units"].cast(pa.string())))
    with pytest.raises(
        InputError, match=r"units\)の型が違います\(必要な型: int32\)。\n  見つかった値: string"
    ):
        CareTables.open(tables.folder)


def test_a_second_file_of_another_shape_is_found_too(make_tables: Make) -> None:
    tables = make_tables([1, 2, 3])
    table = pq.read_table(tables.table("benefits") / "part-00000.parquet")
    pq.write_table(table.drop_columns(["days"]), tables.table("benefits") / "part-00001.parquet")
    with pytest.raises(InputError, match="日数"):
        CareTables.open(tables.folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a parquet file at all"])
def test_a_damaged_file_is_refused(make_tables: Make, content: bytes) -> None:
    tables = make_tables([1])
    (tables.table("persons") / "part-00000.parquet").write_bytes(content)
    with pytest.raises(InputError, match="読めません"):
        CareTables.open(tables.folder)


def test_no_message_shows_a_value_of_a_person(make_tables: Make) -> None:
    tables = make_tables([{"person": 1, "name": "架空 秘密"}])
    rewrite(tables, "persons", lambda table: table.drop_columns(["address"]))
    with pytest.raises(InputError) as caught:
        CareTables.open(tables.folder)
    assert "秘密" not in str(caught.value)


def test_the_manifest_of_real_data_has_no_seed(make_tables: Make) -> None:
    tables = make_tables([1], synthetic=False)
    assert not tables.is_synthetic
    assert "seed" not in json.loads((tables.folder / "manifest.json").read_text(encoding="utf-8"))


def test_the_schema_of_the_document_has_eleven_numbered_columns() -> None:
    numbers = {column.number for schema in load_schemas().values() for column in schema.columns}
    assert numbers - {""} == set("①②③④⑤⑥⑦⑧⑨⑩⑪")
