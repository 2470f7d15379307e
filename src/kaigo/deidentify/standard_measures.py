"""What a standard must have thought of: pseudonyms, period, rare codes, quasi-identifiers, the deliberation of 5号."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from kaigo.deidentify.promise_steps import is_promised
from kaigo.deidentify.released_names import released_name
from kaigo.deidentify.standard import Rule, Standard
from kaigo.deidentify.standard_parts import Topic
from kaigo.tables import ColumnClass, load_schemas, survey_columns

CLOSING = ("※1", "※2", "並べ替え")
"""What stands beside the rules and can be a measure too."""

_CODE = "benefits.service_code"
_COUNTS_CODES = frozenset({"roll_up_rare_codes", "blank_rarest_codes", "keep_promise"})
_COUNTABLE = frozenset({ColumnClass.QUASI, ColumnClass.ATTRIBUTE})
Order = Mapping[str, tuple[Rule, ...]]


def find_missing_measures(standard: Standard, order: Order) -> list[str]:
    """仮ID・期間・少ないコード・準識別子・5号の検討の矛盾を、1件1文の日本語で返す。

    Parameters
    ----------
    order : mapping
        ``table.column`` to its rules, in the standard's order.
    """
    return [
        *_check_pseudonym(standard),
        *_check_codes(order),
        *_check_promise(standard, order),
        *_check_quasi_identifiers(standard, order),
        *_check_deliberations(standard),
    ]


def _check_pseudonym(standard: Standard) -> Iterator[str]:
    pseudonym, period = standard.pseudonym, standard.period
    if pseudonym.mode == "rotating" and pseudonym.rotate_months is None:
        yield "仮IDを替える間隔(pseudonym.rotate_months)がありません(※1は定期的に替えることを求めています)。"
    if pseudonym.mode != "rotating" and pseudonym.rotate_months is not None:
        yield f"仮IDを替えない定め(mode = {pseudonym.mode})なのに、替える間隔があります。"
    if pseudonym.mode == "stable" and not pseudonym.stable_reason.strip():
        yield "仮IDを替えない定め(mode = stable)には、替えなくてよい理由(stable_reason)が必要です。"
    if pseudonym.mode == "none" and standard.layout == "linked":
        yield "仮IDを使わない定め(mode = none)では、仮IDのある3つの表(linked)を作れません。"
    if period is None:
        yield "提供の期間の定め([period])がありません(※2は期間による蓄積の検討を求めています)。"
    elif (pseudonym.rotate_months or 0) > period.max_months:
        yield (
            f"仮IDを替える間隔({pseudonym.rotate_months}か月)が提供の期間の上限({period.max_months}か月)より長く、"
            "仮IDが替わりません。"
        )


def _check_codes(order: Order) -> Iterator[str]:
    rules = order.get(_CODE, ())
    techniques = [rule.technique for rule in rules]
    if rules and "delete_item" not in techniques and not _COUNTS_CODES & set(techniques):
        yield f"列「{_CODE}」(サービスコード)を残すのに、利用の少ないコードの定めがありません(細かいコードのまま残ります)。"


def _check_promise(standard: Standard, order: Order) -> Iterator[str]:
    """The promise is kept on values that are fixed for the pseudonym's months, and on kinds or coarser."""
    place = {rule.technique: number for number, rule in enumerate(standard.rules)}
    promise = place.get("keep_promise")
    if promise is None:
        return
    kept = standard.rules[promise].expanded()
    for full, rules in order.items():
        table, _, name = full.partition(".")
        released = not any(rule.technique == "delete_item" for rule in rules)
        if released and is_promised(full) and name not in kept.get(table, ()):
            yield f"列「{full}」を提供するのに、約束の確保(keep_promise)の列に入っていません。"
    for rule in standard.rules[promise + 1 :]:
        if rule.technique not in {"average_per_period", "top_code", "delete_item", "keep"}:
            yield f"定め{rule.id}: 約束の確保(keep_promise)の後では、値を変える手法「{rule.technique}」は使えません。"
    if standard.layout == "linked" or (standard.period and standard.period.given_every > 1):
        needed = {"fix_per_period": "認定", "average_per_period": "給付"}
        for technique, what in needed.items():
            if technique not in place:
                yield f"約束の確保には、{what}を仮IDの期間ごとに1回にする定め({technique})が必要です。"
        if place.get("fix_per_period", -1) > promise:
            yield "約束の確保は、認定を仮IDの期間ごとに1回にする定め(fix_per_period)の後に置く必要があります。"
        if place.get("average_per_period", promise + 1) < promise:
            yield "給付を仮IDの期間ごとに1回にする定め(average_per_period)は、約束の確保の後に置く必要があります。"


def _check_quasi_identifiers(standard: Standard, order: Order) -> Iterator[str]:
    excluded = {name for part in standard.not_quasi_identifiers for name in _expand(part.columns)}
    counted = standard.quasi_identifiers.model_dump()
    if standard.pseudonym.mode == "none":
        # Without pseudonyms there are no linked tables to count in.
        del counted["linked"]
    spoken_of = {name for part in standard.deliberations for name in _expand(part.columns)}
    for schema in load_schemas().values():
        for column in schema.columns:
            full = f"{schema.name}.{column.name}"
            rules = order.get(full, ())
            techniques = {rule.technique for rule in rules}
            if column.column_class not in _COUNTABLE or not rules or "delete_item" in techniques:
                continue
            name = released_name(full, rules)
            declared = any(name in names for names in counted.values())
            if declared and techniques == {"keep"} and name not in spoken_of:
                yield (
                    f"準識別子「{name}」({column.label})に措置がなく、措置をとらない理由が"
                    "5号の検討([[deliberations]])にもありません。"
                )
            if column.name in excluded:
                continue
            forgotten = [layout for layout, names in counted.items() if name not in names]
            if forgotten:
                yield (
                    f"列「{full}」({column.label})を準識別子に数えておらず(quasi_identifiers の {'・'.join(forgotten)} に"
                    f"「{name}」がない)、数えない理由([[not_quasi_identifiers]])もありません。"
                )


def _check_deliberations(standard: Standard) -> Iterator[str]:
    missing = [topic for topic in get_args(Topic) if topic not in {d.topic for d in standard.deliberations}]
    if missing:
        yield f"5号の検討([[deliberations]])に、検討していない差異があります: {'、'.join(missing)}。"
    known = {rule.id for rule in standard.rules} | set(CLOSING)
    for part in standard.deliberations:
        for measure in part.measures:
            if measure not in known:
                yield f"5号の検討「{part.difference}」: 措置の定め「{measure}」はありません。"
        if part.outcome == "措置をとる" and not part.measures:
            yield f"5号の検討「{part.difference}」: とる措置の定めの番号がありません。"
        if part.outcome == "措置をとらない" and part.measures:
            yield f"5号の検討「{part.difference}」: 措置をとらないのに、定めの番号があります。"


def _expand(columns: tuple[str, ...]) -> Iterator[str]:
    """Names without their table; ``survey_*`` written out."""
    for entry in columns:
        name = entry.rpartition(".")[2]
        yield from survey_columns() if name == "survey_*" else (name,)
