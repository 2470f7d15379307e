"""Showing released values as the source document does: 昭和18年2月, 男, 要介護3, 15日・25,260点."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from kaigo.tables.births import BIRTH_COLUMNS, show_birth
from kaigo.tables.codes import level_name
from kaigo.tables.facts import read_facts
from kaigo.tables.schema import load_schemas
from kaigo.tables.survey import find_survey_item, load_survey_items
from kaigo.tables.wareki import format_month

if TYPE_CHECKING:
    import pandas as pd

DELETED = "(削除)"
SEX_NAMES = {1: "男", 2: "女"}


@cache
def _short_options() -> dict[tuple[str, int], str]:
    """The document's own short wording of options, where it has one."""
    return {
        (row["column"], int(row["option"])): row["alias"]
        for row in read_facts("option_aliases")
        if row["confidence"] == "verified"
    }


def show_answer(column: str, code: int) -> str:
    """調査の回答を文言で示す(資料に短い書き方があればそれで)。"""
    return _short_options().get((column, code)) or find_survey_item(column).option_text(code)


def show_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """加工後テーブルの行を、資料と同じ見た目の文字にする。

    Parameters
    ----------
    frame : DataFrame
        Rows of ``joined``: any of ``birth_month`` (or a coarser birth), ``sex``, survey columns, ``care_level``, ``service_month``,
        ``service_code``, ``days``, ``units``.

    Returns
    -------
    DataFrame
        Text columns under the document's headers; ``days`` and ``units`` share one cell (15日・25,260点).
    """
    import pandas as pd

    survey = {item.column for item in load_survey_items()}
    shown: dict[str, list[str]] = {}
    for column in frame.columns:
        values = frame[column].tolist()
        if column in BIRTH_COLUMNS:
            shown[BIRTH_COLUMNS[column][0]] = _show(values, lambda value, c=column: show_birth(c, value))
        elif column == "sex":
            shown["性別"] = _show(values, lambda value: SEX_NAMES[int(value)])
        elif column == "care_level":
            shown["要介護状態区分"] = _show(values, level_name)
        elif column == "service_month":
            shown["サービス利用年月"] = _show(values, format_month)
        elif column == "service_code":
            shown["サービスコード"] = _show(values, str)
        elif column in survey:
            item = find_survey_item(column)
            shown[item.name] = _show(values, lambda value, c=column: show_answer(c, int(value)))
        elif column in {"days", "units"} and {"days", "units"} <= set(frame.columns):
            pairs = zip(frame["days"].tolist(), frame["units"].tolist(), strict=True)
            shown["サービス利用状況(日数・点数)"] = [
                f"{int(days)}日・{int(units):,}点" for days, units in pairs
            ]
        else:
            shown[_label(column)] = _show(values, str)
    return pd.DataFrame(shown)


def _show(values: list[Any], render: Callable[..., str]) -> list[str]:
    import pandas as pd

    return [DELETED if pd.isna(value) else render(value) for value in values]


def _label(column: str) -> str:
    for schema in load_schemas().values():
        if column in schema.names:
            return schema.column(column).label
    return column
