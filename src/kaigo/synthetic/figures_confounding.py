"""How wrong a plain comparison of care patterns is: one number an arm, never the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaigo.display import Table
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.replay import HORIZON, describe_effects, replay_arms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SCORED_PERSONS = 20_000
WRONG_FROM = 2.0
"""A comparison that is off by more standard errors than this is wrong, not unlucky."""
NOT_REAL = "仕込んだ値であり、現実の効果ではない。"
ARM_NAMES = {"help": "訪問介護を主に使う人", "rehab": "リハビリを主に使う人", "day": "通所介護を主に使う人"}


@dataclass(frozen=True)
class ConfoundingScore:
    """そのままの比較のずれ。

    Attributes
    ----------
    arm : str
    standard_errors : float or None
        Distance between the plain difference and the true one, in standard errors of the former; None where
        too few persons have one of the arms.
    control_errors : float or None
        The same for the negative control (負の対照): an outcome that no arm changes, so its true difference is none.
    """

    arm: str
    standard_errors: float | None
    control_errors: float | None


def score_confounding(seed: int, persons: int = SCORED_PERSONS) -> tuple[ConfoundingScore, ...]:
    """同じ作り方で2万人を作り、そのままの比較が真の差から標準誤差の何倍ずれるかを測る。

    Only the distance leaves this function: no effect, no propensity, no state.
    """
    effects = describe_effects(replay_arms(SynthesisPlan(persons, HORIZON + 1, seed=seed)))
    return tuple(
        ConfoundingScore(arm, _distance(found), _distance(found["negative_control"]))
        for arm, found in effects.items()
        if isinstance(found, dict)
    )


def _distance(found: Mapping[str, Any]) -> float | None:
    naive, true, error = found["naive"], found["true"], found["naive_se"]
    if naive is None or true is None or not error:
        return None
    return abs(float(naive) - float(true)) / float(error)


def show_confounding(seed: int, *, synthetic: bool) -> Table:
    """そのままの比較が、標準誤差の何倍まちがうかを示す。"""
    import pandas as pd

    columns = ["比べる群", "ずれ", "2倍を超えるか", "負の対照のずれ"]
    if not synthetic:
        return Table(
            pd.DataFrame([["自分のデータ", None, "測れない", None]], columns=columns),
            caption="自分のデータでは真の値が分からないため、そのままの比較のまちがいは測れません",
            source="本書",
        )
    rows = [
        [
            ARM_NAMES.get(score.arm, score.arm),
            None if score.standard_errors is None else round(score.standard_errors, 1),
            "測れない"
            if score.standard_errors is None
            else ("超える" if score.standard_errors > WRONG_FROM else "超えない"),
            None if score.control_errors is None else round(score.control_errors, 1),
        ]
        for score in score_confounding(seed)
    ]
    known = [row[1] for row in rows if isinstance(row[1], float)]
    most = max(known, default=0.0)
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"{ARM_NAMES['day']}とそのまま比べると、答えは標準誤差の最大{most:.1f}倍まちがいます({NOT_REAL.rstrip('。')})",
        source=f"本書の合成データ(同じ乱数の種で{SCORED_PERSONS:,}人を作り直したもの)",
        units={"ずれ": "標準誤差の倍数", "負の対照のずれ": "標準誤差の倍数"},
        digits={"ずれ": 1, "負の対照のずれ": 1},
        note=f"{NOT_REAL}結果は12か月後に生存し要介護度が重くなっていないこと。真の値そのものは、この章にもデータにも出ない。"
        "負の対照は、12か月のうちにその他の病気で入院したこと。どの群のサービスも変えないように作ってあり、"
        "差が出れば、群の人たちがもともと違うことの表れである。",
    )
