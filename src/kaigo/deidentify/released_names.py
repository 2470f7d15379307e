"""Names of released columns that differ from those of the source."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from kaigo.deidentify.standard import Rule
from kaigo.tables import BIRTH_COLUMNS, load_schemas

BIRTH = "persons.birth_date"
GRAINS = {
    "month": ("年月", "text(YYYY-MM)"),
    "quarter": ("四半期", "text(YYYY-Qn)"),
    "year": ("年", "text(YYYY)"),
}
"""Grain of a generalised date to its label and type."""


def released_name(full: str, rules: Iterable[Rule]) -> str:
    """列が、どの名前で提供されるか。

    Parameters
    ----------
    full : str
        ``table.column``.
    rules : iterable of Rule
        Of the column or of the whole standard, in order.
    """
    from kaigo.deidentify.techniques import TECHNIQUES

    table, _, column = full.partition(".")
    name = "birth_month" if full == BIRTH else column
    for rule in rules:
        technique = TECHNIQUES.get(rule.technique)
        if technique is not None and column in rule.expanded().get(table, ()):
            name = technique.release_as(full, rule.parameters) or name
    return name


def released_birth(rules: Iterable[Rule]) -> str:
    """生年月日が、どの名前の列で提供されるか(see :func:`released_name`)."""
    return released_name(BIRTH, rules)


def source_column(name: str) -> str:
    """Column of the source that a released column comes from, e.g. ``valid_from_month`` → ``valid_from``."""
    if name in BIRTH_COLUMNS:
        return "birth_date"
    stem, _, grain = name.rpartition("_")
    dates = {c.name for schema in load_schemas().values() for c in schema.columns if c.dtype == pa.date32()}
    return stem if grain in GRAINS and stem in dates else name
