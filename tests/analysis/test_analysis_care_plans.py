"""③ counted by hand, and refused where it would not be an analysis."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from release_factory import build_release

from kaigo.analysis import CarePlansResult, analyse_care_plans, run_analysis
from kaigo.analysis.figures import judge_care_plans
from kaigo.errors import EmptyResultError, KaigoError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
MONTHS = [f"2024-{month:02d}" for month in range(4, 10)]
HOME, DAY, FACILITY, MANAGEMENT = "111111", "151111", "511111", "431111"


def _use(person: int, code: str, months: Sequence[str] = MONTHS, units: int = 1000) -> list[dict[str, Any]]:
    return [{"person": person, "service_month": m, "service_code": code, "units": units} for m in months]


def _two_levels(person: int, first: str, second: str) -> list[dict[str, Any]]:
    return [
        {"person": person, "care_level": first, "valid_to": "2024-07-31"},
        {"person": person, "care_level": second, "valid_from": "2024-08-01"},
    ]


def _flow(result: CarePlansResult) -> list[int]:
    return [persons for _, persons in result.flow]


def test_each_outcome_is_counted_for_the_pattern_of_the_first_three_months(make_tables: Make) -> None:
    certifications = [
        *_two_levels(1, "23", "22"),
        *_two_levels(2, "23", "23"),
        *_two_levels(3, "23", "24"),
        {"person": 4, "care_level": "21", "valid_to": "2024-07-31"},
        {"person": 5, "care_level": "21"},
    ]
    benefits = [row for person in (1, 2, 3) for row in _use(person, DAY)] + _use(4, HOME) + _use(5, HOME)
    result = run_analysis(analyse_care_plans, make_tables(range(1, 6), certifications, benefits))
    counts = {row.pattern.name: dict(row.counts) for row in result.patterns}
    assert counts == {
        "通所が中心": {"改善": 1, "維持": 1, "悪化": 1, "見えなくなった": 0},
        "訪問が中心": {"改善": 0, "維持": 1, "悪化": 0, "見えなくなった": 1},
    }
    assert result.reference == "通所が中心"
    assert {row.pattern.name: row.needy for row in result.patterns} == {"通所が中心": 3, "訪問が中心": 0}
    assert result.not_reassessed_share == 0.5  # person 5 has one certification, person 2 was certified anew
    naive = result.naive[0]
    assert (naive.arm, naive.persons) == ("訪問が中心", 2)
    assert naive.difference.estimate == pytest.approx(1 / 2 - 2 / 3)


def test_pattern_is_the_category_with_most_units_in_the_first_three_months_only(make_tables: Make) -> None:
    benefits = [
        *_use(1, HOME, MONTHS[:3], 100),
        *_use(1, DAY, MONTHS[:1], 250),
        *_use(1, MANAGEMENT, MONTHS[:3], 9000),
        *_use(1, DAY, MONTHS[3:], 9000),
        *_use(2, MANAGEMENT),
        *_use(3, DAY, MONTHS[3:]),
    ]
    result = run_analysis(analyse_care_plans, make_tables([1, 2, 3], None, benefits))
    assert {row.pattern.name: row.persons for row in result.patterns} == {"訪問が中心": 1, "利用なし": 2}
    assert result.reference == "利用なし"  # nobody has 通所, so the largest pattern stands in


def test_flow_counts_everyone_once(make_tables: Make) -> None:
    certifications = [
        {"person": 1},
        {"person": 2, "care_level": "12"},
        {"person": 3, "valid_to": "2024-05-31"},
        {"person": 4},
        {"person": 5},
        {"person": 6, "valid_from": "2024-06-01"},
    ]
    benefits = [*_use(1, DAY), *_use(4, DAY), *_use(4, FACILITY, MONTHS[2:3], 1), *_use(5, "ZZ1111")]
    result = run_analysis(analyse_care_plans, make_tables(range(1, 7), certifications, benefits))
    # seen in April: 1-5; 要支援, gone before June, in a facility, kind unknown; compared: 1
    assert _flow(result) == [5, 1, 1, 1, 1, 1]
    assert sum(_flow(result)[1:]) == _flow(result)[0]


def test_a_dead_person_is_no_longer_seen_and_not_maintained(make_tables: Make) -> None:
    people = [{"person": 1, "disqualified_on": "2024-07-15", "disqualified_reason": "死亡"}, 2]
    result = run_analysis(
        analyse_care_plans, make_tables(people, None, _use(1, DAY, MONTHS[:4]) + _use(2, DAY))
    )
    assert dict(result.total.counts) == {"改善": 0, "維持": 1, "悪化": 0, "見えなくなった": 1}


def test_each_pseudonym_is_followed_within_its_own_months(tmp_path: Path) -> None:
    months = [*MONTHS, "2024-10", "2024-11", "2024-12", "2025-01", "2025-02", "2025-03"]
    spans = {"a": months[:6], "b": months[6:]}
    release = build_release(
        tmp_path / "r",
        "linked",
        {
            "persons": [{"person_id": name} for name in spans],
            "certifications": [
                {"person_id": "a", "from_month": months[0], "to_month": months[3], "care_level": "21"},
                {"person_id": "a", "from_month": months[4], "to_month": months[5], "care_level": "22"},
                {"person_id": "b", "from_month": months[6], "to_month": months[11], "care_level": "22"},
            ],
            "benefits": [
                {"person_id": name, "service_month": m, "service_code": DAY, "days": 1, "units": 1}
                for name, span in spans.items()
                for m in span
            ],
        },
    )
    result = run_analysis(analyse_care_plans, release)
    assert result.coverages == (("2024-04", "2024-09"), ("2024-10", "2025-03"))
    assert dict(result.total.counts) == {"改善": 0, "維持": 1, "悪化": 1, "見えなくなった": 0}
    assert any("仮ID" in note for note in result.notes)


def test_joined_is_refused_because_relinking_would_be_an_attack(tmp_path: Path) -> None:
    line = {"care_level": "21", "service_month": "2024-04", "service_code": DAY, "days": 1, "units": 1}
    release = build_release(tmp_path / "r", "joined", {"joined": [line]}, rotate_months=None)
    with pytest.raises(KaigoError) as caught:
        run_analysis(analyse_care_plans, release)
    assert "linked" in caught.value.remedy
    assert "本人を探す行為" in caught.value.remedy
    assert judge_care_plans(caught.value).verdict == "不可"


def test_too_few_months_are_refused_with_the_number_found(make_tables: Make) -> None:
    tables = make_tables([1], None, _use(1, DAY, MONTHS[:3]))
    with pytest.raises(KaigoError) as caught:
        run_analysis(analyse_care_plans, tables)
    assert caught.value.found == "3か月"
    assert "4か月以上" in caught.value.what
    assert (
        run_analysis(analyse_care_plans, make_tables([1], None, _use(1, DAY, MONTHS[:4]))).total.persons == 1
    )


def test_nobody_left_is_explained(make_tables: Make) -> None:
    with pytest.raises(EmptyResultError, match="1人も残りませんでした"):
        run_analysis(analyse_care_plans, make_tables([1], [{"person": 1, "care_level": "12"}], _use(1, DAY)))


@pytest.mark.parametrize("synthetic", [True, False])
def test_payload_has_the_keys_of_the_interface_and_claims_no_effect(
    make_tables: Make, synthetic: bool
) -> None:
    tables = make_tables([1, 2], None, _use(1, DAY) + _use(2, HOME), synthetic=synthetic)
    result = run_analysis(analyse_care_plans, tables)
    payload = result.to_payload()
    assert {"estimand", "reference", "effects", "naive", "checks", "policy"} <= set(payload)
    assert (payload["effects"], payload["policy"]) == ([], None)
    assert payload["effects_reason"]
    assert set(payload["naive"][0]) == {"arm", "profile", "estimate", "se", "ci", "n"}
    assert ("現実の効果ではない" in payload["warning"]) == synthetic
    assert any("まだ再認定を受けていない" in note for note in payload["notes"])
    assert judge_care_plans(result).verdict == "要検討"
