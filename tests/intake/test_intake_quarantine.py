"""Broken rows are set apart with line, column, value and rule; odd ones are warned of; the report balances."""

import datetime as dt
import json
from pathlib import Path

import pytest
from intake_files import (
    BENEFITS,
    CERTIFICATIONS,
    PERSONS,
    assert_balanced,
    file_report,
    quarantined,
    read_in,
    rows,
    warnings,
)

from kaigo.intake import load_rules, summarise_report

GOOD_BENEFIT = "131016,0000000001,平成29年8月,111111,3,732,1300000001\n"

BROKEN_BENEFITS = [
    ("131016,0000000001,平成29年8月,111111,3,732\n", "(行全体)", "column_count"),
    ("131016,0000000001,平成29年8月,111111,3,732,1300000001,x\n", "(行全体)", "column_count"),
    ("131016,,平成29年8月,111111,3,732,1300000001\n", "被保険者番号", "key_missing"),
    ("131016,00000000011,平成29年8月,111111,3,732,1300000001\n", "被保険者番号", "insured_number_form"),
    ("131016,012345678,平成29年8月,111111,3,732,1300000001\n", "被保険者番号", "insured_number_form"),
    ("131016,1.2E+09,平成29年8月,111111,3,732,1300000001\n", "被保険者番号", "insured_number_form"),
    ("131016,0000000001,平成29年13月,111111,3,732,1300000001\n", "サービス利用年月", "month_impossible"),
    ("131016,0000000001,,111111,3,732,1300000001\n", "サービス利用年月", "value_missing"),
    ("131016,0000000001,平成29年8月,11111,3,732,1300000001\n", "サービスコード", "service_code_form"),
    ("131016,0000000001,平成29年8月,111111,-3,732,1300000001\n", "日数", "number_negative"),
    ("131016,0000000001,平成29年8月,111111,三,732,1300000001\n", "日数", "number_unreadable"),
    ("131016,0000000001,平成29年8月,111111,3.5,732,1300000001\n", "日数", "number_unreadable"),
    ("131016,0000000001,平成29年8月,111111,40000,732,1300000001\n", "日数", "number_too_large"),
    ("131016,0000000001,平成29年8月,111111,3,△732,1300000001\n", "点数", "number_negative"),
    ("131016,0000000001,平成29年8月,111111,3,,1300000001\n", "点数", "value_missing"),
    ('131016,"0000000001,平成29年8月,111111,3,732,1300000001\n', "(行全体)", "quote_unclosed"),
]


@pytest.mark.parametrize(("broken", "column", "rule"), BROKEN_BENEFITS)
def test_broken_benefit_line_is_quarantined_alone(
    broken: str, column: str, rule: str, tmp_path: Path
) -> None:
    result = read_in(tmp_path, benefits=BENEFITS + broken + GOOD_BENEFIT)
    assert_balanced(result)
    ((line, found_column, value, found_rule),) = quarantined(result, "benefits")
    assert (line, found_column, found_rule) == (5, column, rule)
    header = BENEFITS.split("\n")[0].split(",")
    expected = (
        broken.rstrip("\n") if column == "(行全体)" else broken.rstrip("\n").split(",")[header.index(column)]
    )
    assert value == expected
    assert file_report(result, "benefits")["quarantine"][0]["reason"] == load_rules()[rule].text
    assert file_report(result, "benefits")["rows_accepted"] == 4


BROKEN_CERTIFICATIONS = [
    ("131016,0000000001,平成30年4月1日,平成30年3月31日,要介護２,,\n", "認定有効期間終了", "period_reversed"),
    ("131016,0000000001,平成30年2月29日,平成30年3月31日,要介護２,,\n", "認定有効期間開始", "date_impossible"),
    ("131016,0000000001,平成30年2月1日,平成30年3月31日,要介護６,,\n", "要介護状態区分", "level_unknown"),
    ("131016,0000000001,平成30年2月1日,平成30年3月31日,要介護２,走れる,\n", "歩行", "option_unknown"),
    ("131016,0000000001,平成30年2月1日,平成30年3月31日,要介護２,4,\n", "歩行", "option_unknown"),
]


