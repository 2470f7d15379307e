"""What makes a standard unsound: a column forgotten, an identifier kept, a rule that cannot do what it says."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from kaigo.deidentify.birth_checks import check_birth
from kaigo.deidentify.order_checks import check_order
from kaigo.deidentify.released_names import released_name
from kaigo.deidentify.standard import Rule, Standard
from kaigo.deidentify.standard_measures import find_missing_measures
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.tables import Column, ColumnClass, load_schemas

_NEVER_RELEASED = frozenset({ColumnClass.DIRECT, ColumnClass.INDIVIDUAL_CODE, ColumnClass.LINKING})
_BIRTH, _MONTH = "persons.birth_date", "benefits.service_month"


def find_contradictions(standard: Standard) -> list[str]:
    """加工基準の矛盾を、1件1文の日本語で返す。"""
    known = {
        f"{schema.name}.{column.name}": column
        for schema in load_schemas().values()
        for column in schema.columns
    }
    order: dict[str, list[Rule]] = {}
    for rule in standard.rules:
        for table, names in rule.expanded().items():
            for name in dict.fromkeys(names):
                order.setdefault(f"{table}.{name}", []).append(rule)
    return [
        *_check_rules(standard.rules, known),
        *(
            finding
            for full, column in known.items()
            for finding in _check_column(full, column, order.get(full, []))
        ),
        *check_birth(_BIRTH, order.get(_BIRTH, [])),
        *check_order(standard.rules),
        *_check_layout(standard, known, order),
        *find_missing_measures(standard, {full: tuple(rules) for full, rules in order.items()}),
    ]


def _check_rules(rules: Iterable[Rule], known: dict[str, Column]) -> Iterable[str]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield f"定めの番号「{rule.id}」が重なっています。"
        seen.add(rule.id)
        columns = [f"{table}.{name}" for table, names in rule.expanded().items() for name in names]
        for full in columns:
            if full not in known:
                yield f"定め{rule.id}: 列「{full}」は介護データにありません。"
        technique = TECHNIQUES.get(rule.technique)
        if technique is None:
            yield f"定め{rule.id}: 手法「{rule.technique}」はありません(使える手法: {'、'.join(TECHNIQUES)})。"
            continue
        for problem in technique.check_parameters(rule.parameters):
            yield f"定め{rule.id}: {problem}"
        for finding in technique.check_rule(rule) if not technique.check_parameters(rule.parameters) else ():
            yield f"定め{rule.id}: {finding}"
        for full in columns:
            if full in known and not technique.accepts(full):
                yield f"定め{rule.id}: 手法「{technique.label}」は列「{full}」に使えません。"


def _check_column(full: str, column: Column, rules: list[Rule]) -> Iterable[str]:
    if not rules:
        yield f"列「{full}」({column.label})の扱いが決まっていません。"
        return
    if column.column_class in _NEVER_RELEASED and not _deletes(rules):
        yield f"列「{full}」({column.label})は{column.column_class}なので、項目削除が必要です。"
    for earlier, later in pairwise(rules):
        if earlier.technique == "delete_item":
            yield f"定め{later.id}: 列「{full}」は定め{earlier.id}で項目削除済みです。"


def _check_layout(
    standard: Standard, known: dict[str, Column], order: dict[str, list[Rule]]
) -> Iterable[str]:
    if standard.layout == "linked" and _deletes(order.get(_MONTH, [])):
        yield f"列「{_MONTH}」(サービス利用年月)を項目削除すると、仮IDの期間と結び付けられません。"
    released = {
        released_name(full, order.get(full, [])) for full in known if not _deletes(order.get(full, []))
    }
    for layout, names in standard.quasi_identifiers.model_dump().items():
        for name in names:
            if name not in released:
                yield f"準識別子「{name}」({layout})は、提供する列にありません。"


def _deletes(rules: list[Rule]) -> bool:
    return any(rule.technique == "delete_item" for rule in rules)
