"""Tables of what is rare: nobody was planted, and yet many are alone."""

from __future__ import annotations

from collections.abc import Sequence

from kaigo.display import Table
from kaigo.synthetic.published import as_percent
from kaigo.synthetic.summary import RARE_USERS, Summary
from kaigo.synthetic.unique_persons import UniqueCount


def describe_source(synthetic: bool) -> str:
    """出典の1行: whose data these are."""
    return "本書の合成データ(実在しない人)" if synthetic else "取り込んだ介護データ"


def list_unique(counts: Sequence[UniqueCount], *, synthetic: bool) -> Table:
    """組合せごとに、ただ1人になる人の数と割合を示す(内部限り)。"""
    import pandas as pd

    rows = [
        [count.combination, count.persons, count.unique, as_percent(count.unique / max(count.persons, 1))]
        for count in counts
    ]
    frame = pd.DataFrame(rows, columns=["組合せ", "認定者", "ただ1人の人", "割合"])
    by_name = {count.combination: count for count in counts}
    month = by_name["生年月×性別×要介護度"]
    return Table(
        frame,
        caption=f"生年月・性別・要介護度だけで、認定者の{as_percent(month.unique / max(month.persons, 1)):.1f}%が"
        "保険者の中でただ1人になります",
        source=describe_source(synthetic),
        units={"認定者": "人", "ただ1人の人": "人", "割合": "%"},
        note="最初の月の末日の認定者。珍しい人をわざと置いてはいない。",
        internal=True,
    )


def list_rare(summary: Summary, inhabitants: int | None = None) -> Table:
    """該当者の少ないもの(高齢、珍しいコード、区分変更、限度超過)を数える。"""
    import pandas as pd

    rare = summary.rare
    rows = [
        ["100歳以上", rare["centenarians"], None, "最初の月の末日の認定者"],
        ["第2号被保険者", rare["second_category"], None, "40〜64歳で特定疾病による認定"],
        ["区分変更", rare["changed_persons"], None, "有効期間の途中の申請"],
        ["限度額を超えた月", rare["over_limit_persons"], rare["over_limit_months"], "件数は人月"],
        ["資格の喪失", rare["exits"], None, "死亡と転出"],
        [
            f"使った人が{RARE_USERS}人未満のコード",
            None,
            rare["rare_codes"],
            f"全{rare['codes']:,}コードのうち",
        ],
    ]
    frame = pd.DataFrame(rows, columns=["該当者の少ないもの", "人数", "件数", "説明"])
    frame[["人数", "件数"]] = frame[["人数", "件数"]].astype("Int64")
    share = as_percent(rare["rare_codes"] / max(rare["codes"], 1))
    return Table(
        frame,
        caption=f"使われたサービスコードの{share:.1f}%は、使った人が{RARE_USERS}人未満です",
        source=describe_source(summary.synthetic),
        units={"人数": "人", "件数": "件"},
        persons=["人数"],
        inhabitants=inhabitants,
    )
