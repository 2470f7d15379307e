"""Whether rules stand in an order in which each keeps what it says: counts hold, limits stay limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaigo.deidentify.standard import Rule
from kaigo.tables import load_schemas

COUNTS_PERSONS = {
    "roll_up_rare_codes": "利用の少ないコード",
    "delete_rare_answers": "特異な回答",
    "delete_rare_combinations": "特異な回答の組合せ",
    "top_code": "トップコーディング",
    "bottom_code": "ボトムコーディング",
    "top_code_birth": "超高齢のトップコーディング",
    "microaggregate": "ミクロアグリゲーション",
    "blank_small_groups": "該当者の少ない組",
    "delete_small_groups": "該当者の少ない組",
    "merge_small_groups": "該当者の少ない組",
    "keep_promise": "約束の確保",
}
"""Techniques that count persons, and what they say to hold."""
OVERLAPS = (
    (
        "band_birth",
        "generalise_birth",
        "band_birth は決めた年齢で区切り、generalise_birth は四半期・年・等しい幅で束ねます。"
        "少ない区切りを自治体に合わせて置くなら band_birth、幅をそろえるなら generalise_birth の、どちらか一方にしてください。",
    ),
    (
        "merge_to_problem",
        "merge_options",
        "merge_to_problem は公表された区分(問題なし・問題あり)の2つにまとめ、merge_options は決めた組か人数でまとめます。"
        "2つの区分で足りるなら merge_to_problem、組を自分で決めるか人数で決めるなら merge_options の、どちらか一方にしてください。",
    ),
)
"""Techniques that do much the same to a column, and which to take when."""
REMOVES_ROWS = ("delete_records", "delete_small_groups", "drop_extreme_months", "sample_persons")
CHANGES_CODES = ("roll_up_rare_codes", "lift_code", "blank_rarest_codes")
BY_CODE = ("top_code", "bottom_code", "microaggregate")
KEEPS_VALUES = ("top_code", "bottom_code", "cut_at_fixed", "microaggregate")


def check_order(rules: Sequence[Rule]) -> Iterator[str]:
    """手法の順序と基準値の食い違いを、1件1文の日本語で返す。"""
    for place, rule in enumerate(rules):
        for later in rules[place + 1 :]:
            yield from _check_pair(rule, later)
    yield from _check_persons(rules)
    yield from _check_columns_named(rules)


def _check_pair(rule: Rule, later: Rule) -> Iterator[str]:
    counted = COUNTS_PERSONS.get(rule.technique)
    # Removing a small group leaves the others as they are; an emptied group is what the removal is for.
    both_groups = rule.technique in {"blank_small_groups", "merge_small_groups", "delete_small_groups"}
    if counted and later.technique in REMOVES_ROWS and not (both_groups and rule.columns == later.columns):
        yield (
            f"定め{later.id}: レコード(行)を外すので、人数を数える定め{rule.id}({counted})の前に置く必要があります"
            "(後に置くと、残した人数を下回ることがあります)。"
        )
    if rule.technique == "add_pseudo_data" and later.technique in COUNTS_PERSONS:
        yield (
            f"定め{later.id}: 疑似データ(定め{rule.id})を人に数えてしまうので、疑似データの前に置く必要があります。"
        )
    for first, second, which in OVERLAPS:
        if {rule.technique, later.technique} == {first, second} and _share_columns(rule, later):
            yield f"定め{later.id}: 定め{rule.id}と同じ列を、似た手法で2度まとめます。{which}"
    if later.technique == "sample_persons" and rule.technique in {"add_pseudo_data", "sample_persons"}:
        earlier = "疑似データを加える" if rule.technique == "add_pseudo_data" else "人を抽出する"
        yield (
            f"定め{later.id}: {earlier}定め{rule.id}の後で抽出すると、抽出した割合が言えなくなります。"
            "抽出は1回とし、疑似データの前に置いてください。"
        )
    by_code = rule.technique in BY_CODE and str(rule.parameters.get("within", "code")) != "all"
    if by_code and later.technique in CHANGES_CODES:
        yield (
            f"定め{rule.id}: コードごとの人数で値をそろえるので、コードを変える定め{later.id}の後に置く必要があります。"
        )
    if rule.technique in KEEPS_VALUES and later.technique == "add_noise":
        shared = sorted(set(rule.columns) & set(later.columns))
        if shared:
            yield (
                f"定め{later.id}: ノイズを加えると定め{rule.id}でそろえた値が崩れるので、その前に置く必要があります。"
            )


def _share_columns(rule: Rule, later: Rule) -> bool:
    if "month" in {rule.parameters.get("to"), later.parameters.get("to")}:
        # Months are no bands yet.
        return False
    own = rule.expanded()
    return any(set(own.get(table, ())) & set(names) for table, names in later.expanded().items())


def _check_persons(rules: Sequence[Rule]) -> Iterator[str]:
    """A code that stays with fewer persons than its values need is finer than its rule allows."""
    least = max(
        (int(rule.parameters.get("persons", 0)) for rule in rules if rule.technique == "roll_up_rare_codes"),
        default=None,
    )
    for rule in rules:
        by_code = rule.technique in BY_CODE and rule.parameters.get("within", "code") == "code"
        wanted = rule.parameters.get("persons")
        if least is not None and by_code and isinstance(wanted, int) and wanted > least:
            yield (
                f"定め{rule.id}: コードごとに{wanted}人を必要とするのに、{least}人のコードまで残します"
                "(コードが細かすぎます)。コードを残す人数をそろえてください。"
            )


def _check_columns_named(rules: Sequence[Rule]) -> Iterator[str]:
    """Columns that a rule reads by its parameters must not be deleted before."""
    deleted: dict[str, str] = {}
    for rule in rules:
        tables: tuple[str, ...] = ()
        named = ""
        if rule.technique == "swap_values":
            tables, named = tuple(rule.expanded()), str(rule.parameters.get("within", ""))
        elif rule.technique == "top_code_birth":
            tables, named = ("persons", "certifications"), str(rule.parameters.get("by", ""))
        for name in filter(None, named.split(",")):
            places = [f"{table}.{name}" for table in tables if name in load_schemas()[table].names]
            if places and all(place in deleted for place in places):
                yield (
                    f"定め{rule.id}: 組や層を作る列「{name}」は定め{deleted[places[0]]}で項目削除済みです。"
                    "項目削除の前に置いてください。"
                )
        if rule.technique == "delete_item":
            for table, names in rule.expanded().items():
                deleted |= {f"{table}.{name}": rule.id for name in names}
