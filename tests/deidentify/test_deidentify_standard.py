"""The processing standard as data: complete, checked, and the same after a round trip."""

import copy
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaigo.deidentify import Standard, check_standard, list_standards, load_standard
from kaigo.errors import StandardError
from kaigo.tables import load_schemas

DOCUMENT = {f"{table.name}.{name}" for table in load_schemas().values() for name in table.names}
Change = Callable[[dict[str, Any]], None]


def soumu() -> dict[str, Any]:
    text = resources.files("kaigo.deidentify").joinpath("standards", "soumu-2018.toml").read_text("utf-8")
    return tomllib.loads(text)


def findings_after(change: Change) -> list[str]:
    data = soumu()
    change(data)
    return check_standard(Standard.model_validate(data))


def rule(data: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in data["rules"] if each["id"] == rule_id)
    return found


def test_the_standard_of_the_document_is_sound() -> None:
    assert "soumu-2018" in list_standards()
    assert check_standard(load_standard("soumu-2018")) == []


def test_it_covers_every_column_and_every_number_of_the_document() -> None:
    rules = load_standard("soumu-2018").rules
    covered = {
        f"{table}.{name}" for each in rules for table, names in each.expanded().items() for name in names
    }
    assert covered == DOCUMENT
    assert {each.number for each in rules} - {""} == set("①②③④⑤⑥⑦⑧⑨⑩⑪")


def test_every_rule_has_both_clauses_and_a_reason() -> None:
    standard = load_standard("soumu-2018")
    for each in (*standard.rules, standard.pseudonym, standard.shuffle):
        assert "規則第11条" in each.clause_2018
        assert "規則第62条" in each.clause_now
        assert each.reason.endswith("。")


def test_values_that_the_document_leaves_open_are_marked_as_ours() -> None:
    standard = load_standard("soumu-2018")
    for each in standard.rules:
        assert each.set_by == ("本書" if each.parameters else "資料"), each.id
    assert standard.pseudonym.set_by == "本書"


def test_the_document_s_table_is_followed_column_by_column() -> None:
    techniques: dict[str, list[str]] = {}
    for each in load_standard("soumu-2018").rules:
        if each.number:
            techniques.setdefault(each.number, []).append(each.technique)
    assert techniques == {
        "①": ["delete_item"],
        "②": ["delete_item"],
        "③": ["delete_item"],
        "④": ["generalise_to_month", "delete_super_aged"],
        "⑤": ["keep"],
        "⑥": ["delete_rare_answers"],
        "⑦": ["keep"],
        "⑧": ["keep"],
        "⑨": ["roll_up_rare_codes"],
        "⑩": ["top_code"],
        "⑪": ["delete_item"],
    }


def change_rule(rule_id: str, **values: Any) -> Change:
    return lambda data: rule(data, rule_id).update(values)


def drop_rule(rule_id: str) -> Change:
    return lambda data: data["rules"].remove(rule(data, rule_id))


def append_copy(rule_id: str, **values: Any) -> Change:
    return lambda data: data["rules"].append(copy.deepcopy(rule(data, rule_id)) | values)


