"""Checks across tables: each finds exactly its rows, and the rules file decides what is done about them."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from intake_files import (
    BENEFITS,
    CERTIFICATIONS,
    PERSONS,
    assert_balanced,
    file_report,
    quarantined,
    rows,
    warnings,
    write_sources,
)

from kaigo.errors import EmptyResultError, KaigoError
from kaigo.intake import IntakeResult, load_checks, run_intake
from kaigo.tables.codes import load_service_codes, load_service_kinds

HEAD = BENEFITS.split("\n")[0] + "\n"
BY_DAY_OF_ANOTHER_KIND = next(
    code.code
    for code in load_service_codes().values()
    if code.unit_type.startswith("1日") and load_service_kinds()[code.code[:2]].counted_in != "日"
)
EXITED = (
    "保険者番号,被保険者番号,氏名,住所,生年月日,性別,資格取得日,資格喪失日\n"
    "131016,0000000001,山田 花子,架空市,昭和10年1月2日,女,,平成29年6月30日\n"
    "131016,0000000002,鈴木 一,架空市,昭和30年12月31日,男,,\n"
)


def read(folder: Path, actions: dict[str, str] | None = None, **texts: Any) -> IntakeResult:
    rules = None
    if actions is not None:
        lines = "".join(f"{rule},{action}\n" for rule, action in actions.items())
        (folder / "rules.csv").write_text("rule,action\n" + lines, encoding="utf-8")
        rules = load_checks(folder / "rules.csv")
    return run_intake(write_sources(folder, **texts), folder / "out", checks=rules)


def benefit(number: int, month: str, code: str = "111111", days: int = 1, units: int = 244) -> str:
    return f"131016,{number:010d},{month},{code},{days},{units},1300000001\n"


def test_benefit_after_the_month_of_exit_is_set_apart(tmp_path: Path) -> None:
    text = HEAD + benefit(1, "2017-06") + benefit(1, "2017-07") + benefit(2, "2017-07")
    result = read(tmp_path, persons=EXITED, benefits=text)
    assert_balanced(result)
    assert quarantined(result, "benefits") == [(3, "サービス利用年月", "2017-07", "benefit_after_exit")]


def test_exit_of_a_person_whose_row_has_another_fault_still_holds(tmp_path: Path) -> None:
    persons = EXITED.replace("昭和10年1月2日", "昭和10年13月2日")
    text = HEAD + benefit(1, "2017-06") + benefit(1, "2017-07") + benefit(2, "2017-07")
    result = read(tmp_path, persons=persons, benefits=text)
    assert_balanced(result)
    assert [(q[0], q[3]) for q in quarantined(result, "benefits")] == [(3, "benefit_after_exit")]
    found = warnings(result, "benefits")
    assert found["person_set_apart"] == (1, [2])
    assert "person_unknown" not in found


def test_rows_of_a_person_set_apart_by_a_check_follow_from_that_and_the_exit_still_holds(
    tmp_path: Path,
) -> None:
    persons = EXITED.replace("昭和10年1月2日", "平成29年5月1日")  # born after the certification began
    text = HEAD + benefit(1, "2017-06") + benefit(1, "2017-07") + benefit(9, "2017-06")
    result = read(tmp_path, persons=persons, benefits=text)
    assert_balanced(result)
    assert [(q[0], q[3]) for q in quarantined(result, "persons")] == [(2, "birth_after_certification")]
    assert [(q[0], q[3]) for q in quarantined(result, "benefits")] == [(3, "benefit_after_exit")]
    assert warnings(result, "benefits")["person_set_apart"] == (1, [2])
    assert warnings(result, "benefits")["person_unknown"] == (1, [4])
    assert warnings(result, "certifications")["person_set_apart"] == (1, [2])
    (message,) = (
        w["message"] for w in file_report(result, "benefits")["warnings"] if w["rule"] == "person_set_apart"
    )
    assert "本人の行を隔離したため" in message


def test_rule_for_unknown_persons_covers_those_set_apart_unless_they_have_their_own(tmp_path: Path) -> None:
    persons = EXITED.replace("昭和10年1月2日", "昭和10年13月2日")
    text = HEAD + benefit(1, "2017-06") + benefit(2, "2017-07")
    result = read(tmp_path, {"person_unknown": "quarantine"}, persons=persons, benefits=text)
    assert_balanced(result)
    assert [(q[0], q[3]) for q in quarantined(result, "benefits")] == [(2, "person_set_apart")]
    actions = {"person_unknown": "quarantine", "person_set_apart": "warn"}
    result = read(tmp_path, actions, persons=persons, benefits=text)
    assert quarantined(result, "benefits") == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("person_unknown", HEAD + benefit(1, "2017-06") + benefit(9, "2017-06")),
        ("person_set_apart", HEAD + benefit(1, "2017-06") + benefit(2, "2017-06")),
        ("service_code_unknown", HEAD + benefit(2, "2017-06") + benefit(2, "2017-06", code="11ZZ99")),
        ("benefit_line_duplicate", HEAD + benefit(2, "2017-06") * 2),
    ],
)
def test_the_reason_says_that_a_row_stayed_only_where_it_did(rule: str, text: str, tmp_path: Path) -> None:
    persons = EXITED.replace("昭和10年1月2日", "昭和10年13月2日") if rule == "person_set_apart" else EXITED
    stayed = ("行は残しました", "読み込みました", "読み込みはしました")
    (tmp_path / "warn").mkdir()
    kept = read(tmp_path / "warn", {rule: "warn"}, persons=persons, benefits=text)
    (message,) = (w["message"] for w in file_report(kept, "benefits")["warnings"] if w["rule"] == rule)
    assert any(word in message for word in stayed)
    (tmp_path / "apart").mkdir()
    apart = read(tmp_path / "apart", {rule: "quarantine"}, persons=persons, benefits=text)
    (row,) = (row for row in file_report(apart, "benefits")["quarantine"] if row["rule"] == rule)
    assert not any(word in row["reason"] for word in stayed)
    assert message.startswith(row["reason"].rstrip("。"))
    pages = (tmp_path / "apart" / "out" / "intake_report.html").read_text(encoding="utf-8")
    assert row["reason"] in pages and "行は残しました" not in pages


def test_person_insured_again_is_served_rightly(tmp_path: Path) -> None:
    persons = EXITED.replace("女,,平成29年6月30日", "女,平成29年8月1日,平成29年6月30日")
    text = HEAD + benefit(1, "2017-07") + benefit(1, "2017-08")
    assert [line for line, *_ in quarantined(read(tmp_path, persons=persons, benefits=text), "benefits")] == [
        2
    ]


def test_days_beyond_the_month_are_set_apart_for_kinds_counted_in_days_only(tmp_path: Path) -> None:
    text = HEAD + "".join(
        benefit(1, month, code, days)
        for month, code, days in (
            ("2017-06", "331111", 30),  # 特定施設, by the day
            ("2017-06", "331111", 31),
            ("2017-06", "111111", 60),  # 訪問介護, by the visit
            ("2018-02", "331111", 29),
            ("2020-02", "331111", 29),
            ("2017-07", "51ZZZZ", 32),  # a code that is not in the table, of a kind counted in days
            ("2017-07", BY_DAY_OF_ANOTHER_KIND, 31),
            ("2017-07", BY_DAY_OF_ANOTHER_KIND, 32),
        )
    )
    certifications = CERTIFICATIONS.replace("平成30年3月31日", "令和4年3月31日")
    result = read(tmp_path, benefits=text, certifications=certifications)
    assert_balanced(result)
    assert [(q[0], q[2], q[3]) for q in quarantined(result, "benefits")] == [
        (3, "31", "days_beyond_month"),
        (5, "29", "days_beyond_month"),
        (7, "32", "days_beyond_month"),
        (9, "32", "days_beyond_month"),
    ]


def test_every_kind_counted_in_days_is_bounded_by_the_month(tmp_path: Path) -> None:
    kinds = [kind.code for kind in load_service_kinds().values() if kind.counted_in == "日"]
    text = HEAD + "".join(benefit(1, "2017-06", f"{kind}ZZZZ", days) for kind in kinds for days in (30, 31))
    found = quarantined(read(tmp_path, benefits=text), "benefits")
    assert [(line, rule) for line, _, _, rule in found] == [
        (3 + 2 * place, "days_beyond_month") for place in range(len(kinds))
    ]


def test_benefit_without_a_certification_in_its_month_is_named(tmp_path: Path) -> None:
    text = (
        HEAD + benefit(1, "2017-03") + benefit(1, "2017-04") + benefit(1, "2018-03") + benefit(1, "2018-04")
    )
    result = read(tmp_path, benefits=text)
    assert warnings(result, "benefits")["benefit_without_certification"] == (2, [2, 5])
    assert len(rows(result, "benefits")) == 4


def test_two_certifications_in_one_month_are_lawful_and_an_overlap_of_days_is_named(tmp_path: Path) -> None:
    change = (
        "保険者番号,被保険者番号,認定有効期間開始,認定有効期間終了,要介護状態区分\n"
        "131016,0000000001,2017-04-01,2017-06-14,22\n"
        "131016,0000000001,2017-06-15,2018-03-31,23\n"
        "131016,0000000002,2017-04-01,2017-06-15,12\n"
        "131016,0000000002,2017-06-15,2018-03-31,13\n"
    )
    result = read(tmp_path, certifications=change)
    assert warnings(result, "certifications")["certification_overlap"] == (1, [5])
    assert len(rows(result, "certifications")) == 4
    result = read(tmp_path, {"certification_overlap": "quarantine"}, certifications=change)
    assert_balanced(result)
    assert quarantined(result, "certifications") == [
        (5, "認定有効期間開始", "2017-06-15", "certification_overlap")
    ]
    assert "certification_overlap" not in warnings(
        read(tmp_path, {"certification_overlap": "off"}, certifications=change), "certifications"
    )


def test_rules_file_sets_apart_what_is_only_warned_of_by_default(tmp_path: Path) -> None:
    text = (
        BENEFITS
        + benefit(9, "2017-06")
        + benefit(1, "2017-06", "119999")
        + benefit(2, "2017-06", days=31, units=9000)
    )
    by_default = read(tmp_path, benefits=text)
    assert quarantined(by_default, "benefits") == []
    assert {"person_unknown", "service_code_unknown", "month_over_limit"} <= set(
        warnings(by_default, "benefits")
    )
    rules = dict.fromkeys(("person_unknown", "service_code_unknown", "month_over_limit"), "quarantine")
    result = read(tmp_path, rules, benefits=text)
    assert_balanced(result)
    # The month over the limit is set apart as a whole: two lines of 鈴木 in June.
    assert [(line, rule) for line, _, _, rule in quarantined(result, "benefits")] == [
        (4, "month_over_limit"), (5, "person_unknown"), (6, "service_code_unknown"), (7, "month_over_limit"),
    ]  # fmt: skip
    assert not set(rules) & set(warnings(result, "benefits"))


def test_row_with_two_reasons_is_set_apart_once(tmp_path: Path) -> None:
    text = BENEFITS + benefit(1, "2017-09", "331111", 31)
    result = read(tmp_path, persons=EXITED, benefits=text.replace("平成29年7月", "平成29年6月"))
    assert_balanced(result)
    (row,) = next(e for e in result.report["files"] if e["table"] == "benefits")["quarantine"]
    assert (row["line"], {row["rule"], *(o["rule"] for o in row["also"])}) == (
        5,
        {"benefit_after_exit", "days_beyond_month"},
    )


def test_equal_lines_may_be_set_apart_all_but_the_first(tmp_path: Path) -> None:
    text = BENEFITS + BENEFITS.split("\n")[1] + "\n"
    result = read(tmp_path, {"benefit_line_duplicate": "quarantine"}, benefits=text)
    assert_balanced(result)
    assert [(line, rule) for line, _, _, rule in quarantined(result, "benefits")] == [
        (5, "benefit_line_duplicate")
    ]


def test_checks_that_leave_nothing_are_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmptyResultError, match="行"):
        read(tmp_path, {"person_unknown": "quarantine"}, benefits=HEAD + benefit(9, "2017-06"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("rule,action\nperson_unknwon,warn\n", "person_unknown のことですか"),
        ("rule,action\nperson_unknown,stop\n", "warn(注意)"),
        ("a,b\n1,2\n", "rule,action"),
    ],
)
def test_rules_file_with_a_mistake_is_explained(content: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(content, encoding="utf-8")
    with pytest.raises(KaigoError) as caught:
        load_checks(tmp_path / "rules.csv")
    assert word in str(caught.value)


def test_several_files_of_a_table_are_one_table_and_each_keeps_its_lines(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    more = tmp_path / "july.csv"
    more.write_text(
        HEAD + benefit(9, "2017-07") + benefit(1, "2017-13") + benefit(2, "2017-07"), encoding="utf-8"
    )
    none = tmp_path / "none.csv"
    none.write_text(HEAD, encoding="utf-8")
    twice = tmp_path / "again.csv"
    twice.write_text(PERSONS, encoding="cp932")
    from kaigo.intake import IntakeSources

    result = run_intake(
        IntakeSources([sources.persons, twice], sources.certifications, [sources.benefits, more, none]),
        tmp_path / "out",
    )
    found = {e["file"]: e for e in result.report["files"]}
    assert [(q["line"], q["rule"]) for q in found["july.csv"]["quarantine"]] == [(3, "month_impossible")]
    assert [(q["line"], q["rule"]) for q in found["again.csv"]["quarantine"]] == [
        (2, "key_duplicate"),
        (3, "key_duplicate"),
    ]
    by_rule = {w["rule"]: (w["count"], w["lines"]) for w in found["july.csv"]["warnings"]}
    assert by_rule["person_unknown"] == (1, [2])
    assert "file_without_rows" in {w["rule"] for w in found["none.csv"]["warnings"]}
    assert len(rows(result, "benefits")) == 5 and len(rows(result, "persons")) == 2
    assert {"persons.csv", "again.csv", "july.csv", "none.csv"} <= set(result.tables.manifest["inputs"])


@pytest.mark.parametrize(
    ("birth", "qualified", "rule"),
    [
        ("平成50年1月1日", "", "birth_in_future"),
        (f"{dt.date.today() + dt.timedelta(1)}", "", "birth_in_future"),
        ("平成10年1月2日", "平成10年1月1日", "birth_after_qualified"),
        ("平成29年4月2日", "", "birth_after_certification"),
    ],
)
def test_birth_that_cannot_be_is_set_apart_with_its_own_reason(
    birth: str, qualified: str, rule: str, tmp_path: Path
) -> None:
    persons = EXITED.replace("昭和10年1月2日,女,,平成29年6月30日", f"{birth},女,{qualified},")
    result = read(tmp_path, persons=persons)
    assert_balanced(result)
    assert [(q[0], q[1], q[3]) for q in quarantined(result, "persons")] == [(2, "生年月日", rule)]
    assert "生年月日が" in file_report(result, "persons")["quarantine"][0]["reason"]


def test_birth_on_the_day_of_another_date_stands_and_a_start_before_the_law_says_nothing(
    tmp_path: Path,
) -> None:
    persons = EXITED.replace("昭和10年1月2日,女,,平成29年6月30日", "平成29年4月1日,女,平成29年4月1日,")
    certifications = CERTIFICATIONS + "131016,0000000002,昭和29年4月1日,昭和30年3月31日,要支援1,,\n"
    result = read(tmp_path, persons=persons, certifications=certifications)
    assert quarantined(result, "persons") == []


def test_check_of_the_birth_against_the_certifications_can_be_changed(tmp_path: Path) -> None:
    persons = PERSONS.replace("昭和10年１月２日", "平成29年4月2日")
    result = read(tmp_path, {"birth_after_certification": "warn"}, persons=persons)
    assert len(rows(result, "persons")) == 2
    assert warnings(result, "persons")["birth_after_certification"] == (1, [2])


def test_repeated_lines_are_counted_as_a_plain_count_does(tmp_path: Path) -> None:
    # More lines in a month than the check has bits, months with few, and many that look alike but are not equal.
    draw = np.random.default_rng(4)
    lines = [
        benefit(number, f"2017-{month:02d}", days=days, units=units)
        for number, month, size in ((1, 6, 150), (1, 7, 3), (2, 6, 40), (2, 7, 12), (2, 8, 61))
        for days, units in draw.integers(1, 20, (size, 2)).tolist()
    ]
    first_lines = {line: place + 2 for place, line in reversed(list(enumerate(lines)))}
    repeated = Counter(lines)
    expected = sorted(first_lines[line] for line, count in repeated.items() if count > 1)
    result = read(tmp_path, benefits=HEAD + "".join(lines))
    assert warnings(result, "benefits")["benefit_line_duplicate"] == (len(lines) - len(repeated), expected)
