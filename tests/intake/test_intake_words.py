"""The words that cells and headers may hold."""

import datetime as dt

import pyarrow as pa
import pytest

from kaigo.intake.cells import Cell, choose_reader
from kaigo.intake.headers import known_headers, match_headers, normalise_header
from kaigo.intake.words import accepted_options, read_parts, tidy
from kaigo.tables import load_care_levels, load_schemas, load_survey_items
from kaigo.tables.survey import option_aliases


def read(table: str, column: str, text: str, target: str = "") -> Cell:
    return choose_reader(load_schemas()[table].column(column), target or column).read(text)


@pytest.mark.parametrize("item", load_survey_items(), ids=lambda item: item.column)
def test_every_option_is_read_in_full_as_number_and_with_its_number(item) -> None:
    for code in item.codes:
        text = item.option_text(code)
        for written in (
            text,
            text.replace("（", "(").replace("）", ")"),
            str(code),
            f"{code}．{text}",
            f" {text}　",
        ):
            assert read("certifications", item.column, written) == Cell(code), written


def test_short_forms_of_the_document_are_read() -> None:
    for (column, alias), code in option_aliases().items():
        assert read("certifications", column, alias) == Cell(code)
    assert accepted_options("survey_1_7")["つかまれば可"] == 2


def test_text_before_the_bracket_is_enough() -> None:
    assert read("certifications", "survey_1_12", "普通") == Cell(1)
    assert read("certifications", "survey_5_3", "できる") == Cell(1)


def test_empty_option_is_not_asked_and_another_items_option_is_a_fault() -> None:
    assert read("certifications", "survey_2_5", " ") == Cell()
    assert read("certifications", "survey_2_5", "つかまれば可").rule == "option_unknown"
    assert read("certifications", "survey_1_1_1", "2").rule == "option_unknown"


@pytest.mark.parametrize(
    ("text", "code"),
    [("要介護３", "23"), ("要介護3", "23"), ("23", "23"), ("２３", "23"), ("要支援1", "12"), ("非該当", "01"), ("事業対象者", "06"), ("23:要介護3", "23"), ("要介護三", "23")],
)  # fmt: skip
def test_level_is_read_from_name_or_code(text: str, code: str) -> None:
    assert read("certifications", "care_level", text) == Cell(code)


def test_every_level_is_read_from_its_own_name() -> None:
    for level in load_care_levels().values():
        assert read("certifications", "care_level", level.name).value == level.code


def test_level_that_may_have_lost_a_zero_is_not_guessed() -> None:
    # 1 could be 01 非該当 or 要介護1.
    assert read("certifications", "care_level", "1").rule == "level_unknown"


@pytest.mark.parametrize(
    ("text", "value"),
    [("25,260", 25260), ("25,260点", 25260), ("２５２６０単位", 25260), ("25260.0", 25260), ('="25260"', 25260), ("0", 0)],
)  # fmt: skip
def test_number_is_read_with_separator_unit_and_full_width_digits(text: str, value: int) -> None:
    assert read("benefits", "units", text) == Cell(value)


@pytest.mark.parametrize("text", ["2,52,60", "1e5", "二万", "25260円", "12 点 3", "٣"])
def test_number_that_can_be_doubted_is_not_guessed(text: str) -> None:
    assert read("benefits", "units", text).rule == "number_unreadable"


@pytest.mark.parametrize(
    "text", ["15日・25,260点", "１５日・２５，２６０点", "15日25260点", "15回/25,260単位", "15・25260", "15 日 ・ 25,260 点"]
)  # fmt: skip
def test_days_and_units_are_read_from_one_cell(text: str) -> None:
    assert read("benefits", "days", text, "days_units") == Cell(15)
    assert read("benefits", "units", text, "days_units") == Cell(25260)


@pytest.mark.parametrize("text", ["15,260", "15", "25,260点", "15日・", "・25,260点"])
def test_half_of_days_and_units_is_a_fault_and_no_guess(text: str) -> None:
    assert read("benefits", "units", text, "days_units").rule == "days_units_unreadable"