def move_first(rule_id: str) -> Change:
    return lambda data: data["rules"].insert(0, data["rules"].pop(data["rules"].index(rule(data, rule_id))))


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (change_rule("02", columns=["persons.nickname"]), "列「persons.nickname」は介護データにありません"),
        (change_rule("02", columns=["people.name"]), "列「people.name」は介護データにありません"),
        (drop_rule("05"), "列「persons.sex」(性別)の扱いが決まっていません"),
        (drop_rule("06"), "列「certifications.survey_6_12」"),
        (change_rule("05", technique="encrypt"), "手法「encrypt」はありません"),
        (change_rule("06", parameters={}), "基準値「persons」がありません"),
        (
            change_rule("06", parameters={"persons": 1}),
            "基準値「persons」が正しくありません(値: 1。2〜1000で",
        ),
        (change_rule("06", parameters={"persons": 10, "people": 3}), "基準値「people」"),
        (change_rule("10", parameters={"percentile": 99, "persons": 10}), "基準値「percentile」"),
        (change_rule("05", parameters={"k": 1}), "基準値「k」"),
        (
            change_rule("02", technique="keep"),
            "列「persons.name」(氏名)は直接識別子なので、項目削除が必要です",
        ),
        (change_rule("01", technique="keep"), "個人識別符号なので、項目削除が必要です"),
        (change_rule("11", technique="keep"), "連結符号なので、項目削除が必要です"),
        (change_rule("05", technique="top_code", parameters={"percentile": 0.9, "persons": 5}), "使えません"),
        (append_copy("05"), "定めの番号「05」が重なっています"),
        (append_copy("02", id="02b"), "定め02b: 列「persons.name」は定め02で項目削除済みです"),
        (change_rule("04-1", technique="keep"), "年月に一般化するか項目削除する必要があります"),
        (move_first("04-2"), "超高齢の生年月のセル削除は、年月への一般化の後"),
        (change_rule("05", technique="delete_item"), "準識別子「sex」(joined)は、提供する列にありません"),
        (
            lambda data: (change_rule("08", technique="delete_item")(data), data.update(layout="linked"))[0],
            "仮IDの期間と結び付けられません",
        ),
    ],
)
def test_a_contradiction_is_found(change: Change, finding: str) -> None:
    assert any(finding in each for each in findings_after(change)), findings_after(change)


def test_a_sound_change_brings_no_finding() -> None:
    assert findings_after(change_rule("06", parameters={"persons": 20})) == []
    assert findings_after(lambda data: data.update(layout="linked")) == []


def test_a_standard_with_findings_is_not_loaded(tmp_path: Path) -> None:
    text = load_standard("soumu-2018").to_toml().replace('technique = "keep"', 'technique = "kep"')
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StandardError, match=r"3件の誤り|件の誤りがあります[\s\S]*kep"):
        load_standard(tmp_path / "own.toml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name = ", "TOMLとして読めません"),
        (b"name = 'x'", "項目に誤りがあります"),
        ("name = '加工'".encode("cp932"), "加工基準のファイルを読めません"),
    ],
)
def test_an_unreadable_file_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "own.toml").write_bytes(content)
    with pytest.raises(StandardError, match=words):
        load_standard(tmp_path / "own.toml")


@pytest.mark.parametrize("name", ["soumu-2019", "../standards/soumu-2018", "none.toml", ".", ""])
def test_an_unknown_standard_is_refused_with_the_names_that_exist(name: str) -> None:
    with pytest.raises(StandardError, match="soumu-2018"):
        load_standard(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [("clause_now", ""), ("reason", ""), ("columns", []), ("set_by", "誰か"), ("colour", "red")],
)
def test_a_rule_without_its_parts_is_refused(tmp_path: Path, field: str, value: object) -> None:
    data = soumu()
    data["rules"][0][field] = value
    with pytest.raises(ValueError, match=field):
        Standard.model_validate(data)


def test_a_standard_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    standard = load_standard("soumu-2018").with_parameters({"top_code": {"percentile": 0.95}})
    (tmp_path / "own.toml").write_text(standard.to_toml(), encoding="utf-8")
    assert load_standard(tmp_path / "own.toml") == standard


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives_the_round_trip(text: str) -> None:
    data = soumu()
    data["description"] = data["rules"][0]["reason"] = text
    standard = Standard.model_validate(data)
    assert Standard.model_validate(tomllib.loads(standard.to_toml())) == standard


