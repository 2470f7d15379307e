"""Three years of a small town: what 24 and 36 months add to the risk (※2)."""

import itertools

import numpy as np
import pytest

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.risk import measure_accumulation, measure_rotation, read_history
from kaigo.risk.accumulation import AccumulationRisk, find_crossing
from kaigo.risk.changes import change_standard, load_changes
from kaigo.risk.figures_accumulation import plot_accumulation, show_windows
from kaigo.risk.released_history import ReleasedHistory
from kaigo.synthetic import SynthesisPlan, synthesize

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> ReleasedHistory:
    """36 months of 800 persons; births in bands, no answers, kinds only, so that the months are what tells."""
    folder = tmp_path_factory.mktemp("long")
    tables = synthesize(folder / "care", SynthesisPlan(persons=800, months=36, start="2022-04", seed=5))
    standard = change_standard(load_standard("soumu-2018"), "together", load_changes())
    return read_history(make_release(tables, standard, folder / "r", key=Key.derive(1), layout="linked"))


@pytest.fixture(scope="module")
def risk(history: ReleasedHistory) -> AccumulationRisk:
    return measure_accumulation(history, np.random.default_rng(1), points=(1, 4, 12, 24, 36))


def test_all_six_lengths_of_release_are_measured(risk: AccumulationRisk) -> None:
    assert risk.windows == (1, 3, 6, 12, 24, 36)
    assert [w.window for w in risk.whole] == [1, 3, 6, 12, 24, 36]
    assert "36か月分を提供すると" in plot_accumulation(risk, "出典").to_text()


def test_the_share_of_unique_histories_grows_with_every_longer_release(risk: AccumulationRisk) -> None:
    shares = [whole.share for whole in risk.whole]
    assert all(a < b for a, b in itertools.pairwise(shares))
    assert shares[0] < 0.6 and shares[-1] > 0.95


def test_whoever_knows_all_months_of_a_longer_release_singles_out_more(risk: AccumulationRisk) -> None:
    known = {(r.window, r.points): r.share for r in risk.with_person}
    all_months = [known[months, months] for months in (1, 12, 24, 36)]
    assert all(a < b for a, b in itertools.pairwise(all_months))


def test_the_month_at_which_a_limit_is_crossed_is_found(risk: AccumulationRisk) -> None:
    by_window = {r.window: r.share for r in risk.with_person if r.points == 12}
    # Twelve known months cannot be asked of less than twelve months.
    assert set(by_window) == {12, 24, 36}
    between = (by_window[12] + by_window[36]) / 2
    assert find_crossing(risk.with_person, 12, 0.0) == 12
    assert find_crossing(risk.with_person, 12, 1.0) is None
    expected = next((w for w, share in sorted(by_window.items()) if share > between), None)
    assert find_crossing(risk.with_person, 12, between) == expected
    assert (
        "か月の提供から" in show_windows(risk, "出典").to_text()
        or max(r.share for r in risk.with_person if r.points == 4) <= 0.05
    )


def test_a_pseudonym_changed_every_year_is_tried_twice_in_three_years(history: ReleasedHistory) -> None:
    rotation = measure_rotation(history, 12, np.random.default_rng(1), observe=(12, 27, 36))
    assert len(rotation.boundaries) == 2
    assert rotation.observable[27] == 0 < rotation.observable[12]
