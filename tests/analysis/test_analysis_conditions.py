"""① counted by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from release_factory import build_release

from kaigo.analysis import ConditionsResult, analyse_conditions, run_analysis
from kaigo.analysis.figures import disease_table, judge_conditions
from kaigo.errors import EmptyResultError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
WALKS, CANNOT = {"survey_1_7": 1, "survey_2_1": 1}, {"survey_1_7": 3, "survey_2_1": 1}
CLEAR, FORGETS = {"survey_3_4": 1, "survey_5_3": 1}, {"survey_3_4": 2, "survey_5_3": 1}


def _town(make: Make) -> CareTables:
    """要介護5: cannot walk, clear; 要介護3: walks, forgets; 要介護1: both light; 要支援1: no answer on memory."""
    answers: list[dict[str, Any]] = [
        {"care_level": "25", **CANNOT, **CLEAR, "primary_disease": "骨折・転倒"},
        {"care_level": "23", **WALKS, **FORGETS, "primary_disease": "認知症"},
        {"care_level": "21", **WALKS, **CLEAR, "primary_disease": "認知症"},
        {"care_level": "12", **WALKS, "survey_5_3": 1},
    ]
    return make(range(1, 5), [{"person": n, **row} for n, row in enumerate(answers, start=1)])


def _need(result: ConditionsResult, name: str) -> dict[str, tuple[int, int]]:
    row = next(need for need in result.conditions if need.condition.id == name)
    return {
        "present": (row.present.count, row.present.total),
        "absent": (row.absent.count, row.absent.total),
        "unknown": (row.unknown.count, row.unknown.total),
    }


def test_need_by_condition_is_counted_with_missing_answers_apart(make_tables: Make) -> None:
    result = run_analysis(analyse_conditions, _town(make_tables))
    assert (result.need.count, result.need.total) == (2, 4)
    assert _need(result, "walking") == {"present": (1, 1), "absent": (1, 3), "unknown": (0, 0)}
    assert _need(result, "memory") == {"present": (1, 1), "absent": (1, 2), "unknown": (0, 1)}


def test_profiles_need_both_axes_and_missing_items_make_them_unknown(make_tables: Make) -> None:
    profiles = {
        name: share.total for name, share in run_analysis(analyse_conditions, _town(make_tables)).profiles
    }
    assert profiles == {"light": 1, "body": 1, "cognition": 1, "both": 0, "unknown": 1}


def test_levels_diseases_and_prevalence(make_tables: Make) -> None:
    result = run_analysis(analyse_conditions, _town(make_tables))
    assert {level: n for level, n in result.levels if n} == {"12": 1, "21": 1, "23": 1, "25": 1}
    assert result.diseases is not None
    assert {name: (s.count, s.total) for name, s in result.diseases} == {
        "骨折・転倒": (1, 1),
        "認知症": (1, 2),
        "記載なし": (0, 1),
    }
    walking = {
        row.group: (row.present, row.absent) for row in result.by_level if row.condition.id == "walking"
    }
    assert walking["25"] == (1, 0)
    assert walking["12"] == (0, 1)


def test_only_the_last_month_counts(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "valid_from": "2024-01-01", "valid_to": "2024-04-30", "care_level": "25"},
        {"person": 2, "care_level": "21"},
        {"person": 3, "care_level": "01"},
    ]
    benefits = [{"person": 2, "service_month": month} for month in ("2024-04", "2024-05")]
    result = run_analysis(analyse_conditions, make_tables([1, 2, 3], certifications, benefits))
    assert (result.month, result.total, result.left_out) == ("2024-05", 1, 1)


def test_several_items_are_present_if_any_is_and_absent_only_if_all_are(make_tables: Make) -> None:
    limbs = [f"survey_1_1_{n}" for n in range(1, 5)]
    certifications = [
        {"person": 1, **dict.fromkeys(limbs, 0), limbs[2]: 1},
        {"person": 2, **dict.fromkeys(limbs, 0)},
        {"person": 3, **dict.fromkeys(limbs[1:], 0)},
        {"person": 4, limbs[0]: 1},
    ]
    result = run_analysis(analyse_conditions, make_tables(range(1, 5), certifications))
    assert _need(result, "paralysis") == {"present": (0, 2), "absent": (0, 1), "unknown": (0, 1)}


def test_without_a_disease_column_the_result_says_what_is_lost(make_tables: Make) -> None:
    result = run_analysis(analyse_conditions, make_tables([1], [{"person": 1, **WALKS}]))
    assert result.diseases is None
    assert result.to_payload()["diseases"] is None
    assert any("疾患" in row["question"] for row in result.lost)
    assert judge_conditions(result).verdict == "要検討"
    assert "答えられない" in disease_table(result, source_text="テスト").caption
    assert judge_conditions(run_analysis(analyse_conditions, _town(make_tables))).verdict == "可"


def test_certified_persons_give_no_denominator_and_every_result_says_so(make_tables: Make) -> None:
    assert any("分母" in note for note in run_analysis(analyse_conditions, _town(make_tables)).notes)


def test_joined_counts_lines_without_intervals_and_says_which_items_are_missing(tmp_path: Path) -> None:
    line = {"service_month": "2024-04", "service_code": "111111", "days": 1, "units": 9}
    lines = [
        {"care_level": "25", "survey_1_7": 3, **line},
        {"care_level": "25", "survey_1_7": 3, **line},
        {"care_level": "21", "survey_1_7": 1, **line},
    ]
    result = run_analysis(analyse_conditions, build_release(tmp_path / "r", "joined", {"joined": lines}))
    assert (result.unit, result.total) == ("行", 3)
    assert [need.condition.id for need in result.conditions] == ["walking"]
    assert result.conditions[0].present.to_payload() == {"count": 2, "n": 2, "share": 1.0, "ci": None}
    assert len(result.unavailable) == 12
    assert judge_conditions(result).verdict == "要検討"


def test_nobody_certified_is_explained(make_tables: Make) -> None:
    with pytest.raises(EmptyResultError, match="要支援1から要介護5"):
        run_analysis(analyse_conditions, make_tables([1], [{"person": 1, "care_level": "01"}]))
