"""dictionary.csv: what a recipient reads fits the values that are released."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made_town import make_town

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.deidentify.papers import write_papers
from kaigo.deidentify.released_values import describe_values, find_depths
from kaigo.deidentify.standard import Rule


def rule(technique: str, column: str, **parameters: int | str) -> Rule:
    return Rule(
        id="x", number="", columns=(column,), technique=technique, parameters=dict(parameters), clause_2018="",
        clause_now="x", reason="x", set_by="本書",
    )  # fmt: skip


CODE, WALKING = "benefits.service_code", "certifications.survey_1_7"
MANIFEST = {
    "layout": "linked",
    "tables": {
        "certifications": {"columns": ["from_month", "to_month", "care_level", "survey_1_7"], "rows": 1},
        "benefits": {"columns": ["service_code"], "rows": 1},
    },
    "parameters": {"first_month": "2024-04", "last_month": "2024-09"},
    "synthetic": True,
}


@pytest.mark.parametrize(
    ("rules", "depths"),
    [
        ([], ("code",)),
        ([rule("roll_up_rare_codes", CODE, persons=10)], ("code", "base", "kind", "category")),
        ([rule("lift_code", CODE, to="kind")], ("kind",)),
        ([rule("lift_code", CODE, to="base")], ("base", "kind")),
        ([rule("lift_code", CODE, to="kind"), rule("keep_promise", CODE, persons=10)], ("kind", "category")),
        ([rule("lift_code", CODE, to="category"), rule("keep_promise", CODE, persons=10)], ("category",)),
        (
            [rule("roll_up_rare_codes", CODE, persons=10), rule("lift_code", CODE, to="kind")],
            ("kind", "category"),
        ),
    ],
)
def test_depths_of_codes_follow_from_the_rules(rules: list[Rule], depths: tuple[str, ...]) -> None:
    assert find_depths(rules) == depths


def test_answers_say_what_the_released_number_stands_for() -> None:
    assert describe_values("survey_1_7", []) == "1 つかまらないでできる|2 何かにつかまればできる|3 できない"
    assert (
        describe_values("survey_1_7", [rule("merge_to_problem", WALKING)])
        == "1 問題なし(つかまらないでできる、何かにつかまればできる)|3 問題あり(できない)"
    )
    assert (
        describe_values("survey_1_7", [rule("merge_options", WALKING, groups="2,3")])
        == "1 つかまらないでできる|2 何かにつかまればできる、できない"
    )
    assert describe_values("days", []) is None


def read_papers(folder: Path, standard: str) -> tuple[dict[str, str], set[str]]:
    write_papers(folder, load_standard(standard), MANIFEST, csv=False)
    with (folder / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    meanings = {row["列"]: row["値・単位"] for row in rows if row["表"] != "(コード)"}
    return meanings, {row["値・単位"] for row in rows if row["表"] == "(コード)"}


def test_the_recommended_example_is_described_as_it_is_released(tmp_path: Path) -> None:
    meanings, codes = read_papers(tmp_path, "recommended")
    assert "12 要支援1|13 要支援2|21 要介護1|22 要介護2" in meanings["care_level"]
    assert meanings["service_code"].startswith("サービス種類(2文字。例 11)、分類(例 G1)が混じる")
    assert "6文字" not in meanings["service_code"]
    assert {"11", "G1"} <= codes and not any("-" in code for code in codes)
    assert "3 問題あり(できない)" in meanings["survey_1_7"]
    assert meanings["from_month"] == "仮IDの期間の最初の月。認定そのものの期間ではない"
    assert meanings["to_month"] == "仮IDの期間の最後の月。認定そのものの期間ではない"


def test_every_released_level_is_named(tmp_path: Path) -> None:
    care = make_town().write(tmp_path / "care")
    made = make_release(care, load_standard("soumu-2018"), tmp_path / "r", key=Key.derive(1))
    with (made.provide / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        words = next(row["値・単位"] for row in csv.DictReader(file) if row["列"] == "care_level")
    values = set(pq.read_table(made.provide / "joined")["care_level"].to_pylist())
    assert values and values <= {part.split(" ")[0] for part in words.split("|")}


def test_bands_of_births_are_said_in_words(tmp_path: Path) -> None:
    care = make_town(persons=60).write(tmp_path / "care")
    release = make_release(care, load_standard("ndb-like"), tmp_path / "r", key=Key.derive(1))
    released = set(pq.read_table(release.provide / "persons").column("age_band").to_pylist()) - {None}
    with (release.provide / "dictionary.csv").open(encoding="utf-8-sig") as file:
        row = next(row for row in csv.DictReader(file) if row["列"] == "age_band")
    listed = row["値・単位"].partition("。")[2].split("|")
    assert {value.split(" ")[0] for value in listed} == released
    assert "80-84 80歳〜84歳" in listed and "95- 95歳以上" in listed
