"""What the values of a released column mean, after the rules of a standard."""

from __future__ import annotations

from collections.abc import Sequence

from kaigo.deidentify.standard import Rule
from kaigo.tables import (
    find_survey_item,
    load_care_levels,
    load_service_codes,
    load_service_kinds,
    survey_columns,
)
from kaigo.tables.facts import read_facts

DEPTHS = ("code", "base", "kind", "category")
"""Depths of the hierarchy of service codes, finest first."""
_WORDS = {
    "code": "サービスコード(6文字。種類2+項目4)",
    "base": "基本サービス(例 11-03)",
    "kind": "サービス種類(2文字。例 11)",
    "category": "分類(例 G1)",
}


def describe_values(column: str, rules: Sequence[Rule]) -> str | None:
    """列の値の意味。区分・回答・サービスコードのほかは None。

    Parameters
    ----------
    column : str
        Column of the source.
    rules : sequence of Rule
        Of this column, in order.

    Examples
    --------
    ``care_level`` → 「01 非該当|06 事業対象者|12 要支援1|…」; ``survey_1_7`` merged to two groups →
    「1 問題なし(つかまらないでできる、何かにつかまればできる)|3 問題あり(できない)」.
    """
    if column == "care_level":
        return "|".join(f"{level.code} {level.name}" for level in load_care_levels().values())
    if column == "service_code":
        depths = find_depths(rules)
        words = "、".join(_WORDS[depth] for depth in depths)
        return f"{words}が混じる。意味は(コード)の行" if len(depths) > 1 else words
    return _describe_answers(column, rules) if column in survey_columns() else None


def find_depths(rules: Sequence[Rule]) -> tuple[str, ...]:
    """サービスコードが、どの深さで提供されうるか(細かい順)。

    Examples
    --------
    No rule → code; roll_up_rare_codes → all four; lift_code to kinds, then keep_promise → kind, category.
    """
    depths = {"code"}
    for rule in rules:
        if rule.technique == "lift_code":
            to = str(rule.parameters["to"])
            # What is coarser already stays; a code without a known base service becomes its kind.
            coarser = {depth for depth in depths if DEPTHS.index(depth) > DEPTHS.index(to)}
            depths = {to, *coarser, *(["kind"] if to == "base" else [])}
        elif rule.technique == "roll_up_rare_codes":
            depths |= set(DEPTHS[min(DEPTHS.index(depth) for depth in depths) :])
        elif rule.technique == "keep_promise":
            depths |= {"category"}
    return tuple(depth for depth in DEPTHS if depth in depths)


def list_codes(rules: Sequence[Rule]) -> list[tuple[str, str, str]]:
    """サービスコードの上位の値の一覧: 値、名称、深さの名前。提供されうる深さだけ。"""
    kinds, depths = load_service_kinds().values(), find_depths(rules)
    known = {
        "base": sorted({(c.base_code, c.base_name) for c in load_service_codes().values() if c.base_code}),
        "kind": [(kind.code, kind.name) for kind in kinds],
        "category": sorted({(kind.category_code, kind.category) for kind in kinds}),
    }
    labels = {"base": "基本サービス", "kind": "サービス種類", "category": "分類"}
    return [
        (code, name, labels[depth]) for depth, rows in known.items() if depth in depths for code, name in rows
    ]


def _describe_answers(column: str, rules: Sequence[Rule]) -> str:
    item = find_survey_item(column)
    shown, words = {code: code for code in item.codes}, dict[int, str]()
    for rule in rules:
        if rule.technique == "merge_to_problem":
            fact = next(
                row for row in read_facts("merged_answers", "kaigo.deidentify") if row["column"] == column
            )
            least, first = int(fact["no_problem"]), int(fact["first_problem"])
            shown = {code: least if now < first else first for code, now in shown.items()}
            words = {least: "問題なし", first: "問題あり"}
        elif rule.technique == "merge_options":
            for group in filter(None, str(rule.parameters.get("groups", "")).split("|")):
                merged = {int(option) for option in group.split(",")}
                shown = {code: min(merged) if now in merged else now for code, now in shown.items()}
    meanings = []
    for value in dict.fromkeys(shown.values()):
        options = "、".join(item.option_text(code) for code, now in shown.items() if now == value)
        meanings.append(f"{value} {words[value]}({options})" if value in words else f"{value} {options}")
    return "|".join(meanings)
