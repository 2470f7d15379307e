"""Population uniqueness: the estimators against independent ways to the same figures, and when there is no figure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import hypergeom

from kaigo.risk.newton import NOT_SOLVED, NoEstimateError, solve_pair
from kaigo.risk.pitman import OUT_OF_RANGE, estimate_pitman
from kaigo.risk.population_uniqueness import WHOLE_POPULATION, estimate_population, estimate_zayatz
from kaigo.risk.slide_negative_binomial import estimate_classes, estimate_snb

TABLE = {1: 85, 2: 13, 3: 5, 4: 3, 6: 2}
"""108 classes of 150 records."""
WIDE = {1: 75, 2: 31, 3: 21, 4: 14, 7: 7}
"""Of these, 305 records, SNB has an estimate if nearly all of the population is in the sample."""


@pytest.mark.parametrize("population", [151, 200, 1000, 50_000])
def test_zayatz_is_bayes_with_hypergeometric_probabilities(population: int) -> None:
    def leave_one(size: int) -> float:
        return float(hypergeom.pmf(1, population, size, 150))

    total = sum(number * leave_one(size) for size, number in TABLE.items())
    expected = 85 * (85 * leave_one(1) / total) * population / 150
    assert estimate_zayatz(TABLE, population) == pytest.approx(expected, rel=1e-10)


def test_pitman_takes_the_parameters_that_maximise_the_likelihood() -> None:
    def minus_log_likelihood(parameters: np.ndarray) -> float:
        theta, alpha = parameters
        classes, rows = sum(TABLE.values()), 150
        value = np.log(theta + alpha * np.arange(1, classes)).sum() - np.log(theta + np.arange(1, rows)).sum()
        value += sum(n * np.log(np.arange(1, size) - alpha).sum() for size, n in TABLE.items() if size > 1)
        return -float(value)

    best = minimize(
        minus_log_likelihood, [40.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13}
    )
    theta, alpha = best.x
    expected = np.exp(gammaln(theta + 1) - gammaln(theta + alpha)) * 1000**alpha
    assert estimate_pitman(TABLE, 1000) == pytest.approx(expected, rel=1e-5)


def test_pitman_keeps_its_digits() -> None:
    """From a transcription of ARX's model and solver made apart from this program."""
    assert estimate_pitman(TABLE, 1000) == pytest.approx(268.7283403064438, rel=1e-12)
    assert estimate_snb(WIDE, 343) == pytest.approx(73.62767074022574, rel=1e-9)


def test_the_classes_of_the_population_follow_shlosser() -> None:
    """By hand, two classes of 1 and one of 2, f = 1/2: 3 + 2 · (7/8 ÷ 1/16) · (5/6)² with ARX's sums."""
    first = 2 * 0.25 + 2 * 0.25 * 0.75
    second = (2 * 0.5 * 1.5 - 1) + (0.25 * 2.25 - 1)
    third = (2 * 0.5 + 0.25) / (2 * 0.5 + 2 * 0.5 * 0.5)
    assert estimate_classes({1: 2, 2: 1}, 0.5) == pytest.approx(3 + 2 * first / second * third**2)


def test_dankars_rule_takes_pitman_for_small_samples_and_the_smaller_of_the_others_above() -> None:
    small = estimate_population(TABLE, 1500)
    assert (small.rule, small.shares["dankar"]) == ("pitman", small.shares["pitman"])
    above = estimate_population(TABLE, 1499)
    assert (above.rule, above.shares["snb"]) == ("zayatz", None)
    wide = estimate_population(WIDE, 343)
    assert wide.rule == "snb"
    assert wide.shares["snb"] is not None
    assert wide.shares["snb"] <= wide.shares["zayatz"]
    assert wide.shares["dankar"] == wide.shares["snb"]


def test_zayatz_stands_in_where_pitman_has_no_estimate() -> None:
    """Two pairs apart from one unique record: the likelihood has no maximum inside."""
    found = estimate_population({1: 148, 2: 1}, 100_000)
    assert (found.shares["pitman"], found.rule) == (None, "zayatz")
    assert found.reasons["pitman"] in {NOT_SOLVED, OUT_OF_RANGE}
    assert found.shares["dankar"] == found.shares["zayatz"]
    assert "dankar" not in found.reasons


def test_a_sample_without_uniques_is_estimated_to_have_none_in_the_population() -> None:
    found = estimate_population({2: 10, 5: 3}, 1000)
    assert set(found.shares.values()) == {0.0}
    assert not found.reasons


def test_a_table_of_the_whole_population_is_not_estimated() -> None:
    found = estimate_population(TABLE, 150)
    assert set(found.shares.values()) == {None}
    assert set(found.reasons.values()) == {WHOLE_POPULATION}


def test_equations_without_a_root_have_no_solution() -> None:
    with pytest.raises(NoEstimateError, match="収束"):
        solve_pair(lambda x, y: ((x * x + 1, y), (2 * x, 0.0, 0.0, 1.0)), (1.0, 1.0))


def test_the_first_start_that_leads_to_a_root_is_taken() -> None:
    assert solve_pair(
        lambda x, y: ((x * x - 4, y - 1), (2 * x, 0.0, 0.0, 1.0)), (-1.0, 0.0)
    ) == pytest.approx((-2.0, 1.0))


@settings(max_examples=40, deadline=None)
@given(
    histogram=st.dictionaries(st.sampled_from([1, 2, 3, 5, 40]), st.integers(1, 60), min_size=1),
    more=st.sampled_from([0, 1, 10, 500, 100_000]),
)
def test_every_estimate_is_a_share_or_has_a_reason(histogram: dict[int, int], more: int) -> None:
    population = sum(size * number for size, number in histogram.items()) + more
    found = estimate_population(histogram, population)
    for name, share in found.shares.items():
        assert (share is None) == (name in found.reasons)
        # SNB is not bounded by N in ARX either, yet stays near it.
        assert share is None or 0 <= share < 1.5
    assert {None} == set(found.shares.values()) if more == 0 else found.shares["dankar"] is not None
