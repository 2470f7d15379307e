"""The verdict of the data chapter: is the level mix close enough to the published one."""

from __future__ import annotations

from kaigo.display import Criterion, Decision, Verdict
from kaigo.synthetic.parameters import read_toml
from kaigo.synthetic.published import compare_levels
from kaigo.synthetic.summary import Summary

NOT_MEANING = (
    "割合が近いことは、細かい組合せや時間の変化まで現実に近いことを意味しません。"
    "合成データから現実についての結論を出すことはできません。"
)
NOT_MEANING_OWN = "公表統計との違いは、誤りを意味しません。市町村ごとに構成は違います。"


def judge_levels(summary: Summary) -> Decision:
    """要介護状態区分の構成が、公表の構成に近いかの判定。"""
    largest = round(float(compare_levels(summary)["差"].abs().max()), 1)
    tolerance = float(read_toml("tolerances")["level_mix"]["points"])
    near = largest <= tolerance
    verdict: Verdict = "可" if near else "要検討"
    data = "合成データ" if summary.synthetic else "このデータ"
    return Decision(
        verdict,
        title=f"要介護状態区分の構成は、公表の構成と最大{largest}ポイントの違いです",
        figures=[Criterion("区分の割合の最大の差", largest, tolerance, "ポイント")],
        reason=f"{data}の区分の割合は公表の割合と最大{largest}ポイント違い、目安の{tolerance:g}ポイント{'以内です' if near else 'を超えます'}。",
        not_meaning=NOT_MEANING if summary.synthetic else NOT_MEANING_OWN,
    )
