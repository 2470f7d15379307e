"""The page: one standalone HTML file, Japanese, without script and without any address outside itself."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from kaigo.display.decision import DISCLAIMER, describe_criterion
from kaigo.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

Audience = Literal["内部限り", "提供先", "公表可"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
SITE = "介護データの行政機関等匿名加工情報 ワークブック"
SYNTHETIC_BAND = "合成データによる例示です。実在の人物・事業所とは関係ありません。"
FOLDER = Path(str(files("kaigo.display")))


@dataclass(frozen=True)
class Link:
    """A text and the relative address that it leads to; no address in a breadcrumb's last place."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Page:
    """1枚の報告書ページの中身。文字はすべて表示のときに無害化される。

    Attributes
    ----------
    title : str
        The one ``h1``.
    audience : {"内部限り", "提供先", "公表可"}
        Whom the page is for, stamped at its top and printed at its end.
    synthetic : bool
        Whether the band stands that the data are synthetic.
    breadcrumb, previous, following : links
        Way back, chapter before, chapter after.
    decision : mapping, optional
        JSON form of a `Decision`, shown as the summary box.
    contents : tuple of Link
        Table of contents.
    sources : tuple of str
        Sources in the order of first use, as plain text.
    downloads : tuple of Link
        Files beside the page.
    record : tuple of (str, str)
        Label and value of what is needed to make the page again.
    """

    title: str
    audience: Audience
    synthetic: bool
    breadcrumb: tuple[Link, ...] = ()
    previous: Link | None = None
    following: Link | None = None
    decision: Mapping[str, Any] | None = None
    contents: tuple[Link, ...] = ()
    sources: tuple[str, ...] = ()
    downloads: tuple[Link, ...] = ()
    record: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        check_audience(self.audience)


def render_page(
    page: Page, *, template: str = "page.html.j2", folders: tuple[Path, ...] = (), **more: object
) -> str:
    """ページを、単独で開ける HTML にする。

    Parameters
    ----------
    page : Page
        What stands around the body.
    template : str
        A template that extends ``page.html.j2``.
    folders : tuple of Path
        Where else templates are looked for.
    **more
        Further variables of the template.
    """
    return _open_environment(folders).get_template(template).render(page=page, **more)


@cache
def _open_environment(folders: tuple[Path, ...]) -> Environment:
    """Templates of these folders; kept, because compiling them takes longer than rendering a page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in (*folders, FOLDER)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    equip_environment(environment)
    return environment


def equip_environment(environment: Environment) -> None:
    """Gives a Jinja environment what the page's templates use."""
    from markupsafe import Markup

    # The style sheet is the project's own file; it holds no "<".
    css = FOLDER.joinpath("style.css").read_text(encoding="utf-8")
    environment.globals.update(
        css=Markup(css),  # noqa: S704  # our own style sheet
        site=SITE,
        synthetic_band=SYNTHETIC_BAND,
        disclaimer=DISCLAIMER,
        tones={"可": "ok", "要検討": "check", "不可": "no"},
    )
    environment.filters.update(criterion=describe_criterion, png_size=read_png_size)


def check_audience(word: str) -> Audience:
    """The word, if it is one of the three."""
    for audience in AUDIENCES:
        if word == audience:
            return audience
    raise ParameterError(
        "報告書の読み手の区分が正しくありません。",
        found=word,
        remedy=f"{'・'.join(AUDIENCES)}のどれかにしてください。",
    )


def read_png_size(encoded: str) -> tuple[int, int]:
    """Width and height in pixels from the header of a base64 PNG, so that the page does not jump while loading."""
    header = base64.b64decode(encoded[:64])
    width, height = struct.unpack(">II", header[16:24])
    return int(width), int(height)
