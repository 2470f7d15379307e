"""What synthetic data may and may not be used for, and where they only approximate reality."""

from __future__ import annotations

from kaigo.display import Table
from kaigo.synthetic.parameters import read_synthetic_facts

_METHODS = {"tree": "公表の樹形図で時間を決めます。", "standin": "樹形図の代わりの近似で時間を決めます。"}


def _rows_about(name: str, synthetic: bool) -> list[dict[str, str]]:
    data = "synthetic" if synthetic else "own"
    return [row for row in read_synthetic_facts(name) if row["data"] == data]


def list_uses(*, synthetic: bool = True) -> Table:
    """このデータを使ってよいこと、使ってはいけないこと(合成データ、または自分のデータとこの章の比べ方)。"""
    import pandas as pd

    rows = _rows_about("uses", synthetic)
    frame = pd.DataFrame(
        [[row["use"], row["verdict"], row["reason"]] for row in rows], columns=["使いみち", "可否", "理由"]
    )
    forbidden = sum(row["verdict"] == "使ってはいけない" for row in rows)
    if not synthetic:
        return Table(
            frame,
            caption=f"公表統計との比較は取り込みを確かめるためのもので、{forbidden}つのことには使ってはいけません",
            source="本書の判断",
        )
    return Table(
        frame,
        caption=f"合成データは手順を試すためのもので、{forbidden}つのことには使ってはいけません",
        source="本書の判断",
    )


def list_approximations(*, synthetic: bool = True) -> Table:
    """近似しているところと、足りないもの(合成データの作り方、または自分のデータの比べ方)。"""
    import pandas as pd

    columns = ["部分", "近似のしかた", "足りないもの"]
    others = [
        [row["part"], row["approximation"], row["missing"]]
        for row in _rows_about("approximations", synthetic)
    ]
    if not synthetic:
        return Table(
            pd.DataFrame(others, columns=columns),
            caption=f"公表統計との比べ方には、{len(others)}つの近似があります",
            source="本書",
        )
    minutes = [
        [f"基準時間「{row['name']}」", _METHODS[row["method"]], row["missing"] or None]
        for row in read_synthetic_facts("minute_fields")
        if row["kind"] == "field"
    ]
    frame = pd.DataFrame([*minutes, *others], columns=columns)
    lacking = sum(row[2] is not None for row in minutes)
    return Table(
        frame,
        caption=f"要介護度は近似です。基準時間の{len(minutes)}つの分野のうち{lacking}つに足りない値があります",
        source="審査会委員テキスト2009改訂版、公表された樹形図の書き起こし、本書",
        note="近似: 公式の一次判定ソフトとは一致しない。",
    )
