"""What stands in the places of ③ where it cannot be done: what it needs, what can be counted, what would have to change."""

from __future__ import annotations

from kaigo.analysis.care_plans_refused import CarePlansRefused
from kaigo.analysis.figure_parts import (
    TableForm,
    counted_unit,
    describe_extremes,
    hidden_words,
    month_words,
    read_rows,
    share_cells,
    share_columns,
)
from kaigo.analysis.intervals import measure_share
from kaigo.analysis.rules import load_statements, load_thresholds
from kaigo.display import Table

MONTH, ALL = "期間の最初の月", "合計"


def needs_table(refused: CarePlansRefused, *, source_text: str) -> Table:
    """③に要るものと、この加工基準とデータでの値。足りないものには、変えることを添える。"""
    import pandas as pd

    rows = [
        [need.name, need.needed, need.found, *(["足りる", ""] if need.met else ["足りない", need.remedy])]
        for need in refused.needs
    ]
    columns = ["要るもの", "必要な値", "この加工基準とデータでの値", "足りるか", "変えること"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"③を行うのに足りないもの: {'、'.join(need.name for need in refused.missing)}",
        source=source_text,
        note=refused.error.what,
    )


def beginnings_table(refused: CarePlansRefused, *, source_text: str, inhabitants: int | None = None) -> Table:
    """各期間の最初の月の重さ。パターン別には分けられない。"""
    import pandas as pd

    bands, joined = load_thresholds()["need_bands"]["names"], refused.layout == "joined"
    share, counted = f"{bands[-1]}の割合", (ALL, *bands)
    shares = [
        measure_share(row.counts[-1], sum(row.counts), "none" if joined else "wilson")
        for row in refused.beginnings
    ]
    cells = [
        {MONTH: month_words(row.month), ALL: sum(row.counts), **dict(zip(bands, row.counts, strict=True))}
        | share_cells(found, share)
        for row, found in zip(refused.beginnings, shares, strict=True)
    ]
    columns, unit = share_columns(share), "行" if joined else counted_unit(refused.layout)
    form = TableForm(
        counted,
        dict.fromkeys(columns, bands[-1]),
        dict.fromkeys(counted, unit) | dict.fromkeys(columns, "%"),
        source_text,
        inhabitants,
        dict.fromkeys(columns, 1),
        totals=dict.fromkeys(columns, ALL),
    )
    frame = pd.DataFrame(cells, columns=[MONTH, *counted, *columns])
    shown = read_rows(form.hide(frame), share)
    found = describe_extremes(shown, MONTH, share) if shown else hidden_words()
    found = found if refused.beginnings else "要る列がないため、数えられない"
    words = load_statements("care_plans")["refused"]
    note = words["first_month"] + (words["lines"] if joined else "")
    return form.build(frame, caption=f"{share}(パターンには分けられない): {found}", note=note)


def intervals_table(refused: CarePlansRefused, *, source_text: str) -> Table:
    """仮IDを替える間隔ごとに、続けて追える月数と、③に足りるか。"""
    import pandas as pd

    least = int(load_thresholds()["coverage_months"]["value"])
    rows = [
        [
            f"{interval}か月" + ("(いまの定め)" if interval == refused.in_force else ""),
            months,
            "足りる" if months >= least else "足りない",
        ]
        for interval, months in refused.intervals
    ]
    enough = [interval for interval, months in refused.intervals if months >= least]
    caption = (
        f"仮IDを{enough[0]}か月以上同じにし、給付と区分を月ごとに示せば、③に要る{least}か月以上を追えます"
        if enough
        else f"データが{refused.intervals[-1][1]}か月分なので、仮IDを替えなくても、③に要る{least}か月を追えません"
    )
    return Table(
        pd.DataFrame(rows, columns=["仮IDを替える間隔", "続けて追える月数", f"③({least}か月以上)"]),
        caption=caption,
        source=source_text,
        units={"続けて追える月数": "か月"},
        note=load_statements("care_plans")["refused"]["interval"],
    )


def parts_table(refused: CarePlansRefused, *, source_text: str) -> Table:
    """この章の求めることのうち、できるものとできないもの。"""
    import pandas as pd

    lacking = f"足りないもの: {'、'.join(need.name for need in refused.missing)}"
    rows = [
        [part, *(["できる", ""] if can else ["できない", lacking])]
        for part, can in (
            ("最初の月の重さ", bool(refused.beginnings)),
            ("サービス利用パターン", False),
            ("パターンごとの区分の変化", False),
            ("パターンどうしの差", False),
        )
    ]
    able = sum(row[1] == "できる" for row in rows)
    return Table(
        pd.DataFrame(rows, columns=["求めること", "できるか", "理由"]),
        caption=f"この章の{len(rows)}つのうち、この加工基準とデータで求められるのは{able}つです",
        source=source_text,
    )
