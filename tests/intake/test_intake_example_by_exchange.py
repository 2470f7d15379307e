"""The source document's example, once as three CSV files and once as an exchange file: one processed table."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from exchange_files import detail, exchange_file, header
from intake_files import assert_balanced

from kaigo.deidentify.key import Key
from kaigo.deidentify.make import make_release
from kaigo.deidentify.standard import load_standard
from kaigo.deidentify.worked_example import SHOWN, count_others
from kaigo.intake import IntakeSources, run_intake
from kaigo.tables import CareTables
from kaigo.tables.rendering import show_rows

EXAMPLE = "1234567890"
INSURER = "990001"


def write_files(folder: Path, others: int) -> None:
    """The example among others with its code and answers, born in other years, in the document's own words."""
    numbers = [EXAMPLE, *(f"{number:010d}" for number in range(1, others + 1))]
    persons = ["保険者番号,被保険者番号,氏名,住所,生年月日,性別"]
    levels = ["保険者番号,被保険者番号,歩行,排尿,要介護状態区分,認定有効期間開始,認定有効期間終了"]
    benefits = [
        "保険者番号,被保険者番号,サービス利用年月,サービスコード,サービス利用状況（日数・点数）,サービス提供事業者番号"
    ]
    records = []
    for place, number in enumerate(numbers):
        year = 18 - place % 15 if place else 18
        persons.append(f"{INSURER},{number},佐藤 一雄,東京都○○市○○町１－１－１,昭和{year}年２月19日,男")
        levels.append(f"{INSURER},{number},つかまれば可,一部介助,要介護３,平成29年4月1日,平成30年3月31日")
        for month, label, days, units in (
            ("201706", "平成29年６月", 15, 25260),
            ("201707", "平成29年７月", 16, 26944),
        ):
            benefits.append(f'{INSURER},{number},{label},111175,"{days}日・{units:,}点",12345678')
            given = {"provider": "12345678", "insurer": INSURER}
            birth, since, until = f"{1925 + year}0219", "20170401", "20180331"
            records.append(
                header(number, month, birth=birth, sex="1", level="23", since=since, until=until, **given)
            )
            records.append(detail(number, month, "111175", str(days), str(units), **given))
    for name, lines in (("persons", persons), ("certifications", levels), ("benefits", benefits)):
        (folder / f"{name}.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("cp932"))
    (folder / "exchange.csv").write_bytes(exchange_file(records))


def process(folder: Path, tables: CareTables) -> list[dict[str, object]]:
    release = make_release(tables, load_standard("soumu-2018"), folder, key=Key.random(), layout="joined")
    table = pq.read_table(release.provide / "joined", columns=list(SHOWN))
    return table.sort_by([(name, "ascending") for name in SHOWN]).to_pylist()


@pytest.mark.parametrize("with_persons", [pytest.param(True, marks=pytest.mark.slow), False])
def test_exchange_route_gives_the_processed_table_of_the_csv_route(
    tmp_path: Path, with_persons: bool
) -> None:
    write_files(tmp_path, count_others(load_standard("soumu-2018")))
    files = {name: tmp_path / f"{name}.csv" for name in ("persons", "certifications", "benefits", "exchange")}
    by_csv = run_intake(
        IntakeSources(files["persons"], files["certifications"], files["benefits"]), tmp_path / "csv"
    )
    persons = files["persons"] if with_persons else ()
    by_exchange = run_intake(
        IntakeSources(persons, files["certifications"], exchange=files["exchange"]), tmp_path / "exchange"
    )
    for result in (by_csv, by_exchange):
        for entry in result.report["files"]:
            assert entry["rows_read"] == entry["rows_accepted"] > 0
    assert_balanced(by_csv)
    processed = process(tmp_path / "a", by_csv.tables)
    assert process(tmp_path / "b", by_exchange.tables) == processed
    own = [row for row in processed if row["birth_month"] == "1943-02"]
    import pandas as pd

    shown = show_rows(pd.DataFrame(own).sort_values("service_month").reset_index(drop=True))
    assert list(map(str, shown.iloc[0]))[:2] == ["昭和18年2月", "男"]
    assert [(row["days"], row["units"]) for row in own] == [(15, 25260), (16, 26944)]


def test_exchange_file_alone_gives_the_same_benefits_persons_and_levels(tmp_path: Path) -> None:
    write_files(tmp_path, 3)
    by_csv = run_intake(
        IntakeSources(*(tmp_path / f"{name}.csv" for name in ("persons", "certifications", "benefits"))),
        tmp_path / "csv",
    )
    alone = run_intake(IntakeSources(exchange=tmp_path / "exchange.csv"), tmp_path / "alone")
    tables = [
        [
            pq.read_table(result.tables.folder / name, columns=columns)
            .sort_by([(column, "ascending") for column in columns])
            .to_pylist()
            for name, columns in (
                (
                    "benefits",
                    ["insurer_number", "insured_number", "service_month", "service_code", "days", "units"],
                ),
                ("persons", ["insurer_number", "insured_number", "birth_date", "sex", "insured_category"]),
                ("certifications", ["insured_number", "care_level", "valid_from", "valid_to"]),
            )
        ]
        for result in (by_csv, alone)
    ]
    assert tables[0] == tables[1]
