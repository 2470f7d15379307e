"""`Table`: a table with its finding, units and source; small counts of persons are hidden before it exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaigo.display.cells import EMPTY, Grid, build_grid
from kaigo.display.suppression import choose_rule, explain_marks, suppress_small_cells
from kaigo.display.texts import pad_text, require_text, wrap_text
from kaigo.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

TABLE_MIME = "application/vnd.kaigo.table+json"
INTERNAL_NOTE = "内部限り: 少ない人数もそのまま表示している。外へ出さないこと。"


class Table:
    """見出し・単位・出典をもつ表。少ない人数は、作るときに消える。

    Parameters
    ----------
    frame : DataFrame
        What the table shows; its index is not shown. Years and codes, which take no separators, are given as text.
    caption : str
        The finding in one sentence, not only the subject.
    source : str
        Where the numbers come from.
    units : mapping of str to str, optional
        Column → unit, shown in the header.
    persons : sequence of str, optional
        Columns that count persons; counts under the threshold are hidden there before anything is drawn or exported.
    row_header : str, optional
        Column that names the rows; the first one by default. It is moved to the front.
    note : str, optional
        What a reader must know to read the table.
    internal : bool
        Risk diagnostics (class sizes, uniques) for 内部限り use: nothing is hidden, and the table says so.
    inhabitants : int, optional
        Residents of the municipality, which decide the threshold; ``None`` or 0 where not declared.
    derived : mapping of str to str, optional
        Column computed from a persons column (share, mean per person) → that column; hidden together with it.
    digits : mapping of str to int, optional
        Column → decimal places.

    Attributes
    ----------
    frame : DataFrame
        The table after suppression; hidden counts are ``<NA>``.

    Raises
    ------
    ParameterError
        If a text is empty, a named column is missing, or a persons column does not hold counts.

    Notes
    -----
    Threshold: 匿名介護情報等の提供に関するガイドライン 第12の2(1) (``small_cells.csv``). A row or column that is the
    sum of all others does not give a hidden count away (`complement`).
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        caption: str,
        source: str,
        units: Mapping[str, str] | None = None,
        persons: Sequence[str] = (),
        row_header: str | None = None,
        note: str = "",
        internal: bool = False,
        inhabitants: int | None = None,
        derived: Mapping[str, str] | None = None,
        digits: Mapping[str, int] | None = None,
    ) -> None:
        self.caption = require_text(caption, "表の見出し(caption)", "分かったことを1文で書いてください。")
        self.source = require_text(source, "表の出典(source)", "数値の出どころを書いてください。")
        self.internal = internal
        units, derived, digits = dict(units or {}), dict(derived or {}), dict(digits or {})
        named = [*persons, *units, *derived, *digits, *([row_header] if row_header else [])]
        _check_columns(frame, named, persons, derived)
        first = row_header or frame.columns[0]
        ordered = frame[[first, *[name for name in frame.columns if name != first]]].reset_index(drop=True)
        rule = choose_rule(inhabitants)
        shown, marks = suppress_small_cells(ordered, () if internal else persons, rule=rule, derived=derived)
        self._frame = shown
        self.grid = build_grid(shown, units=units, digits=digits, marks=marks)
        notes = [note, explain_marks(marks, rule), INTERNAL_NOTE if internal else ""]
        if self.grid.has_empty:
            notes.append(f"{EMPTY}: 該当する値がない。")
        self.note = " ".join(part for part in notes if part)

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the table as it may be shown."""
        return self._frame.copy()

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Table:
        """The table of a stored notebook output, shown again exactly as it was (nothing is suppressed anew)."""
        import pandas as pd

        table = cls.__new__(cls)
        table.caption, table.source = payload["caption"], payload["source"]
        table.note, table.internal = payload["note"], payload["internal"]
        table.grid = Grid.from_payload(payload)
        table._frame = pd.DataFrame(table.grid.rows, columns=[c.name for c in table.grid.columns])
        return table

    def to_payload(self) -> dict[str, Any]:
        """The JSON form that the report is made from."""
        return {
            "caption": self.caption,
            "source": self.source,
            "note": self.note,
            "internal": self.internal,
            **self.grid.to_payload(),
        }

    def to_html(self, *, label: str = "") -> str:
        """HTML table: caption above, ``scope`` on every header, numbers to the right, one ``<tr>`` a line.

        Parameters
        ----------
        label : str
            Number of the table in a report ("表1"), put before the caption.
        """
        title = f"{escape(label)} {escape(self.caption)}" if label else escape(self.caption)
        head = "".join(
            f'<th scope="col"{_align(column.numeric)}>{escape(column.header)}</th>'
            for column in self.grid.columns
        )
        lines = [
            '<table class="kaigo-table">',
            f'<caption style="text-align:left"><span>{title}</span></caption>',
            "<thead>",
            f"<tr>{head}</tr>",
            "</thead>",
            "<tbody>",
        ]
        for i in range(len(self.grid.rows)):
            cells = []
            for j, column in enumerate(self.grid.columns):
                tag, scope = ("th", ' scope="row"') if j == 0 else ("td", "")
                cells.append(f"<{tag}{scope}{_align(column.numeric)}>{escape(self.grid.text(i, j))}</{tag}>")
            lines.append(f"<tr>{''.join(cells)}</tr>")
        lines += ["</tbody>", "</table>"]
        return "\n".join(lines)

    def to_text(self) -> str:
        """Plain text twin, compared by the notebook tests."""
        header = [column.header for column in self.grid.columns]
        body = [[self.grid.text(i, j) for j in range(len(header))] for i in range(len(self.grid.rows))]
        numeric = [column.numeric for column in self.grid.columns]
        lines = [self.caption, *pad_text([header, *body], right=numeric)]
        if self.note:
            lines.append(f"注: {self.note}")
        lines.append(f"出典: {self.source}")
        return "\n".join(lines)

    def to_blocks(self, *, width: int = 96) -> str:
        """Plain text for a terminal: one block a row, its columns below each other, long texts wrapped.

        Parameters
        ----------
        width : int
            Most columns of a line; a full-width character takes two (one 、 or 。 may stand beyond).
        """
        lines = wrap_text(self.caption, width)
        for i in range(len(self.grid.rows)):
            lines += [
                "",
                *wrap_text(f"■ {self.grid.columns[0].header}: {self.grid.text(i, 0)}", width, indent="   "),
            ]
            for j, column in enumerate(self.grid.columns[1:], 1):
                lines += wrap_text(f"   {column.header}: {self.grid.text(i, j)}", width, indent="      ")
        notes = [f"注: {self.note}"] if self.note else []
        for text in (*notes, f"出典: {self.source}"):
            lines += ["", *wrap_text(text, width)]
        return "\n".join(lines)

    def to_csv_bytes(self) -> bytes:
        """CSV as Excel in Japanese Windows opens it: UTF-8 with BOM, CRLF, units in the header."""
        from kaigo.display.export import encode_csv

        return encode_csv(self)

    def write_excel(self, path: Path) -> None:
        """Excel file with a cover, the data and the notes, each on its sheet."""
        from kaigo.display.export import write_workbook

        write_workbook(path, title=self.caption, tables={"表1": self})

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        parts = [self.to_html()]
        if self.note:
            parts.append(f"<p><small>注: {escape(self.note)}</small></p>")
        parts.append(f"<p><small>出典: {escape(self.source)}</small></p>")
        return {
            "text/html": "\n".join(parts),
            "text/plain": self.to_text(),
            TABLE_MIME: self.to_payload(),
        }


def _align(numeric: bool) -> str:
    # JupyterLab aligns every cell to the right; only text needs to be told.
    return ' class="num"' if numeric else ' style="text-align:left"'


def _check_columns(
    frame: pd.DataFrame, named: Sequence[str], persons: Sequence[str], derived: Mapping[str, str]
) -> None:
    if not frame.columns.is_unique:
        raise ParameterError(
            "表の列名が重複しています。", found=list(frame.columns), remedy="列名を1つずつ変えてください。"
        )
    missing = sorted(set(named) - set(frame.columns))
    if missing:
        raise ParameterError(
            "指定された列が表にありません。",
            found=missing,
            remedy=f"表の列({', '.join(map(str, frame.columns))})から選んでください。",
        )
    strangers = sorted(set(derived.values()) - set(persons))
    if strangers:
        raise ParameterError(
            "derived が人数の列でない列を指しています。",
            found=strangers,
            remedy="persons にも指定してください。",
        )
