"""The committed town's CSV files, as they are and changed as another municipality's would be."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from running import TOWN

from kaigo.tables import load_service_kinds

TABLES = ("persons", "certifications", "benefits")
Row = dict[str, str]
# Short stays, multi-function homes, equipment and other support: 4 of the categories that a pattern of use is named by.
UNUSED = {"G3", "G6", "G8", "G9"}
# Answers without which neither the body nor the mind of a person is known (容態像).
BLANKED = ("1-7 歩行", "2-1 移乗", "5-3 日常の意思決定")
MEMORY = "3-4 短期記憶"
PREFECTURE = len("架空県見本市")


def read_rows(path: Path) -> tuple[list[str], list[Row]]:
    with io.StringIO(path.read_bytes().decode("cp932"), newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        return list(reader.fieldnames or []), rows


def write_rows(path: Path, header: list[str], rows: list[Row]) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, header, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(buffer.getvalue().encode("cp932"))


def number_of(row: Row) -> str:
    return row["被保険者番号"]


def twin_of(number: str) -> str:
    """A number that nobody has: the committed ones begin with 0."""
    assert number.startswith("0")
    return "5" + number[1:]


def write_changed_town(folder: Path) -> Path:
    """Another town, so different that every figure that hangs on data must come out differently.

    Every third person is left out with all lines, and each of the others has a twin with the same values under
    another number, so that nobody is alone. A fifth is now 要介護５, another fifth has no answers on which the profile
    rests, nobody uses some categories of service, and every line of every fourth person costs half.
    """
    folder.mkdir(parents=True)
    order = {number_of(row): place for place, row in enumerate(read_rows(TOWN / "persons.csv")[1])}
    changes: dict[str, Callable[[Row, int], None]] = {
        "persons": lambda row, place: None,
        "certifications": change_certification,
        "benefits": change_benefit,
    }
    for table in TABLES:
        header, rows = read_rows(TOWN / f"{table}.csv")
        kept = [row for row in rows if order[number_of(row)] % 3 != 2]
        if table == "benefits":
            kept = [row for row in kept if category_of(row["サービスコード"]) not in UNUSED]
        for row in kept:
            changes[table](row, order[number_of(row)])
        twins = [row | {"被保険者番号": twin_of(number_of(row))} for row in kept]
        write_rows(folder / f"{table}.csv", header, kept + twins)
    return folder


def category_of(code: str) -> str | None:
    kind = load_service_kinds().get(code[:2])
    return kind.category_code if kind else None


def change_certification(row: Row, place: int) -> None:
    if place % 5 == 0:
        row["要介護状態区分"] = "要介護５"
    if place % 5 == 1:
        for name in row:
            if name in BLANKED or name.startswith(MEMORY):
                row[name] = ""


def change_benefit(row: Row, place: int) -> None:
    if place % 4 == 0:
        row["点数"] = str(max(1, int(row["点数"]) // 2))


def list_secrets(persons: list[Row]) -> list[str]:
    """Every name and number of a town's persons, every fifth address, and what all addresses begin with."""
    addresses = [row["住所"] for row in persons]
    places = {address[:PREFECTURE] for address in addresses}
    assert len(places) == 1
    named = {row[column] for row in persons for column in ("氏名", "被保険者番号")}
    return sorted({*named, *places, *addresses[::5]})


def name_files(folder: Path) -> list[object]:
    """The three options of `kaigo intake`."""
    return [part for table in TABLES for part in (f"--{table}", folder / f"{table}.csv")]
