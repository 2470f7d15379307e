"""One visual language for all figures: colours, markers and hatches that work without colour, Japanese text, small PNGs."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from kaigo.errors import KaigoError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

# Okabe & Ito (2008), "Color Universal Design": the four dark tones for lines and marks, light ones for areas with an edge.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---")
INK = "#1a1a1c"
GRID = "#d0d4da"
DPI = 144
PALETTE_SIZE = 64
LARGE = 10_000


def draw_png(
    draw: Callable[[Axes, pd.DataFrame], None], frame: pd.DataFrame, size: tuple[float, float]
) -> str:
    """図を描き、PNG を base64 の文字列で返す。

    Parameters
    ----------
    draw : callable
        Draws on the axes from the frame; it must not use pyplot's global state.
    frame : DataFrame
        The table as it may be shown.
    size : (float, float)
        Width and height in inches.

    Returns
    -------
    str
        Base64 of an opaque PNG of at most 64 colours, without software or time in it.

    Raises
    ------
    KaigoError
        If a character is missing from the Japanese font (𠮷, ✗): it would be printed as a box.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(_read_style()), warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        canvas = Canvas(figsize=size, dpi=DPI, layout="constrained")
        agg: Any = FigureCanvasAgg(canvas)  # its methods are not typed
        draw(canvas.add_subplot(), frame)
        _hatch_bars(canvas)
        _separate_thousands(canvas)
        try:
            agg.draw()
        except UserWarning as error:
            raise KaigoError(
                "図の文字のうち、日本語フォントに無いものがあります。",
                found=str(error).partition(" missing")[0],
                remedy="その文字を別の文字に書き換えてください。",
            ) from error
        return _encode_png(agg.buffer_rgba())


def _encode_png(pixels: Any) -> str:
    from PIL import Image

    image = Image.fromarray(_as_array(pixels), mode=None).convert("RGB")
    small = image.quantize(PALETTE_SIZE, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _as_array(pixels: Any) -> Any:
    import numpy as np

    return np.asarray(pixels)


def _hatch_bars(canvas: Canvas) -> None:
    """Bars of several series differ by hatch, too; the first series stays plain."""
    from matplotlib.container import BarContainer

    for axes in canvas.axes:
        series = [item for item in axes.containers if isinstance(item, BarContainer)]
        if len(series) < 2:
            continue
        for container, hatch in zip(series, HATCHES * len(series), strict=False):
            for patch in container.patches:
                if not patch.get_hatch():
                    patch.set_hatch(hatch)
                    patch.set_edgecolor("white" if hatch else patch.get_facecolor())


def _separate_thousands(canvas: Canvas) -> None:
    """Large numbers on an axis as in the tables; smaller ones may be years and stay as they are."""
    from matplotlib.ticker import ScalarFormatter, StrMethodFormatter

    for axes in canvas.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            if type(axis.get_major_formatter()) is ScalarFormatter and max(map(abs, limits)) >= LARGE:
                axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


@cache
def _read_style() -> Any:
    from cycler import cycler
    from matplotlib import font_manager
    from matplotlib_fontja import get_font_ttf_path

    path = get_font_ttf_path()
    font_manager.fontManager.addfont(path)
    family = font_manager.FontProperties(fname=path).get_name()
    return {
        "font.family": [family],
        "font.size": 11,
        "axes.unicode_minus": True,
        "axes.prop_cycle": cycler(color=COLOURS) + cycler(marker=MARKERS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.titlesize": 11,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "lines.linewidth": 2.0,
        "lines.markersize": 6.0,
        "hatch.linewidth": 0.8,
        "legend.frameon": False,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.transparent": False,
    }
