"""The page is one Japanese file that needs nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kaigo.display import page as page_module
from kaigo.display.page import Link, Page, render_page
from kaigo.errors import ParameterError


def make(**options: object) -> str:
    values = {"title": "題<script>", "audience": "公表可", "synthetic": True, "record": (("版", "1 & 2"),)}
    return render_page(Page(**{**values, **options}))  # type: ignore[arg-type]


def test_it_is_japanese_with_one_heading_and_no_script_or_outside_address() -> None:
    html = make()
    assert html.startswith('<!DOCTYPE html>\n<html lang="ja">')
    assert html.count("<h1>") == 1
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//|url\(|@import", html)


def test_texts_are_escaped() -> None:
    assert "題&lt;script&gt;" in make()
    assert "1 &amp; 2" in make()


def test_the_band_stands_only_on_synthetic_data() -> None:
    assert "合成データによる例示" in make()
    assert "合成データ" not in make(synthetic=False)


@pytest.mark.parametrize("audience", ["内部限り", "提供先", "公表可"])
def test_the_page_says_whom_it_is_for_at_top_and_end(audience: str) -> None:
    assert make(audience=audience).count(audience) == 2


def test_another_audience_is_refused() -> None:
    with pytest.raises(ParameterError, match="読み手"):
        make(audience="みんな")


def test_neighbours_and_breadcrumb_are_links() -> None:
    html = make(previous=Link("前", "10_a.html"), breadcrumb=(Link("一覧", "index.html"), Link("ここ")))
    assert '<a class="previous" rel="prev" href="10_a.html">' in html
    assert '<span aria-current="page">ここ</span>' in html


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_has_a_contrast_of_at_least_4_5_on_every_ground() -> None:
    css = Path(page_module.__file__).with_name("style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", css))
    texts = [colours[name] for name in ("ink", "ink-2", "main", "link", "ok", "check", "no")]
    for text in texts:
        for ground in (colours["paper"], colours["tint"], "#fff6d6"):
            light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
