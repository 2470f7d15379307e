"""Figures and tables of the chapter on the data: this data beside the published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaigo.display import Figure, Table
from kaigo.display.suppression import choose_rule
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.figures_rare import describe_source, list_rare
from kaigo.synthetic.published import (
    ITEM_SOURCE,
    LEVEL_SOURCE,
    LIMIT_SOURCE,
    UNUSED_SOURCE,
    as_percent,
    compare_items,
    compare_levels,
    read_published,
)
from kaigo.synthetic.summary import AGE_BANDS, OLDEST_BANDS, Summary
from kaigo.tables.codes import level_name, load_service_kinds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

KINDS_SHOWN = 20

__all__ = ["compare_use", "list_kinds", "list_rare", "show_age_sex", "show_items", "show_levels"]


def _data_source(summary: Summary) -> str:
    return describe_source(summary.synthetic)


def _extreme(frame: pd.DataFrame, values: pd.Series) -> pd.Series:
    """The row with the largest value (the first of equals)."""
    return frame.iloc[int(values.astype(float).to_numpy().argmax())]


def _not_hidden(frame: pd.DataFrame, persons: str, inhabitants: int | None) -> pd.DataFrame:
    """Rows whose count a table would show: a caption must not tell what the table hides."""
    hidden = choose_rule(inhabitants).hides(frame[persons].to_numpy(dtype=float))
    return frame[~hidden]


def show_levels(summary: Summary, inhabitants: int | None = None) -> Figure:
    """要介護状態区分の構成を、公表の構成と並べる。"""
    frame = compare_levels(summary)
    seen = _not_hidden(frame, "人数", inhabitants)
    caption = "人数が少ないため、要介護状態区分の構成は公表の構成と比べられません"
    if len(seen):
        far = _extreme(seen, seen["差"].abs())
        caption = f"要介護状態区分の構成は公表の構成と最大{abs(far['差']):.1f}ポイント違います({far['要介護状態区分']})"
    source = f"{_data_source(summary)}、{LEVEL_SOURCE}"
    table = Table(
        frame,
        caption=caption,
        source=source,
        units={"人数": "人", "割合": "%", "公表の割合": "%", "差": "ポイント"},
        persons=["人数"],
        derived={"割合": "人数", "差": "人数"},
        note="最初の月の末日に認定の効力がある人。",
        inhabitants=inhabitants,
    )
    return Figure(_draw_levels, table=table, caption=caption, alt=_describe_levels, source=source)


def _draw_levels(axes: Axes, frame: pd.DataFrame) -> None:
    places = range(len(frame))
    axes.bar([place - 0.2 for place in places], frame["割合"].astype(float), 0.4, label="このデータ")
    axes.bar([place + 0.2 for place in places], frame["公表の割合"].astype(float), 0.4, label="公表")
    axes.set_xticks(list(places), frame["要介護状態区分"].tolist())
    axes.set_ylabel("割合(%)")
    axes.legend()


def _describe_levels(frame: pd.DataFrame) -> str:
    shown = frame.dropna(subset=["割合"])
    if shown.empty:
        return "棒グラフ。人数が少ないため、このデータの割合は表示しない。"
    most, least = _extreme(shown, shown["割合"]), _extreme(shown, -shown["割合"])
    return (
        f"棒グラフ。このデータで最も多いのは{most['要介護状態区分']}の{most['割合']:.1f}%"
        f"(公表{most['公表の割合']:.1f}%)、最も少ないのは{least['要介護状態区分']}の{least['割合']:.1f}%"
        f"(公表{least['公表の割合']:.1f}%)。"
    )


def show_age_sex(summary: Summary, inhabitants: int | None = None) -> Figure:
    """年齢と性別の構成。"""
    import pandas as pd

    names = [name for _, name in (*AGE_BANDS, *OLDEST_BANDS)]
    wide = summary.age_sex.pivot_table(index="band", columns="sex", values="persons", aggfunc="sum")
    wide = wide.reindex(index=range(len(names)), columns=[1, 2]).fillna(0).astype("int64")
    frame = pd.DataFrame({"年齢": names, "男": wide[1].to_numpy(), "女": wide[2].to_numpy()})
    women = as_percent(frame["女"].sum() / max(int(frame[["男", "女"]].to_numpy().sum()), 1))
    caption = f"認定を受けている人の{women:.1f}%が女性です"
    source = _data_source(summary)
    table = Table(
        frame,
        caption=caption,
        source=source,
        units={"男": "人", "女": "人"},
        persons=["男", "女"],
        note="最初の月の末日の年齢。",
        inhabitants=inhabitants,
    )
    return Figure(_draw_age_sex, table=table, caption=caption, alt=_describe_age_sex, source=source)


def _draw_age_sex(axes: Axes, frame: pd.DataFrame) -> None:
    places = range(len(frame))
    axes.bar([place - 0.2 for place in places], frame["男"], 0.4, label="男")
    axes.bar([place + 0.2 for place in places], frame["女"], 0.4, label="女")
    axes.set_xticks(list(places), frame["年齢"].tolist(), rotation=45, ha="right")
    axes.set_ylabel("人数(人)")
    axes.legend()


def _describe_age_sex(frame: pd.DataFrame) -> str:
    parts = []
    for sex in ("男", "女"):
        shown = frame.dropna(subset=[sex])
        if shown.empty:
            parts.append(f"{sex}は人数が少ないため表示しない")
            continue
        most = _extreme(shown, shown[sex])
        parts.append(f"{sex}で最も多いのは{most['年齢']}の{int(most[sex]):,}人")
    return f"年齢と性別の棒グラフ。{'、'.join(parts)}。"


def list_kinds(summary: Summary, inhabitants: int | None = None) -> Table:
    """使われているサービス種類を、利用者の多い順に示す。"""
    frame = summary.kinds.head(KINDS_SHOWN)
    kinds = load_service_kinds()
    names = [kinds[kind].name if kind in kinds else "不明" for kind in frame["kind"]]
    shown = frame.assign(name=names, per_person=frame["lines"] / frame["persons"])
    shown = shown[["name", "kind", "persons", "lines", "per_person"]].set_axis(
        ["サービス種類", "種類コード", "利用者", "給付の行数", "1人当たりの行数"], axis=1
    )
    return Table(
        shown,
        caption=f"{len(summary.kinds)}種類のサービスが使われ、利用者が最も多いのは{names[0]}です",
        source=_data_source(summary),
        units={"利用者": "人", "給付の行数": "行", "1人当たりの行数": "行"},
        persons=["利用者"],
        derived={"給付の行数": "利用者", "1人当たりの行数": "利用者"},
        digits={"給付の行数": 0},
        note=f"期間を通じて1回でも使った人。多い順に{len(shown)}種類。",
        inhabitants=inhabitants,
    )


def _by_level(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Rows of a summary by care level."""
    rows = frame.to_dict("records")
    return {
        str(row["care_level"]): {str(k): float(v) for k, v in row.items() if k != "care_level"}
        for row in rows
    }


