"""The index of the reports: a card a chapter, the overall verdict, and ``verdict.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kaigo.display.decision import Verdict, check_verdict, worst
from kaigo.display.page import SITE, Audience, Page, render_page
from kaigo.workbook.chapter_parts import Chapter
from kaigo.workbook.render import TEMPLATES


@dataclass(frozen=True)
class Card:
    """索引の1枚のカード。``report.json`` に残り、章を1つだけ作り直すときに使う。

    Attributes
    ----------
    sentence : str
        The result in one sentence.
    verdict : {"可", "要検討", "不可"} or None
        ``None`` for a chapter that explains and judges nothing.
    finished : str
        When the chapter was run (ISO, JST).
    files : tuple of str
        All that was written for the chapter, relative to the folder of reports.
    """

    name: str
    title: str
    sentence: str
    verdict: Verdict | None
    figures: tuple[Mapping[str, Any], ...]
    reason: str
    audience: Audience
    synthetic: bool
    tables: int
    finished: str
    files: tuple[str, ...]

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Card:
        """Inverse of `to_payload`."""
        lists = {name: tuple(payload[name]) for name in ("figures", "files")}
        return cls(**{**payload, **lists})


def make_card(chapter: Chapter, *, finished: str, files: Sequence[str]) -> Card:
    """The card of a chapter that was just rendered."""
    decision = chapter.decision or {}
    return Card(
        name=chapter.name,
        title=chapter.title,
        sentence=decision.get("title", "この章は解説であり、判定はありません。"),
        verdict=check_verdict(decision["verdict"]) if decision else None,
        figures=tuple(decision.get("figures", ())),
        reason=decision.get("reason", ""),
        audience=chapter.audience,
        synthetic=chapter.synthetic,
        tables=len(chapter.shown),
        finished=finished,
        files=tuple(files),
    )


def render_index(cards: Sequence[Card], record: Sequence[tuple[str, str]]) -> str:
    """索引のページを作る。

    Parameters
    ----------
    cards : sequence of Card
        In the order of the chapters.
    record : sequence of (str, str)
        What is needed to make the reports again.
    """
    internal = any(card.audience == "内部限り" for card in cards)
    passed_on = any(card.audience == "提供先" for card in cards)
    page = Page(
        title=SITE,
        audience="内部限り" if internal else "提供先" if passed_on else "公表可",
        synthetic=any(card.synthetic for card in cards),
        record=tuple(record),
    )
    return render_page(
        page, template="index.html.j2", folders=(TEMPLATES,), cards=cards, overall=judge_overall(cards)
    )


def judge_overall(cards: Sequence[Card]) -> Verdict | None:
    """The worst verdict of the chapters that judge."""
    verdicts = [card.verdict for card in cards if card.verdict]
    return worst(verdicts) if verdicts else None


def _keep_interface(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that readers of ``verdict.json`` rely on; headings and clauses stand in the pages."""
    return {key: figure[key] for key in ("name", "value", "threshold", "unit")}


def make_verdicts(cards: Sequence[Card]) -> dict[str, Any]:
    """``verdict.json``: overall, and verdict, figures and reason of each chapter that judges."""
    return {
        "overall": judge_overall(cards),
        "chapters": {
            card.name: {
                "verdict": card.verdict,
                "figures": [_keep_interface(f) for f in card.figures],
                "reason": card.reason,
            }
            for card in cards
            if card.verdict
        },
    }