@pytest.mark.parametrize(("broken", "column", "rule"), BROKEN_CERTIFICATIONS)
def test_broken_certification_is_quarantined_alone(
    broken: str, column: str, rule: str, tmp_path: Path
) -> None:
    result = read_in(tmp_path, certifications=CERTIFICATIONS + broken)
    assert_balanced(result)
    ((line, found_column, _, found_rule),) = quarantined(result, "certifications")
    assert (line, found_column, found_rule) == (4, column, rule)


def test_sex_that_is_not_known_is_quarantined_and_the_person_is_missed_elsewhere(tmp_path: Path) -> None:
    result = read_in(tmp_path, persons=PERSONS.replace(",男,", ",不明,"))
    assert quarantined(result, "persons") == [(3, "性別", "不明", "sex_unknown")]
    assert warnings(result, "benefits")["person_set_apart"] == (1, [4])
    assert warnings(result, "certifications")["person_set_apart"] == (1, [3])
    assert "person_unknown" not in warnings(result, "benefits")
    assert len(rows(result, "benefits")) == 3
    assert_balanced(result)


def test_further_faults_of_a_row_stand_beside_the_first(tmp_path: Path) -> None:
    broken = "131016,0000000001,平成29年13月,1,-3,732,1300000001\n"
    (row,) = file_report(read_in(tmp_path, benefits=BENEFITS + broken), "benefits")["quarantine"]
    assert row["rule"] == "month_impossible"
    assert [fault["rule"] for fault in row["also"]] == ["service_code_form", "number_negative"]


def test_both_halves_of_one_unreadable_cell_are_one_fault(tmp_path: Path) -> None:
    head = "保険者番号,被保険者番号,サービス利用年月,サービスコード,サービス利用状況,サービス提供事業者番号\n"
    good = "131016,0000000001,平成29年6月,111111,3日・732点,1300000001\n"
    result = read_in(tmp_path, benefits=head + good + good.replace("3日・732点", "たくさん"))
    (row,) = file_report(result, "benefits")["quarantine"]
    assert (row["column"], row["value"], row["rule"]) == (
        "サービス利用状況",
        "たくさん",
        "days_units_unreadable",
    )
    assert "also" not in row


def test_line_numbers_are_the_files_own_after_line_breaks_within_quotes_and_blank_lines(
    tmp_path: Path,
) -> None:
    persons = PERSONS.replace("架空市１－１", '"架空市\n１－１\n\n102号室"').replace(
        "131016,0000000002", "\n131016,0000000002"
    )
    persons += "131016,0000000003,空 花,架空市,昭和10年2月30日,女,第1号\n"
    result = read_in(tmp_path, persons=persons)
    # header, a row over 4 lines (2-5), a blank line (6), a row (7), the broken row (8)
    assert quarantined(result, "persons") == [(8, "生年月日", "昭和10年2月30日", "date_impossible")]
    assert warnings(result, "persons")["blank_line"] == (1, [6])
    assert rows(result, "persons")[0]["address"] == "架空市\n１－１\n\n102号室"
    assert_balanced(result)


def test_second_row_of_a_person_is_a_duplicate_if_equal_and_a_conflict_if_not(tmp_path: Path) -> None:
    again = PERSONS.split("\n")[1]
    other = again.replace("山田", "川田")
    result = read_in(tmp_path, persons=f"{PERSONS}{again}\n{other}\n")
    assert quarantined(result, "persons") == [
        (4, "被保険者番号", "0000000001", "key_duplicate"),
        (5, "被保険者番号", "0000000001", "key_conflict"),
    ]
    for row in file_report(result, "persons")["quarantine"]:
        assert row["kept"] == {"file": "persons.csv", "line": 2}
        assert row["reason"].endswith("採った行は persons.csv の2行目です。")
    assert [row["name"] for row in rows(result, "persons")] == ["山田 花子", "鈴木 一"]
    assert_balanced(result)


