"""`kaigo risk` on a flat table with everything that can be asked, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Run, assert_refused

HEADER = "人,性別,年齢,疾患,単位数,重み"
# By (性別, 年齢): 女 75 × 3, 男 75 × 2, 男 80 × 1, 女 (missing) × 1.
LINES = (
    "甲,女,75,認知症,100,10",
    "乙,女,75,骨折,200,20",
    "丙,女,75,骨折,300,30",
    "丁,男,75,認知症,100,5",
    "戊,男,75,骨折,400,5",
    "己,男,80,骨折,100,8",
    "庚,女,,認知症,200,2",
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join((HEADER, *LINES)) + "\n", encoding="utf-8")
    return path


def measure(kaigo: Run, table: Path, *options: object) -> dict[str, Any]:
    done = kaigo("risk", table, "--keys", "性別,年齢", *options, "--json", "-")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_sensitive_columns_have_the_figures_of_the_interface(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--sensitive", "疾患,単位数")["sensitive"]
    assert list(result) == ["疾患", "単位数"]
    assert list(result["疾患"]) == ["l_distinct", "l_entropy", "recursive_c", "t_equal", "t_ordered"]
    assert (result["疾患"]["l_distinct"], result["疾患"]["t_ordered"]) == (1, None)
    # 庚 alone has only 認知症, 3 of 7 in the table.
    assert result["疾患"]["t_equal"] == pytest.approx(4 / 7)
    # Of 100, 200, 300, 400 (3, 2, 1, 1 of 7) the lone 100 is 4/7 + 2/7 + 1/7 away, in thirds.
    assert result["単位数"]["t_ordered"] == pytest.approx(1 / 3)


def test_weights_give_individual_risks_in_row_order(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--weight", "重み")
    assert list(result["individual"]) == ["fk", "Fk", "rk", "rk_exact"]
    assert result["individual"]["fk"] == [3, 3, 3, 2, 2, 1, 1]
    assert result["individual"]["Fk"] == [60, 60, 60, 10, 10, 8, 2]
    assert result["risk"]["journalist_max"] == 1 / 2
    assert result["risk"]["prosecutor_max"] == 1
    assert result["risk"]["marketer"] == pytest.approx((3 / 60 + 2 / 10 + 1 / 8 + 1 / 2) / 7)
    assert result["expected_reidentifications"] == pytest.approx(sum(result["individual"]["rk"]))


def test_a_missing_key_as_a_wildcard_matches_every_value(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--weight", "重み", "--missing", "wildcard")
    # 庚 may be any of the women of 75.
    assert result["individual"]["fk"] == [4, 4, 4, 2, 2, 1, 4]
    assert result["individual"]["Fk"] == [62, 62, 62, 10, 10, 8, 62]
    assert (result["unique_records"], result["missing"]) == (1, "wildcard")


def test_key_sets_stand_in_the_order_of_the_keys(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--attributes")["attributes"]
    assert list(result) == ["性別", "年齢", "性別,年齢"]
    # 4 women, 3 men: 12 of 21 pairs differ.
    assert result["性別"] == {"distinction": pytest.approx(2 / 7), "separation": pytest.approx(12 / 21)}


def test_population_figures_are_null_with_a_reason_where_there_is_none(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--population", 100)
    assert list(result["population"]) == ["zayatz", "pitman", "snb", "dankar"]
    assert 0 < result["population"]["zayatz"] < 1
    for name, figure in result["population"].items():
        assert (figure is None) == (name in result.get("population_reason", {}))
    everyone = measure(kaigo, table, "--population", 7)
    assert set(everyone["population"].values()) == {None}
    assert "母集団の全員" in everyone["population_reason"]["zayatz"]


def test_special_uniques_are_scored_in_row_order(kaigo: Run, table: Path) -> None:
    result = measure(kaigo, table, "--suda")["suda"]
    # Of two keys: 80 alone and the missing age alone are unique, 1! each.
    assert result["scores"] == [0, 0, 0, 0, 0, 1, 1]
    assert [score > 0 for score in result["dis"]] == [False] * 5 + [True] * 2
    assert result["contribution"] == {"性別": 0, "年齢": 100}


def test_the_summary_tells_what_was_asked(kaigo: Run, table: Path) -> None:
    done = kaigo(
        *("risk", table, "--keys", "性別,年齢", "--sensitive", "単位数", "--weight", "重み"),
        *("--population", 100, "--suda", "--attributes"),
    )
    assert done.code == 0
    for words in (
        "「単位数」: l = 1",
        "順序",
        "期待値(重みによる)",
        "Zayatz",
        "少ない鍵で一意になる行(SUDA) 2行",
        "年齢 100.0%",
        "鍵の組 3通り",
    ):
        assert words in done.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sensitive", "年齢"), ("同じ列が2度", "年齢")),
        (("--sensitive", "病名"), ("列「病名」がありません",)),
        (("--weight", "疾患"), ("重みの列「疾患」", "数でない値")),
        (("--person", "人", "--weight", "重み"), ("--person と --weight",)),
        (("--person", "人", "--suda"), ("--person と --suda",)),
        (("--missing", "wildcard", "--attributes"), ("--missing wildcard と --attributes",)),
        (("--missing", "wildcard", "--population", 50), ("--missing wildcard と --population",)),
        (("--missing", "none"), ("--missing の値", "見つかった値: none", "wildcard")),
        (("--population", 6), ("母集団の人数が、表より少なく", "7行")),
        (("--population", 0), ("--population の値", "見つかった値: 0")),
        (("--population", "many"), ("--population", "見つかった値: many")),
        (("--engine", "spork"), ("エンジンの名前",)),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_what_has_no_meaning_is_refused(
    kaigo: Run, table: Path, options: tuple[object, ...], words: tuple[str, ...]
) -> None:
    assert_refused(kaigo("risk", table, "--keys", "性別,年齢", *options), *words)


def test_a_weight_that_is_missing_or_not_positive_is_refused_without_its_value(
    kaigo: Run, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("性別,重み\n女,3\n男,-1.5\n女,0\n", encoding="utf-8")
    done = kaigo("risk", path, "--keys", "性別", "--weight", "重み")
    assert_refused(done, "0以下の値", "2行(最初は2件目)")
    path.write_text("性別,重み\n女,3\n男,\n", encoding="utf-8")
    assert_refused(kaigo("risk", path, "--keys", "性別", "--weight", "重み"), "空欄があります", "1行")


def test_a_person_column_with_gaps_is_refused(kaigo: Run, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("人,性別\n甲,女\n,男\n", encoding="utf-8")
    assert_refused(kaigo("risk", path, "--keys", "性別", "--person", "人"), "空欄があります", "1行")


def test_too_many_keys_for_all_sets_are_refused(kaigo: Run, tmp_path: Path) -> None:
    names = [f"鍵{number}" for number in range(16)]
    path = tmp_path / "table.csv"
    path.write_text(",".join(names) + "\n" + ",".join("1" * 16) + "\n", encoding="utf-8")
    assert_refused(kaigo("risk", path, "--keys", ",".join(names[:11]), "--attributes"), "10個まで", "11個")
    assert_refused(kaigo("risk", path, "--keys", ",".join(names), "--suda"), "15個まで", "16個")


def test_options_of_a_table_are_not_asked_of_a_release(kaigo: Run, release: Path) -> None:
    assert_refused(
        kaigo("risk", release, "--suda", "--population", 10), "--population と --suda を使いません"
    )
    assert_refused(kaigo("risk", release, "--missing", "wildcard"), "--missing を使いません")
