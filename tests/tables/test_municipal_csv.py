import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.errors import OutputError
from kaigo.tables import CareTables, load_schemas, write_manifest
from kaigo.tables.municipal_csv import write_municipal_csv


def write_table(folder: Path, name: str, rows: list[dict]) -> None:
    schema = load_schemas()[name].arrow
    (folder / name).mkdir(parents=True)
    full = [{column: row.get(column) for column in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema), folder / name / "part-0.parquet")


@pytest.fixture
def two_persons(tmp_path: Path) -> CareTables:
    folder = tmp_path / "care"
    one, two = (
        {"insurer_number": "990000", "insured_number": number} for number in ("0000000012", "1234567890")
    )
    write_table(
        folder,
        "persons",
        [
            one | {"name": "見本 例太", "address": "架空県例示市1,2", "birth_date": dt.date(1943, 2, 19), "sex": 1,
                   "insured_category": 1, "qualified_on": dt.date(2008, 2, 18)},
            two | {"name": "例示 仮世", "address": "架空県", "birth_date": dt.date(1989, 1, 8), "sex": 2,
                   "insured_category": 2},
        ],
    )  # fmt: skip
    write_table(
        folder,
        "certifications",
        [two | {"application_kind": "新規", "valid_from": dt.date(2019, 4, 30), "valid_to": dt.date(2019, 5, 1),
                "care_level": "23", "survey_1_7": 2, "survey_2_5": 3}],
    )  # fmt: skip
    write_table(
        folder,
        "benefits",
        [
            one | {"service_month": dt.date(2017, 6, 1), "service_code": "111175", "days": 15, "units": 25_260,
                   "provider_number": "12345678"},
            one | {"service_month": dt.date(2019, 5, 1), "service_code": "A61111", "days": 1, "units": 1_798,
                   "provider_number": "0123456789"},
        ],
    )  # fmt: skip
    return CareTables(folder, write_manifest(folder, parameters={}, synthetic=True))


def lines(path: Path) -> list[str]:
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n"), "every line ends in CRLF"
    return data.decode("cp932").removesuffix("\r\n").split("\r\n")


def test_persons_are_written_as_a_municipality_has_them(two_persons: CareTables, tmp_path: Path) -> None:
    header, first, second = lines(write_municipal_csv(two_persons, tmp_path / "csv")["persons"])
    assert header == (
        "保険者番号,被保険者番号,氏名,住所,生年月日,性別,被保険者区分,資格取得日,資格喪失日,資格喪失事由"
    )
    assert first == (
        '"990000","0000000012","見本 例太","架空県例示市1,2","昭和18年2月19日","男",1,"平成20年2月18日",,'
    )
    assert second == '"990000","1234567890","例示 仮世","架空県","平成元年1月8日","女",2,,,'


def test_levels_are_words_and_answers_numbers(two_persons: CareTables, tmp_path: Path) -> None:
    header, row = lines(write_municipal_csv(two_persons, tmp_path / "csv")["certifications"])
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert cells["要介護状態区分"] == '"要介護３"'
    assert cells["認定有効期間開始"] == '"平成31年4月30日"'
    assert cells["認定有効期間終了"] == '"令和元年5月1日"'
    assert cells["1-7 歩行"] == "2"
    assert cells["2-5 排尿"] == "3"
    assert cells["1-3 寝返り"] == ""
    assert cells["申請日"] == ""


def test_months_are_japanese_and_numbers_keep_their_zeros(two_persons: CareTables, tmp_path: Path) -> None:
    _, first, second = lines(write_municipal_csv(two_persons, tmp_path / "csv")["benefits"])
    assert first == '"990000","0000000012","平成29年6月","111175",15,25260,"12345678"'
    assert second == '"990000","0000000012","令和元年5月","A61111",1,1798,"0123456789"'


def test_a_character_outside_cp932_is_named_without_the_persons_value(tmp_path: Path) -> None:
    folder = tmp_path / "care"
    for name in ("certifications", "benefits"):
        write_table(folder, name, [])
    person = {"insurer_number": "990000", "insured_number": "1", "name": "𠮷見本", "address": "架空県",
              "birth_date": dt.date(1943, 2, 19), "sex": 1, "insured_category": 1}  # fmt: skip
    write_table(folder, "persons", [person])
    with pytest.raises(OutputError) as caught:
        write_municipal_csv(CareTables(folder, {}), tmp_path / "csv")
    assert caught.value.found == "U+20BB7"
    assert "見本" not in str(caught.value)
    assert not (tmp_path / "csv").exists()
