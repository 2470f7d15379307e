"""Figures say what was found, and nothing small can be read from them or calculated from them."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from release_factory import build_release

from kaigo.analysis import analyse_care_plans, analyse_conditions, analyse_service_use, figures, run_analysis
from kaigo.analysis.care_plans_display import choose_shown_patterns
from kaigo.analysis.care_plans_result import OUTCOMES, CarePlansResult, PatternOutcome
from kaigo.analysis.conditions_result import ConditionNeed
from kaigo.analysis.figure_parts import Part, merge_small_parts
from kaigo.analysis.figures_conditions import choose_safe_answers
from kaigo.analysis.intervals import measure_share
from kaigo.analysis.rules import Pattern, load_conditions, needy_name
from kaigo.display import Figure, Table
from kaigo.display.suppression import choose_rule
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
SOURCE = "テスト用の表"
MONTHS = [f"2024-{month:02d}" for month in range(4, 10)]
RULE = choose_rule(None)
THRESHOLD = 10
CONDITIONS = ("level_table", "need_figure", "profile_table", "disease_table", "prevalence_table")
SERVICE_USE = ("profile_use_table", "level_use_table", "month_use_table", "kind_table", "category_figure")
CARE_PLANS = ("flow_table", "outcome_figure", "naive_table", "baseline_table")

small = st.integers(0, 14)


def _town(make: Make, persons: int = 160, seed: int = 3) -> CareTables:
    """A seeded town in which many groups are small."""
    rng = np.random.default_rng(seed)
    certifications, benefits = [], []
    for person in range(1, persons + 1):
        heavy = rng.random() < 0.3
        answers = {
            "survey_1_7": 3 if heavy else 1,
            "survey_2_1": 1,
            "survey_3_4": int(rng.integers(1, 3)),
            "survey_5_3": 1,
            "survey_3_8": 3 if rng.random() < 0.04 else 1,
            "primary_disease": str(
                rng.choice(["認知症", "脳血管疾患", "パーキンソン病"], p=[0.5, 0.47, 0.03])
            ),
        }
        first = str(rng.choice(["21", "22", "23"]))
        later = str(rng.choice([first, first, first, "24", "21"]))
        for level, span in ((first, {"valid_to": "2024-07-31"}), (later, {"valid_from": "2024-08-01"})):
            certifications.append({"person": person, "care_level": level, **answers, **span})
        code = str(rng.choice(["111111", "151111", "171001", "211111"], p=[0.4, 0.5, 0.06, 0.04]))
        benefits += [
            {
                "person": person,
                "service_month": month,
                "service_code": code,
                "units": int(rng.integers(1, 9000)),
            }
            for month in MONTHS
        ]
    return make(range(1, persons + 1), certifications, benefits)


def _draw_all(tables: Any, inhabitants: int | None = None) -> dict[str, Any]:
    results = {
        CONDITIONS: run_analysis(analyse_conditions, tables),
        SERVICE_USE: run_analysis(analyse_service_use, tables),
        CARE_PLANS: run_analysis(analyse_care_plans, tables),
    }
    return {
        name: getattr(figures, name)(result, source_text=SOURCE, inhabitants=inhabitants)
        for names, result in results.items()
        for name in names
    }


def _table(shown: Figure | Table) -> Table:
    return shown.table if isinstance(shown, Figure) else shown


def test_every_figure_has_finding_numbers_and_source(make_tables: Make) -> None:
    for name, shown in _draw_all(_town(make_tables)).items():
        assert re.search(r"\d", shown.caption), name
        assert shown.source == SOURCE
        if isinstance(shown, Figure):
            assert re.search(r"\d\.\d%", shown.alt), name
            assert base64.b64decode(shown.to_png()).startswith(b"\x89PNG")


def test_everything_about_care_plans_on_synthetic_data_says_so(make_tables: Make) -> None:
    shown = _draw_all(_town(make_tables))
    for name in CARE_PLANS[1:]:
        assert "合成データによる例示であり、現実の効果ではない" in shown[name].caption
    assert "現実の効果ではない" in shown["outcome_figure"].alt


def test_no_count_below_the_threshold_stands_in_any_table(make_tables: Make) -> None:
    for name, shown in _draw_all(_town(make_tables)).items():
        table = _table(shown)
        people = [column.name for column in table.grid.columns if column.unit == "人"]
        values = (
            table.frame[people].astype("Float64").to_numpy(dtype=float, na_value=np.nan) if people else []
        )
        assert not [v for row in values for v in row if 0 < v < THRESHOLD], name


def test_a_town_of_under_2000_shows_no_count_share_or_finding(make_tables: Make) -> None:
    for name, shown in _draw_all(_town(make_tables), inhabitants=1500).items():
        table = _table(shown)
        numbers = table.frame.select_dtypes("number")
        assert numbers.isna().all(axis=None), name
        assert "表示しない" in shown.caption, name


def test_a_hidden_total_hides_shares_and_intervals_that_would_give_it_away(make_tables: Make) -> None:
    """None of 7 persons is 要介護3以上: 0 may be shown, but the width of the interval of 0 % would tell the 7."""
    groups = [
        ("パーキンソン病", "21", 7),
        ("認知症", "21", 20),
        ("認知症", "24", 20),
        ("心疾患", "21", 99),
        ("心疾患", "24", 99),
    ]
    rows = [(disease, level) for disease, level, number in groups for _ in range(number)]
    certifications = [
        {"person": n, "care_level": level, "primary_disease": disease}
        for n, (disease, level) in enumerate(rows, start=1)
    ]
    result = run_analysis(analyse_conditions, make_tables(range(1, len(rows) + 1), certifications))
    frame = figures.disease_table(result, source_text=SOURCE).frame.set_index("主たる疾病")
    assert frame.isna().loc["パーキンソン病", "計"]
    assert frame.loc["パーキンソン病", needy_name()] == 0
    assert frame.loc["パーキンソン病"].filter(like="割合").isna().all()
    assert frame.loc["心疾患"].filter(like="割合").notna().all()


@example(cells=(20, 20, 0, 20, 5, 0))
@given(cells=st.tuples(*[st.integers(0, 30)] * 6))
def test_what_is_left_out_of_a_condition_is_no_small_count(cells: tuple[int, ...]) -> None:
    shares = [measure_share(cells[n], cells[n] + cells[n + 1], "none") for n in (0, 2, 4)]
    shown = choose_safe_answers(ConditionNeed(load_conditions()[0], *shares), RULE)
    for half in (0, 1):
        values = [(share.count, share.others)[half] for _, share in shown]
        rest = sum((share.count, share.others)[half] for share in shares) - sum(values)
        if shown:
            assert all(v == 0 or v >= THRESHOLD for v in (*values, rest))


@given(st.lists(st.tuples(small, st.integers(0, 1000)), max_size=8))
def test_merged_parts_keep_the_sum_and_never_hold_small_ones_alone(found: list[tuple[int, int]]) -> None:
    parts = [Part(f"p{n}", users, units) for n, (users, units) in enumerate(found)]
    merged = merge_small_parts(parts, RULE)
    if not merged:
        assert all(0 < users < THRESHOLD for users, _ in found)
        return
    assert sum(part.units for part in merged) == sum(units for _, units in found)
    named = {part.name for part in merged}
    gone = [part for part in parts if part.name not in named]
    assert not gone or max(part.users or 0 for part in gone) >= THRESHOLD or 0 in {p.users for p in gone}
    assert all(part.users is None or part.users == 0 or part.users >= THRESHOLD for part in merged)


@given(st.lists(st.tuples(*[st.integers(0, 25)] * 4), min_size=1, max_size=6))
def test_shown_patterns_have_no_small_cell_and_leave_none_to_subtract(rows: list[tuple[int, ...]]) -> None:
    patterns = tuple(
        PatternOutcome(Pattern(str(n), "home", f"p{n}"), dict(zip(OUTCOMES, row, strict=True)), 0, 0)
        for n, row in enumerate(rows)
    )
    result = CarePlansResult("care", True, (("2024-04", "2024-09"),), patterns, "p0", ())
    shown = choose_shown_patterns(result, None)

    def cells(row: PatternOutcome) -> list[int]:
        full = [row.counts[outcome] for outcome in OUTCOMES]
        return full if shown.in_full else [full[0] + full[1], full[2] + full[3]]

    if len(shown.rows) > 1:
        assert all(v == 0 or v >= THRESHOLD for row in shown.rows for v in cells(row))
        rest = result.total.persons - sum(row.persons for row in shown.rows)
        assert rest == 0 or rest >= THRESHOLD
        if shown.total is not None:
            assert rest == 0


def test_lines_are_called_lines_and_carry_no_interval(tmp_path: Path) -> None:
    lines = [
        {
            "care_level": ["21", "24"][n % 2],
            "survey_1_7": 1 + 2 * (n % 3 == 0),
            "service_month": "2024-04",
            "service_code": "111111",
            "days": 1,
            "units": 1000,
        }
        for n in range(120)
    ]
    release = build_release(tmp_path / "r", "joined", {"joined": lines}, rotate_months=None)
    need = figures.need_figure(run_analysis(analyse_conditions, release), source_text=SOURCE)
    assert "給付の行" in need.caption
    assert "区間" not in need.alt
    assert {column.unit for column in need.table.grid.columns if column.name == "計"} == {"行"}
    use = figures.level_use_table(run_analysis(analyse_service_use, release), source_text=SOURCE)
    assert [column.header for column in use.grid.columns][1:] == ["行数(行)", "1行の平均単位数(単位)"]


@pytest.mark.parametrize("inhabitants", [None, 10_000])
def test_same_data_gives_the_same_words(make_tables: Make, inhabitants: int | None) -> None:
    first, second = (_draw_all(_town(make_tables), inhabitants) for _ in range(2))
    for name, shown in first.items():
        assert shown.to_text() == second[name].to_text()
