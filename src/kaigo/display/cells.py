"""The cells of a table as they are shown: columns with units, numbers with a fixed number of digits, marks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Value = int | float | str | None
EMPTY = "-"


@dataclass(frozen=True)
class Column:
    """表の1列。

    Attributes
    ----------
    name, unit : str
        Japanese name and unit; together they make the header.
    numeric : bool
        Numbers stand to the right, with separators of thousands.
    digits : int
        Decimal places shown (and kept) of a number.
    """

    name: str
    unit: str = ""
    numeric: bool = False
    digits: int = 0

    @property
    def header(self) -> str:
        """Name with unit, as printed and exported."""
        return f"{self.name}({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Grid:
    """What a table shows, independent of how it is drawn: JSON in, JSON out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    marks: Mapping[tuple[int, int], str]

    def text(self, row: int, column: int) -> str:
        """The cell as a reader sees it."""
        if (row, column) in self.marks:
            return self.marks[row, column]
        return format_value(self.rows[row][column], self.columns[column].digits)

    @property
    def has_empty(self) -> bool:
        """Whether a cell has no value, for a reason other than suppression."""
        return any(
            value is None and (i, j) not in self.marks
            for i, row in enumerate(self.rows)
            for j, value in enumerate(row)
        )

    def to_payload(self) -> dict[str, Any]:
        """JSON form: columns, raw rows, and the marks as [row, column, text]."""
        return {
            "columns": [
                {"name": c.name, "unit": c.unit, "numeric": c.numeric, "digits": c.digits}
                for c in self.columns
            ],
            "rows": [list(row) for row in self.rows],
            "marks": [[i, j, text] for (i, j), text in sorted(self.marks.items())],
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Grid:
        """Inverse of `to_payload`."""
        return cls(
            columns=tuple(Column(**column) for column in payload["columns"]),
            rows=tuple(tuple(row) for row in payload["rows"]),
            marks={(i, j): text for i, j, text in payload["marks"]},
        )


def build_grid(
    frame: pd.DataFrame,
    *,
    units: Mapping[str, str],
    digits: Mapping[str, int],
    marks: Mapping[tuple[int, int], str],
) -> Grid:
    """DataFrame を、表示する桁に丸めた表にする。

    Parameters
    ----------
    frame : DataFrame
        The table after suppression; the index is not shown.
    units : mapping of str to str
        Column → unit.
    digits : mapping of str to int
        Column → decimal places; 1 for fractions and 0 for whole numbers where nothing is said.
    marks : mapping
        (row, column) → text in place of a value.
    """
    import pandas as pd
    from pandas.api import types

    columns = []
    values: list[list[Value]] = []
    for name in frame.columns:
        series = frame[name]
        numeric = bool(types.is_numeric_dtype(series.dtype)) and not types.is_bool_dtype(series.dtype)
        fraction = numeric and bool(types.is_float_dtype(series.dtype))
        places = digits.get(name, 1 if fraction else 0) if numeric else 0
        columns.append(Column(str(name), units.get(name, ""), numeric, places))
        values.append([None if pd.isna(value) else _clean_value(value, places) for value in series.tolist()])
    return Grid(tuple(columns), tuple(zip(*values, strict=True)), dict(marks))


def format_value(value: Value, digits: int = 0) -> str:
    """A value as printed: separators of thousands, fixed decimals, "-" where there is none."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, str):
        return value
    return f"{value:,.{digits}f}"


def _clean_value(value: object, digits: int) -> Value:
    """A JSON value rounded to what is shown, so that stored outputs do not depend on the last bits."""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        if not math.isfinite(value):
            return None
        # Adding 0.0 turns a rounded -0.0 into 0.0.
        return int(value) if digits == 0 and float(value).is_integer() else round(float(value), digits) + 0.0
    return str(value)
