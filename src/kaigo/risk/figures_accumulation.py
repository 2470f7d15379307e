"""Figures and tables of accumulation (※2). All are diagnostics for the inside (内部限り)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kaigo.display import Figure, Table
from kaigo.risk.accumulation import AccumulationRisk, find_crossing, split_by
from kaigo.risk.released_history import ReleasedHistory
from kaigo.risk.verdict import load_thresholds
from kaigo.tables import load_care_levels, load_service_kinds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
_MARKERS = ("o", "s", "^", "D", "v", "P")
POINTS_SHOWN = 4
"""The p of strata, of the limit and of the verdict: four months are what a neighbour may well remember."""


def show_percent(share: float) -> float | None:
    """A share as percent with one decimal; None where there is none."""
    return None if share != share else round(100 * share, 1)


def describe_step(step: int) -> str:
    """What a reader must know where one released value speaks of several months; empty where each month has its own."""
    if step == 1:
        return ""
    return f"この加工基準は給付を{step}か月に1回だけ示すので、提供の月数は{step}か月ごとに数え、その{step}か月のどの月を知られても同じ値と照合した。"


def plot_accumulation(risk: AccumulationRisk, source: str) -> Figure:
    """知られている月の数と、ただ1人に絞られる人の割合(提供する月数ごとの曲線)。"""
    import pandas as pd

    points = sorted({r.points for r in risk.with_person})
    frame = pd.DataFrame({"知られている月の数": points})
    for window in risk.windows:
        found = {r.points: show_percent(r.share) for r in risk.with_person if r.window == window}
        frame[f"{window}か月の提供"] = [found.get(p) for p in points]
    columns = list(frame.columns[1:])
    longest = [r for r in risk.with_person if r.window == risk.windows[-1] and r.share == r.share]
    last = longest[-1]
    return Figure(
        lambda axes, shown: _draw_curves(axes, shown, "知られている月の数(月ごとに1つのサービス)"),
        table=Table(
            frame,
            caption="生年月(加工後)と性別に加えてp か月分のサービスを知られたとき、ただ1人に絞られる人の割合",
            source=source,
            units={"知られている月の数": "か月"} | dict.fromkeys(columns, "%"),
            internal=True,
        ),
        caption=f"{risk.windows[-1]}か月分を提供すると、生年月と性別のほかに{last.points}か月のサービスを1つずつ知る者は、"
        f"{show_percent(last.share)}%の人を1人に絞れます",
        alt=f"折れ線グラフ。横軸は知られている月の数、縦軸は1人に絞られる人の割合。{risk.windows[-1]}か月の提供では、"
        f"1か月で{show_percent(longest[0].share)}%、{last.points}か月で{show_percent(last.share)}%"
        f"(95%区間{show_percent(last.low)}%から{show_percent(last.high)}%、抽出した{last.sampled:,}人)。",
        source=source,
    )


def _draw_curves(axes: Axes, frame: pd.DataFrame, label: str) -> None:
    positions = frame[frame.columns[0]]
    for place, column in enumerate(frame.columns[1:]):
        values = frame[column].astype(float)
        axes.plot(
            positions,
            values,
            marker=_MARKERS[place % len(_MARKERS)],
            color=COLOURS[place % len(COLOURS)],
            label=column,
        )
    axes.set_xticks(list(positions))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(label)
    axes.set_ylabel("1人に絞られる人の割合(%)")
    axes.legend(frameon=False, fontsize=8)


def show_known_points(risk: AccumulationRisk, source: str) -> Table:
    """何を何点知られるとどれだけ絞られるか(最も長い提供について)。"""
    import pandas as pd

    window = risk.windows[-1]
    curves = (
        ("月ごとのサービスだけ", risk.services_only),
        ("サービスだけ(月を問わず)", risk.services_any),
        ("月ごとのサービスと、生年月・性別", risk.with_person),
    )
    rows = [
        [
            label,
            r.points,
            r.eligible,
            r.sampled,
            show_percent(r.share),
            show_percent(r.low),
            show_percent(r.high),
        ]
        for label, results in curves
        for r in results
        if r.window == window and r.sampled
    ]
    columns = [
        "知られていること",
        "点数",
        "該当者",
        "抽出した人",
        "1人に絞られる割合",
        "95%区間の下限",
        "95%区間の上限",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"{window}か月の提供で、知られている点の数ごとに1人に絞られる人の割合",
        source=source,
        units=dict(zip(columns[1:], ["点", "人", "人", "%", "%", "%"], strict=True)),
        note="該当者は、その数以上の月(または月とサービスの組)をもつ人。1人につき20回、知られる点を無作為に選んだ平均。"
        "区間は抽出した人についての Wilson 区間。",
        internal=True,
    )


def show_windows(risk: AccumulationRisk, source: str) -> Table:
    """提供する月数ごとの、履歴の全部を知られたときの一意な人と、目安を超える月。"""
    import pandas as pd

    limit = load_thresholds()["known_points_share"]["value"]
    crossing = find_crossing(risk.with_person, POINTS_SHOWN, limit / 100)
    rows = [
        [w.window, w.persons, show_percent(w.share), show_percent(bare.share)]
        for w, bare in zip(risk.whole, risk.whole_without_answers, strict=True)
    ]
    words = (
        f"測った月数のうち{crossing}か月の提供から、{POINTS_SHOWN}か月を知る者が絞れる人が目安の{limit:g}%を超えます"
        if crossing
        else f"測った月数の範囲では、{POINTS_SHOWN}か月を知る者が絞れる人は目安の{limit:g}%を超えません"
    )
    columns = ["提供する月数", "人数", "一意な人(見える全部)", "一意な人(調査の回答を除く)"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=words,
        source=source,
        units=dict(zip(columns, ["か月", "人", "%", "%"], strict=True)),
        note=f"1つの仮IDがその月数を通して続くものとして数えた。データにある{risk.windows[-1]}か月までを測り、{POINTS_SHOWN}か月に満たない提供では"
        f"{POINTS_SHOWN}か月を知る場合を測れない。" + describe_step(risk.step),
        internal=True,
    )


def show_strata(risk: AccumulationRisk, history: ReleasedHistory, source: str) -> Table:
    """どんな人が絞られやすいか(要介護状態区分、最も単位の多いサービスの種類)。"""
    import pandas as pd

    usable = [r for r in risk.with_person if r.window == risk.windows[-1] and r.sampled]
    result = next((r for r in usable if r.points == POINTS_SHOWN), usable[-1])
    levels, kinds = load_care_levels(), load_service_kinds()
    groups: list[tuple[str, Sequence[object]]] = [
        ("要介護状態区分", [levels[code].name if code in levels else "(なし)" for code in history.level]),
        (
            "最も単位の多いサービス",
            [kinds[code].name if code in kinds else "(なし)" for code in history.main_labels()],
        ),
    ]
    rows = [
        [f"{head} {name}", number, show_percent(share), show_percent(low), show_percent(high)]
        for head, group in groups
        for name, number, share, low, high in split_by(result, group)
        if number >= 10
    ]
    columns = ["区分", "抽出した人", "1人に絞られる割合", "95%区間の下限", "95%区間の上限"]
    frame = pd.DataFrame(rows, columns=columns)
    highest = frame.sort_values("1人に絞られる割合", ascending=False, kind="stable").iloc[0]
    return Table(
        frame,
        caption=f"{result.points}か月を知られたときに最も絞られやすいのは「{highest['区分']}」で{highest['1人に絞られる割合']}%です",
        source=source,
        units=dict(zip(columns[1:], ["人", "%", "%", "%"], strict=True)),
        note="抽出した人が10人未満の区分は省いた。",
        internal=True,
    )
