"""The verdict of the risk chapter: thresholds are data, with reasons and sources."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from kaigo.display import Criterion, Decision, Verdict
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.release import ReleaseRisk
from kaigo.tables import BIRTH_COLUMNS, load_schemas

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
        title=f"提供期間全体で見ると、{name_columns(risk.quasi_identifiers)}だけで{unique:.1%}の人がただ1人に絞られます",
        figures=figures,
        reason=_explain(risk, k_met),
        not_meaning=NOT_MEANING,
    )


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


def judge_with_attacks(risk: ReleaseRisk, attacks: Sequence[AttackResult]) -> Decision:
    """測った危険に、想定した場面での照合の結果を加えて決める。

    As :func:`judge_release`; where an attacker names more persons correctly than the threshold allows, the verdict is 要検討
    at best.
    """
    decision = judge_release(risk)
    tried = [result for result in attacks if result.targets]
    if not tried:
        return decision
    worst = max(tried, key=lambda result: result.success)
    criterion = make_criterion("attacker_success", round(100 * worst.success, 1))
    over = 100 * worst.success > load_thresholds()["attacker_success"]["value"]
    reason = (
        f"想定した場面のうち最も当たる「{worst.attacker.name}」では、{worst.success:.1%}の人が正しく名指しされます"
        f"(目安は{load_thresholds()['attacker_success']['value']:g}%以下)。"
    )
    return Decision(
        "要検討" if over and decision.verdict == "可" else decision.verdict,
        title=decision.title,
        figures=[*decision.figures, criterion],
        reason=decision.reason + reason,
        not_meaning=(
            "不可は、提供してはならないという法律上の結論ではありません。可も、誰も識別されないという保証ではありません。"
            "準識別子に挙げた列と、想定した場面だけを見ています。"
        ),
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
