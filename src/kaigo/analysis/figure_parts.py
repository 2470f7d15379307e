"""What the figures of the three analyses share: percentages, words, and care for small groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kaigo.analysis.intervals import Share
from kaigo.analysis.rules import load_statements
from kaigo.display import Table
from kaigo.display.suppression import SmallCellRule

if TYPE_CHECKING:
    import pandas as pd

OTHERS = "その他(利用者の少ないもの)"


@dataclass(frozen=True)
class TableForm:
    """How a frame becomes a table: which columns count, which follow them, units, decimals, threshold.

    ``totals`` names, for a share or interval, the column of its denominator: where that is hidden, a share of 0 %
    and the width of its interval would give it away.
    """

    persons: tuple[str, ...]
    derived: Mapping[str, str]
    units: Mapping[str, str]
    source: str
    inhabitants: int | None
    digits: Mapping[str, int]
    row_header: str | None = None
    totals: Mapping[str, str] = field(default_factory=dict)

    def hide(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame as it may be shown; captions are written from it, so that no hidden value slips into them."""
        return self.build(frame, caption="(見出しを作る前の表)").frame

    def build(self, frame: pd.DataFrame, *, caption: str, note: str = "") -> Table:
        """The table."""
        table = self._tabulate(frame, caption, note)
        if not self.totals:
            return table
        shown, masked = table.frame, frame.reset_index(drop=True)
        for column, total in self.totals.items():
            masked[column] = masked[column].mask(shown[total].isna())
        return self._tabulate(masked, caption, note)

    def _tabulate(self, frame: pd.DataFrame, caption: str, note: str) -> Table:
        return Table(
            frame,
            caption=caption,
            source=self.source,
            units=self.units,
            persons=self.persons,
            row_header=self.row_header,
            note=note,
            inhabitants=self.inhabitants,
            derived=self.derived,
            digits=self.digits,
        )


def counted_unit(layout: str) -> str:
    """What a count over months is of: with rotating pseudonyms, one person is counted once a pseudonym."""
    return "仮ID" if layout == "linked" else "人"


def say_count(number: int, layout: str) -> str:
    """A count in words: 1,234人, or 仮ID 1,234件."""
    return f"仮ID {number:,}件" if layout == "linked" else f"{number:,}人"


def count_name(unit: str) -> str:
    """Header of the column that counts."""
    return "人数" if unit == "人" else "行数"


def share_base(unit: str) -> str:
    """Of what a share of the last month is: persons with a certification in force, or lines."""
    return "最後の月に認定が有効な人のうち" if unit == "人" else "最後の月の給付の行のうち"


def month_base(unit: str, layout: str) -> str:
    """Of what a share over months is: persons (or pseudonyms) times months, or lines."""
    return f"認定のある{counted_unit(layout)}×月のうち" if unit == "人" else "給付の行のうち"


def to_percent(value: float | None) -> float:
    """A share as a percentage; NaN where there is none."""
    return float("nan") if value is None else 100 * value


def share_cells(share: Share, name: str) -> dict[str, Any]:
    """Share and bounds of its interval as cells."""
    return {
        name: to_percent(share.value),
        f"{name}の下限": to_percent(share.low),
        f"{name}の上限": to_percent(share.high),
    }


def share_columns(name: str) -> tuple[str, str, str]:
    """The columns of :func:`share_cells`."""
    return name, f"{name}の下限", f"{name}の上限"


def month_words(month: str) -> str:
    """2025-03 as 2025年3月."""
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def hidden_words() -> str:
    """What a caption says where everything is hidden."""
    return str(load_statements("common")["hidden"])


def is_small(counts: Sequence[int], rule: SmallCellRule) -> bool:
    """Whether any of the counts must not be shown."""
    return bool(rule.hides(np.asarray(counts, dtype=np.float64)).any())


def read_rows(frame: pd.DataFrame, measure: str) -> list[dict[str, Any]]:
    """Rows that show a value of the measure."""
    return [
        {str(name): value for name, value in row.items()}
        for row in frame.dropna(subset=[measure]).to_dict("records")
    ]


def describe_row(row: Mapping[str, Any], label: str, measure: str, unit: str = "%", digits: int = 1) -> str:
    """One row in words: label, value, interval if there is one."""
    text = f"「{row[label]}」の{row[measure]:,.{digits}f}{unit}"
    low, high = row.get(f"{measure}の下限"), row.get(f"{measure}の上限")
    if low is not None and high is not None and not np.isnan(low):
        text += f"(95%区間 {low:.{digits}f}〜{high:.{digits}f}{unit})"
    return text


def describe_extremes(
    rows: Sequence[Mapping[str, Any]], label: str, measure: str, unit: str = "%", digits: int = 1
) -> str:
    """Largest and smallest in words; the only one where there is but one (``rows`` is not empty)."""
    top, low = max(rows, key=lambda row: row[measure]), min(rows, key=lambda row: row[measure])
    first = describe_row(top, label, measure, unit, digits)
    if top is low:
        return first if len(rows) == 1 else f"どれも等しく、{first}など"
    return f"{first}が最大、{describe_row(low, label, measure, unit, digits)}が最小"


@dataclass(frozen=True)
class Part:
    """One part of a whole: persons who used it (None where unknown) and its units."""

    name: str
    users: int | None
    units: int


def merge_small_parts(parts: Sequence[Part], rule: SmallCellRule, most: int | None = None) -> list[Part]:
    """少ない人の分を、次に少ないものと合わせて「その他」にする。

    The shares of a whole add up to 100 %, so that one hidden part would be what is missing. Small parts are
    therefore put together with the smallest part that is not small; nothing is left to subtract.

    Parameters
    ----------
    parts : sequence of Part
    rule : SmallCellRule
    most : int, optional
        Parts kept by name, those with the most units; the rest goes to 「その他」, too.

    Returns
    -------
    list of Part
        By units, 「その他」 last and without a number of users; empty where every part is small.
    """
    ordered = sorted(parts, key=lambda part: (-part.units, part.name))
    if rule.threshold is None:
        return ordered
    small = [part for part in ordered if part.users is not None and is_small([part.users], rule)]
    large = [part for part in ordered if part not in small]
    if not large:
        return []
    rest = large[most:] if most is not None else []
    if small and not rest:
        rest = [min(large, key=lambda part: (part.users or 0, part.units, part.name))]
    merged = [*small, *rest]
    kept = [part for part in large if part not in rest]
    if not merged:
        return kept
    return [*kept, Part(OTHERS, None, sum(part.units for part in merged))]
