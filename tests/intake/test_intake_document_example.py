"""The worked example of the source document, exactly in its words."""

import datetime as dt
import hashlib
import json
import stat
from pathlib import Path

import pytest
from intake_files import DOCUMENT, assert_balanced, file_report, read_in, rows, warnings

from kaigo.intake import IntakeResult


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> IntakeResult:
    return read_in(tmp_path_factory.mktemp("document"), **DOCUMENT)


def test_example_is_accepted_with_warnings_only(example: IntakeResult) -> None:
    assert_balanced(example)
    assert [entry["rows_accepted"] for entry in example.report["files"]] == [1, 1, 2]
    assert warnings(example, "benefits") == {
        "provider_eight_digits": (2, [2, 3]),
        "month_over_limit": (1, [3]),
        "insurer_assumed": (1, []),
    }
    assert set(warnings(example, "certifications")) == {
        "column_absent", "survey_absent", "insurer_assumed", "period_assumed",
    }  # fmt: skip
    assert set(warnings(example, "persons")) == {"column_absent", "insurer_assumed", "category_derived"}


def test_person_of_the_example_keeps_his_values(example: IntakeResult) -> None:
    (person,) = rows(example, "persons")
    assert person["insurer_number"] == "000000" and person["insured_number"] == "1234567890"
    assert person["name"] == "佐藤 一雄" and person["address"] == "東京都○○市○○町１－１－１"
    assert person["birth_date"] == dt.date(1943, 2, 19)
    # 74 years old in June 2017
    assert (person["sex"], person["insured_category"]) == (1, 1)


def test_certification_of_the_example_has_the_options_of_the_short_forms(example: IntakeResult) -> None:
    (certification,) = rows(example, "certifications")
    given = {
        name: value
        for name, value in certification.items()
        if value is not None and name.startswith(("survey", "care"))
    }
    assert given == {"care_level": "23", "survey_1_7": 2, "survey_2_5": 3}
    assert certification["valid_from"] == dt.date(2017, 6, 1)
    assert certification["valid_to"] == dt.date(2017, 7, 31)


def test_benefits_of_the_example_are_split_from_one_cell(example: IntakeResult) -> None:
    lines = [list(row.values())[2:] for row in rows(example, "benefits")]
    assert lines == [
        [dt.date(2017, 6, 1), "111175", 15, 25260, "12345678"],
        [dt.date(2017, 7, 1), "111175", 16, 26944, "12345678"],
    ]


def test_manifest_names_the_inputs_by_hash_and_the_report_is_for_its_owner_only(
    example: IntakeResult,
) -> None:
    expected = hashlib.sha256(DOCUMENT["persons"].encode("cp932")).hexdigest()
    assert example.tables.manifest["inputs"]["persons.csv"] == expected
    assert not example.tables.is_synthetic
    path = example.tables.folder / "intake_report.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == example.report
    assert "内部限り" in example.report["notice"]
    assert file_report(example, "persons")["encoding"] == "CP932"


def test_insurer_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    result = read_in(tmp_path, insurer="131016", **DOCUMENT)
    assert {row["insurer_number"] for table in DOCUMENT for row in rows(result, table)} == {"131016"}
