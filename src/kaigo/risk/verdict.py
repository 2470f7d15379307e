"""The verdict of the risk chapter: thresholds are data, with reasons and sources."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from kaigo.display import Criterion, Decision, Verdict
from kaigo.risk.release import ReleaseRisk

NOT_MEANING = (
    "不可は、提供してはならないという法律上の結論ではありません。可も、誰も識別されないという保証ではありません。"
    "準識別子に挙げた列だけを見ており、ほかの列や、ほかの情報との照合は含みません。"
)


@cache
def load_thresholds() -> dict[str, dict[str, Any]]:
    """目安(しきい値)を、理由と出典とともに読む。"""
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
        title=f"提供期間全体で見ると、生年月・性別・要介護状態区分だけで{unique:.1%}の人がただ1人に絞られます",
        figures=figures,
        reason=_explain(risk, k_met),
        not_meaning=NOT_MEANING,
    )


def make_criterion(name: str, value: float | int) -> Criterion:
    """A measured value beside its threshold."""
    threshold = load_thresholds()[name]
    return Criterion(threshold["name"], value, threshold["value"], threshold["unit"])


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
