"""Where ③ cannot be done, the result says what it needs, what it found, and what can be counted all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from release_factory import build_release

from kaigo.analysis import (
    CarePlansRefused,
    CarePlansResult,
    analyse_care_plans,
    figures,
    run_analysis,
    try_care_plans,
)
from kaigo.analysis.care_plans_needs import list_needs
from kaigo.analysis.source import Coverage, Terms
from kaigo.deidentify import Key, Standard, load_standard, make_release
from kaigo.errors import RefusedError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
MONTHS = [f"2024-{month:02d}" for month in range(4, 10)]
DAY = "151111"
SHOWING = {"source_text": "出典"}


def use(person: int, months: list[str]) -> list[dict[str, object]]:
    return [{"person": person, "service_month": m, "service_code": DAY, "units": 1000} for m in months]


def unmet(refused: CarePlansRefused) -> list[str]:
    return [need.name for need in refused.missing]


def test_what_can_be_done_is_done(make_tables: Make) -> None:
    assert isinstance(try_care_plans(make_tables([1], None, use(1, MONTHS))), CarePlansResult)


def test_too_few_months_of_data_lack_months_and_nothing_else(make_tables: Make) -> None:
    refused = try_care_plans(make_tables([1, 2], None, use(1, MONTHS[:3]) + use(2, MONTHS[:3])))
    assert isinstance(refused, CarePlansRefused)
    assert unmet(refused) == ["1つの仮IDが続く月数", "この表で1人を続けて追える月数"]
    assert (refused.months, refused.intervals) == (3, ((1, 1), (3, 3)))
    # Nobody is compared, yet the levels of the first month stand: two persons with 要介護1 (of three bands the second).
    assert [(row.month, row.counts) for row in refused.beginnings] == [("2024-04", (0, 2, 0))]


@pytest.mark.parametrize(
    ("terms", "months", "lacking"),
    [
        (Terms(12, 6), 6, []),
        (Terms(12, 1), 1, ["1つの仮IDが続く月数", "この表で1人を続けて追える月数"]),
        (
            Terms(12, 6, averaged="15", fixed="07"),
            1,
            ["給付の示し方", "要介護状態区分の示し方", "この表で1人を続けて追える月数"],
        ),
    ],
)
def test_needs_follow_the_standard_and_the_months(terms: Terms, months: int, lacking: list[str]) -> None:
    needs = list_needs("linked", terms, (Coverage(0, tuple(MONTHS[:months])),))
    assert [need.name for need in needs if not need.met] == lacking
    assert all(need.remedy for need in needs if not need.met)


def test_lines_that_name_nobody_lack_a_pseudonym_and_count_lines(tmp_path: Path) -> None:
    line = {"care_level": "23", "service_month": "2024-04", "service_code": DAY, "days": 1, "units": 1}
    release = build_release(tmp_path / "r", "joined", {"joined": [line] * 12}, rotate_months=None)
    refused = try_care_plans(release)
    assert isinstance(refused, CarePlansRefused)
    assert unmet(refused)[:2] == ["同じ人の月をつなげる仮ID", "1つの仮IDが続く月数"]
    table = figures.baseline_table(refused, **SHOWING)
    assert "要介護3〜5(行)" in table.to_text() and table.frame["要介護3〜5"].to_list() == [12]


def test_missing_columns_are_a_need_too(tmp_path: Path) -> None:
    line = {"care_level": "23", "service_month": "2024-04", "service_code": DAY}
    refused = try_care_plans(build_release(tmp_path / "r", "joined", {"joined": [line]}, rotate_months=None))
    assert isinstance(refused, CarePlansRefused) and refused.beginnings == ()
    assert "分析に要る列" in unmet(refused)
    assert "ない列: 点数" in figures.flow_table(refused, **SHOWING).to_text()
    table = figures.baseline_table(refused, **SHOWING)
    assert table.frame.empty and "要る列がない" in table.caption
    assert "求められるのは0つ" in figures.naive_table(refused, **SHOWING).caption


def test_nobody_left_to_compare_is_told_with_the_flow(make_tables: Make) -> None:
    refused = try_care_plans(make_tables([1], [{"person": 1, "care_level": "12"}], use(1, MONTHS)))
    assert isinstance(refused, CarePlansRefused)
    assert unmet(refused) == ["比べられる人"]
    assert "要支援など" in refused.missing[0].found


def fix_levels(standard: Standard) -> Standard:
    """The level of the period's beginning only, benefits by month."""
    data = standard.model_dump()
    for rule in data["rules"]:
        if rule["columns"] == ("certifications.care_level",):
            rule["technique"] = "fix_per_period"
    return Standard.model_validate(data)


def test_a_level_given_once_a_period_would_never_change_and_is_refused(
    make_tables: Make, tmp_path: Path
) -> None:
    standard = fix_levels(load_standard("soumu-2018-linked"))
    # Everybody gets worse in the fifth month; the release would say that nobody does.
    certifications = [
        row
        for person in range(1, 41)
        for row in (
            {"person": person, "care_level": "21", "valid_to": "2024-07-31"},
            {"person": person, "care_level": "23", "valid_from": "2024-08-01"},
        )
    ]
    tables = make_tables(range(1, 41), certifications, [r for p in range(1, 41) for r in use(p, MONTHS)])
    release = make_release(tables, standard, tmp_path / "r", key=Key.derive(1), layout="linked")
    with pytest.raises(RefusedError, match="区分を期間の初めの1回だけ"):
        run_analysis(analyse_care_plans, release)
    refused = try_care_plans(release)
    assert isinstance(refused, CarePlansRefused)
    assert unmet(refused) == ["要介護状態区分の示し方"]
    assert refused.missing[0].found.endswith("(定め07)")


@pytest.mark.parametrize(
    "show", [figures.flow_table, figures.baseline_table, figures.outcome_figure, figures.naive_table]
)
def test_every_place_of_the_chapter_has_a_table_where_the_analysis_was_refused(
    make_tables: Make, show: Callable[..., object]
) -> None:
    refused = try_care_plans(make_tables([1], None, use(1, MONTHS[:2])))
    table = show(refused, **SHOWING)
    assert type(table).__name__ == "Table" and getattr(table, "caption", "")


def test_few_persons_stay_hidden_in_the_levels_of_the_first_month(make_tables: Make) -> None:
    refused = try_care_plans(make_tables([1, 2], None, use(1, MONTHS[:2]) + use(2, MONTHS[:2])))
    table = figures.baseline_table(refused, **SHOWING)
    assert table.frame[["合計", "要介護1・2"]].isna().all(axis=None)
    assert "人数が少ないため" in table.caption


def test_the_verdict_names_months_and_what_is_needed(make_tables: Make) -> None:
    decision = figures.judge_care_plans(try_care_plans(make_tables([1], None, use(1, MONTHS[:2]))))
    assert decision.verdict == "不可"
    assert [(f.value, f.threshold, f.unit) for f in decision.figures] == [(2, 4, "か月")]
    assert "データの月数と、仮IDを替える間隔" in decision.reason
