"""Names of released columns that differ from those of the source."""

from __future__ import annotations

from collections.abc import Iterable

from kaigo.deidentify.standard import Rule


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
