"""A report for a town released by the recommended standard: verdict on risk, changes, limits, and ③, which it does not allow."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pages import PageReader
from running import Reports, copy_project

pytestmark = pytest.mark.slow

RISK = ("40_risk", "45_accumulation")
CARE_PLANS = "80_care_plans"
TOWN = {"persons": 1_800, "standard": "recommended"}


@pytest.fixture(scope="module")
def recommended(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = tmp_path_factory.mktemp("recommended")
    project = copy_project(folder / "project", "10_guide", *RISK, CARE_PLANS)
    settings = [text for name, value in TOWN.items() for text in ("--set", f"{name}={value}")]
    project.call("report", *settings, "--out", folder / "reports")
    return Reports(folder / "reports", project)


def read_text(reports: Reports, chapter: str) -> str:
    return "".join(text for text, _ in PageReader(reports.folder / f"{chapter}.html").texts)


def test_the_promise_of_the_standard_holds_and_attacks_beyond_it_are_told(recommended: Reports) -> None:
    part = recommended.verdicts["chapters"]["40_risk"]
    found = {figure["name"]: figure for figure in part["figures"]}
    assert found["最も小さい同値類の人数(k)"]["value"] >= 10
    assert found["一意な人の割合"]["value"] == 0
    # The standard releases three tables with pseudonyms, so lines without one are no matter of its verdict.
    assert "行が再び1人にまとまる人の割合" not in found
    assert part["verdict"] == "要検討"
    assert found["想定した場面のうち最も当たる場面で、正しく名指しされる人の割合"]["value"] > 5
    text = read_text(recommended, "40_risk")
    assert all(f"[{head}・" in text for head in ("特定(単独化)", "連結", "推定"))


def test_accumulation_is_measured_over_all_months_and_the_one_change_of_pseudonyms(
    recommended: Reports,
) -> None:
    part = recommended.verdicts["chapters"]["45_accumulation"]
    names = [figure["name"] for figure in part["figures"]]
    assert any("結び直される" in name for name in names) and any("重なる2つの提供" in name for name in names)
    assert part["reason"].startswith("12か月分を提供したとき")
    text = read_text(recommended, "45_accumulation")
    assert "給付を6か月に1回だけ示す" in text


@pytest.mark.parametrize("chapter", RISK)
def test_a_chapter_says_what_it_cannot_say(chapter: str, recommended: Reports) -> None:
    text = read_text(recommended, chapter)
    assert "この章が言えないこと" in text and "法114条の審査結果ではありません" in text
    assert "0.0%から0.0%" not in text and "nan" not in text


def test_at_least_three_changes_are_computed_with_risk_and_cost(recommended: Reports) -> None:
    files = sorted((recommended.folder / "downloads").glob("40_risk_table*.csv"))
    rows = next(rows for rows in map(read_rows, files) if any("変更なし" in row[0] for row in rows))
    changes = [row for row in rows if row[0] and "変更なし" not in row[0]][-5:]
    shares = [float(row[-2]) for row in changes]
    assert len(changes) == 5 and all(0 <= share <= 100 for share in shares) and max(shares) > 0


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if row]


def test_a_chapter_that_the_standard_does_not_allow_is_a_page_with_its_reason(recommended: Reports) -> None:
    assert {path.stem for path in recommended.folder.glob("*.html")} == {
        "10_guide",
        *RISK,
        CARE_PLANS,
        "index",
    }
    part = recommended.verdicts["chapters"][CARE_PLANS]
    assert part["verdict"] == "不可"
    assert part["figures"] == [{"name": "1人を続けて追える月数", "value": 1, "threshold": 4, "unit": "か月"}]
    assert "給付を月ごとに示す加工基準にする" in part["reason"]
    text = read_text(recommended, CARE_PLANS)
    # The rules of the standard that stand in the way, the interval in force, and what can be counted all the same.
    assert "期間に1回の月平均だけを示す(定め15)" in text and "期間の初めの1回だけを示す(定め07)" in text
    assert "6か月(いまの定め)" in text and "要介護3〜5の割合(パターンには分けられない)" in text
    assert "提供してはならないという意味ではなく" in text
    index = PageReader(recommended.folder / "index.html")
    assert "サービス利用パターン別の区分の変化を求められません" in index.text
