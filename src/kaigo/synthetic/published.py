"""The published figures that stand beside the data, as frames ready to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.parameters import read_synthetic_facts
from kaigo.synthetic.summary import Summary
from kaigo.tables.codes import level_name
from kaigo.tables.facts import is_printable
from kaigo.tables.survey import find_survey_item

if TYPE_CHECKING:
    import pandas as pd

LEVEL_SOURCE = "介護保険事業状況報告(2022年3月末、二次資料による)"
UNUSED_SOURCE = "社会保障審議会介護保険部会 第108回 参考資料1と介護保険事業状況報告からの計算(2022年)"
LIMIT_SOURCE = "平成22年度 介護給付費実態調査の概況(2011年4月審査分)"
ITEM_SOURCE = "Hamasaki ほか JAMDA 2025;26:105589(2市の新規認定者、5クラスの加重平均)"


def as_percent(share: float) -> float:
    """A share in percent, to one decimal."""
    return round(100 * float(share), 1)


def read_published(name: str, value: str) -> dict[str, float]:
    """A published column by care level; what is known from memory only is left out."""
    return {row["care_level"]: float(row[value]) for row in read_synthetic_facts(name) if is_printable(row)}


def compare_levels(summary: Summary) -> pd.DataFrame:
    """要介護状態区分ごとの人数と割合、公表の割合、その差(ポイント)。"""
    import pandas as pd

    published = read_published("published_levels", "persons")
    whole, total = sum(published.values()), int(summary.levels["persons"].sum())
    counted = dict(zip(summary.levels["care_level"], summary.levels["persons"], strict=True))
    rows = []
    for level in LEVELS:
        persons = int(counted.get(level, 0))
        here, there = as_percent(persons / max(total, 1)), as_percent(published[level] / whole)
        rows.append([level_name(level), persons, here, there, round(here - there, 1)])
    return pd.DataFrame(rows, columns=["要介護状態区分", "人数", "割合", "公表の割合", "差"])


def compare_items(summary: Summary) -> pd.DataFrame:
    """74項目の「問題がある」割合(%): 新規、すべての認定、公表(新規)。"""
    import pandas as pd

    facts = {row["column"]: row for row in read_synthetic_facts("survey_model") if is_printable(row)}
    rows = []
    for column, first, every in summary.items.itertuples(index=False):
        item = find_survey_item(column)
        if item.counts:
            rows.append([item.label, first, every, float(facts[column]["p_problem"])])
    frame = pd.DataFrame(rows, columns=["項目", "新規", "すべての認定", "公表(新規)"])
    frame[frame.columns[1:]] *= 100
    return frame
