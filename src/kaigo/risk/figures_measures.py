"""The page of definitions: every measure with its formula and source, and what a flat table gave."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from kaigo.display import Table
from kaigo.risk.release import ReleaseRisk


@cache
def load_measures() -> tuple[Mapping[str, str], ...]:
    """指標の一覧: 名前、日本語名、式、定義、出典。"""
    text = (resources.files("kaigo.risk") / "data" / "measures.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def show_measures() -> Table:
    """危険の指標の、式・定義・出典。"""
    import pandas as pd

    rows = [
        [row["japanese"], row["name"], row["formula"], row["definition"], row["source"]]
        for row in load_measures()
    ]
    return Table(
        pd.DataFrame(rows, columns=["指標", "JSONでの名前", "式", "定義", "出典"]),
        caption=f"危険の指標は{len(rows)}項目で、どれも出典の定義どおりに計算します",
        source="各行の出典。計算は本書",
        note="f: 加工したデータで鍵の値が同じ行(--person を付けたときは人)の数。F: 母集団でのその数。n: 行(人)の数。",
    )


def show_key_sets(measured: Mapping[str, Any], source: str, most: int = 15) -> Table:
    """鍵の組ごとの distinction と separation(見分ける力の強い順)。

    Parameters
    ----------
    measured : mapping
        ``attributes`` of :func:`kaigo.risk.measure_table`.
    source : str
    most : int
        Rows that are shown.
    """
    import pandas as pd

    ordered = sorted(measured.items(), key=lambda item: (-item[1]["distinction"], len(item[0]), item[0]))
    rows = [
        [name.replace(",", "・"), figures["distinction"], figures["separation"]]
        for name, figures in ordered[:most]
    ]
    strongest = rows[0]
    return Table(
        pd.DataFrame(rows, columns=["鍵の組", "distinction", "separation"]),
        caption=f"行を最もよく区別する鍵の組は「{strongest[0]}」で、distinction は{strongest[1]:.3f}です",
        source=source,
        digits={"distinction": 4, "separation": 4},
        note=f"鍵の組は全部で{len(ordered):,}通り。distinction: 同値類の数÷行数。separation: 区別できる行の対の割合。",
        internal=True,
    )


def show_contributions(measured: Mapping[str, Any], source: str) -> Table:
    """SUDAの得点への、鍵の寄与(大きい順)。

    Parameters
    ----------
    measured : mapping
        ``suda`` of :func:`kaigo.risk.measure_table`.
    source : str
    """
    import pandas as pd

    shares = sorted(
        ((name, share) for name, share in measured["contribution"].items() if share is not None),
        key=lambda item: -item[1],
    )
    special = sum(score > 0 for score in measured["scores"])
    caption = (
        f"少ない鍵で一意になる行は{special:,}行で、最も多く関わる鍵は「{shares[0][0]}」です"
        if shares
        else "少ない鍵で一意になる行はありません"
    )
    return Table(
        pd.DataFrame(shares, columns=["鍵", "寄与"]),
        caption=caption,
        source=source,
        units={"寄与": "%"},
        digits={"寄与": 1},
        note="その鍵を含む極小の組(MSU)の得点が、全得点に占める割合。1つの組をその鍵すべてに数えるため、合計は100を超える。",
        internal=True,
    )


def show_month_values(risk: ReleaseRisk, source: str) -> Table:
    """準識別子を知る人に、ほかの項目がどこまで分かるか(月の同値類のl-多様性とt-近接性)。"""
    import pandas as pd

    rows = [
        [
            value.label,
            value.l_distinct,
            value.l_entropy,
            value.t_equal,
            value.disclosed,
            100 * value.disclosed_share,
        ]
        for value in risk.values
    ]
    most = max(risk.values, key=lambda value: value.disclosed)
    return Table(
        pd.DataFrame(
            rows,
            columns=["分かる項目", "l", "l(エントロピー)", "t", "確実に分かる人", "確実に分かる人の割合"],
        ),
        caption=f"準識別子を知る人には、{100 * most.disclosed_share:.1f}%の人の{most.label}が、少なくとも1つの月で確実に分かります",
        source=source,
        units={"確実に分かる人": "人", "確実に分かる人の割合": "%"},
        digits={"l(エントロピー)": 2, "t": 3, "確実に分かる人の割合": 1},
        note="月の同値類(A)で数え、最も悪い月の最も悪い同値類の値を示す。確実に分かる人: 同値類の全員が同じ値である月が1つでもある人(1人だけの同値類を含む)。tはその月の全員の分布との差。",
        internal=True,
    )
