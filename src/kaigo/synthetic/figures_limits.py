"""What synthetic data may and may not be used for, and where they only approximate reality."""

from __future__ import annotations

from kaigo.display import Table
from kaigo.synthetic.parameters import read_synthetic_facts

_METHODS = {"tree": "公表の樹形図で時間を決めます。", "standin": "樹形図の代わりの近似で時間を決めます。"}


def list_uses() -> Table:
    """合成データを使ってよいこと、使ってはいけないこと。"""
    import pandas as pd

    rows = read_synthetic_facts("uses")
    frame = pd.DataFrame(
        [[row["use"], row["verdict"], row["reason"]] for row in rows], columns=["使いみち", "可否", "理由"]
    )
    forbidden = sum(row["verdict"] == "使ってはいけない" for row in rows)
    return Table(
        frame,
        caption=f"合成データは手順を試すためのもので、{forbidden}つのことには使ってはいけません",
        source="本書の判断",
    )


def list_approximations() -> Table:
    """近似しているところと、足りないもの。"""
    import pandas as pd

    minutes = [
        [f"基準時間「{row['name']}」", _METHODS[row["method"]], row["missing"] or None]
        for row in read_synthetic_facts("minute_fields")
        if row["kind"] == "field"
    ]
    others = [
        [row["part"], row["approximation"], row["missing"]] for row in read_synthetic_facts("approximations")
    ]
    frame = pd.DataFrame([*minutes, *others], columns=["部分", "近似のしかた", "足りないもの"])
    lacking = sum(row[2] is not None for row in minutes)
    return Table(
        frame,
        caption=f"要介護度は近似です。基準時間の{len(minutes)}つの分野のうち{lacking}つに足りない値があります",
        source="審査会委員テキスト2009改訂版、公表された樹形図の書き起こし、本書",
        note="近似: 公式の一次判定ソフトとは一致しない。",
    )
