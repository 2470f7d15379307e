"""A figure shows no more than its table, says what it shows, and is drawn the same every time."""

from __future__ import annotations

import base64
import io
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from kaigo.display import Figure, Table
from kaigo.display.figure import FIGURE_MIME
from kaigo.errors import KaigoError, ParameterError

FRAME = pd.DataFrame({"区分": ["あ", "い", "う"], "人数": [30, 4, 20], "女": [10, 12, 15]})
TABLE = Table(FRAME, caption="c", source="s", persons=["人数"])


def draw_bars(axes: Axes, frame: pd.DataFrame) -> None:
    axes.bar(frame["区分"], frame["人数"])


def make(draw: object = draw_bars, **options: object) -> Figure:
    texts = {"caption": "あが多い", "alt": "棒グラフ。最大はあの30人。", "source": "手で作った表"}
    return Figure(draw, table=TABLE, **{**texts, **options})  # type: ignore[arg-type]


def open_png(figure: Figure) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(figure.to_png())))


def test_the_drawing_function_receives_the_suppressed_table() -> None:
    seen: list[pd.DataFrame] = []
    make(lambda axes, frame: seen.append(frame)).to_png()
    assert np.isnan(seen[0]["人数"][1])
    assert seen[0]["人数"].tolist()[::2] == [30.0, 20.0]


def test_an_alt_text_made_from_the_table_cannot_name_a_hidden_count() -> None:
    figure = make(alt=lambda frame: f"最小は{frame['人数'].min()}人。")
    assert figure.alt == "最小は20人。"


def test_the_png_is_opaque_small_and_carries_no_software_or_clock() -> None:
    image = open_png(make())
    assert image.mode == "P"
    assert "transparency" not in image.info
    assert not image.info.get("Software")
    assert len(base64.b64decode(make().to_png())) < 30_000


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert make().to_png() == make().to_png()


def test_japanese_and_the_minus_sign_are_drawn_without_a_warning() -> None:
    def draw(axes: Axes, frame: pd.DataFrame) -> None:
        axes.plot([-3, -2], [-1, 1], label="要介護①髙﨑")
        axes.legend()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(draw).to_png()


def test_a_character_missing_from_the_font_is_refused() -> None:
    with pytest.raises(KaigoError, match="フォント"):
        make(lambda axes, frame: axes.set_title("𠮷野")).to_png()


def test_bars_of_two_series_differ_by_hatch() -> None:
    axes_seen: list[Axes] = []

    def draw(axes: Axes, frame: pd.DataFrame) -> None:
        axes.bar([0, 1, 2], frame["人数"], 0.4)
        axes.bar([0.4, 1.4, 2.4], frame["女"], 0.4)
        axes_seen.append(axes)

    make(draw).to_png()
    hatches = [{patch.get_hatch() for patch in item.patches} for item in axes_seen[0].containers]  # type: ignore[attr-defined]
    assert hatches[0] != hatches[1]


def test_large_numbers_on_an_axis_have_separators_and_years_have_none() -> None:
    axes_seen: list[Axes] = []

    def draw(axes: Axes, frame: pd.DataFrame) -> None:
        axes.plot([2020, 2024], [0, 20_000])
        axes_seen.append(axes)

    make(draw).to_png()
    assert "20,000" in [label.get_text() for label in axes_seen[0].get_yticklabels()]
    assert not any("," in label.get_text() for label in axes_seen[0].get_xticklabels())


def test_the_bundle_has_a_png_the_alt_text_and_no_html_that_would_replace_it() -> None:
    data, metadata = make()._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain", FIGURE_MIME}
    assert "最大はあの30人" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data[FIGURE_MIME]["alt"]
    assert data[FIGURE_MIME]["table"]["rows"][1][1] is None


def test_drawing_leaves_the_style_of_other_figures_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    make().to_png()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("empty", ["caption", "alt", "source"])
def test_caption_alt_and_source_are_required(empty: str) -> None:
    with pytest.raises(ParameterError, match=empty):
        make(**{empty: ""})
