"""The verdicts of the three chapters, held against thresholds that are data (本書の目安)."""

from __future__ import annotations

from kaigo.analysis.care_plans_refused import CarePlansRefused
from kaigo.analysis.care_plans_result import CarePlansResult
from kaigo.analysis.conditions_result import ConditionsResult
from kaigo.analysis.figure_parts import is_small, month_base, share_base
from kaigo.analysis.intervals import Share
from kaigo.analysis.rules import load_statements, load_thresholds, needy_name
from kaigo.analysis.service_use_result import ServiceUseResult
from kaigo.display import Criterion, Decision, Verdict
from kaigo.display.suppression import choose_rule
from kaigo.errors import KaigoError


def judge_conditions(result: ConditionsResult) -> Decision:
    """①の判定。可: 疾患の列があり、人を数えられる。要検討: どちらかが欠ける。"""
    # A column without a single answer is as good as none.
    usable = sum(1 for need in result.conditions if need.present.total + need.absent.total)
    missing = len(result.conditions) + len(result.unavailable) - usable
    whole = result.diseases is not None and result.unit == "人" and not result.unavailable and usable > 0
    verdict: Verdict = "可" if whole else "要検討"
    reasons = [f"容態{usable + missing}件のうち{usable}件について、{needy_name()}の割合を求められます。"]
    if result.diseases is None:
        lost = "、".join(row["question"] for row in result.lost if row["answer"] == "求められない")
        reasons.append(f"疾患の列がないため、次は求められません: {lost}。")
    if result.unit == "行":
        reasons.append("識別子がないため人を数えられず、行の割合にとどまります。")
    title = (
        f"疾患別・容態別に、{needy_name()}の割合を求められます"
        if result.diseases is not None
        else f"容態別の{needy_name()}の割合は求められますが、疾患別は求められません"
    )
    return Decision(
        verdict,
        title=title,
        figures=[
            Criterion(
                f"最後の月に認定が有効な{'人' if result.unit == '人' else '行'}",
                result.need.total,
                None,
                result.unit,
            ),
            Criterion(
                f"{needy_name()}の割合({share_base(result.unit)})", _shown_percent(result.need), None, "%"
            ),
        ],
        reason="".join(reasons),
        not_meaning="可は、その容態が重い区分の原因であるという意味ではありません。"
        + load_statements("conditions")["denominator"],
    )


def _shown_percent(share: Share) -> float | None:
    """The share in percent, unless one of its two parts is a small count."""
    if share.value is None or is_small([share.count, share.others], choose_rule(None)):
        return None
    return round(100 * share.value, 1)


def judge_service_use(result: ServiceUseResult) -> Decision:
    """②の判定。可: 人を数えられ、置き換えられた行と容態像の決まらない分がともに目安以下。"""
    rolled, unknown = 100 * result.rolled_share, 100 * result.unknown_profile_share
    thresholds = load_thresholds()
    figures, reasons, met = [], [], result.unit == "人"
    for key, value in (("rolled_up_share", rolled), ("unknown_profile_share", unknown)):
        threshold = thresholds[key]
        label = threshold["name"]
        if key == "unknown_profile_share":
            label += f"({month_base(result.unit, result.layout)})"
        figures.append(Criterion(label, round(value, 2), threshold["value"], threshold["unit"]))
        within = value <= threshold["value"]
        met = met and within
        word = "以下です" if within else "を超えます"
        reasons.append(f"{threshold['name']}は{value:.2f}%で、目安の{threshold['value']:g}%{word}。")
    if result.unit == "行":
        reasons.append("識別子がないため、利用者の割合と1人あたりの単位数は求められません。")
    if result.unknown_profile_share >= 1:
        reasons.append(
            "調査の回答が足りず、どの人も容態像が決まりません。全体の構成と単位数だけを求められます。"
        )
    return Decision(
        "可" if met else "要検討",
        title=_title_service_use(result),
        figures=[*figures, _mean_units(result)],
        reason="".join(reasons),
        not_meaning=load_statements("service_use")["meaning"],
    )


def _title_service_use(result: ServiceUseResult) -> str:
    """What can be had, in one sentence."""
    if result.unknown_profile_share >= 1:
        return "全体のサービスの構成は求められますが、容態像別には求められません"
    if result.unit == "人":
        return "容態像別のサービスの構成と単位数を求められます"
    return "サービスの構成は求められますが、1人あたりの利用は求められません"


def _mean_units(result: ServiceUseResult) -> Criterion:
    per_person = result.total.units_per_user_month
    if per_person is None:
        per_line = result.total.units_per_line
        return Criterion("1行あたりの単位数", None if per_line is None else round(per_line), None, "単位")
    return Criterion("利用した人の1か月あたりの単位数", round(per_person), None, "単位")


def judge_care_plans(result: CarePlansResult | CarePlansRefused | KaigoError) -> Decision:
    """③の判定。要検討が上限(単純な比較のため)。行えないときは不可。

    Parameters
    ----------
    result : CarePlansResult, CarePlansRefused or KaigoError
        The error with which the analysis was refused, where only that is at hand.
    """
    words = load_statements("care_plans")
    if isinstance(result, KaigoError):
        found = [] if result.found is None else [Criterion("見つかった値", result.found, None, "")]
        return _judge_refused(result, found)
    if isinstance(result, CarePlansRefused):
        least = load_thresholds()["coverage_months"]["value"]
        return _judge_refused(
            result.error, [Criterion("1人を続けて追える月数", result.months, least, "か月")]
        )
    share = result.not_reassessed_share
    again = "" if share is None else f"維持のうち{share:.1%}は、期間中に再認定を受けていません。"
    return Decision(
        "要検討",
        title=f"パターン別の区分の変化を数えましたが、効果とは言えません({result.warning})",
        figures=[
            Criterion(
                "比べた仮ID" if result.layout == "linked" else "比べた人",
                result.total.persons,
                None,
                "件" if result.layout == "linked" else "人",
            ),
            Criterion(
                "維持のうち再認定を受けていない割合",
                None if share is None else round(100 * share, 1),
                None,
                "%",
            ),
        ],
        reason=f"{again}{words['effects']}",
        not_meaning=words["confounded"],
    )


def _judge_refused(error: KaigoError, figures: list[Criterion]) -> Decision:
    words = load_statements("care_plans")["refused"]
    return Decision(
        "不可",
        title=words["title"],
        figures=figures,
        reason=f"{error.what}{error.remedy}",
        not_meaning=words["not_meaning"],
    )
