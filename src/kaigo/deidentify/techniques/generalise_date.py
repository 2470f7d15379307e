"""一般化: a date of the insured or of a certification becomes its month, quarter or year."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.engine import Dialect


class DateParameters(Parameters):
    """``to``: ``month`` (``YYYY-MM``), ``quarter`` (``YYYY-Qn``) or ``year`` (``YYYY``)."""

    to: Literal["month", "quarter", "year"]


def shorten_date(dialect: Dialect, column: str, to: str) -> str:
    """SQL: a date, or the text of a month or quarter, as text of the coarser grain (never finer than it is)."""
    text = f"cast({column} as {dialect.text_type})"
    if to == "month":
        return f"substr({text}, 1, 7)"
    if to == "year":
        return f"substr({text}, 1, 4)"
    quarter = dialect.integer_division(f"(cast(substr({text}, 6, 2) as integer) + 2)", "3")
    # A quarter stays what it is.
    return (
        f"case when substr({text}, 6, 1) = 'Q' then {text} "
        f"else concat(substr({text}, 1, 5), 'Q', cast({quarter} as {dialect.text_type})) end"
    )


class GeneraliseDate(Technique):
    """一般化(日付 → 年月 → 四半期 → 年)。生年月日のほかの日付に使う。

    The released column is named after the grain: ``valid_from`` becomes ``valid_from_month``,
    ``valid_from_quarter`` or ``valid_from_year``. Births have ``generalise_birth``, months of service
    ``average_per_period``.

    Examples
    --------
    2024-04-15: month 2024-04, quarter 2024-Q2, year 2024.
    """

    name = "generalise_date"
    label = "一般化(年月・四半期・年)"
    parameters = DateParameters
    columns = (
        "persons.qualified_on",
        "persons.disqualified_on",
        "certifications.applied_on",
        "certifications.surveyed_on",
        "certifications.valid_from",
        "certifications.valid_to",
    )

    def release_as(self, column: str, parameters: Mapping[str, Any]) -> str | None:
        """See :class:`Technique`."""
        return f"{column.rpartition('.')[2]}_{parameters['to']}" if "to" in parameters else None

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        to = DateParameters.model_validate(rule.parameters).to
        dialect = work.engine.dialect
        entries, names = [], dict(work.names)
        for table, columns in rule.expanded().items():
            changes: dict[str, str | None] = {}
            for column in columns:
                value = f"t.{dialect.quote(column)}"
                changes[column] = (
                    f"case when {value} is null then null else {shorten_date(dialect, value, to)} end"
                )
                names[column] = f"{column}_{to}"
            work, entry = work.rewrite(rule, table, changes, technique=self.label, changes_type=True)
            entries.append(entry)
        return dataclasses.replace(work, names=names), entries