def test_a_replaced_value_is_marked_as_the_municipality_s() -> None:
    standard = load_standard("soumu-2018")
    own = standard.with_parameters(
        {
            "delete_rare_answers": {"persons": 20},
            "top_code": {"persons": 10},
            "pseudonym": {"rotate_months": 3},
        }
    )
    by_id = {each.id: each for each in own.rules}
    assert (by_id["06"].parameters, by_id["06"].set_by) == ({"persons": 20}, "自治体")
    assert by_id["10"].set_by == "本書"
    assert (own.pseudonym.rotate_months, own.pseudonym.set_by) == (3, "自治体")
    assert {each.id: each for each in standard.rules}["06"].parameters == {"persons": 10}


@pytest.mark.parametrize(
    "overrides",
    [
        {"top_cod": {"persons": 5}},
        {"top_code": {"persnos": 5}},
        {"top_code": {"persons": 1}},
        {"delete_super_aged": {"age": 200}},
        {"pseudonym": {"rotate_months": 0}},
        {"pseudonym": {"mode": "fixed"}},
    ],
)
def test_an_impossible_override_is_refused_in_japanese(overrides: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(StandardError, match="対処"):
        load_standard("soumu-2018").with_parameters(overrides)


def first(data: dict[str, Any], part: str) -> dict[str, Any]:
    found: dict[str, Any] = data[part][0]
    return found


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data["rules"][2].pop("id"), "[[rules]] の3番目: 項目 id がありません。"),
        (lambda data: rule(data, "05").pop("reason"), "[[rules]] の定め「05」: 項目 reason がありません。"),
        (lambda data: data.pop("title"), "項目 title がありません。"),
        (lambda data: data["shuffle"].pop("reason"), "[shuffle]: 項目 reason がありません。"),
        (
            change_rule("05", set_by="自治"),
            "[[rules]] の定め「05」: set_by は「自治」にできません(使える値: 資料、本書、自治体)。",
        ),
        (lambda data: data.update(layout="both"), "layout は「both」にできません(使える値: joined、linked)。"),
        (
            lambda data: data["pseudonym"].update(mode="fixed"),
            "[pseudonym]: mode は「fixed」にできません(使える値: none、rotating、stable)。",
        ),
        (
            lambda data: data["period"].update(max_months=0),
            "[period]: max_months は「0」にできません(1から120までの整数で書いてください)。",
        ),
        (
            lambda data: data["pseudonym"].update(rotate_months=37),
            "[pseudonym]: rotate_months は「37」にできません(1から36までの整数で書いてください)。",
        ),
        (
            lambda data: first(data, "deliberations").update(outcome="なし"),
            "[[deliberations]] の1番目: outcome は「なし」にできません(使える値: 措置をとる、措置をとらない)。",
        ),
        (lambda data: data.update(law_as_of="令和8年"), "law_as_of は「令和8年」にできません(年月日を 2026-11-23 の形"),
        (lambda data: data.update(law_as_of="2026-02-30"), "law_as_of は「2026-02-30」にできません"),
        (lambda data: data.update(name=" "), "name は「 」にできません(空にはできません)。"),
        (change_rule("05", colour="red"), "[[rules]] の定め「05」: 項目 colour は使えません"),
        (change_rule("05", columns="persons.sex"), "columns は「persons.sex」にできません([ ] の中に並べて"),
        (change_rule("05", columns=[]), "columns は「[]」にできません(1つ以上書いてください)。"),
        (change_rule("05", parameters={"k": [1]}), "[[rules]] の定め「05」: parametersのk は「[1]」にできません"),
        (lambda data: data.update(rules=3), "rules は「3」にできません"),
        (lambda data: data.update(pseudonym=3), "pseudonym は「3」にできません"),
        (lambda data: data.update(rules=["x"]), "rulesの1番目 は「x」にできません"),
    ],
)  # fmt: skip
def test_a_part_that_is_wrong_is_named_by_its_rule_and_what_is_allowed(
    tmp_path: Path, change: Change, sentence: str
) -> None:
    import kaigo.deidentify.standard as room

    data = soumu()
    change(data)
    with pytest.raises(StandardError) as caught:
        room._validate(data, "own.toml")
    assert sentence in str(caught.value)
    assert "missing" not in str(caught.value)
