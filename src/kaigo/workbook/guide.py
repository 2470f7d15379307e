"""Tables of the guide chapter, printed from the data files that the code uses."""

from __future__ import annotations

from kaigo.display import Table
from kaigo.tables.facts import is_printable, read_facts

LEGAL_STATE = "2026-11-23"
"""Date on which the law texts behind the guide were last checked."""

_PACKAGE = "kaigo.workbook"


def show_law_history() -> Table:
    """制度の名称と根拠が、資料の当時と現在でどう変わったか。"""
    import pandas as pd

    rows = [row for row in read_facts("law_history", _PACKAGE) if is_printable(row)]
    frame = pd.DataFrame(
        [[row["subject"], row["then"], row["now"]] for row in rows],
        columns=["事項", "資料の当時(2018年)", "現在"],
    )
    return Table(
        frame,
        caption="非識別加工情報は行政機関等匿名加工情報に変わり、規則第11条は規則第62条になりました",
        source=_join_sources("law_history"),
        note=f"法令の状態は{LEGAL_STATE}時点。令和8年法律第56号(2026年7月17日公布)による109条から123条への影響は確かめていない。",
    )


def show_procedure() -> Table:
    """誰が何をするか。"""
    import pandas as pd

    rows = [row for row in read_facts("procedure", _PACKAGE) if is_printable(row)]
    frame = pd.DataFrame(
        [[f"{row['step']}", row["actor"], row["action"], row["article"]] for row in rows],
        columns=["順", "する人", "すること", "根拠"],
    )
    return Table(
        frame,
        caption=f"募集から利用まで{len(rows)}つの段階があり、募集は都道府県と指定都市のほかは任意です",
        source=_join_sources("procedure"),
        note=f"法令の状態は{LEGAL_STATE}時点。",
    )


def show_scope() -> Table:
    """本書が扱わないものと、その理由。"""
    import pandas as pd

    rows = read_facts("out_of_scope", _PACKAGE)
    frame = pd.DataFrame([[row["subject"], row["reason"]] for row in rows], columns=["扱わないもの", "理由"])
    return Table(
        frame, caption=f"本書は{len(rows)}つの事項を扱いません", source=_join_sources("out_of_scope")
    )


def show_glossary() -> Table:
    """用語集。"""
    import pandas as pd

    rows = read_facts("glossary", _PACKAGE)
    frame = pd.DataFrame(
        [[row["term_ja"], row["reading"], row["definition"], row["source"]] for row in rows],
        columns=["用語", "読み", "意味", "根拠"],
    )
    return Table(frame, caption=f"本書で使う{len(rows)}の用語です", source="各行の根拠の欄")


def _join_sources(name: str) -> str:
    sources = [row["source"] for row in read_facts(name, _PACKAGE)]
    return "、".join(dict.fromkeys(sources))
