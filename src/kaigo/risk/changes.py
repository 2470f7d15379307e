"""Changes of a standard that would help: which of them are coarser than what it has, and the standard with one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from kaigo.deidentify import Standard
from kaigo.deidentify.released_names import released_birth, source_column
from kaigo.deidentify.standard_parts import Rule

RULE_PREFIX = "変更-"
LEAST = 3
"""Changes that are offered at least; where there are fewer, the spare ones come in."""
COMBINED = 3
"""Changes of columns that are put together at most."""
DELETED, AVERAGED = "delete_item", "average_per_period"
COUNTING = frozenset(
    {"keep_promise", "k_anonymise", "delete_small_groups", "blank_small_groups", "delete_rare_combinations"}
)
"""Techniques that count persons over several columns: they go on counting a column that only became coarser."""
EXACT_BIRTHS = {"keep", "generalise_to_month", "delete_super_aged"} | (COUNTING - {"k_anonymise"})
"""Techniques that leave a birth finer than any band of ages (or empty)."""
CODE_RANKS = {"base": 1, "kind": 2, "category": 3}
Changes = dict[str, dict[str, Any]]


def load_changes() -> Changes:
    """変更の候補を読む(``mitigations.toml``)。"""
    text = resources.files("kaigo.risk").joinpath("data", "mitigations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def offer_changes(standard: Standard, months: int) -> Changes:
    """この加工基準を、いまより粗くする変更だけを選ぶ。

    Of each ``step`` the first candidate that is coarser than what the standard has: bands of ten years where births are
    months or bands of five years, no birth at all where there is but one cut. A step without any is left out. The last is the
    combination of the first three that change columns.

    Parameters
    ----------
    standard : Standard
    months : int
        Months of the release; an interval of pseudonyms that reaches beyond them changes nothing.

    Returns
    -------
    dict of str to dict
        As :func:`load_changes`, in its order.
    """
    changes = load_changes()
    coarser = {
        name: change
        for name, change in changes.items()
        if "together" not in change and _is_coarser(standard, change, months)
    }
    chosen: dict[str, str] = {}
    for spare in (False, True):
        for name, change in coarser.items():
            if change.get("spare", False) is spare and (not spare or len(chosen) < LEAST):
                chosen.setdefault(change["step"], name)
    offered = {name: change for name, change in changes.items() if name in chosen.values()}
    parts = [name for name, change in offered.items() if "technique" in change][:COMBINED]
    if len(parts) > 1:
        offered["together"] = _combine(changes["together"], [changes[part]["words"] for part in parts], parts)
    return offered


def _combine(change: Mapping[str, Any], words: list[list[str]], parts: list[str]) -> dict[str, Any]:
    said = "、".join([*(joining for joining, _ in words[:-1]), words[-1][1]])
    texts = {key: change[key].format(words=said, number=len(parts)) for key in ("name", "costs")}
    return {**change, **texts, "together": parts}


def _is_coarser(standard: Standard, change: Mapping[str, Any], months: int) -> bool:
    """Whether a change takes something away from what the standard gives, and adds nothing."""
    if "rotate_months" in change:
        return _changes_interval(standard, int(change["rotate_months"]), months)
    if "raise" in change:
        return any(rule.technique == change["raise"]["technique"] for rule in standard.rules)
    column = change["columns"][0]
    if column == "certifications.survey_*":
        return any(_is_released(standard, f"certifications.{name}") for name in _list_answers(standard))
    if not _is_released(standard, column):
        return False
    if change["technique"] == "band_birth":
        return _is_wider(standard, frozenset(change["parameters"]["ages"].split(",")))
    if change["technique"] == "lift_code":
        lifted = [str(rule.parameters["to"]) for rule in standard.rules if rule.technique == "lift_code"]
        return CODE_RANKS[change["parameters"]["to"]] > max((CODE_RANKS[to] for to in lifted), default=0)
    return True


def _changes_interval(standard: Standard, rotate_months: int, months: int) -> bool:
    """Shorter pseudonyms tell less, unless facts are given once a pseudonym: then there would be more of them."""
    if standard.pseudonym.mode == "none" or any(rule.technique == AVERAGED for rule in standard.rules):
        return False
    return rotate_months < min(standard.pseudonym.rotate_months or months, months)


def _is_wider(standard: Standard, cuts: frozenset[str]) -> bool:
    """Whether bands with these cuts put together what the standard tells apart: each of its bands lies in one of them."""
    own: frozenset[str] | None = None
    for rule in _find_rules(standard, "persons.birth_date"):
        parameters = rule.parameters
        if rule.technique == "band_birth":
            own = frozenset(str(parameters["ages"]).split(","))
        elif rule.technique == "generalise_birth" and parameters["to"] == "age":
            width, oldest = int(parameters["width"]), int(parameters["oldest"])
            youngest = int(parameters.get("youngest") or width)
            own = frozenset(str(age) for age in range(youngest, oldest + 1, width))
        elif rule.technique == "generalise_birth" and parameters["to"] == "band":
            # Bands of birth years are not nested in bands of ages.
            return False
        elif rule.technique not in EXACT_BIRTHS | {"generalise_birth"}:
            return False
    return own is None or cuts < own


def _find_rules(standard: Standard, column: str) -> Iterator[Rule]:
    table, _, name = column.partition(".")
    return (rule for rule in standard.rules if name in rule.expanded().get(table, ()))


def _is_released(standard: Standard, column: str) -> bool:
    return all(rule.technique != DELETED for rule in _find_rules(standard, column))


def _list_answers(standard: Standard) -> set[str]:
    return {
        name
        for rule in standard.rules
        for name in rule.expanded().get("certifications", ())
        if name.startswith("survey_")
    }


def change_standard(standard: Standard, name: str, changes: Mapping[str, Mapping[str, Any]]) -> Standard:
    """加工基準に1つの変更を加える(もとの基準は変わらない)。

    Parameters
    ----------
    name : str
        Entry of ``changes`` (:func:`load_changes`); its parts are applied in order.

    Examples
    --------
    ``no_answers`` on ``soumu-2018``: the rule of ⑥ is gone, and one deletes the 74 items.
    """
    change = changes[name]
    for part in change.get("together", ()):
        standard = change_standard(standard, part, changes)
    data = standard.model_dump()
    if "rotate_months" in change:
        data["pseudonym"]["rotate_months"] = change["rotate_months"]
    if "raise" in change:
        _raise_value(data["rules"], **change["raise"])
    if "technique" in change:
        data["rules"] = _replace_rules(standard, name, change)
    changed = Standard.model_validate(data)
    old, new = released_birth(standard.rules), released_birth(changed.rules)
    gone = {full.partition(".")[2] for full in change.get("columns", ()) if change["technique"] == DELETED}
    for layout, names in data["quasi_identifiers"].items():
        left = [name for name in names if source_column(name) not in gone]
        data["quasi_identifiers"][layout] = [new if name == old else name for name in left]
    return Standard.model_validate(data)


def _raise_value(rules: list[dict[str, Any]], technique: str, parameter: str, times: int) -> None:
    for rule in rules:
        if rule["technique"] == technique:
            rule["parameters"] |= {parameter: rule["parameters"][parameter] * times}


def _replace_rules(standard: Standard, name: str, change: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = Rule(
        id=f"{RULE_PREFIX}{name}",
        number="",
        columns=tuple(change["columns"]),
        technique=change["technique"],
        parameters=change.get("parameters", {}),
        clause_2018="規則第11条第5号",
        clause_now="規則第62条第5号",
        reason=f"{change['name']}とどうなるかを測るための変更。",
        set_by="本書",
    )
    columns = {f"{table}.{column}" for table, names in wanted.expanded().items() for column in names}
    rules: list[dict[str, Any]] = []
    placed = False
    for rule in standard.rules:
        own = [f"{table}.{column}" for table, names in rule.expanded().items() for column in names]
        left = [column for column in own if column not in columns]
        touched = len(left) < len(own)
        if touched and not placed:
            rules.append(wanted.model_dump())
            placed = True
        counts_on = rule.technique in COUNTING and change["technique"] != DELETED
        if not touched or not change["replace"] or counts_on:
            rules.append(rule.model_dump())
        elif left:
            rules.append(rule.model_dump() | {"columns": left})
    return rules
