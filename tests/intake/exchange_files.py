"""Small exchange files, written field by field after the printed positions (from 1), not after the code's layout."""

from __future__ import annotations

from collections.abc import Sequence


def record(width: int, fields: dict[int, str]) -> str:
    """One record: position (from 1) to text, all others empty."""
    return ",".join(f'"{fields[i]}"' if i in fields else "" for i in range(1, width + 1))


def header(
    number: str,
    month: str,
    *,
    provider: str = "1300000001",
    birth: str = "19350102",
    sex: str = "2",
    level: str = "22",
    since: str = "20170401",
    until: str = "20180331",
    insurer: str = "131016",
) -> dict[int, str]:
    """Fields of a basic record (H1)."""
    return {
        3: "1111", 5: "H1", 6: "1", 7: insurer, 8: number, 9: month, 11: provider, 12: "0001",
        19: birth, 20: sex, 21: level, 23: since, 24: until,
    }  # fmt: skip


def detail(
    number: str,
    month: str,
    code: str,
    days: str,
    units: str,
    *,
    provider: str = "1300000001",
    insurer: str = "131016",
) -> dict[int, str]:
    """Fields of a detail record (D1)."""
    return {
        3: "1111", 5: "D1", 6: insurer, 7: number, 8: month, 9: provider, 10: "0001",
        11: code[:2], 12: code[2:], 13: "244", 14: days, 18: units,
    }  # fmt: skip


def exchange_file(
    records: Sequence[dict[int, str]], *, stated: int | None = None, end: bool = True, encoding: str = "cp932"
) -> bytes:
    """Control record, data records with running numbers, end record; CRLF."""
    count = len(records) if stated is None else stated
    control = record(13, {1: "1", 2: "1", 3: "0", 4: str(count), 5: "111", 7: "131016", 11: "201708"})
    lines = [control]
    for number, fields in enumerate(records, start=2):
        width = 91 if fields[5] == "H1" else 34
        lines.append(record(width, {1: "2", 2: str(number), **fields}))
    if end:
        lines.append(f'"3","{len(lines) + 1}"')
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


TOWN = [
    header("0000000001", "201706"),
    detail("0000000001", "201706", "111111", "3", "732"),
    detail("0000000001", "201706", "114845", "1", "163"),
    header("0000000001", "201707"),
    detail("0000000001", "201707", "111111", "4", "976"),
    header("0000000002", "201706", birth="19551231", sex="1", level="12"),
    detail("0000000002", "201706", "111111", "1", "244"),
]
"""Two persons, two months, four lines."""
