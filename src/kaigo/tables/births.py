"""Columns in which a birth is released, by how coarse it is, and how their values are shown."""

from __future__ import annotations

from kaigo.tables.wareki import format_month

BIRTH_COLUMNS = {
    "birth_month": ("生年月", "text(YYYY-MM)", ""),
    "birth_quarter": ("生年(四半期)", "text(YYYY-Qn)", "Q1 1〜3月|Q2 4〜6月|Q3 7〜9月|Q4 10〜12月"),
    "birth_year": ("生年", "text(YYYY)", "西暦"),
    "birth_band": ("生年の幅", "text", "西暦。最初の年-最後の年(空の側は限りなし)"),
    "age_band": ("年齢の幅", "text", "対象の最後の月の末日の満年齢(空の側は限りなし)"),
}
"""Released column of a birth to its label, type and meaning."""


def show_birth(column: str, value: str) -> str:
    """提供した生年を文字で示す。

    Parameters
    ----------
    column : str
        One of :data:`BIRTH_COLUMNS`.
    value : str
        As released, e.g. ``1943-02``, ``1943-Q1``, ``1943``, ``1940-1944``, ``-1934``, ``90-``.

    Examples
    --------
    ``birth_quarter`` 1943-Q1 → 昭和18年1月〜3月; ``birth_band`` 1940-1944 → 1940年〜1944年生まれ; ``age_band`` 90- → 90歳以上.
    """
    if column == "birth_month":
        return format_month(value) if len(value) == 7 else value
    if column == "birth_quarter":
        last = 3 * int(value[-1])
        return f"{format_month(f'{value[:4]}-{last - 2:02d}')}〜{last}月"
    unit = "歳" if column == "age_band" else "年"
    if column == "birth_year":
        return f"{value}{unit}"
    low, _, high = value.partition("-")
    if not low or not high:
        word = ("以下", "以上") if unit == "歳" else ("以前の生まれ", "以後の生まれ")
        return f"{low or high}{unit}{word[bool(low)]}"
    return f"{low}歳〜{high}歳" if unit == "歳" else f"{low}年〜{high}年生まれ"