def compare_use(summary: Summary, inhabitants: int | None = None) -> Table:
    """区分ごとの未利用の割合と、限度額に対する利用の割合を、公表値と並べる。"""
    import pandas as pd

    unused, limit = (
        read_published("published_unused", "share"),
        read_published("published_limit_use", "share"),
    )
    idle = _by_level(summary.unused)
    use = _by_level(summary.limit_use)
    rows: list[list[object]] = []
    for level in LEVELS:
        certified = int(idle.get(level, {}).get("persons", 0))
        users = int(use.get(level, {}).get("persons", 0))
        rows.append(
            [
                level_name(level),
                certified,
                as_percent(idle[level]["unused"] / certified) if certified else None,
                as_percent(unused[level]) if level in unused else None,
                users,
                as_percent(use[level]["share"]) if users else None,
                as_percent(limit[level]) if level in limit else None,
                as_percent(use[level]["over"]) if users else None,
            ]
        )
    columns = [
        "要介護状態区分",
        "認定者",
        "未利用",
        "公表の未利用",
        "在宅の利用者",
        "利用率",
        "公表の利用率",
        "超えた月",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    rated = _not_hidden(frame, "在宅の利用者", inhabitants).dropna(subset=["利用率"])
    caption = "在宅サービスの利用率を示せる区分はありません"
    if len(rated):
        most, least = _extreme(rated, rated["利用率"]), _extreme(rated, -rated["利用率"])
        caption = (
            f"在宅の単位数は限度額に対して平均{least['利用率']:.1f}%({least['要介護状態区分']})から"
            f"{most['利用率']:.1f}%({most['要介護状態区分']})です"
        )
    return Table(
        frame,
        caption=caption,
        source=f"{_data_source(summary)}、{UNUSED_SOURCE}、{LIMIT_SOURCE}",
        units={
            "認定者": "人",
            "未利用": "%",
            "公表の未利用": "%",
            "在宅の利用者": "人",
            "利用率": "%",
            "公表の利用率": "%",
            "超えた月": "%",
        },
        persons=["認定者", "在宅の利用者"],
        derived={"未利用": "認定者", "利用率": "在宅の利用者", "超えた月": "在宅の利用者"},
        note="未利用は最初の月に給付の無い人(総合事業だけの人を含む)。利用率は限度額の対象の単位数÷区分支給限度額"
        "の月平均、超えた月は限度額を超えた人月の割合。公表の利用率は要介護3〜5だけが手元にある。",
        inhabitants=inhabitants,
    )


def show_items(summary: Summary) -> Figure:
    """認定調査74項目の「問題がある」割合を、公表の割合と並べる。"""
    frame = compare_items(summary).dropna()
    caption = "認定調査の答えがある認定がないため、項目の割合は示せません"
    if len(frame):
        ranks = frame["新規"].rank().corr(frame["公表(新規)"].rank())
        mean = (frame["新規"] - frame["公表(新規)"]).abs().mean()
        caption = (
            f"新規の認定で「問題がある」割合は公表値と平均{mean:.1f}ポイント違い、順位の相関は{ranks:.2f}です"
        )
    source = f"{_data_source(summary)}、{ITEM_SOURCE}"
    table = Table(
        frame,
        caption=caption,
        source=source,
        units=dict.fromkeys(frame.columns[1:], "%"),
        digits=dict.fromkeys(frame.columns[1:], 1),
        note="「問題がある」の境目は項目ごとに論文の定義による。公表値は新規認定者のもの。",
    )
    return Figure(
        _draw_items, table=table, caption=caption, alt=_describe_items, source=source, size=(6.0, 5.0)
    )


def _draw_items(axes: Axes, frame: pd.DataFrame) -> None:
    axes.plot([0, 100], [0, 100], color="#1a1a1c", linewidth=1, marker="")
    axes.scatter(frame["公表(新規)"], frame["新規"])
    axes.set_xlabel("公表の割合(%)")
    axes.set_ylabel("このデータの割合(%)")


def _describe_items(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "散布図。答えがないため点はない。"
    gap = frame["新規"] - frame["公表(新規)"]
    high, low = _extreme(frame, gap), _extreme(frame, -gap)
    return (
        f"散布図。74項目のうち{len(frame)}項目の割合を公表値と比べる。公表より最も高いのは{high['項目']}"
        f"({high['新規']:.1f}%、公表{high['公表(新規)']:.1f}%)、最も低いのは{low['項目']}"
        f"({low['新規']:.1f}%、公表{low['公表(新規)']:.1f}%)。"
    )