def test_second_certification_of_the_same_period_is_quarantined(tmp_path: Path) -> None:
    again = CERTIFICATIONS.split("\n")[1].replace("できない", "")
    result = read_in(tmp_path, certifications=f"{CERTIFICATIONS}{again}\n")
    assert quarantined(result, "certifications") == [(4, "被保険者番号", "0000000001", "key_conflict")]
    assert_balanced(result)


def test_equal_benefit_lines_are_kept_and_warned_of(tmp_path: Path) -> None:
    result = read_in(tmp_path, benefits=BENEFITS + GOOD_BENEFIT * 3)
    assert warnings(result, "benefits")["benefit_line_duplicate"] == (2, [5])
    assert len(rows(result, "benefits")) == 6


def test_line_of_a_warning_skips_quarantined_lines(tmp_path: Path) -> None:
    broken = "131016,0000000001,平成29年13月,111111,3,732,1300000001\n"
    head, *body = BENEFITS.splitlines(keepends=True)
    result = read_in(tmp_path, benefits=head + body[0] + broken + body[1] + broken + GOOD_BENEFIT * 2)
    assert warnings(result, "benefits")["benefit_line_duplicate"] == (1, [6])


@pytest.mark.parametrize(
    ("table", "before", "after", "rule", "lines"),
    [
        ("benefits", "111111,4", "119999,4", "service_code_unknown", [3]),
        ("benefits", "976,1300000001", "976,13000000", "provider_eight_digits", [3]),
        ("benefits", "976,1300000001", "976,123", "provider_form", [3]),
        ("benefits", "976,1300000001", "976,130000001", "number_padded", [3]),
        ("benefits", "4,976", "4,10474", "month_over_limit", []),
        ("benefits", "4,976", "31,31000", "month_over_limit", [3]),
        ("benefits", "平成29年7月", "昭和92年7月", "era_outlived", [3]),
        ("certifications", "平成30年3月31日,要支援1", "平成33年3月31日,要支援1", "era_outlived", [3]),
        ("persons", "山田 花子", "山\ue000 花子", "private_use_character", [2]),
        ("persons", "山田 花子", "山\x85田 花子", "control_character", [2]),
        ("persons", "氏名", "氏名かな", "column_ignored", []),
        ("persons", "氏名", "氏名かな", "column_absent", []),
    ],
)
def test_odd_value_is_warned_of_and_kept(
    table: str, before: str, after: str, rule: str, lines: list[int], tmp_path: Path
) -> None:
    texts = {"persons": PERSONS, "certifications": CERTIFICATIONS, "benefits": BENEFITS}
    assert before in texts[table]
    result = read_in(tmp_path, encoding="utf-8", **{table: texts[table].replace(before, after)})
    assert_balanced(result)
    assert quarantined(result, table) == []
    found = warnings(result, table)
    if rule == "month_over_limit" and not lines:
        # 要介護2 may use 19,616 units a month in 2017
        assert rule not in found
    else:
        assert found[rule][1] == lines


def test_number_that_lost_its_zeros_joins_its_person(tmp_path: Path) -> None:
    result = read_in(tmp_path, benefits=BENEFITS.replace(",0000000001,", ",1,"))
    assert warnings(result, "benefits")["number_padded"] == (2, [2, 3])
    assert {row["insured_number"] for row in rows(result, "benefits")} == {"0000000001", "0000000002"}
    assert "person_unknown" not in warnings(result, "benefits")