@pytest.mark.parametrize(
    ("text", "date", "notice"),
    [
        ("昭和18年２月19日", dt.date(1943, 2, 19), ""),
        ("3180219", dt.date(1943, 2, 19), ""),
        ("平成33年3月31日", dt.date(2021, 3, 31), "era_outlived"),
        ("H33.3.31", dt.date(2021, 3, 31), "era_outlived"),
        ("4330331", dt.date(2021, 3, 31), "era_outlived"),
        ("平成31年4月30日", dt.date(2019, 4, 30), ""),
        ("2021-03-31", dt.date(2021, 3, 31), ""),
        ("20210331", dt.date(2021, 3, 31), ""),
    ],
)
def test_date_after_its_era_is_read_and_noted(text: str, date: dt.date, notice: str) -> None:
    assert read("certifications", "valid_to", text) == Cell(date, notice=notice)


@pytest.mark.parametrize("text", ["平成29年2月29日", "昭和65年1月1日x", "1043-02-19", "44561", "不明"])
def test_date_that_cannot_be_is_a_fault(text: str) -> None:
    assert read("persons", "birth_date", text).rule == "date_impossible"


def test_number_with_a_leading_zero_that_is_too_short_lost_other_digits() -> None:
    assert read("persons", "insured_number", "123456789") == Cell("0123456789", notice="number_padded")
    assert read("persons", "insured_number", "012345678").rule == "insured_number_form"
    assert read("persons", "insured_number", "１２３４５６７８９０") == Cell("1234567890")


def test_text_keeps_what_stands_between_its_ends() -> None:
    assert read("persons", "name", "　佐藤　一雄 ") == Cell("佐藤　一雄")
    assert read("persons", "name", " ") == Cell("")
    assert read("persons", "disqualified_reason", " ") == Cell()


def test_application_kind_that_is_not_known_is_empty_and_noted() -> None:
    assert read("certifications", "application_kind", "変更") == Cell("区分変更")
    assert read("certifications", "application_kind", "転入") == Cell(notice="application_kind_unknown")


def test_parts_are_read_as_a_set() -> None:
    assert read_parts("parts_1_1", "左上肢・その他") == {"survey_1_1_1", "survey_1_1_5"}
    assert read_parts("parts_1_2", "なし") == frozenset()
    assert read_parts("parts_1_2", "左上肢") is None
    assert read_parts("parts_6", "経管栄養,じょくそうの処置") == {"survey_6_9", "survey_6_11"}


def test_every_label_alias_and_name_of_the_schema_is_known_in_its_table() -> None:
    for table, schema in load_schemas().items():
        for column in schema.columns:
            for header in (
                column.name,
                column.label,
                *column.aliases,
                f" {column.label}\n",
                column.name.upper(),
            ):
                assert known_headers(table)[normalise_header(header)] == column.name


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("① 被保険者\n番号", "insured_number"),
        ("認定調査票 歩行", "survey_1_7"),
        ("１－７　歩行", "survey_1_7"),
        ("1-7", "survey_1_7"),
        ("麻痺等の有無（左上肢）", "survey_1_1_1"),
        ("麻痺等(その他)", "survey_1_1_5"),
        ("拘縮_肩関節", "survey_1_2_1"),
        ("1-1-3", "survey_1_1_3"),
        ("寝たきり度", "disability_independence"),
        ("要介護\n状態区分…", None),
    ],
)
def test_header_is_recognised_as_municipalities_write_it(header: str, column: str | None) -> None:
    assert known_headers("certifications").get(normalise_header(header)) == column


def test_combined_header_of_the_document_gives_both_columns() -> None:
    headers = ["被保険者番号", "サービス利用年月", "サービスコード", "サービス利用状況（日数・点数）", "備考"]
    match = match_headers("benefits", headers, "b.csv")
    assert match.sources["days"] == match.sources["units"] == (3, "days_units")
    assert match.ignored == ("備考",)


def test_spreadsheet_text_marks_are_taken_off() -> None:
    assert tidy('="0012"') == "0012" and tidy("'0012") == "0012" and tidy("０１ ") == "01"


def test_days_beyond_their_type_are_a_fault() -> None:
    assert load_schemas()["benefits"].column("days").dtype == pa.int16()
    assert read("benefits", "days", "32767") == Cell(32767)
    assert read("benefits", "days", "32768").rule == "number_too_large"
    assert read("benefits", "units", "9" * 400).rule == "number_too_large"
