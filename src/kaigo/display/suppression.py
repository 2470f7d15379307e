"""Small-cell suppression (小さい数の秘匿): which counts of persons a page must not show.

The thresholds are data (``small_cells.csv``), each with its clause of the 介護DB guideline. They bind users of that
database; here they are applied by analogy (準用). Only single cells are protected, and a total beside them is kept
from giving them away (`complement`); tables that share margins are the business of ``kaigo statistics``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from kaigo.display.complement import protect_totals
from kaigo.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SECONDARY_MARK = "x"
# Half a unit of the last place of "12.3 %", with room for the rate itself being estimated from rounded shares.
SHARE_ROUNDING = 0.06


@dataclass(frozen=True)
class SmallCellRule:
    """何人未満を表示しないか。

    Attributes
    ----------
    threshold : int or None
        Counts from 1 to ``threshold - 1`` are hidden; ``None`` hides every count.
    zero_shown : bool
        Whether 0 may be shown (0 is not a small count, except where all counts are hidden).
    source : str
        The clause that the rule comes from.
    """

    threshold: int | None
    zero_shown: bool
    source: str

    @property
    def mark(self) -> str:
        """What stands in a hidden cell."""
        return "x(非表示)" if self.threshold is None else f"x({self.threshold}未満)"

    @property
    def explanation(self) -> str:
        """The sentence that explains the mark below a table."""
        if self.threshold is None:
            return f"{self.mark}: 人口が少ない自治体のため、人数はすべて表示しない({self.source})。"
        return f"{self.mark}: {self.threshold}人未満の人数は表示しない。0人は表示する({self.source})。"

    def hides(self, counts: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Cells that must not be shown; missing values are not hidden.

        Parameters
        ----------
        counts : ndarray of float64, any shape
            Numbers of persons; NaN where there is none.
        """
        present: NDArray[np.bool_] = ~np.isnan(counts)
        if self.threshold is None:
            return present
        small = present & (counts < self.threshold)
        return small & (counts != 0) if self.zero_shown else small


def choose_rule(inhabitants: int | None = None) -> SmallCellRule:
    """自治体の人口から、少ない人数の表示の決まりを選ぶ。

    Parameters
    ----------
    inhabitants : int, optional
        Residents of the municipality (人口). ``None`` or 0: not declared, the guideline's principle (10) applies.

    Notes
    -----
    匿名介護情報等の提供に関するガイドライン 第12の2(1)①: under 10 in principle, all counts below 2,000 inhabitants,
    under 20 from 2,000 to below 25,000.
    """
    text = files("kaigo.display").joinpath("small_cells.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        if inhabitants:
            above = row["min_inhabitants"] != "" and inhabitants >= int(row["min_inhabitants"])
            fits = above and (row["max_inhabitants"] == "" or inhabitants <= int(row["max_inhabitants"]))
        else:
            fits = row["default"] == "yes"
        if fits:
            threshold = int(row["threshold"]) if row["threshold"] else None
            return SmallCellRule(threshold, row["zero_shown"] == "yes", row["source"])
    raise ParameterError(
        "自治体の人口が正しくありません。", found=inhabitants, remedy="0 以上の整数を指定してください。"
    )


def suppress_small_cells(
    frame: pd.DataFrame,
    persons: Sequence[str],
    *,
    rule: SmallCellRule,
    derived: Mapping[str, str],
) -> tuple[pd.DataFrame, dict[tuple[int, int], str]]:
    """少ない人数のセルを、表に出る前に消す。

    Parameters
    ----------
    frame : DataFrame
        The table as counted. Not changed.
    persons : sequence of str
        Columns that count persons (whole numbers, not negative).
    rule : SmallCellRule
        The threshold in force.
    derived : mapping of str to str
        Column computed from a persons column (a share, a mean per person) → that column; hidden together with it.
        A column that is proportional to a persons column is recognised without being named.

    Returns
    -------
    DataFrame
        A copy; persons columns are ``Int64`` with ``<NA>`` where hidden, derived ones ``float64`` with NaN.
    dict
        (row position, column position) → the mark that stands there.
    """
    shown = frame.copy()
    marks: dict[tuple[int, int], str] = {}
    if not persons:
        return shown, marks
    counts = np.column_stack([_read_counts(frame, name) for name in persons])
    primary = rule.hides(counts)
    hidden = primary if rule.threshold is None else protect_totals(counts, primary, rule.threshold)
    followed = {**_find_shares(frame, persons), **derived}
    position = {name: place for place, name in enumerate(frame.columns)}
    for index, name in enumerate(persons):
        hide = hidden[:, index]
        shown[name] = shown[name].astype("Float64").astype("Int64").mask(hide)
        followers = [column for column, origin in followed.items() if origin == name]
        for follower in followers:
            shown[follower] = shown[follower].astype("float64").mask(hide)
        for row in np.flatnonzero(hide):
            mark = rule.mark if primary[row, index] else SECONDARY_MARK
            for column in (name, *followers):
                marks[int(row), position[column]] = mark if column == name else SECONDARY_MARK
    return shown, marks


def explain_marks(marks: Mapping[tuple[int, int], str], rule: SmallCellRule) -> str:
    """The note below a table that explains the marks it really holds; empty if it holds none."""
    held = set(marks.values())
    parts = []
    if rule.mark in held:
        parts.append(rule.explanation)
    if SECONDARY_MARK in held:
        parts.append("x: 表示しない人数が逆算されるのを防ぐため、あわせて表示しない。")
    return "".join(parts)


def _find_shares(frame: pd.DataFrame, persons: Sequence[str]) -> dict[str, str]:
    """Columns proportional to a persons column, within the rounding of a share in percent to one decimal."""
    from pandas.api import types

    found = {}
    for name in frame.columns:
        dtype = frame[name].dtype
        if name in persons or not types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype):
            continue
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for origin in persons:
            counts = _read_counts(frame, origin)
            both = ~np.isnan(values) & ~np.isnan(counts)
            total = counts[both].sum()
            if np.unique(counts[both]).size < 2 or not values[both].any() or total == 0:
                continue
            rate = values[both].sum() / total
            if np.all(np.abs(values[both] - rate * counts[both]) <= SHARE_ROUNDING):
                found[name] = origin
    return found


def _read_counts(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    try:
        values = frame[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ParameterError(
            f"人数の列「{name}」に数でない値があります。",
            remedy="persons には人数の列だけを指定してください。",
        ) from None
    present = values[~np.isnan(values)]
    if np.any(present < 0) or np.any(present != np.floor(present)):
        raise ParameterError(
            f"人数の列「{name}」に負の数または端数があります。",
            remedy="割合や平均の列は persons ではなく derived に指定してください。",
        )
    return np.asarray(values, dtype=np.float64)
