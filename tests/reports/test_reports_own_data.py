"""The main job on files: a town's own CSV through intake and report; another town gives other figures everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pages import PageReader
from running import CHAPTERS, ROOT, Reports

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.display import Decision
from kaigo.tables import CareTables
from kaigo.workbook.chapter import OpenChapter
from kaigo.workbook.params import Params

pytestmark = pytest.mark.slow

# Downloads about law, words, the standard and thresholds: the same for every town.
FIXED = {
    *(f"10_guide_table{number}.csv" for number in range(1, 12)),
    "30_deidentification_table1.csv",  # the standard
    "30_deidentification_table2.csv",  # its reasons
    "30_deidentification_table3.csv",  # what is no quasi-identifier, and why
    "30_deidentification_table5.csv",  # the document's example
    "30_deidentification_table11.csv",  # the recommended standard
    "30_deidentification_table12.csv",  # its reasons
    "40_risk_table4.csv",  # what attackers are assumed to know
    "40_risk_table9.csv",  # thresholds
    "45_accumulation_table8.csv",  # what the list of releases tells: months and standard alone decide it
    "60_conditions_table4.csv",  # what a release without diseases cannot answer
}


def strip_standards(text: str) -> str:
    """The text without what the shipped standards themselves say: they name the synthetic town they were measured on."""
    for name in ("soumu-2018", "recommended"):
        standard = load_standard(name)
        own = [part for d in standard.deliberations for part in (d.measured, d.reason, d.difference)]
        for said in sorted([*own, *(rule.reason for rule in standard.rules)], key=len, reverse=True):
            text = text.replace(said, "")
    return text


def judge_by_library(data: Path, root: Path) -> dict[str, Decision]:
    """The verdicts as the library gives them, without notebooks."""
    from kaigo import analysis, risk
    from kaigo.analysis import figures
    from kaigo.deidentify.figures import judge_processing
    from kaigo.risk.figures_rotation import judge_accumulation
    from kaigo.synthetic.judge import judge_levels

    chapter = OpenChapter("x", Params.from_values({"data": str(data)}), (), root)
    joined, linked = chapter.release("joined"), chapter.release("linked")
    attack = risk.run_linkage(linked, chapter.tables, chapter.random("attack"), targets=1000)
    history = risk.read_history(linked)
    accumulation = risk.measure_accumulation(history, chapter.random("accumulation"))
    # The interval in force; the chapter draws for the shorter ones first.
    random, intervals = chapter.random("rotation"), risk.choose_intervals(history, 6)
    rotations = [risk.measure_rotation(history, every, random) for every in intervals]
    in_force = rotations[intervals.index(6)]
    return {
        "20_synthetic_data": judge_levels(chapter.summary),
        "30_deidentification": judge_processing(joined),
        "40_risk": risk.judge_with_attacks(risk.measure_release(joined), attack.attackers, attack.criteria),
        "45_accumulation": judge_accumulation(accumulation, in_force, chapter.between()),
        "60_conditions": figures.judge_conditions(analysis.run_analysis(analysis.analyse_conditions, linked)),
        "70_service_use": figures.judge_service_use(
            analysis.run_analysis(analysis.analyse_service_use, linked)
        ),
        "80_care_plans": figures.judge_care_plans(analysis.run_analysis(analysis.analyse_care_plans, linked)),
    }


@pytest.mark.parametrize("which", ["town", "other"])
def test_own_data_give_the_same_chapters(which: str, request: pytest.FixtureRequest) -> None:
    reports: Reports = request.getfixturevalue(which)
    assert {path.stem for path in reports.folder.glob("*.html")} == {*CHAPTERS, "index"}
    assert list(reports.verdicts["chapters"]) == [name for name in CHAPTERS if name != "10_guide"]


def test_the_tables_taken_in_are_those_that_the_town_was_made_of(town: Reports) -> None:
    made = json.loads((ROOT / "data/synthetic/town/manifest.json").read_text(encoding="utf-8"))
    read = json.loads((town.folder.parent / "own" / "manifest.json").read_text(encoding="utf-8"))
    assert read["tables"] == made["tables"]
    assert (read["synthetic"], read.get("seed")) == (True, None)


def test_the_reports_show_what_the_library_finds_in_these_data(other: Reports) -> None:
    found = judge_by_library(other.folder.parent / "own", other.project.root)
    for name, part in other.verdicts["chapters"].items():
        decision = found[name].to_payload()
        assert part["verdict"] == decision["verdict"]
        assert part["figures"] == [{key: f[key] for key in part["figures"][0]} for f in decision["figures"]]


def test_every_verdict_figure_moves_when_the_data_change(town: Reports, other: Reports) -> None:
    before, after = town.figures(), other.figures()
    assert set(before) == set(after)
    stayed = {name for name, value in before.items() if after[name] == value}
    assert stayed == set()
    assert {chapter for chapter, _ in before} == set(CHAPTERS) - {"10_guide"}


def test_the_figures_move_where_the_change_of_the_data_sends_them(town: Reports, other: Reports) -> None:
    """With a twin for everybody nobody is alone and no line comes back to one person."""
    before, after = town.figures(), other.figures()
    assert (
        before["40_risk", "最も小さい同値類の人数(k)"],
        after["40_risk", "最も小さい同値類の人数(k)"],
    ) == (1, 2)
    assert before["40_risk", "一意な人の割合"] > 90
    assert after["40_risk", "一意な人の割合"] == 0
    assert after["40_risk", "行が再び1人にまとまる人の割合"] == 0
    # A fifth of the persons without answers: their profile is unknown.
    unknown = ("70_service_use", "容態像が決まらない割合(認定のある仮ID×月のうち)")
    assert before[unknown] == 0
    assert 10 < after[unknown] < 30
    # Two thirds of the persons, twice: a third more; a fifth of them at the highest level.
    persons = ("60_conditions", "最後の月に認定が有効な人")
    assert after[persons] == pytest.approx(before[persons] * 4 / 3, rel=0.05)
    severe = ("60_conditions", "要介護3以上の割合(最後の月に認定が有効な人のうち)")
    assert after[severe] > before[severe] + 5
    levels = ("20_synthetic_data", "区分の割合の最大の差")
    assert after[levels] > before[levels] + 5


def test_every_table_and_figure_about_the_data_is_computed_anew(town: Reports, other: Reports) -> None:
    contents = [
        {path.name: path.read_bytes() for path in (reports.folder / "downloads").glob("*.csv")}
        for reports in (town, other)
    ]
    # Compared by content, not by name: where a figure is left out on own data, later tables have other numbers.
    same = {name for name, content in contents[0].items() if content in contents[1].values()}
    assert same == FIXED
    assert len(set(contents[0]) - FIXED) > 15


def test_pictures_are_drawn_anew(town: Reports, other: Reports) -> None:
    pictures = [
        {picture.attributes["src"] for picture in PageReader(reports.folder / f"{name}.html").all("img")}
        for reports in (town, other)
        for name in CHAPTERS
    ]
    first, second = set().union(*pictures[: len(CHAPTERS)]), set().union(*pictures[len(CHAPTERS) :])
    # On own data the moments are not drawn one by one (a figure would tell of a few persons), nor the number of profiles.
    assert len(first) == len(second) + 2 > 8
    assert not first & second


def test_the_ledger_and_the_balance_are_those_of_the_town_at_hand(town: Reports, other: Reports) -> None:
    before, after = read_ledger(town), read_ledger(other)
    for ledger, persons in ((before, 600), (after, 800)):
        assert ledger["balance"]["persons"]["rows_in"] == persons
        assert all(part["closes"] for part in ledger["balance"].values())
    # A rule has a row for each table that it changed; where it removes whole persons it changes all three.
    first, second = (count_rows_in(ledger) for ledger in (before, after))
    assert list(dict.fromkeys(name for name, _, _ in first)) == list(
        dict.fromkeys(name for name, _, _ in second)
    )
    assert len(set(first) & set(second)) > 15
    assert [rule for rule in set(first) & set(second) if first[rule] == second[rule]] == []
    assert {name: part["rows_in"] for name, part in before["balance"].items()} == {
        name: table["rows"]
        for name, table in json.loads((ROOT / "data/synthetic/town/manifest.json").read_text())[
            "tables"
        ].items()
    }


def count_rows_in(ledger: dict[str, Any]) -> dict[tuple[str, str, int], int]:
    """(rule, column, how manieth row of them) → rows before it."""
    found: dict[tuple[str, str, int], int] = {}
    for rule in ledger["rules"]:
        again = sum(name[:2] == (rule["id"], rule["column"]) for name in found)
        found[rule["id"], rule["column"], again] = rule["rows_in"]
    return found


def read_ledger(reports: Reports) -> dict[str, Any]:
    own = reports.folder.parent / "own"
    release = make_release(
        CareTables.open(own), load_standard("soumu-2018"), own.parent / "release", key=Key.random()
    )
    return release.ledger()


def test_no_release_and_no_crosswalk_stays_beside_own_data_after_a_report(town: Reports) -> None:
    own = town.folder.parent / "own"
    assert (own / "persons").is_dir()
    assert not list(own.rglob("crosswalk")) and not (own / ".kaigo").exists()


# Whose data they are


def test_data_that_are_marked_synthetic_say_so_on_every_page(town: Reports) -> None:
    for name in (*CHAPTERS, "index"):
        page = PageReader(town.folder / f"{name}.html")
        assert len(page.of_class("band")) == (0 if name == "10_guide" else 1)


def test_own_data_are_never_called_synthetic(other: Reports) -> None:
    for name in (*CHAPTERS, "index"):
        page = PageReader(other.folder / f"{name}.html")
        assert page.of_class("band") == []
        assert "合成データによる例示" not in page.source
        assert "合成データ" not in page.text_in(page.all("footer")[-1])
        # Only the texts that stand in the chapter itself may speak of synthetic data, never a result.
        for tag in (*page.of_class("table-block"), *page.of_class("chart"), *page.of_class("summary")):
            assert "合成データ" not in strip_standards(page.text_in(tag)), name
        for picture in page.all("img"):
            assert "合成データ" not in picture.attributes["alt"]
    for path in (other.folder / "downloads").glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
        if not path.name.startswith("10_guide"):
            assert not [text for text in texts if "合成データ" in strip_standards(text)], path.name


def test_the_chapter_on_the_data_speaks_of_ones_own_data(other: Reports) -> None:
    page = PageReader(other.folder / "20_synthetic_data.html")
    assert (
        "自分のデータで動かしたときは、同じ表が自分のデータの姿を示し、公表統計との近さは判定しません"
        in page.text
    )
    assert "取り込んだ介護データ" in page.text
    summary = page.text_in(next(tag for tag in page.tags if tag.attributes.get("id") == "summary"))
    assert "このデータの区分の割合は" in summary
    assert "公表統計との違いは、誤りを意味しません" in summary


def test_a_chapter_on_own_data_names_the_source_and_the_way_to_make_it_again(other: Reports) -> None:
    for name in CHAPTERS:
        page = PageReader(other.folder / f"{name}.html")
        record = page.text_in(page.of_class("record")[0])
        # As the user wrote it: not a place of this machine.
        assert "--data ../own" in record
        assert str(other.folder.parent) not in page.source
        # A kernel sees the folder from the notebooks' own: what is kept holds a word in its place.
        assert "../own" not in (other.folder / f"{name}.ipynb").read_text(encoding="utf-8")
        sources = " ".join(page.text_in(tag) for tag in page.of_class("sources"))
        if name in ("40_risk", "45_accumulation", "60_conditions", "70_service_use", "80_care_plans"):
            assert "kaigo intake" in sources
        assert not re.search("乱数の種[0-9]", page.text)


def test_what_is_made_of_own_data_stays_beside_them(other: Reports) -> None:
    assert not (other.project.root / "data").exists()
    assert list((other.folder.parent / "own" / ".kaigo").glob("release-*"))
