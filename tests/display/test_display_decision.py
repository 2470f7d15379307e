"""A verdict always comes with its figures, its reason and the sentence that it is no review under the law."""

from __future__ import annotations

import pytest

from kaigo.display import Criterion, Decision, worst
from kaigo.display.decision import DECISION_MIME, DISCLAIMER
from kaigo.errors import ParameterError


def make(**options: object) -> Decision:
    values = {
        "verdict": "要検討",
        "title": "一意な人がいる",
        "figures": [Criterion("一意な人の割合", 12.3456, 5, "%")],
        "reason": "12.3%で目安の5%を超える。",
        "not_meaning": "違法という意味ではない。",
    }
    return Decision(**{**values, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", ["可", "要検討", "不可"])
def test_every_form_carries_word_icon_and_disclaimer(verdict: str) -> None:
    bundle = make(verdict=verdict)._repr_mimebundle_()
    icon = {"可": "○", "要検討": "△", "不可": "×"}[verdict]
    assert f"{icon} 判定: {verdict}" in bundle["text/html"]
    assert "border" in bundle["text/html"]
    for form in (bundle["text/html"], bundle["text/plain"], bundle[DECISION_MIME]["disclaimer"]):
        assert DISCLAIMER in form


def test_a_criterion_is_printed_with_its_threshold_rounded_to_four_digits() -> None:
    assert make().figures[0].to_text() == "一意な人の割合 12.35%(目安 5%)"
    assert Criterion("人数", 12000, None, "人").to_text() == "人数 12,000人"
    assert Criterion("確率", 0.0001234, 0.05, "").to_text() == "確率 0.000123(目安 0.05)"


def test_the_json_is_that_of_verdict_json() -> None:
    figure = make().to_payload()["figures"][0]
    assert figure == {"name": "一意な人の割合", "value": 12.3456, "threshold": 5, "unit": "%"}


def test_another_word_is_refused() -> None:
    with pytest.raises(ParameterError, match="判定の語"):
        make(verdict="OK")


@pytest.mark.parametrize("empty", ["title", "reason", "not_meaning"])
def test_its_texts_must_say_something(empty: str) -> None:
    with pytest.raises(ParameterError, match=empty):
        make(**{empty: ""})


def test_worst_is_the_strictest() -> None:
    assert worst(["可", "要検討"]) == "要検討"
    assert worst(["要検討", "不可", "可"]) == "不可"
    assert worst(["可"]) == "可"
    with pytest.raises(ParameterError):
        worst([])


def test_html_of_a_verdict_is_escaped() -> None:
    assert "<script>" not in make(reason="<script>").to_html()
