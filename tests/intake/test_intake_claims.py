"""Claims of form 7131: what the published positions allow, and a clear refusal of what they do not."""

from pathlib import Path

import pytest
from exchange_files import record
from intake_files import CERTIFICATIONS, PERSONS, rows

from kaigo.errors import InputError
from kaigo.intake import IntakeResult, IntakeSources, Reading, run_intake


def basic(number: str, month: str, provider: str = "1300000001") -> dict[int, str]:
    return {
        3: "7131", 4: "01", 5: month, 6: provider, 7: "131016", 8: number, 15: "19350102", 16: "2", 17: "22",
        31: "90", 35: "732",
    }  # fmt: skip


def line(number: str, code: str, days: str, units: str) -> dict[int, str]:
    return {3: "7131", 4: "02", 8: number, 9: code[:2], 10: code[2:], 11: "244", 12: days, 16: units}


CLAIM = [
    basic("0000000001", "201706"),
    line("0000000001", "111111", "3", "732"),
    line("0000000001", "114845", "1", "163"),
    {3: "7131", 4: "10", 8: "0000000001"},
    basic("0000000001", "201707", "1300000002"),
    line("0000000001", "111111", "4", "976"),
]


def write(folder: Path, records: list[dict[int, str]]) -> Path:
    lines = [record(12, {1: "1", 2: "1", 3: "0", 4: str(len(records) + 1), 5: "711"})]
    lines.append(record(18, {1: "2", 2: "2", 3: "7111"}))
    for number, fields in enumerate(records, start=3):
        width = 45 if fields[4] == "01" else 20
        lines.append(record(width, {1: "2", 2: str(number), **fields}))
    path = folder / "claims.csv"
    path.write_bytes(("\r\n".join([*lines, f'"3","{len(lines) + 1}"']) + "\r\n").encode("cp932"))
    return path


def read(folder: Path, records: list[dict[int, str]], reading: Reading | None = None) -> IntakeResult:
    for name, text in (("p", PERSONS), ("c", CERTIFICATIONS)):
        (folder / f"{name}.csv").write_text(text, encoding="cp932")
    sources = IntakeSources(folder / "p.csv", folder / "c.csv", exchange=write(folder, records))
    return run_intake(sources, folder / "out", reading=reading)


def test_lines_take_month_and_provider_from_the_basic_record_before_them(tmp_path: Path) -> None:
    result = read(tmp_path, CLAIM)
    entry = result.report["files"][2]
    assert (entry["rows_read"], entry["rows_accepted"], entry["rows_quarantined"]) == (5, 5, 0)
    assert {w["rule"]: w["lines"] for w in entry["warnings"]}["exchange_record_skipped"]
    assert not {w["rule"] for w in entry["warnings"]} & {"exchange_count_differs", "exchange_end_missing"}
    assert [(f"{b['service_month']:%Y%m}", b["service_code"], b["days"], b["units"], b["provider_number"]) for b in rows(result, "benefits")] == [
        ("201706", "111111", 3, 732, "1300000001"),
        ("201706", "114845", 1, 163, "1300000001"),
        ("201707", "111111", 4, 976, "1300000002"),
    ]  # fmt: skip


def test_line_whose_basic_record_is_missing_broken_or_anothers_is_set_apart(tmp_path: Path) -> None:
    records = [line("0000000001", "111111", "3", "732"), *CLAIM, line("0000000002", "111111", "1", "244")]
    entry = read(tmp_path, records).report["files"][2]
    assert [(q["line"], q["rule"]) for q in entry["quarantine"]] == [
        (3, "exchange_header_lost"), (10, "exchange_header_lost"),
    ]  # fmt: skip
    assert entry["rows_read"] == entry["rows_accepted"] + 2
    path = write(tmp_path, CLAIM)
    # The second basic record loses a quote: its line must not take the month of the first.
    path.write_bytes(path.read_bytes().replace(b'"201707"', b'"201707'))
    sources = IntakeSources(tmp_path / "p.csv", tmp_path / "c.csv", exchange=path)
    entry = run_intake(sources, tmp_path / "out").report["files"][2]
    assert [q["line"] for q in entry["quarantine"]] == [7, 8]
    assert entry["quarantine"][1]["rule"] == "exchange_header_lost"


def test_certifications_cannot_come_from_claims_and_the_reason_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PERSONS, encoding="cp932")
    sources = IntakeSources(tmp_path / "p.csv", exchange=write(tmp_path, CLAIM))
    with pytest.raises(InputError) as caught:
        run_intake(sources, tmp_path / "out")
    message = str(caught.value)
    assert "位置を確かめられない項目" in message and "有効期間" in message and "--certifications" in message
    assert not (tmp_path / "out").exists()


def test_layout_of_the_user_says_where_the_fields_stand(tmp_path: Path) -> None:
    from importlib import resources

    text = resources.files("kaigo.intake").joinpath("data", "exchange_layout.csv").read_text(encoding="utf-8")
    text = text.replace(
        "claim,01,,認定有効期間_開始年月日,valid_from", "claim,01,40,認定有効期間_開始年月日,valid_from"
    )
    text = text.replace(
        "claim,01,,認定有効期間_終了年月日,valid_to", "claim,01,41,認定有効期間_終了年月日,valid_to"
    )
    (tmp_path / "layout.csv").write_text(text, encoding="utf-8")
    records = [fields | ({40: "20170401", 41: "20180331"} if fields[4] == "01" else {}) for fields in CLAIM]
    reading = Reading(exchange_layout=tmp_path / "layout.csv")
    result = run_intake(IntakeSources(exchange=write(tmp_path, records)), tmp_path / "out", reading=reading)
    assert [row["care_level"] for row in rows(result, "certifications")] == ["22"]
    (tmp_path / "layout.csv").write_text(
        "form,record,position,name_ja,target\nclaim,01,5,年月,service_month\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="項目がありません"):
        run_intake(IntakeSources(exchange=write(tmp_path, records)), tmp_path / "out", reading=reading)
