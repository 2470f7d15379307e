"""The verdict of the data chapter: is the level mix close enough to the published one."""

from __future__ import annotations

import math

from kaigo.display import Criterion, Decision, Verdict
from kaigo.synthetic.parameters import read_toml
from kaigo.synthetic.published import compare_levels
from kaigo.synthetic.summary import Summary

NOT_MEANING = (
    "割合が近いことは、細かい組合せや時間の変化まで現実に近いことを意味しません。"
    "合成データから現実についての結論を出すことはできません。"
)
LARGEST_SHARE = 0.21
"""Published share of the most common level (要介護1), for which chance is widest."""
NOT_MEANING_OWN = "公表統計との違いは、誤りを意味しません。市町村ごとに構成は違います。"


def judge_levels(summary: Summary) -> Decision:
    """要介護状態区分の構成が、公表の構成に近いかの判定(自分のデータは判定しない)。

    With few persons chance alone moves a share: two standard errors of the largest share are allowed on top.
    """
    largest = round(float(compare_levels(summary)["差"].abs().max()), 1)
    if not summary.synthetic:
        return Decision(
            "可",
            title="データの姿を数えました。公表統計との近さは判定しません",
            figures=[Criterion("区分の割合の最大の差", largest, None, "ポイント")],
            reason=f"このデータの区分の割合は全国の公表の割合と最大{largest}ポイント違いますが、市町村ごとの違いであり、判定の対象にしません。",
            not_meaning=NOT_MEANING_OWN,
        )
    persons = max(int(summary.levels["persons"].sum()), 1)
    tolerance = float(read_toml("tolerances")["level_mix"]["points"])
    chance = 100 * 2 * math.sqrt(LARGEST_SHARE * (1 - LARGEST_SHARE) / persons)
    allowed = round(tolerance + chance, 1)
    near = largest <= allowed
    verdict: Verdict = "可" if near else "要検討"
    return Decision(
        verdict,
        title=f"要介護状態区分の構成は、公表の構成と最大{largest}ポイントの違いです",
        figures=[Criterion("区分の割合の最大の差", largest, allowed, "ポイント")],
        reason=f"合成データの区分の割合は公表の割合と最大{largest}ポイント違い、目安の{allowed:g}ポイント"
        f"(許容差{tolerance:g}ポイントと、{persons:,}人での偶然の幅{chance:.1f}ポイント){'以内です' if near else 'を超えます'}。",
        not_meaning=NOT_MEANING,
    )
