"""`Decision`: a verdict with its figure, threshold and reason; in words, never by colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, get_args

from kaigo.display.cells import format_value
from kaigo.display.texts import require_text
from kaigo.errors import ParameterError

Verdict = Literal["可", "要検討", "不可"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
ICONS = {"可": "○", "要検討": "△", "不可": "×"}
DISCLAIMER = "本書の目安による技術的な評価であり、法114条の審査結果ではありません"
DECISION_MIME = "application/vnd.kaigo.decision+json"


@dataclass(frozen=True)
class Criterion:
    """判定のもとになった数値と目安。

    Attributes
    ----------
    name : str
        What was measured (Japanese).
    value, threshold : float, int, str or None
        The figure found and the one it is held against; ``None`` where there is none.
    unit : str
        Unit of both.
    head, clause : str
        Heading under which the figure stands (特定、連結、推定) and the clause that it speaks to; empty where there is none.
    """

    name: str
    value: float | int | str | None
    threshold: float | int | str | None
    unit: str
    head: str = ""
    clause: str = ""

    def to_payload(self) -> dict[str, Any]:
        """JSON form, as in ``verdict.json``; heading and clause only where there are."""
        payload = {"name": self.name, "value": self.value, "threshold": self.threshold, "unit": self.unit}
        headed = {"head": self.head, "clause": self.clause}
        return payload | {key: text for key, text in headed.items() if text}

    def to_text(self) -> str:
        """One line: name, value, threshold."""
        return describe_criterion(self.to_payload())


@dataclass(frozen=True)
class Decision:
    """可・要検討・不可の判定。理由と数値と「意味しないこと」を必ず伴う。

    Parameters
    ----------
    verdict : {"可", "要検討", "不可"}
        The word.
    title : str
        The finding in one sentence; it stands on the card of the chapter.
    figures : sequence of Criterion
        What the verdict rests on; all are shown in the summary.
    reason : str
        Why, with number and threshold.
    not_meaning : str
        What the verdict does not mean.

    Raises
    ------
    ParameterError
        If the verdict is another word or a text is empty.
    """

    verdict: Verdict
    title: str
    figures: Sequence[Criterion]
    reason: str
    not_meaning: str

    def __post_init__(self) -> None:
        check_verdict(self.verdict)
        require_text(self.title, "判定の題(title)", "分かったことを1文で書いてください。")
        require_text(self.reason, "判定の理由(reason)", "数値と目安を入れて書いてください。")
        require_text(
            self.not_meaning,
            "判定が意味しないこと(not_meaning)",
            "読み手が誤解しそうなことを書いてください。",
        )
        object.__setattr__(self, "figures", tuple(self.figures))

    def to_payload(self) -> dict[str, Any]:
        """The JSON form that the report is made from."""
        return {
            "verdict": self.verdict,
            "title": self.title,
            "figures": [figure.to_payload() for figure in self.figures],
            "reason": self.reason,
            "not_meaning": self.not_meaning,
            "disclaimer": DISCLAIMER,
        }

    def to_text(self) -> str:
        """Plain text twin, compared by the notebook tests."""
        return "\n".join(
            [
                f"判定: {self.verdict} {self.title}",
                *(f"- {figure.to_text()}" for figure in self.figures),
                f"理由: {self.reason}",
                f"この判定が意味しないこと: {self.not_meaning}",
                f"{DISCLAIMER}。",
            ]
        )

    def to_html(self) -> str:
        """The verdict in a frame, for JupyterLab."""
        points = "\n".join(f"<li>{escape(figure.to_text())}</li>" for figure in self.figures)
        return "\n".join(
            [
                '<div class="kaigo-decision" style="border:3px double;padding:0.5em 1em;max-width:50em">',
                f"<p><strong>{ICONS[self.verdict]} 判定: {self.verdict}</strong> {escape(self.title)}</p>",
                *([f"<ul>\n{points}\n</ul>"] if points else []),
                f"<p>理由: {escape(self.reason)}</p>",
                f"<p>この判定が意味しないこと: {escape(self.not_meaning)}</p>",
                f"<p><small>{DISCLAIMER}。</small></p>",
                "</div>",
            ]
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            "text/html": self.to_html(),
            "text/plain": self.to_text(),
            DECISION_MIME: self.to_payload(),
        }


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """いちばん厳しい判定(不可 > 要検討 > 可)。

    Raises
    ------
    ParameterError
        If there is no verdict, or a word that is none.
    """
    found = [check_verdict(verdict) for verdict in verdicts]
    if not found:
        raise ParameterError("判定が1つもありません。", remedy="判定を出す章を1つ以上含めてください。")
    return max(found, key=VERDICTS.index)


def check_verdict(word: str) -> Verdict:
    """The word, if it is one of the three."""
    for verdict in VERDICTS:
        if word == verdict:
            return verdict
    raise ParameterError(
        "判定の語が正しくありません。", found=word, remedy=f"{'・'.join(VERDICTS)}のどれかにしてください。"
    )


def describe_criterion(criterion: dict[str, Any]) -> str:
    """A `Criterion` in its JSON form as one line: 一意な人の割合 12.3%(目安 5%)."""
    unit = criterion["unit"]
    headed = "・".join(criterion[key] for key in ("head", "clause") if criterion.get(key))
    text = (
        f"{f'[{headed}] ' if headed else ''}{criterion['name']} {_format_measure(criterion['value'], unit)}"
    )
    if criterion["threshold"] is not None:
        text += f"(目安 {_format_measure(criterion['threshold'], unit)})"
    return text


def _format_measure(value: float | int | str | None, unit: str) -> str:
    if isinstance(value, float):
        # Four significant digits, without exponent and without trailing zeros.
        words = f"{float(f'{value:.4g}'):,.6f}".rstrip("0").rstrip(".")
    else:
        words = format_value(value)
    return f"{words}{unit}" if value is not None else words
