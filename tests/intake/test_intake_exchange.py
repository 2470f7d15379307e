"""The 給付実績 exchange file: what becomes of its records, and what is said when some are missing or odd."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from exchange_files import TOWN, detail, exchange_file, header
from intake_files import CERTIFICATIONS, PERSONS, rows

from kaigo.errors import InputError, KaigoError, ParameterError
from kaigo.intake import IntakeResult, IntakeSources, load_checks, run_intake


def read(folder: Path, content: bytes, *, checks: str = "", **texts: str) -> IntakeResult:
    (folder / "jisseki.csv").write_bytes(content)
    given: dict[str, Any] = {}
    for name, text in texts.items():
        given[name] = folder / f"{name}.csv"
        given[name].write_text(text, encoding="cp932")
    rules = None
    if checks:
        (folder / "checks.csv").write_text(f"rule,action\n{checks}\n", encoding="utf-8")
        rules = load_checks(folder / "checks.csv")
    sources = IntakeSources(**given, exchange=folder / "jisseki.csv")
    return run_intake(sources, folder / "out", checks=rules)


def entry(result: IntakeResult) -> dict[str, Any]:
    return next(e for e in result.report["files"] if e["table"] == "exchange")


def warned(result: IntakeResult) -> dict[str, tuple[int, list[int]]]:
    return {w["rule"]: (w["count"], w["lines"]) for w in entry(result)["warnings"]}


def assert_balanced(result: IntakeResult) -> None:
    for e in result.report["files"]:
        assert e["rows_read"] == e["rows_accepted"] + e["rows_quarantined"]
        assert e["rows_quarantined"] == len(e["quarantine"])


def test_exchange_file_alone_gives_the_three_tables(tmp_path: Path) -> None:
    result = read(tmp_path, exchange_file(TOWN))
    assert_balanced(result)
    assert (entry(result)["rows_read"], entry(result)["rows_quarantined"]) == (7, 0)
    assert entry(result)["records"] == {
        "stated": 7,
        "control": 1,
        "end": 1,
        "H1": 3,
        "D1": 4,
    } | dict.fromkeys(("D2", "D3", "D5", "D6", "D7", "D8", "D9", "DC", "DD", "T1", "unknown"), 0)
    persons = rows(result, "persons")
    assert [(p["insured_number"], p["birth_date"], p["sex"], p["insured_category"]) for p in persons] == [
        ("0000000001", dt.date(1935, 1, 2), 2, 1),
        ("0000000002", dt.date(1955, 12, 31), 1, 2),
    ]
    certifications = rows(result, "certifications")
    assert [
        (c["insured_number"], c["care_level"], c["valid_from"], c["valid_to"]) for c in certifications
    ] == [
        ("0000000001", "22", dt.date(2017, 4, 1), dt.date(2018, 3, 31)),
        ("0000000002", "12", dt.date(2017, 4, 1), dt.date(2018, 3, 31)),
    ]
    assert [tuple(b.values()) for b in rows(result, "benefits")] == [
        ("131016", "0000000001", dt.date(2017, 6, 1), "111111", 3, 732, "1300000001"),
        ("131016", "0000000001", dt.date(2017, 6, 1), "114845", 1, 163, "1300000001"),
        ("131016", "0000000001", dt.date(2017, 7, 1), "111111", 4, 976, "1300000001"),
        ("131016", "0000000002", dt.date(2017, 6, 1), "111111", 1, 244, "1300000001"),
    ]
    # What the format does not hold is said.
    assert warned(result)["survey_absent"][0] > 70
    absent = [w for w in entry(result)["warnings"] if w["rule"] == "column_absent"]
    assert {"氏名", "住所"} <= {column for w in absent for column in w["columns"]}


def test_unquoted_fields_utf8_and_other_line_ends_give_the_same(tmp_path: Path) -> None:
    first = read(tmp_path, exchange_file(TOWN)).tables.content_sha256
    plain = exchange_file(TOWN).replace(b'"', b"").replace(b"\r\n", b"\n")
    (tmp_path / "plain").mkdir()
    assert read(tmp_path / "plain", plain).tables.content_sha256 == first
    (tmp_path / "bom").mkdir()
    assert read(tmp_path / "bom", b"\xef\xbb\xbf" + exchange_file(TOWN)).tables.content_sha256 == first


def test_own_files_of_persons_and_certifications_come_first(tmp_path: Path) -> None:
    records = [header("0000000001", "201706", birth="19350103"), *TOWN[1:]]
    result = read(tmp_path, exchange_file(records), persons=PERSONS, certifications=CERTIFICATIONS)
    assert_balanced(result)
    assert rows(result, "persons")[0]["birth_date"] == dt.date(1935, 1, 2)
    assert rows(result, "certifications")[0]["survey_1_7"] is not None
    assert warned(result)["exchange_person_differs"] == (1, [2])
    assert "survey_absent" not in warned(result)


def test_count_of_the_control_record_and_the_end_record_are_checked(tmp_path: Path) -> None:
    found = warned(read(tmp_path, exchange_file(TOWN, stated=9, end=False)))
    assert found["exchange_count_differs"] == (1, []) and found["exchange_end_missing"] == (1, [])
    with pytest.raises(InputError) as caught:
        read(tmp_path, exchange_file(TOWN, stated=9), checks="exchange_count_differs,quarantine")
    assert "9件" in str(caught.value) and "7件" in str(caught.value)
    found = warned(read(tmp_path, exchange_file(TOWN)))
    assert not {"exchange_count_differs", "exchange_end_missing", "exchange_control_missing"} & set(found)


def test_file_without_control_record_is_read_with_a_warning(tmp_path: Path) -> None:
    content = exchange_file(TOWN).split(b"\r\n", 1)[1]
    assert warned(read(tmp_path, content))["exchange_control_missing"] == (1, [])


def test_broken_records_are_set_apart_by_line(tmp_path: Path) -> None:
    records = [
        *TOWN,
        detail("0000000001", "201713", "111111", "3", "732"),
        detail("0000000001", "201706", "1111", "3", "732"),
        detail("0000000001", "201706", "111111", "x", "732"),
        header("0000000003", "201706", sex="9"),
        detail("0000000001", "201706", "111111", "3", "732") | {5: "Q9"},
    ]
    content = exchange_file(records).replace(b'"2","13"', b'"2","13","extra"')
    result = read(tmp_path, content)
    assert_balanced(result)
    assert [(q["line"], q["column"], q["rule"]) for q in entry(result)["quarantine"]] == [
        (9, "サービス提供年月", "month_impossible"),
        (10, "サービス種類コード・サービス項目コード", "service_code_form"),
        (11, "日数_回数", "number_unreadable"),
        (12, "性別コード", "sex_unknown"),
        (13, "(行全体)", "exchange_record_unknown"),
    ]


def test_records_of_other_kinds_are_counted_and_not_read(tmp_path: Path) -> None:
    records = [*TOWN, detail("0000000001", "201706", "111111", "3", "732") | {5: "T1"}]
    result = read(tmp_path, exchange_file(records))
    assert warned(result)["exchange_record_skipped"] == (1, [9])
    assert entry(result)["rows_read"] == 7 and "exchange_count_differs" not in warned(result)


def test_a_change_of_level_closes_the_certification_before_it(tmp_path: Path) -> None:
    records = [
        *TOWN,
        header("0000000001", "201708", level="24", since="20170801", until="20180731"),
        detail("0000000001", "201708", "111111", "3", "732"),
    ]
    result = read(tmp_path, exchange_file(records))
    own = [c for c in rows(result, "certifications") if c["insured_number"] == "0000000001"]
    assert [(c["care_level"], c["valid_from"], c["valid_to"]) for c in own] == [
        ("22", dt.date(2017, 4, 1), dt.date(2017, 7, 31)),
        ("24", dt.date(2017, 8, 1), dt.date(2018, 7, 31)),
    ]
    # Named at the last header of the certification that was cut short.
    assert warned(result)["exchange_period_closed"] == (1, [5])


def test_headers_that_disagree_about_a_person_are_set_apart(tmp_path: Path) -> None:
    records = [*TOWN, header("0000000001", "201708", birth="19350301", level="25", since="20170801")]
    result = read(tmp_path, exchange_file(records))
    assert_balanced(result)
    assert [(q["line"], q["rule"]) for q in entry(result)["quarantine"]] == [(9, "key_conflict")]
    assert len(rows(result, "persons")) == 2
    # Nor does their certification count.
    assert [row["care_level"] for row in rows(result, "certifications")] == ["22", "12"]


def test_detail_without_header_is_named(tmp_path: Path) -> None:
    records = [*TOWN, detail("0000000001", "201709", "111111", "3", "732")]
    assert warned(read(tmp_path, exchange_file(records)))["exchange_header_missing"] == (1, [9])


def test_values_after_the_review_are_named(tmp_path: Path) -> None:
    records = [*TOWN, detail("0000000001", "201707", "111111", "3", "732") | {24: "2", 28: "488"}]
    assert warned(read(tmp_path, exchange_file(records)))["exchange_after_review"] == (1, [9])


def test_several_exchange_files_and_a_csv_of_benefits_are_read_one_after_the_other(tmp_path: Path) -> None:
    from intake_files import BENEFITS

    (tmp_path / "a.csv").write_bytes(exchange_file(TOWN[:5]))
    (tmp_path / "b.csv").write_bytes(
        exchange_file([*TOWN[5:], header("0000000002", "201706", birth="19551230", sex="1", level="12")])
    )
    (tmp_path / "c.csv").write_text(BENEFITS, encoding="cp932")
    sources = IntakeSources(benefits=tmp_path / "c.csv", exchange=[tmp_path / "a.csv", tmp_path / "b.csv"])
    result = run_intake(sources, tmp_path / "out")
    assert_balanced(result)
    assert len(rows(result, "benefits")) == 7
    assert [(e["file"], len(e["quarantine"])) for e in result.report["files"]] == [
        ("c.csv", 0),
        ("a.csv", 0),
        ("b.csv", 1),
    ]
    assert result.report["files"][2]["quarantine"][0]["line"] == 4
    # Three of the CSV's lines stand in the exchange files as well: the first of each pair is named, in the CSV.
    duplicates = {w["rule"]: w["count"] for w in result.report["files"][0]["warnings"]}
    assert duplicates["benefit_line_duplicate"] == 3


def test_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for content in (b"a,b\r\n1,2\r\n", PERSONS.encode("cp932"), b'"1","1","0","0"\r\n"3","2"\r\n', b"2\r\n"):
        with pytest.raises(KaigoError, match="読めるデータレコードがありません"):
            read(tmp_path, content)
    assert not (tmp_path / "out").exists()


def test_record_that_is_too_short_to_be_read_is_refused(tmp_path: Path) -> None:
    short = b"\r\n".join(b",".join(line.split(b",")[:15]) for line in exchange_file(TOWN).split(b"\r\n"))
    with pytest.raises(InputError, match="項目の数が足りません"):
        read(tmp_path, short)


def test_tables_that_nothing_gives_are_named(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PERSONS, encoding="cp932")
    with pytest.raises(ParameterError) as caught:
        run_intake(IntakeSources(persons=tmp_path / "p.csv"), tmp_path / "out")
    assert "--certifications" in str(caught.value) and "--exchange" in str(caught.value)