def test_category_is_derived_from_the_age_at_the_first_benefit_month(tmp_path: Path) -> None:
    # 65 is reached on the day before the birthday: 1952-07-01 → 2017-06-30, within June 2017.
    births = ["1952-06-30", "1952-07-01", "1952-07-02"]
    persons = "保険者番号,被保険者番号,氏名,住所,生年月日,性別\n" + "".join(
        f"131016,000000000{i},,,{birth},1\n" for i, birth in enumerate(births, 1)
    )
    benefits = BENEFITS.split("\n")[0] + "\n"
    benefits += "".join(f"131016,000000000{i},2017-06,111111,1,1,\n" for i in (1, 2, 3))
    result = read_in(tmp_path, persons=persons, benefits=benefits)
    assert [row["insured_category"] for row in rows(result, "persons")] == [1, 1, 2]
    assert warnings(result, "persons")["category_derived"] == (3, [])


def test_parts_of_one_cell_become_marks(tmp_path: Path) -> None:
    certifications = (
        "保険者番号,被保険者番号,要介護状態区分,麻痺等の有無,拘縮の有無(肩関節),特別な医療\n"
        "131016,0000000001,23,左上肢・左下肢,ある,透析、モニター測定(血圧、心拍、酸素飽和度等)\n"
        "131016,0000000002,12,ない,0,\n"
        "131016,0000000002,12,尾,0,\n"
    )
    result = read_in(tmp_path, certifications=certifications)
    first, second = rows(result, "certifications")
    assert [first[f"survey_1_1_{i}"] for i in range(1, 6)] == [1, 0, 1, 0, 0]
    assert [second[f"survey_1_1_{i}"] for i in range(1, 6)] == [0, 0, 0, 0, 0]
    assert (first["survey_1_2_1"], first["survey_1_2_2"], second["survey_1_2_1"]) == (1, None, 0)
    assert [i for i in range(1, 13) if first[f"survey_6_{i}"] == 1] == [3, 10]
    assert second["survey_6_3"] is None
    assert quarantined(result, "certifications") == [(4, "麻痺等の有無", "尾", "option_unknown")]


def test_insurer_of_another_file_is_taken_for_a_file_without_it(tmp_path: Path) -> None:
    persons = "\n".join(line.split(",", 1)[-1] for line in PERSONS.split("\n"))
    result = read_in(tmp_path, persons=persons)
    assert {row["insurer_number"] for row in rows(result, "persons")} == {"131016"}
    assert "person_unknown" not in warnings(result, "benefits")


def test_insurer_that_differs_from_the_one_asked_for_is_warned_of(tmp_path: Path) -> None:
    result = read_in(tmp_path, insurer="131024")
    assert warnings(result, "persons")["insurer_differs"] == (2, [])


def test_open_ended_period_is_read(tmp_path: Path) -> None:
    result = read_in(tmp_path, certifications=CERTIFICATIONS.replace("平成30年3月31日", "9999-12-31"))
    assert rows(result, "certifications")[0]["valid_to"] == dt.date(9999, 12, 31)


def test_summary_counts_by_rule_and_holds_no_value_of_a_person(tmp_path: Path) -> None:
    broken = "131016,0000000001,平成29年13月,1,-3,732,1300000001\n"
    result = read_in(tmp_path, benefits=BENEFITS + broken, persons=PERSONS + "131016,9,匿名,秘密町,x,女,1\n")
    summary = summarise_report(result.report)
    assert summary["totals"] == {"rows_read": 9, "rows_accepted": 7, "rows_quarantined": 2}
    assert summary["files"][2]["quarantine"] == {"month_impossible": 1}
    text = json.dumps(summary, ensure_ascii=False)
    assert not any(word in text for word in ("0000000001", "山田", "架空市", "秘密町", "平成29年13月"))


def test_table_for_reports_counts_by_file_and_rule(tmp_path: Path) -> None:
    from kaigo.intake.figures import intake_table

    broken = "131016,0000000001,平成29年13月,1,-3,732,1300000001\n"
    text = intake_table(read_in(tmp_path, benefits=BENEFITS + broken).report).to_text()
    assert "8行を読み、7行を受け入れ、1行を隔離した" in text
    assert load_rules()["month_impossible"].label in text and "平成29年13月" not in text
