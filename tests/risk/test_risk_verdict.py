"""The verdict and what it says."""

import pytest

from kaigo.risk import MonthRisk, ReleaseRisk, RelinkRisk, RiskMeasures, judge_release, load_thresholds
from kaigo.risk.attackers import load_attackers
from kaigo.risk.criteria import combine
from kaigo.risk.figures import show_thresholds
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.verdict import HEADS, judge_with_attacks, name_columns
from kaigo.tables import ClassCounts


def risk_with(worst: dict[int, int], relinked: int = 0) -> ReleaseRisk:
    """Persons by the size of their class (every class once)."""
    measures = RiskMeasures(
        ClassCounts({size: number // size for size, number in worst.items()}, worst), "人"
    )
    month = MonthRisk(measures, (("2024-04", measures.number, worst.get(1, 0)),))
    relink = RelinkRisk(measures.number, relinked)
    return ReleaseRisk("joined", ("birth_month", "sex", "care_level"), month, measures, (), relink)


@pytest.mark.parametrize(
    ("worst", "relinked", "verdict"),
    [
        ({10: 1000}, 0, "可"),
        ({9: 9, 10: 990}, 0, "要検討"),
        ({1: 9, 10: 990}, 0, "要検討"),
        ({1: 20, 10: 980}, 0, "不可"),
        ({10: 1000}, 51, "不可"),
        ({10: 1000}, 50, "可"),
    ],
)
def test_thresholds_decide(worst: dict[int, int], relinked: int, verdict: str) -> None:
    assert judge_release(risk_with(worst, relinked)).verdict == verdict


def test_the_verdict_carries_figures_thresholds_and_what_it_does_not_mean() -> None:
    decision = judge_release(risk_with({1: 200, 10: 800}))
    values = {figure.name: (figure.value, figure.threshold) for figure in decision.figures}
    assert values["最も小さい同値類の人数(k)"] == (1, 10)
    assert values["一意な人の割合"] == (20.0, 1.0)
    assert "法律上の結論ではありません" in decision.not_meaning


def test_every_threshold_has_a_reason_and_a_source() -> None:
    for threshold in load_thresholds().values():
        assert threshold["reason"] and threshold["source"] and threshold["unit"]


def test_every_threshold_stands_under_one_of_three_heads_and_names_its_clause() -> None:
    heads = {threshold["head"] for threshold in load_thresholds().values()}
    assert heads == set(HEADS)
    for threshold in load_thresholds().values():
        assert threshold["clause"].startswith("規則第62条第")
    assert "特定(単独化)" in show_thresholds().to_text()


def test_the_figures_of_a_verdict_stand_under_their_heads_in_order() -> None:
    criteria = [combine("inference", 50, 100, 20, 100), combine("linkability", 5, 100, 5, 100)]
    decision = judge_with_attacks(risk_with({10: 1000}), [attacked(0.01)], criteria)
    heads = [figure.head for figure in decision.figures]
    assert heads == ["特定(単独化)"] * 3 + ["連結"] * 2 + ["推定"]
    assert decision.figures[-1].to_text().startswith("[推定・規則第62条第5号] 知らない値の推定")
    assert decision.to_payload()["figures"][0]["clause"] == "規則第62条第5号"


@pytest.mark.parametrize(("found", "verdict"), [(50, "要検討"), (20, "可")])
def test_an_attack_beyond_its_control_group_makes_a_verdict_one_to_be_considered(
    found: int, verdict: str
) -> None:
    # 50 of 100 against 20 of 100 in the control group is 37 % beyond it; 20 against 20 is nothing.
    criteria = [combine("inference", found, 100, 20, 100)]
    assert judge_with_attacks(risk_with({10: 1000}), [], criteria).verdict == verdict


def test_an_attack_that_could_not_be_tried_says_nothing() -> None:
    decision = judge_with_attacks(risk_with({10: 1000}), [], [combine("singling_out", 0, 0, 0, 0)])
    assert decision == judge_release(risk_with({10: 1000}))


def test_a_release_without_uniques_says_so_in_words() -> None:
    assert "ただ1人に絞られる人はいません" in judge_release(risk_with({10: 1000})).title
    assert "20.0%の人がただ1人に絞られます" in judge_release(risk_with({1: 200, 10: 800})).title


def attacked(success: float) -> AttackResult:
    return AttackResult(load_attackers()[0], 9, 9, 9, 9, success, success, success, 1.0, success, 0.01, 1.0)


@pytest.mark.parametrize(
    ("worst", "success", "verdict"),
    [
        ({10: 1000}, 0.05, "可"),
        ({10: 1000}, 0.228, "要検討"),
        ({1: 20, 10: 980}, 0.0, "不可"),
        ({1: 20, 10: 980}, 1.0, "不可"),
    ],
)
def test_a_verdict_of_soundness_does_not_stand_beside_an_attack_that_works(
    worst: dict[int, int], success: float, verdict: str
) -> None:
    decision = judge_with_attacks(risk_with(worst), [attacked(0.0), attacked(success)])
    assert decision.verdict == verdict
    named = next(figure for figure in decision.figures if "想定した場面" in figure.name)
    assert (named.value, named.threshold) == (round(100 * success, 1), 5.0)
    assert f"{success:.1%}の人が正しく名指しされます" in decision.reason


def test_the_verdict_names_the_columns_that_were_counted() -> None:
    assert name_columns(("birth_month", "sex", "care_level")) == "生年月・性別・要介護状態区分"
    assert name_columns(("age_band", "sex")) == "年齢の幅・性別"
    assert "生年月・性別・要介護状態区分だけで" in judge_release(risk_with({10: 10})).title
