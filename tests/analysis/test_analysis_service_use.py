"""② counted by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from release_factory import build_release

from kaigo.analysis import analyse_service_use, run_analysis
from kaigo.analysis.figures import judge_service_use
from kaigo.tables import CareTables, find_limit

Make = Callable[..., CareTables]
LIGHT = {"survey_1_7": 1, "survey_2_1": 1, "survey_3_4": 1, "survey_5_3": 1}
BOTH = {"survey_1_7": 3, "survey_2_1": 4, "survey_3_4": 2, "survey_5_3": 4}


def _town(make: Make) -> CareTables:
    """Person 1 (light, 要介護1) uses in April only; person 2 (both, 要介護5) in both months; 3 uses nothing."""
    certifications = [
        {"person": 1, "care_level": "21", **LIGHT},
        {"person": 2, "care_level": "25", **BOTH},
        {"person": 3, "care_level": "25", **BOTH},
    ]
    benefits = [
        {"person": 1, "service_month": "2024-04", "service_code": "111111", "units": 1000},
        {"person": 1, "service_month": "2024-04", "service_code": "311111", "units": 500},
        {"person": 2, "service_month": "2024-04", "service_code": "151111", "units": 4000},
        {"person": 2, "service_month": "2024-05", "service_code": "511111", "units": 20000},
    ]
    return make([1, 2, 3], certifications, benefits)


def test_use_is_counted_in_person_months(make_tables: Make) -> None:
    result = run_analysis(analyse_service_use, _town(make_tables))
    light, both = result.by_profile
    assert (light.group, light.persons, light.users, light.person_months) == ("light", 1, 1, 2)
    assert (light.users_share, light.units_per_user_month) == (0.5, 1500)
    assert (both.group, both.persons, both.users, both.person_months, both.user_months) == (
        "both",
        2,
        1,
        4,
        2,
    )
    assert both.units_per_user_month == 12000
    assert (result.total.persons, result.total.users, result.total.lines) == (3, 2, 4)
    assert [(row.group, row.persons, row.users) for row in result.by_month] == [
        ("2024-04", 3, 2),
        ("2024-05", 3, 1),
    ]


def test_only_kinds_within_the_limit_count_against_it(make_tables: Make) -> None:
    levels = {row.group: row for row in run_analysis(analyse_service_use, _town(make_tables)).by_level}
    # 要介護1: 訪問介護 1,000 of the limit, 居宅療養管理指導 outside; 要介護5: 通所介護 in April, the facility outside.
    assert levels["21"].limit_share == 1000 / (find_limit("21", "2024-04") or 0)
    assert levels["25"].limit_share == 4000 / (find_limit("25", "2024-04") or 0)


def test_mix_counts_distinct_users_and_units(make_tables: Make) -> None:
    result = run_analysis(analyse_service_use, _town(make_tables))
    kinds = {row.code: (row.name, row.users, row.units) for row in result.by_kind}
    assert kinds["11"] == ("訪問介護", 1, 1000)
    assert kinds["51"] == ("介護福祉施設サービス", 1, 20000)
    categories = {(row.profile, row.code): (row.users, row.units) for row in result.by_category}
    assert categories == {
        ("light", "G1"): (1, 1500),
        ("both", "G2"): (1, 4000),
        ("both", "G5"): (1, 20000),
    }


def test_lines_without_a_certification_are_left_out_and_counted(make_tables: Make) -> None:
    certifications = [{"person": 1, "valid_to": "2024-04-30"}]
    benefits = [{"person": 1, "service_month": month} for month in ("2024-04", "2024-05")]
    result = run_analysis(analyse_service_use, make_tables([1], certifications, benefits))
    assert (result.total.lines, result.lines_left_out) == (1, 1)


@pytest.mark.parametrize(("rolled", "verdict"), [(0, "可"), (5, "可"), (6, "要検討")])
def test_verdict_turns_where_more_codes_were_rolled_up_than_the_threshold(
    tmp_path: Path, rolled: int, verdict: str
) -> None:
    codes = [["11-03", "G1", None][n % 3] if n < rolled else "111111" for n in range(100)]
    months = {"from_month": "2024-04", "to_month": "2024-04"}
    release = build_release(
        tmp_path / "r",
        "linked",
        {
            "persons": [{"person_id": "a"}],
            "certifications": [{"person_id": "a", "care_level": "21", **months, **LIGHT}],
            "benefits": [
                {"person_id": "a", "service_month": "2024-04", "service_code": code, "days": 1, "units": 1}
                for code in codes
            ],
        },
    )
    result = run_analysis(analyse_service_use, release)
    assert result.rolled_share == rolled / 100
    assert judge_service_use(result).verdict == verdict


def test_missing_answers_make_the_verdict_a_question(make_tables: Make) -> None:
    result = run_analysis(analyse_service_use, make_tables([1], [{"person": 1}]))
    assert result.unknown_profile_share == 1
    assert judge_service_use(result).verdict == "要検討"


def test_joined_counts_lines_and_no_persons(tmp_path: Path) -> None:
    lines = [
        {"care_level": "21", "service_month": "2024-04", "service_code": "111111", "days": 1, "units": units}
        for units in (100, 300)
    ]
    result = run_analysis(analyse_service_use, build_release(tmp_path / "r", "joined", {"joined": lines}))
    assert (result.unit, result.total.lines, result.total.units) == ("行", 2, 400)
    assert result.total.persons is None
    assert result.total.users_share is None
    assert result.total.units_per_line == 200
    assert {row.users for row in (*result.by_kind, *result.by_category)} == {None}
    assert judge_service_use(result).verdict == "要検討"


def test_what_no_profile_can_be_told_for_is_not_promised(make_tables: Make) -> None:
    certifications = [{"person": n, "care_level": "21"} for n in (1, 2)]
    benefits = [{"person": n, "service_month": "2024-04"} for n in (1, 2)]
    decision = judge_service_use(
        run_analysis(analyse_service_use, make_tables([1, 2], certifications, benefits))
    )
    assert decision.verdict == "要検討"
    assert "容態像別には求められません" in decision.title
    assert "どの人も容態像が決まりません" in decision.reason
