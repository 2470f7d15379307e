"""`Figure`: a picture that says what it shows, drawn from a table that has already lost its small counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from kaigo.display.table import Table
from kaigo.display.texts import require_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FIGURE_MIME = "application/vnd.kaigo.figure+json"


class Figure:
    """見出し・代替文・出典・もとの表をもつ図。

    The drawing function receives the table after suppression, so a figure cannot show what its table hides.

    Parameters
    ----------
    draw : callable
        ``draw(axes, frame)``. Counts of persons come as ``float64``, NaN where hidden (nothing is drawn there).
    table : Table
        The data behind the figure, shown in a closed block and offered as a download.
    caption : str
        The finding in one sentence.
    alt : str or callable
        Kind of chart, finding, extremes with units, for those who do not see the figure and for the regression tests.
        A callable receives the frame after suppression, so that no hidden count slips into the text.
    source : str
        Where the numbers come from.
    size : (float, float)
        Width and height in inches.

    Raises
    ------
    ParameterError
        If caption, alt or source is empty.
    """

    def __init__(
        self,
        draw: Callable[[Axes, pd.DataFrame], None],
        *,
        table: Table,
        caption: str,
        alt: str | Callable[[pd.DataFrame], str],
        source: str,
        size: tuple[float, float] = (7.0, 4.0),
    ) -> None:
        self.draw = draw
        self.table = table
        self.size = size
        self.caption = require_text(caption, "図の見出し(caption)", "分かったことを1文で書いてください。")
        words = alt if isinstance(alt, str) else alt(table.frame)
        self.alt = require_text(
            words, "図の代替文(alt)", "図の種類、分かったこと、最大・最小を単位とともに書いてください。"
        )
        self.source = require_text(source, "図の出典(source)", "数値の出どころを書いてください。")

    def to_png(self) -> str:
        """The picture as base64 of an opaque PNG."""
        from kaigo.display.drawing import draw_png

        frame = self.table.frame
        # pandas' nullable integers cannot be drawn; NaN leaves a gap.
        counts = frame.select_dtypes("Int64").columns
        return draw_png(self.draw, frame.astype(dict.fromkeys(counts, "float64")), self.size)

    def to_payload(self) -> dict[str, Any]:
        """The JSON form that the report is made from."""
        return {
            "caption": self.caption,
            "alt": self.alt,
            "source": self.source,
            "table": self.table.to_payload(),
        }

    def to_text(self) -> str:
        """Plain text twin: the alt text with its numbers."""
        return f"図: {self.caption}\n{self.alt}\n出典: {self.source}"

    def to_caption_html(self) -> str:
        """Caption and source, shown below the picture in JupyterLab."""
        return (
            f"<p><strong>図 {escape(self.caption)}</strong><br><small>出典: {escape(self.source)}</small></p>"
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        data = {"image/png": self.to_png(), "text/plain": self.to_text(), FIGURE_MIME: self.to_payload()}
        return data, {"image/png": {"alt": self.alt}}

    def _ipython_display_(self) -> None:
        # JupyterLab shows text/html in place of a PNG of the same output, so the caption is an output of its own.
        from IPython import display as front

        display: Any = front.display  # not typed
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        caption = {"text/html": self.to_caption_html(), "text/plain": self.caption}
        display(caption, raw=True)
