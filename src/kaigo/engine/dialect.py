"""The few things in which the engines' SQL differs. Everything else is the portable subset.

The subset: explicit ``ON``, named columns after a join, explicit window frames; no ``hash()``, no
``random()``, no ordered ``list()``, no ``SELECT *`` after a join.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d]\w*")


class Dialect(ABC):
    """SQLの方言。DuckDBとSparkで書き方が違うものだけを持つ。"""

    text_type: str
    quote_mark: str

    def quote(self, name: str) -> str:
        """Quote an identifier.

        The quoting mark inside the name is doubled, so that a header of a user's file cannot leave its place.
        """
        return f"{self.quote_mark}{name.replace(self.quote_mark, self.quote_mark * 2)}{self.quote_mark}"

    def columns(self, names: list[str] | tuple[str, ...], alias: str = "") -> str:
        """Comma-separated quoted columns, each behind ``alias.`` if one is given."""
        prefix = f"{alias}." if alias else ""
        return ", ".join(prefix + self.quote(name) for name in names)

    def text(self, value: str) -> str:
        """A text literal. For words of the program (codes, labels), never for a secret."""
        return "'" + value.replace("'", "''") + "'"

    @abstractmethod
    def quantile(self, expression: str, share: float, sql_type: str) -> str:
        """Exact discrete quantile: the smallest value v with at least ``share`` of the rows at or below v."""

    @abstractmethod
    def sorted_set(self, expression: str, separator: str = ",") -> str:
        """Distinct values of a text expression, sorted, joined to one text (aggregate)."""

    @abstractmethod
    def integer_division(self, dividend: str, divisor: str) -> str:
        """Integer quotient."""

    @abstractmethod
    def sha256(self, expression: str) -> str:
        """Lower-case hex SHA-256 of a text expression."""


@dataclass(frozen=True)
class DuckDBDialect(Dialect):
    """DuckDB 2."""

    text_type: str = "varchar"
    quote_mark: str = '"'

    def quantile(self, expression: str, share: float, sql_type: str) -> str:
        """See :class:`Dialect`."""
        return f"cast(quantile_disc({expression}, {float(share)!r}) as {sql_type})"

    def sorted_set(self, expression: str, separator: str = ",") -> str:
        """See :class:`Dialect`."""
        return f"array_to_string(list_sort(list(distinct {expression})), {self.text(separator)})"

    def integer_division(self, dividend: str, divisor: str) -> str:
        """See :class:`Dialect`."""
        return f"({dividend} // {divisor})"

    def sha256(self, expression: str) -> str:
        """See :class:`Dialect`."""
        return f"sha256({expression})"


@dataclass(frozen=True)
class SparkDialect(Dialect):
    """Spark 4 (ANSI mode), by Spark Connect."""

    text_type: str = "string"
    quote_mark: str = "`"

    def text(self, value: str) -> str:
        """See :class:`Dialect`. Spark reads a backslash as an escape."""
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def quantile(self, expression: str, share: float, sql_type: str) -> str:
        """See :class:`Dialect`."""
        return f"cast(percentile_disc({float(share)!r}) within group (order by {expression}) as {sql_type})"

    def sorted_set(self, expression: str, separator: str = ",") -> str:
        """See :class:`Dialect`."""
        return f"array_join(array_sort(collect_set({expression})), {self.text(separator)})"

    def integer_division(self, dividend: str, divisor: str) -> str:
        """See :class:`Dialect`."""
        return f"({dividend} div {divisor})"

    def sha256(self, expression: str) -> str:
        """See :class:`Dialect`."""
        return f"sha2({expression}, 256)"


def is_ordered(select: str) -> bool:
    """Whether a SELECT itself ends in ORDER BY (not one inside its parentheses)."""
    outside = re.sub(r"'[^']*'|`[^`]*`", "", select)
    while outside != (outside := re.sub(r"\([^()]*\)", "", outside)):
        pass
    return re.search(r"\border\s+by\b", outside, re.IGNORECASE) is not None


def is_plain_name(name: str) -> bool:
    """Whether a text can serve as the name of a step or view."""
    return _NAME.fullmatch(name) is not None
