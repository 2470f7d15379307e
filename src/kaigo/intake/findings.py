"""What was found in one file: quarantined rows and warnings, each with its line."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kaigo.intake.decoding import UNDECODABLE
from kaigo.intake.rules import load_rules

FIRST_LINES = 10_000
"""A warning names so many lines."""

WHOLE_ROW = "(行全体)"


class Findings:
    """1つのファイルの読み込み結果を積み上げる。

    Parameters
    ----------
    table, file_name : str

    Attributes
    ----------
    rows_read, rows_accepted : int
        Counted apart; what is read is accepted or quarantined.
    quarantine : list of dict
    """

    def __init__(self, table: str, file_name: str) -> None:
        self.table, self.file_name = table, file_name
        self.rows_read = 0
        self.rows_accepted = 0
        self.quarantine: list[dict[str, Any]] = []
        self._warnings: dict[tuple[str, tuple[str, ...], str], tuple[int, list[int]]] = {}

    def quarantine_row(
        self, line: int, faults: Sequence[tuple[str, str, str]], *, kept: tuple[str, int] | None = None
    ) -> None:
        """Set one row apart.

        Parameters
        ----------
        line : int
        faults : sequence of (column, value, rule)
                The first is the row's reason; others of the same row follow under ``also``.
        kept : (file, line), optional
            The row that was kept in its place; the reason names it.
        """
        entries = [
            {
                "column": column,
                "value": value.replace(UNDECODABLE, "\ufffd"),
                "reason": load_rules()[rule].text,
                "rule": rule,
            }
            for column, value, rule in faults
        ]
        row: dict[str, Any] = {"line": line, **entries[0]}
        if kept is not None:
            row["reason"] += f"採った行は {kept[0]} の{kept[1]}行目です。"
            row["kept"] = {"file": kept[0], "line": kept[1]}
        if len(entries) > 1:
            row["also"] = entries[1:]
        self.quarantine.append(row)

    def warn(
        self,
        rule: str,
        count: int,
        lines: Iterable[int] = (),
        columns: Sequence[str] = (),
        message: str = "",
    ) -> None:
        """Add to a named warning: how often, on which lines, in which columns.

        ``message`` says more than the rule's own text; it never holds a value that tells of a person.
        """
        if not count:
            return
        key = (rule, tuple(columns), message)
        before, known = self._warnings.get(key, (0, []))
        self._warnings[key] = (before + count, sorted({*known, *lines})[:FIRST_LINES])

    def warn_rows(self, rule: str, lines: npt.NDArray[np.int64], column: str) -> None:
        """A warning for each of the rows that begin on these lines."""
        self.warn(rule, len(lines), lines[:FIRST_LINES].tolist(), [column])

    def to_report(self) -> dict[str, Any]:
        """The file's part of ``intake_report.json``."""
        rules = load_rules()
        order = list(rules)
        warnings = sorted(self._warnings.items(), key=lambda item: (order.index(item[0][0]), *item[0][1:]))
        return {
            "rows_read": self.rows_read,
            "rows_accepted": self.rows_accepted,
            "rows_quarantined": len(self.quarantine),
            "quarantine": sorted(self.quarantine, key=lambda row: int(row["line"])),
            "warnings": [
                {
                    "rule": rule,
                    "message": message or rules[rule].warning,
                    "columns": list(columns),
                    "count": count,
                    "lines": lines,
                }
                for (rule, columns, message), (count, lines) in warnings
            ],
        }


class LineMap:
    """受け入れた行の順番から、元のファイルの行番号を引く。

    Only the places where a line was skipped are kept, so that the map stays small.
    """

    def __init__(self) -> None:
        self._positions: list[int] = []
        self._offsets: list[int] = []
        self._count = 0

    def extend(self, lines: npt.NDArray[np.int64]) -> None:
        """Add the lines of the next accepted rows."""
        offsets = lines - np.arange(self._count, self._count + len(lines))
        last = self._offsets[-1] if self._offsets else None
        changed = np.flatnonzero(np.diff(offsets, prepend=offsets[:1] - 1))
        for i in changed.tolist():
            if int(offsets[i]) != last:
                self._positions.append(self._count + i)
                self._offsets.append(int(offsets[i]))
            last = int(offsets[i])
        self._count += len(lines)

    def __len__(self) -> int:
        return self._count

    def line(self, position: int) -> int:
        """Line of the accepted row at this position (from 0)."""
        return position + self._offsets[bisect.bisect_right(self._positions, position) - 1]
