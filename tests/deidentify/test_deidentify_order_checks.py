"""A standard whose rules undo one another is told so, in words; the shipped ones are not."""

from typing import Any

import pytest
from rule_runner import make_rule

from kaigo.deidentify import list_standards, load_standard
from kaigo.deidentify.order_checks import check_order
from kaigo.deidentify.techniques import TECHNIQUES

CODE, UNITS, SEX = "benefits.service_code", "benefits.units", "persons.sex"
WALKING = "certifications.survey_1_7"


def rules(*names: str, **parameters: dict[str, Any]) -> list[Any]:
    columns = {"add_pseudo_data": SEX, "delete_small_groups": SEX, "delete_rare_answers": WALKING}
    return [
        make_rule(
            name,
            columns.get(name, UNITS if name in {"top_code", "add_noise", "microaggregate"} else CODE),
            **parameters.get(name, {}),
        )
        for name in names
    ]


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ("delete_rare_answers", "delete_small_groups", "人数を数える定めdelete_rare_answers"),
        ("roll_up_rare_codes", "drop_extreme_months", "利用の少ないコード"),
        ("add_pseudo_data", "delete_rare_answers", "人に数えてしまう"),
        ("top_code", "roll_up_rare_codes", "コードを変える定めroll_up_rare_codes"),
        ("microaggregate", "lift_code", "コードを変える定めlift_code"),
        ("top_code", "add_noise", "そろえた値が崩れる"),
    ],
)
def test_two_rules_in_the_wrong_order_are_found_and_not_in_the_right_one(
    first: str, then: str, words: str
) -> None:
    found = list(check_order(rules(first, then)))
    assert len(found) == 1 and words in found[0]
    assert list(check_order(rules(then, first))) == []


@pytest.mark.parametrize(
    ("first", "then", "column", "parameters"),
    [
        ("merge_to_problem", "merge_options", WALKING, {}),
        ("generalise_birth", "band_birth", "persons.birth_date", {"to": "year"}),
    ],
)
def test_two_techniques_that_overlap_on_a_column_are_told_apart(
    first: str, then: str, column: str, parameters: dict[str, Any]
) -> None:
    pair = [make_rule(first, column, **parameters), make_rule(then, column)]
    (finding,) = check_order(pair)
    assert first in finding and then in finding and "どちらか一方" in finding
    assert list(check_order([make_rule(first, column, to="month"), make_rule(then, column)])) == []
    other = make_rule(then, "certifications.survey_2_5")
    assert list(check_order([pair[0], other])) == []


def test_a_code_kept_for_fewer_persons_than_its_values_need_is_too_fine() -> None:
    wrong = rules(
        "roll_up_rare_codes", "top_code", roll_up_rare_codes={"persons": 5}, top_code={"persons": 10}
    )
    assert "コードが細かすぎます" in next(check_order(wrong))
    right = rules(
        "roll_up_rare_codes", "top_code", roll_up_rare_codes={"persons": 10}, top_code={"persons": 10}
    )
    assert list(check_order(right)) == []


def test_emptying_and_then_removing_the_same_groups_is_in_order() -> None:
    columns = (SEX, "certifications.care_level")
    pair = [make_rule(name, columns, persons=10) for name in ("blank_small_groups", "delete_small_groups")]
    assert list(check_order(pair)) == []


@pytest.mark.parametrize(
    "reader",
    [
        make_rule("swap_values", "persons.birth_date", share=0.5, within="sex"),
        make_rule("top_code_birth", "persons.birth_date", persons=5, by="sex"),
    ],
)
def test_a_column_that_makes_cells_must_not_be_deleted_before(reader: Any) -> None:
    deletion = make_rule("delete_item", SEX)
    assert "削除済み" in next(check_order([deletion, reader]))
    assert list(check_order([reader, deletion])) == []


def test_a_standard_never_holds_a_person_s_name_number_or_date_of_birth() -> None:
    for name in ("delete_records", "delete_cells"):
        accepts = TECHNIQUES[name].accepts
        assert accepts("certifications.care_level") and accepts("benefits.service_code")
        for column in ("persons.name", "persons.address", "benefits.insured_number", "persons.birth_date"):
            assert not accepts(column)


@pytest.mark.parametrize("name", list_standards())
def test_the_shipped_standards_are_in_order(name: str) -> None:
    assert list(check_order(load_standard(name).rules)) == []


def test_every_technique_has_a_name_a_label_a_sound_default_and_an_example() -> None:
    for name, technique in TECHNIQUES.items():
        assert technique.name == name and technique.label
        assert technique.__doc__ and ("Examples" in technique.__doc__ or name == "keep"), name
        assert technique.check_parameters({"no_such": 1}), name
