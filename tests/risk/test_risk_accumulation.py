"""Accumulation over months: crossing of a limit, strata, and the verdict."""

import numpy as np
import pytest

from kaigo.risk.accumulation import find_crossing, measure_accumulation, split_by
from kaigo.risk.figures_accumulation import plot_accumulation, show_known_points, show_strata, show_windows
from kaigo.risk.figures_rotation import (
    judge_accumulation,
    plot_rotation,
    say_rotation_finding,
    show_rotation,
)
from kaigo.risk.known_points import KnownPoints
from kaigo.risk.rotation import measure_rotation
from risk.history_factory import make_history


def point(window: int, points: int, share: float) -> KnownPoints:
    return KnownPoints(
        window, "months", points, 9, 9, share, share, share, np.arange(2), np.array([0.0, 1.0])
    )


def test_the_limit_is_crossed_at_the_first_month_above_it() -> None:
    results = [point(1, 1, 0.9), point(1, 4, 0.01), point(3, 4, 0.05), point(6, 4, 0.12), point(12, 4, 0.3)]
    assert find_crossing(results, 4, 0.05) == 6
    assert find_crossing(results, 4, 0.5) is None


def test_strata_are_means_of_their_own_persons() -> None:
    rows = split_by(point(12, 4, 0.5), ["a", "b", "b"])
    assert [(name, number, share) for name, number, share, *_ in rows] == [("a", 1, 0.0), ("b", 1, 1.0)]


def spread_town(persons: int, months: int, variety: int):  # type: ignore[no-untyped-def]
    random = np.random.default_rng(variety)
    letters = [chr(0x4E00 + n) for n in range(variety)]
    services = [{m: letters[int(random.integers(variety))] for m in range(months)} for _ in range(persons)]
    answers = [[tuple(a)] * months for a in random.integers(1, 3, (persons, 3))]
    return make_history(services, months, answers=answers)


def test_more_months_single_out_more_persons() -> None:
    risk = measure_accumulation(spread_town(120, 6, 4), np.random.default_rng(0), points=(1, 2, 4, 6))
    assert risk.windows == (1, 3, 6)
    whole = [w.share for w in risk.whole]
    assert whole == sorted(whole) and whole[0] < 0.2 and whole[-1] > 0.9
    assert all(a.share >= b.share for a, b in zip(risk.whole, risk.whole_without_answers, strict=True))
    known = {(r.window, r.points): r.share for r in risk.services_only}
    assert known[6, 1] < known[6, 4] < known[6, 6]
    payload = risk.to_payload()
    assert payload["windows"] == [1, 3, 6]
    assert {entry["known"] for entry in payload["known_points"]} == {
        "months",
        "services",
        "months_and_person",
    }


@pytest.mark.parametrize(("variety", "birth_shared", "verdict"), [(1, True, "可"), (30, False, "不可")])
def test_the_verdict_follows_what_was_measured(variety: int, birth_shared: bool, verdict: str) -> None:
    random = np.random.default_rng(1)
    persons, months = 200, 4
    letters = [chr(0x4E00 + n) for n in range(variety)]
    services = [dict.fromkeys(range(months), letters[n % variety]) for n in range(persons)]
    births = [0] * persons if birth_shared else list(range(persons))
    history = make_history(services, months, births=births)
    risk = measure_accumulation(history, random, points=(1, 4))
    rotation = measure_rotation(history, 2, random, observe=(2,))
    decision = judge_accumulation(risk, rotation)
    assert decision.verdict == verdict
    assert "114条" in decision.to_text()
    assert [figure.threshold for figure in decision.figures] == [5.0, 10.0]


def test_figures_and_tables_say_what_they_show() -> None:
    random = np.random.default_rng(2)
    history = spread_town(150, 6, 3)
    risk = measure_accumulation(history, random, points=(1, 2, 4))
    rotations = [measure_rotation(history, r, random, observe=(2, 4)) for r in (1, 3, 6)]
    bare = [measure_rotation(history.without("answer_"), r, random, observe=(2, 4)) for r in (1, 3, 6)]
    shown = [
        plot_accumulation(risk, "出典"),
        show_known_points(risk, "出典"),
        show_windows(risk, "出典"),
        show_strata(risk, history, "出典"),
        plot_rotation(rotations, bare, "出典"),
        show_rotation(rotations, "出典"),
    ]
    texts = [item.to_text() for item in shown]
    assert f"{100 * rotations[1].rate:.1f}%" in texts[4]
    assert "替えない" in texts[5]
    assert "3か月ごとに替えても" in say_rotation_finding(rotations, bare)
    assert "測れません" in say_rotation_finding([rotations[2]], [bare[2]])
