"""Names and meanings of released columns that differ from those of the source."""

from __future__ import annotations

from collections.abc import Iterable

from kaigo.deidentify.standard import Rule

BIRTH_COLUMNS = {
    "birth_month": ("生年月", "text(YYYY-MM)", ""),
    "birth_quarter": ("生年(四半期)", "text(YYYY-Qn)", "Q1 1〜3月|Q2 4〜6月|Q3 7〜9月|Q4 10〜12月"),
    "birth_year": ("生年", "text(YYYY)", "西暦"),
    "birth_band": ("生年の幅", "text", "西暦。最初の年-最後の年(空の側は限りなし)"),
    "age_band": ("年齢の幅", "text", "対象の最後の月の末日の満年齢(空の側は限りなし)"),
}
"""Released column of a birth to its label, type and meaning."""


def released_birth(rules: Iterable[Rule]) -> str:
    """生年月日が、どの名前の列で提供されるか。

    Parameters
    ----------
    rules : iterable of Rule
        Of the column or of the whole standard, in order.
    """
    from kaigo.deidentify.techniques import TECHNIQUES

    name = "birth_month"
    for rule in rules:
        technique = TECHNIQUES.get(rule.technique)
        if technique is None or "birth_date" not in rule.expanded().get("persons", ()):
            continue
        name = technique.release_as("persons.birth_date", rule.parameters) or name
    return name
