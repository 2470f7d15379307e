"""Every moment beside its published value: an overview by group, and each of them with tolerance and source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaigo.display import Figure, Table
from kaigo.engine import open_engine
from kaigo.synthetic.calibration.compare import FAILS, HOLDS, NOT_COMPARED, compare_moments
from kaigo.synthetic.figures_rare import describe_source
from kaigo.tables.care_tables import CareTables

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ENOUGH_PERSONS = 50_000
"""With fewer persons chance alone exceeds some tolerances, and the tables say so."""
LEAST_CELLS = 5
"""For own data a group is summed up only over so many figures, so that none of them can be told."""
_SMALL = "認定者が5万人に満たないデータでは、作り方が正しくても、偶然だけで許容差を超える指標があります。"


def read_moments(tables: CareTables, engine: str = "duckdb") -> pd.DataFrame:
    """すべての指標を数え、公表値と並べる。

    Returns
    -------
    DataFrame
        As :func:`kaigo.synthetic.calibration.compare.compare_moments`.
    """
    with open_engine(engine) as session:
        return compare_moments(tables, session)


def sum_up_moments(moments: pd.DataFrame, tables: CareTables) -> Table:
    """指標の群ごとに、いくつ比べ、いくつが許容差に収まったかを示す。

    Own data get no verdict: only the mean difference of groups with at least five figures.
    """
    import pandas as pd

    rows: list[list[object]] = []
    for group, part in moments.groupby("群", sort=False):
        compared = part[part["公表"].notna() & part["合成"].notna()]
        tested = part[part["満たすか"] != NOT_COMPARED]
        gap = (compared["合成"] - compared["公表"]).abs()
        if tables.is_synthetic:
            met = int((tested["満たすか"] == HOLDS).sum())
            rows.append([group, len(part), len(tested), met, len(tested) - met, len(part) - len(tested)])
        elif len(compared) >= LEAST_CELLS:
            rows.append([group, len(compared), round(float(gap.mean()), 1)])
    if not tables.is_synthetic:
        return Table(
            pd.DataFrame(rows, columns=["指標の群", "指標", "公表との差の平均"]),
            caption="自分のデータと全国の公表統計の差です。市町村ごとに構成は違うため、判定はしません",
            source=f"{describe_source(False)}、指標ごとの公表統計(20章の図の表)",
            units={"公表との差の平均": "ポイント"},
            note=f"少ない人数を表さないよう、{LEAST_CELLS}つ以上の指標がある群の平均だけを示す。",
        )
    frame = pd.DataFrame(
        rows, columns=["指標の群", "指標", "比べた", "満たす", "満たさない", "公表値か人数が無い"]
    )
    tested_all, met_all = int(frame["比べた"].sum()), int(frame["満たす"].sum())
    return Table(
        frame,
        caption=f"公表値と比べた{tested_all}の指標のうち、{met_all}が許容差に収まります",
        source=f"{describe_source(True)}、指標ごとの公表統計(次の図の表)",
        note=_SMALL if tables.rows("persons") < ENOUGH_PERSONS else "",
    )


def show_moments(moments: pd.DataFrame, tables: CareTables) -> Figure | Table:
    """指標の1つ1つを、公表値・許容差・出典とともに示す(自分のデータのときは、公表統計の出典だけ)。"""
    if not tables.is_synthetic:
        return _list_sources(moments)
    frame = moments.rename(columns={"合成": "このデータ"})
    frame = frame[[column for column in frame.columns if column != "出典"] + ["出典"]]
    far = _find_farthest(moments)
    caption = "公表値と比べられる指標がありません"
    if far is not None:
        caption = f"許容差に対して最も遠いのは「{far['群']}: {far['指標']}」です"
    source = f"{describe_source(True)}、公表統計(表の出典の列)"
    table = Table(
        frame,
        caption=caption,
        source=source,
        digits=dict.fromkeys(("公表", "このデータ", "差", "許容差"), 2),
        note="差と許容差の単位は「許容差の単位」の列。空なら、このデータが公表の列(下限)以上であること。"
        + (_SMALL if tables.rows("persons") < ENOUGH_PERSONS else ""),
    )
    return Figure(
        _draw_gaps, table=table, caption=caption, alt=_describe_gaps, source=source, size=(7.0, 4.5)
    )


def _list_sources(moments: pd.DataFrame) -> Table:
    published = moments[moments["公表"].notna()]
    sources = published[["群", "出典"]].drop_duplicates().rename(columns={"群": "指標の群"})
    return Table(
        sources,
        caption=f"比べた公表統計は{sources['出典'].nunique()}つです",
        source="本書の公表統計の表",
        note="1つ1つの指標は、人数が少ないと人が分かるおそれがあるため、自分のデータでは示さない。",
    )


def _measure_in_tolerances(frame: pd.DataFrame) -> pd.DataFrame:
    """Moments with a tolerance, and their difference as a multiple of it."""
    compared = frame[(frame["満たすか"] != NOT_COMPARED) & (frame["許容差"] > 0)]
    return compared.assign(multiple=(compared["差"] / compared["許容差"]).astype(float))


def _find_farthest(moments: pd.DataFrame) -> pd.Series | None:
    compared = _measure_in_tolerances(moments)
    if compared.empty:
        return None
    return compared.iloc[int(compared["multiple"].abs().to_numpy().argmax())]


def _draw_gaps(axes: Axes, frame: pd.DataFrame) -> None:
    compared = _measure_in_tolerances(frame)
    groups = list(dict.fromkeys(compared["群"]))
    for mark, verdict, name in (("o", HOLDS, "許容差の内"), ("x", FAILS, "許容差の外")):
        part = compared[compared["満たすか"] == verdict]
        axes.scatter(part["multiple"], [groups.index(group) for group in part["群"]], marker=mark, label=name)
    axes.axvspan(-1, 1, color="#e6e6e6", zorder=0)
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.set_xlabel("差 ÷ 許容差(灰色の帯が許容差の内)")
    axes.legend()


def _describe_gaps(frame: pd.DataFrame) -> str:
    compared = _measure_in_tolerances(frame)
    if compared.empty:
        return "点図。公表値と比べられる指標がないため、点はない。"
    far = _find_farthest(frame)
    assert far is not None  # there is at least one row
    outside = int((compared["満たすか"] == FAILS).sum())
    return (
        f"点図。{len(compared)}の指標について、公表値との差を許容差の倍数で示す。許容差の外は{outside}。"
        f"最も遠いのは「{far['群']}: {far['指標']}」で、公表{far['公表']:.1f}に対して{far['このデータ']:.1f}、"
        f"許容差の{abs(far['multiple']):.1f}倍。"
    )
