"""The two chapters on risk for a town released by the recommended standard: verdict, changes, limits."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pages import PageReader
from running import Reports, copy_project

pytestmark = pytest.mark.slow

RISK = ("40_risk", "45_accumulation")
TOWN = {"persons": 1_800, "standard": "recommended"}


@pytest.fixture(scope="module")
def recommended(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = tmp_path_factory.mktemp("recommended")
    project = copy_project(folder / "project", "10_guide", *RISK)
    settings = [text for name, value in TOWN.items() for text in ("--set", f"{name}={value}")]
    only = [text for chapter in RISK for text in ("--only", chapter)]
    project.call("report", *settings, *only, "--out", folder / "reports")
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
