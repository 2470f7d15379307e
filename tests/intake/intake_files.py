"""Small files of a municipality to read in, and how to look at what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from kaigo.intake import IntakeResult, IntakeSources, run_intake

PERSONS = (
    "保険者番号,被保険者番号,氏名,住所,生年月日,性別,被保険者区分\n"
    "131016,0000000001,山田 花子,架空市１－１,昭和10年１月２日,女,第1号\n"
    "131016,0000000002,鈴木 一,架空市１－２,昭和30年12月31日,男,第2号\n"
)
CERTIFICATIONS = (
    "保険者番号,被保険者番号,認定有効期間開始,認定有効期間終了,要介護状態区分,歩行,排尿\n"
    "131016,0000000001,平成29年4月1日,平成30年3月31日,要介護２,できない,見守り等\n"
    "131016,0000000002,平成29年4月1日,平成30年3月31日,要支援1,つかまらないでできる,\n"
)
BENEFITS = (
    "保険者番号,被保険者番号,サービス利用年月,サービスコード,日数,点数,サービス提供事業者番号\n"
    "131016,0000000001,平成29年6月,111111,3,732,1300000001\n"
    "131016,0000000001,平成29年7月,111111,4,976,1300000001\n"
    "131016,0000000002,平成29年6月,111111,1,244,1300000001\n"
)
DOCUMENT = {
    "persons": (
        "被保険者番号,氏名,住所,生年月日,性別\r\n"
        "1234567890,佐藤 一雄,東京都○○市○○町１－１－１,昭和18年２月19日,男\r\n"
    ),
    "certifications": (
        "被保険者番号,歩行,排尿,要介護状態区分\r\n1234567890,つかまれば可,一部介助,要介護３\r\n"
    ),
    "benefits": (
        "被保険者番号,サービス利用年月,サービスコード,サービス利用状況（日数・点数）,サービス提供事業者番号\r\n"
        "1234567890,平成29年６月,111175,15日・25,260点,12345678\r\n"
        "1234567890,平成29年７月,111175,16日・26,944点,12345678\r\n"
    )
    .replace("15日・25,260点", '"15日・25,260点"')
    .replace("16日・26,944点", '"16日・26,944点"'),
}


def write_sources(folder: Path, *, encoding: str = "cp932", **texts: str | bytes) -> IntakeSources:
    """Write the three files; what is not given is the small town above."""
    given = {"persons": PERSONS, "certifications": CERTIFICATIONS, "benefits": BENEFITS} | texts
    paths = []
    for name, text in given.items():
        path = folder / f"{name}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        paths.append(path)
    return IntakeSources(*paths)


def read_in(folder: Path, *, insurer: str | None = None, **texts: Any) -> IntakeResult:
    """Write the three files and run the intake on them."""
    return run_intake(write_sources(folder, **texts), folder / "out", insurer=insurer)


def file_report(result: IntakeResult, table: str) -> dict[str, Any]:
    """The part of the report on one table's file."""
    return next(entry for entry in result.report["files"] if entry["table"] == table)


def quarantined(result: IntakeResult, table: str) -> list[tuple[int, str, str, str]]:
    """(line, column, value, rule) of the quarantined rows of one file."""
    rows = file_report(result, table)["quarantine"]
    return [(row["line"], row["column"], row["value"], row["rule"]) for row in rows]


def warnings(result: IntakeResult, table: str) -> dict[str, tuple[int, list[int]]]:
    """Rule to (count, first lines) of the warnings of one file."""
    return {w["rule"]: (w["count"], w["lines"]) for w in file_report(result, table)["warnings"]}


def rows(result: IntakeResult, table: str) -> list[dict[str, Any]]:
    """The accepted rows."""
    return pq.read_table(result.tables.table(table)).to_pylist()


def assert_balanced(result: IntakeResult) -> None:
    """What was read is accepted or quarantined, and what was accepted stands in the table."""
    for entry in result.report["files"]:
        assert entry["rows_read"] == entry["rows_accepted"] + entry["rows_quarantined"]
        assert entry["rows_quarantined"] == len(entry["quarantine"])
        assert (
            entry["rows_accepted"] == result.tables.rows(entry["table"]) == len(rows(result, entry["table"]))
        )
