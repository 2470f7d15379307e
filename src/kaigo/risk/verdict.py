"""The verdict of the risk chapter: thresholds are data, with reasons, sources, and the head and clause they speak to."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from kaigo.display import Criterion, Decision, Verdict
from kaigo.risk.criteria import CriterionResult
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.release import ReleaseRisk
from kaigo.tables import BIRTH_COLUMNS, load_schemas

NOT_MEANING = (
    "不可は、提供してはならないという法律上の結論ではありません。可も、誰も識別されないという保証ではありません。"
    "準識別子に挙げた列だけを見ており、ほかの列や、ほかの情報との照合は含みません。"
)


HEADS = {"singling_out": "特定(単独化)", "linkability": "連結", "inference": "推定"}
"""The three questions of WP216, in their order; every threshold stands under one of them."""


@cache
def load_thresholds() -> dict[str, dict[str, Any]]:
    """目安(しきい値)を、理由、出典、観点(``head``)、条文(``clause``)とともに読む。"""
    text = resources.files("kaigo.risk").joinpath("data", "thresholds.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def judge_release(risk: ReleaseRisk) -> Decision:
    """測った危険を目安と比べ、可・要検討・不可を決める。

    History classes (B) decide. 可: k and every share meet their thresholds. 要検討: k does not, the shares do.
    不可: a share does not.
    """
    thresholds = load_thresholds()
    k, unique = risk.history.k, risk.history.unique_share
    figures = [
        make_criterion("k", k),
        make_criterion("unique_share", round(100 * unique, 2)),
    ]
    shares_met = 100 * unique <= thresholds["unique_share"]["value"]
    if risk.relink:
        figures.append(make_criterion("relinked_share", round(100 * risk.relink.share, 2)))
        shares_met = shares_met and 100 * risk.relink.share <= thresholds["relinked_share"]["value"]
    k_met = k >= thresholds["k"]["value"]
    verdict: Verdict = "可" if k_met and shares_met else "要検討" if shares_met else "不可"
    return Decision(
        verdict,
        title=_head_line(risk),
        figures=order_by_head(figures),
        reason=_explain(risk, k_met),
        not_meaning=NOT_MEANING,
    )


def order_by_head(figures: Sequence[Criterion]) -> list[Criterion]:
    """The figures under their heads: singling out, linkability, inference, and what has none."""
    places = {label: place for place, label in enumerate(HEADS.values())}
    return sorted(figures, key=lambda figure: places.get(figure.head, len(places)))


def _head_line(risk: ReleaseRisk) -> str:
    columns = name_columns(risk.quasi_identifiers)
    if not risk.history.counts.unique_persons:
        return f"提供期間全体で見ても、{columns}だけでただ1人に絞られる人はいません"
    return f"提供期間全体で見ると、{columns}だけで{risk.history.unique_share:.1%}の人がただ1人に絞られます"


def name_columns(columns: Sequence[str]) -> str:
    """Released columns by their Japanese labels, in one phrase.

    Examples
    --------
    ``("birth_month", "sex")`` → 生年月・性別.
    """
    labels = {column.name: column.label for schema in load_schemas().values() for column in schema.columns}
    return "・".join(
        BIRTH_COLUMNS[name][0] if name in BIRTH_COLUMNS else labels.get(name, name) for name in columns
    )


def judge_with_attacks(
    risk: ReleaseRisk, attacks: Sequence[AttackResult], criteria: Sequence[CriterionResult] = ()
) -> Decision:
    """測った危険に、想定した場面での照合と、3つの観点(特定・連結・推定)の攻撃の結果を加えて決める。

    As :func:`judge_release`; where an attacker names more persons correctly than the threshold allows, or one of the three
    attacks reaches more beyond its control group, the verdict is 要検討 at best.

    Parameters
    ----------
    criteria : sequence of CriterionResult, optional
        Those without an attempt (nobody meets a condition alone, say) are left out.
    """
    decision = judge_release(risk)
    found = [*_weigh_attackers(attacks), *_weigh_criteria(criteria)]
    if not found:
        return decision
    over = any(exceeds for _, exceeds, _ in found)
    title = decision.title
    if over and not risk.history.counts.unique_persons:
        title += "が、ほかの値も知る者には分かることがあります"
    return Decision(
        "要検討" if over and decision.verdict == "可" else decision.verdict,
        title=title,
        figures=order_by_head([*decision.figures, *(criterion for criterion, _, _ in found)]),
        reason=decision.reason + "".join(words for _, _, words in found),
        not_meaning=(
            "不可は、提供してはならないという法律上の結論ではありません。可も、誰も識別されないという保証ではありません。"
            "準識別子に挙げた列と、想定した場面だけを見ています。"
        ),
    )


def _weigh_attackers(attacks: Sequence[AttackResult]) -> list[tuple[Criterion, bool, str]]:
    """The attacker who names most: figure, whether it passes the threshold, words."""
    tried = [result for result in attacks if result.targets]
    if not tried:
        return []
    worst, limit = (
        max(tried, key=lambda result: result.success),
        load_thresholds()["attacker_success"]["value"],
    )
    words = (
        f"想定した場面のうち最も当たる「{worst.attacker.name}」では、{worst.success:.1%}の人が正しく名指しされます"
        f"(目安は{limit:g}%以下)。"
    )
    percent = 100 * worst.success
    return [(make_criterion("attacker_success", round(percent, 1)), percent > limit, words)]


def _weigh_criteria(criteria: Sequence[CriterionResult]) -> list[tuple[Criterion, bool, str]]:
    """Each of the three attacks: figure, whether it passes the threshold, words."""
    weighed = []
    for result in criteria:
        if result.risk != result.risk:
            continue
        name, percent = f"{result.criterion}_risk", 100 * result.risk
        limit = load_thresholds()[name]["value"]
        words = (
            f"{HEADS[result.criterion]}の試みが対照群を上回る分は{percent:.1f}%です(目安は{limit:g}%以下)。"
        )
        weighed.append((make_criterion(name, round(percent, 1)), percent > limit, words))
    return weighed


def make_criterion(name: str, value: float | int) -> Criterion:
    """A measured value beside its threshold, under its head and with the clause that it speaks to."""
    threshold = load_thresholds()[name]
    return Criterion(
        threshold["name"],
        value,
        threshold["value"],
        threshold["unit"],
        head=HEADS[threshold["head"]],
        clause=threshold["clause"],
    )


def _explain(risk: ReleaseRisk, k_met: bool) -> str:
    thresholds = load_thresholds()
    held = "満たします" if k_met else "満たしません"
    parts = [
        f"最も小さい同値類は{risk.history.k}人で、目安の{thresholds['k']['value']}人を{held}。",
        f"一意な人は{risk.history.counts.unique_persons:,}人({risk.history.unique_share:.1%})で、"
        f"目安は{thresholds['unique_share']['value']:g}%以下です。",
    ]
    if risk.relink:
        parts.append(
            f"識別子のない表でも、繰り返し現れる調査の回答により、{risk.relink.share:.1%}の人の行が本人ごとにまとまります"
            f"(目安は{thresholds['relinked_share']['value']:g}%以下)。"
        )
    return "".join(parts)
