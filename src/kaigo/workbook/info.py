"""`ChapterInfo`: what a chapter says about itself, for the page around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from kaigo.display.page import Audience, check_audience

CHAPTER_MIME = "application/vnd.kaigo.chapter+json"


@dataclass(frozen=True)
class ChapterInfo:
    """章の身元: どのデータから、誰のために。

    Attributes
    ----------
    chapter : str
        Name of the chapter ("40_risk").
    data_hash : str
        Content hash of the care tables that the chapter rests on; empty where it uses none.
    synthetic : bool
        Whether the data are synthetic (the page then carries a band).
    audience : {"内部限り", "提供先", "公表可"}
        Whom the page is for.
    parameters : mapping
        The parameters that the chapter used: name → value.
    """

    chapter: str
    data_hash: str
    synthetic: bool
    audience: Audience
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_audience(self.audience)

    def to_payload(self) -> dict[str, Any]:
        """The JSON form that the report is made from."""
        return {
            "chapter": self.chapter,
            "data_hash": self.data_hash,
            "synthetic": self.synthetic,
            "audience": self.audience,
            "parameters": dict(self.parameters),
        }

    def to_text(self) -> str:
        """One line: data, hash, audience."""
        data = "合成データ" if self.synthetic else "実データ"
        mark = f"、内容ハッシュ {self.data_hash[:12]}" if self.data_hash else ""
        return f"{data}{mark}。この章の読み手: {self.audience}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            "text/html": f"<p><small>{escape(self.to_text())}</small></p>",
            "text/plain": self.to_text(),
            CHAPTER_MIME: self.to_payload(),
        }
