"""What a standard must have thought of: pseudonyms, period, rare codes, quasi-identifiers, the deliberation of 5号."""

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from kaigo.deidentify.standard import Standard, check_standard, list_standards

Change = Callable[[dict[str, Any]], object]


def read(name: str = "soumu-2018") -> dict[str, Any]:
    text = resources.files("kaigo.deidentify").joinpath("standards", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def findings_after(change: Change, name: str = "soumu-2018") -> list[str]:
    data = read(name)
    change(data)
    return check_standard(Standard.model_validate(data))


def rules_of(data: dict[str, Any], technique: str) -> list[dict[str, Any]]:
    return [rule for rule in data["rules"] if rule["technique"] == technique]


@pytest.mark.parametrize("name", list_standards())
def test_every_shipped_standard_is_sound(name: str) -> None:
    assert findings_after(lambda data: None, name) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda data: data["pseudonym"].pop("rotate_months"), "仮IDを替える間隔"),
        (lambda data: data["pseudonym"].update(mode="stable"), "仮IDを替えない定め(mode = stable)なのに"),
        (
            lambda data: (data["pseudonym"].update(mode="stable"), data["pseudonym"].pop("rotate_months")),
            "替えなくてよい理由(stable_reason)が必要",
        ),
        (
            lambda data: (
                data["pseudonym"].update(mode="none"),
                data["pseudonym"].pop("rotate_months"),
                data.update(layout="linked"),
            ),
            "仮IDを使わない定め(mode = none)では",
        ),
        (lambda data: data.pop("period"), "提供の期間の定め([period])がありません"),
        (lambda data: data["period"].update(max_months=5), "仮IDが替わりません"),
        (
            lambda data: rules_of(data, "roll_up_rare_codes")[0].update(technique="keep", parameters={}),
            "細かいコードのまま残ります",
        ),
        (lambda data: data["not_quasi_identifiers"].clear(), "「certifications.survey_1_7」"),
        (
            lambda data: data["quasi_identifiers"].update(joined=["sex"]),
            "列「persons.birth_date」(生年月日)を準識別子に数えておらず(quasi_identifiers の joined に「birth_month」がない)",
        ),
        (
            lambda data: data["quasi_identifiers"].update(linked=["birth_month", "sex"]),
            "列「certifications.care_level」(要介護状態区分)を準識別子に数えておらず(quasi_identifiers の linked に",
        ),
        (
            lambda data: (
                next(r for r in data["rules"] if r["id"] == "13")["columns"].remove(
                    "certifications.valid_from"
                )
                or data["rules"].append(
                    data["rules"][-1]
                    | {
                        "id": "13-2",
                        "columns": ["certifications.valid_from"],
                        "technique": "generalise_date",
                        "parameters": {"to": "month"},
                    }
                )
            ),
            "「valid_from_month」がない",
        ),
        (
            lambda data: data["not_quasi_identifiers"].remove(
                next(p for p in data["not_quasi_identifiers"] if "benefits.days" in p["columns"])
            ),
            "列「benefits.days」(日数)を準識別子に数えておらず",
        ),
        (lambda data: data["deliberations"][0].update(columns=["sex"]), "準識別子「care_level」"),
        (
            lambda data: data.pop("deliberations"),
            "検討していない差異があります: レコード間の差異、市町村の規模",
        ),
        (lambda data: data["deliberations"][1].update(measures=["99"]), "措置の定め「99」はありません"),
        (lambda data: data["deliberations"][1].update(measures=[]), "とる措置の定めの番号がありません"),
        (lambda data: data["deliberations"][0].update(measures=["06"]), "措置をとらないのに"),
    ],
)
def test_a_measure_that_is_missing_is_found(change: Change, finding: str) -> None:
    found = findings_after(change)
    assert any(finding in each for each in found), found


def test_a_layout_that_cannot_be_made_needs_no_quasi_identifiers() -> None:
    assert findings_after(lambda data: data["quasi_identifiers"].update(linked=[]), "open-data") == []


def test_a_stable_pseudonym_with_its_reason_is_no_contradiction() -> None:
    def change(data: dict[str, Any]) -> None:
        data["pseudonym"].pop("rotate_months")
        data["pseudonym"].update(mode="stable", stable_reason="1か月分だけを提供するため。")

    assert findings_after(change) == []


def test_every_rule_says_how_it_is_recorded() -> None:
    for name in list_standards():
        assert all(rule.record for rule in Standard.model_validate(read(name)).rules)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            lambda data: rules_of(data, "keep_promise")[0]["columns"].remove("certifications.survey_1_7"),
            "列「certifications.survey_1_7」を提供するのに、約束の確保",
        ),
        (
            lambda data: data["rules"].remove(rules_of(data, "fix_per_period")[0]),
            "認定を仮IDの期間ごとに1回にする定め(fix_per_period)が必要",
        ),
        (
            lambda data: data["rules"].remove(rules_of(data, "average_per_period")[0]),
            "給付を仮IDの期間ごとに1回にする定め(average_per_period)が必要",
        ),
        (
            lambda data: data["rules"].append(
                data["rules"].pop(data["rules"].index(rules_of(data, "lift_code")[0]))
            ),
            "値を変える手法「lift_code」は使えません",
        ),
    ],
)
def test_a_promise_that_could_not_hold_is_found_before_anything_is_made(change: Change, finding: str) -> None:
    found = findings_after(change, "recommended")
    assert any(finding in each for each in found), found
