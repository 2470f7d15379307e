"""Figures and tables of rotation (※1), and the verdict of the chapter. All are for the inside (内部限り)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kaigo.display import Decision, Figure, Table, Verdict
from kaigo.risk.accumulation import AccumulationRisk
from kaigo.risk.between_trial import BetweenTrial
from kaigo.risk.figures_accumulation import COLOURS, POINTS_SHOWN, show_percent
from kaigo.risk.known_points import KnownPoints
from kaigo.risk.rotation import RotationRisk
from kaigo.risk.verdict import load_thresholds, make_criterion, order_by_head

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_rotation(risks: Sequence[RotationRisk], bare: Sequence[RotationRisk], source: str) -> Figure:
    """仮IDを替える間隔ごとに、内容だけで結び直された人の割合。"""
    import pandas as pd

    told = [r for r in risks if r.boundaries]
    without = {r.rotate_months: r for r in bare}
    frame = pd.DataFrame(
        [
            [
                f"{r.rotate_months}か月ごと",
                show_percent(r.rate),
                show_percent(without[r.rotate_months].rate),
                show_percent(r.chance),
            ]
            for r in told
        ],
        columns=["仮IDを替える間隔", "結び直された割合", "調査の回答を除いた場合", "当て推量"],
    )
    return Figure(
        _draw_rotation,
        table=Table(
            frame,
            caption="隣り合う期間の仮IDが正しく結び直された人の割合",
            source=source,
            units=dict.fromkeys(frame.columns[1:], "%"),
            internal=True,
        ),
        caption=say_rotation_finding(risks, bare),
        alt="棒グラフ。仮IDを替える間隔ごとの、結び直された人の割合。"
        + "。".join(
            f"{row.iloc[0]}では{row.iloc[1]}%(調査の回答を除くと{row.iloc[2]}%、当て推量なら{row.iloc[3]}%)"
            for _, row in frame.iterrows()
        )
        + "。",
        source=source,
    )


def say_rotation_finding(risks: Sequence[RotationRisk], bare: Sequence[RotationRisk]) -> str:
    """引用できる1文: 仮IDを替えることの効き目。"""
    told = [r for r in risks if r.boundaries]
    if not told:
        return "データの月数が短く、仮IDの替わり目がないため、結び直しは測れません"
    longest = max(told, key=lambda r: r.rotate_months)
    without = next(r for r in bare if r.rotate_months == longest.rotate_months)
    return (
        f"仮IDを{longest.rotate_months}か月ごとに替えても、内容を見比べるだけで{show_percent(longest.rate)}%の人の仮IDが結び直されました"
        f"(調査の回答を除いても{show_percent(without.rate)}%)"
    )


def _draw_rotation(axes: Axes, frame: pd.DataFrame) -> None:
    width = 0.27
    for place, (column, hatch) in enumerate(zip(frame.columns[1:], ("", "//", ".."), strict=True)):
        bars = axes.bar(
            [p + (place - 1) * width for p in range(len(frame))],
            frame[column],
            width,
            label=column,
            color=COLOURS[place],
            hatch=hatch,
            edgecolor="#333333",
        )
        axes.bar_label(bars, fmt="%.1f", fontsize=7)
    axes.set_xticks(range(len(frame)), frame[frame.columns[0]])
    axes.set_ylabel("人の割合(%)")
    axes.set_ylim(0, 115)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper center")


def show_rotation(risks: Sequence[RotationRisk], source: str) -> Table:
    """仮IDを替える間隔ごとに、結び直し、つながった月数、残る一意な人、分析③に残る人。"""
    import pandas as pd

    spans = sorted(risks[0].observable)
    rows = [
        [
            f"{r.rotate_months}か月ごと" if r.boundaries else "替えない",
            show_percent(r.rate),
            show_percent(r.low),
            show_percent(r.high),
            show_percent(r.precision),
            show_percent(r.chance),
            round(r.chain_months, 1),
            show_percent(r.unique_before),
            show_percent(r.unique_after),
            *(r.observable[span] for span in spans),
        ]
        for r in risks
    ]
    columns = [
        "仮IDを替える間隔",
        "結び直された割合",
        "95%区間の下限",
        "95%区間の上限",
        "自信のある組の正しさ",
        "当て推量",
        "つながった月数の平均",
        "一意な人(結び直す前)",
        "一意な人(結び直した後)",
        *(f"{span}か月続けて見える人" for span in spans),
    ]
    units = ["%", "%", "%", "%", "%", "か月", "%", "%", *["人"] * len(spans)]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"仮IDを替える間隔ごとの結び直しと、つながった月数(平均{min(r.chain_months for r in risks):.1f}〜"
        f"{max(r.chain_months for r in risks):.1f}か月)",
        source=source,
        units=dict(zip(columns[1:], units, strict=True)),
        digits={"つながった月数の平均": 1},
        note="結び直しは、前後の期間の両方にいる人のうち、1対1の割当てで正しく結ばれた人の割合。自信のある組は、ほかのどの候補にも"
        "19対1以上の差がある組。続けて見える人は、1つの仮IDでその月数以上を追える人(分析③に必要な人)。",
        internal=True,
    )


def judge_accumulation(
    risk: AccumulationRisk, rotation: RotationRisk, between: BetweenTrial | None = None
) -> Decision:
    """蓄積(※2)、仮IDの変更(※1)、提供どうしの突合を目安と比べる。

    不可: none holds. 要検討: some fail. 可: all hold. The share is that of a release as long as the data, p = 4 or the most that
    can be known; the upper end of its interval decides.
    """
    usable = [r for r in risk.with_person if r.window == risk.windows[-1] and r.sampled]
    known = next((r for r in usable if r.points == POINTS_SHOWN), usable[-1])
    thresholds = load_thresholds()
    held = [100 * known.high <= thresholds["known_points_share"]["value"]]
    figures = [make_criterion("known_points_share", round(100 * known.high, 1))]
    if rotation.boundaries:
        figures.append(make_criterion("rejoin_rate", round(100 * rotation.rate, 1)))
        held.append(100 * rotation.rate <= thresholds["rejoin_rate"]["value"])
    if between is not None and between.overlap.both:
        share = between.overlap.share
        figures.append(make_criterion("between_share", round(100 * share, 1)))
        held.append(100 * share <= thresholds["between_share"]["value"])
    verdict: Verdict = "可" if all(held) else "要検討" if any(held) else "不可"
    return Decision(
        verdict,
        title=f"{risk.windows[-1]}か月の提供と{rotation.rotate_months}か月ごとの仮IDで、どれだけ守られるか",
        figures=order_by_head(figures),
        reason=_explain(risk, known, rotation, between),
        not_meaning="不可は、提供してはならないという法律上の結論ではありません。攻撃する者がここで想定したとおりの知識をもつとは限らず、"
        "もっと多くを知る者もいます。",
    )


def _explain(
    risk: AccumulationRisk, known: KnownPoints, rotation: RotationRisk, between: BetweenTrial | None
) -> str:
    text = (
        f"{risk.windows[-1]}か月分を提供したとき、生年月・性別と{known.points}か月のサービスを知る者が1人に絞れる人は"
        f"{show_percent(known.share)}%(95%区間の上限{show_percent(known.high)}%)です。"
    )
    if rotation.boundaries:
        text += (
            f"{rotation.rotate_months}か月ごとに仮IDを替えても、{show_percent(rotation.rate)}%の人が内容だけで結び直されます"
            f"(当て推量なら{show_percent(rotation.chance)}%)。"
        )
    if between is not None and between.overlap.both:
        text += f"鍵の異なる、期間の重なる2つの提供の間では、{show_percent(between.overlap.share)}%の人が結び付けられます。"
    return text
