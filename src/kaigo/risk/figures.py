"""Figures and tables of the risk chapter. All are diagnostics for the inside (内部限り)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaigo.display import Figure, Table
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.release import ReleaseRisk
from kaigo.risk.verdict import HEADS, load_thresholds, name_columns
from kaigo.tables import format_month

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LAYOUT_LABELS = {"joined": "1行1給付の表(仮IDなし)", "linked": "3つの表(仮IDあり)"}
SIZE_BANDS = ((1, 1, "1人(一意)"), (2, 2, "2人"), (3, 4, "3〜4人"), (5, 9, "5〜9人"), (10, None, "10人以上"))


def _percent(share: float) -> float:
    return round(100 * share, 1)


_WHOLE = "母集団の全員が含まれるため journalist と marketer も同じ値になる。"
_SAMPLED = "人を無作為に抽出しており、だれが抽出されたかを識別を試みる人は知らない。ここの値は、抽出されたと知っている人に対する値である。"


def compare_layouts(risks: list[ReleaseRisk], source: str, provided: str | None = None) -> Table:
    """指標の一覧: 形ごとに、月の同値類(A)と提供期間の同値類(B)。

    Parameters
    ----------
    provided : str, optional
        Layout that the caption is about; default the first.
    """
    import pandas as pd

    rows = []
    for risk in risks:
        for label, measures in (("A 月ごと", risk.month.measures), ("B 期間全体", risk.history)):
            rows.append(
                [
                    f"{LAYOUT_LABELS[risk.layout]} {label}",
                    measures.number,
                    measures.counts.class_number,
                    measures.k,
                    measures.counts.unique_persons,
                    _percent(measures.unique_share),
                    _percent(measures.share_below(10)),
                    round(measures.prosecutor_average, 3),
                ]
            )
    columns = [
        "形と数え方",
        "人数",
        "同値類の数",
        "k",
        "一意な人",
        "一意な人の割合",
        "10人未満の類にいる人の割合",
        "平均の再識別確率",
    ]
    told = next((risk for risk in risks if risk.layout == provided), risks[0])
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"{name_columns(told.quasi_identifiers)}だけで、少なくとも1つの月で一意になる人が{_percent(told.month.measures.unique_share)}%、"
        f"期間全体では{_percent(told.history.unique_share)}%います"
        if told.history.counts.unique_persons
        else f"{name_columns(told.quasi_identifiers)}だけで一意になる人は、期間全体で見てもいません",
        source=source,
        digits={"平均の再識別確率": 3},
        units={
            "人数": "人",
            "同値類の数": "類",
            "k": "人",
            "一意な人": "人",
            "一意な人の割合": "%",
            "10人未満の類にいる人の割合": "%",
        },
        note="Aは同じ月に値が同じ人(人ごとに、最も小さくなる月をとる。同値類の数は全部の月の合計)、Bは1つの仮IDが続く期間(仮IDのない形では全期間)の値の並びが同じ人。平均の再識別確率は1÷同値類の人数の、人についての平均(prosecutor)。"
        + (_SAMPLED if told.sampled else _WHOLE),
        internal=True,
    )


def show_thresholds() -> Table:
    """目安の値、理由、出典を、観点(特定・連結・推定)と条文ごとに。"""
    import pandas as pd

    rows = [
        [
            label,
            item["clause"],
            item["name"],
            f"{item['value']:g}{item['unit']}",
            item["reason"],
            item["source"],
        ]
        for head, label in HEADS.items()
        for item in load_thresholds().values()
        if item["head"] == head
    ]
    return Table(
        pd.DataFrame(rows, columns=["観点", "条文", "測るもの", "目安", "理由", "出典"]),
        row_header="測るもの",
        caption=f"判定は、特定・連結・推定の3つの観点の{len(rows)}個の目安と比べて決めます",
        source="本書の目安(法令に定めはない)",
    )


def plot_class_sizes(risk: ReleaseRisk, source: str) -> Figure:
    """同値類の大きさごとの人の割合(AとB)。"""
    import pandas as pd

    frame = pd.DataFrame(
        [
            [label, _band_share(risk.month.measures, low, high), _band_share(risk.history, low, high)]
            for low, high, label in SIZE_BANDS
        ],
        columns=["同値類の人数", "A 月ごと", "B 期間全体"],
    )
    unique = frame.iloc[0]
    table = Table(
        frame,
        caption="同値類の大きさごとの人の割合",
        source=source,
        units={"A 月ごと": "%", "B 期間全体": "%"},
        internal=True,
    )
    return Figure(
        _draw_bands,
        table=table,
        caption=f"期間全体で見ると、{unique['B 期間全体']}%の人がただ1人の同値類にいます"
        if risk.history.counts.unique_persons
        else "期間全体で見ても、ただ1人の同値類にいる人はいません",
        alt=f"棒グラフ。同値類の人数ごとの人の割合。一意な人は月ごとで{unique['A 月ごと']}%、期間全体で{unique['B 期間全体']}%。"
        f"10人以上の類にいる人は月ごとで{frame.iloc[-1]['A 月ごと']}%、期間全体で{frame.iloc[-1]['B 期間全体']}%。",
        source=source,
    )


def _band_share(measures: RiskMeasures, low: int, high: int | None) -> float:
    inside = sum(
        n for size, n in measures.counts.worst.items() if size >= low and (high is None or size <= high)
    )
    return _percent(inside / measures.number if measures.number else 0.0)


def _draw_bands(axes: Axes, frame: pd.DataFrame) -> None:
    positions = range(len(frame))
    width = 0.38
    for shift, column, hatch, colour in (
        (-width / 2, "A 月ごと", "", "#0072B2"),
        (width / 2, "B 期間全体", "//", "#E69F00"),
    ):
        bars = axes.bar(
            [p + shift for p in positions],
            frame[column],
            width,
            label=column,
            color=colour,
            hatch=hatch,
            edgecolor="#333333",
        )
        axes.bar_label(bars, fmt="%.1f", fontsize=8)
    axes.set_xticks(list(positions), frame["同値類の人数"])
    axes.set_xlabel("その人が属する最も小さい同値類の人数")
    axes.set_ylabel("人の割合(%)")
    axes.legend(frameon=False)


def plot_months(risk: ReleaseRisk, source: str) -> Figure:
    """月ごとの一意な人の割合(A)。"""
    import pandas as pd

    frame = pd.DataFrame(
        [
            [format_month(month), persons, unique, _percent(unique / persons)]
            for month, persons, unique in risk.month.by_month
        ],
        columns=["月", "人数", "一意な人", "一意な人の割合"],
    )
    low, high = frame["一意な人の割合"].min(), frame["一意な人の割合"].max()
    table = Table(
        frame,
        caption="月ごとの一意な人の割合",
        source=source,
        units={"人数": "人", "一意な人": "人", "一意な人の割合": "%"},
        internal=True,
    )
    return Figure(
        _draw_months,
        table=table,
        caption=f"1つの月だけを見ると、{low}%から{high}%の人が一意です(最も高いのは{format_month(risk.month.worst_month)})"
        if frame["一意な人"].any()
        else "どの月だけを見ても、一意な人はいません",
        alt=f"折れ線グラフ。月ごとの一意な人の割合は最小{low}%、最大{high}%({format_month(risk.month.worst_month)})。",
        source=source,
    )


def _draw_months(axes: Axes, frame: pd.DataFrame) -> None:
    axes.plot(range(len(frame)), frame["一意な人の割合"], marker="o", color="#0072B2")
    axes.set_xticks(range(len(frame)), [text.replace("年", "年\n") for text in frame["月"]], fontsize=8)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("一意な人の割合(%)")


def show_wider_keys(risk: ReleaseRisk, source: str) -> Table:
    """知られている項目が増えると、一意な人がどれだけ増えるか。"""
    import pandas as pd

    frame = pd.DataFrame(
        [
            [label, measures.counts.unique_persons, _percent(measures.unique_share), measures.k]
            for label, measures in risk.wider
        ],
        columns=["知られている項目", "一意な人", "一意な人の割合", "k"],
    )
    survey = frame.loc[frame["知られている項目"] == "準識別子と認定調査の回答", "一意な人の割合"].iloc[0]
    return Table(
        frame,
        caption=f"認定調査の回答まで知られていると、{survey}%の人が一意になります",
        source=source,
        units={"一意な人": "人", "一意な人の割合": "%", "k": "人"},
        note="月の同値類(A)で数え、人ごとに最も小さい月をとる。",
        internal=True,
    )


def show_relinking(risk: ReleaseRisk, source: str) -> Table:
    """識別子のない表の行が、繰り返される回答によって本人ごとにまとまる割合。"""
    import pandas as pd

    relink = risk.relink
    if relink is None:
        raise ValueError("relinking is measured on the joined layout only")
    frame = pd.DataFrame(
        [
            ["行が本人ごとにまとまる", relink.relinked, _percent(relink.share)],
            ["ほかの人の行と混ざる", relink.persons - relink.relinked, _percent(1 - relink.share)],
        ],
        columns=["行のまとまり", "人数", "割合"],
    )
    return Table(
        frame,
        caption=f"仮IDがなくても、{_percent(relink.share)}%の人の行は、同じ回答が繰り返されるために本人ごとにまとまります",
        source=source,
        units={"人数": "人", "割合": "%"},
        note=f"{name_columns(risk.quasi_identifiers)}・認定調査の回答がすべて同じ行の束に、ほかの人の行が1つも入らない人を数えた。",
        internal=True,
    )
