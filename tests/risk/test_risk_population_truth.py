"""The population estimators on populations that are known: drawn, sampled, estimated, compared, errors as they are."""

from collections.abc import Callable

import numpy as np
import pytest

from kaigo.risk.population_uniqueness import estimate_population

PERSONS = 20_000


def draw_pitman_population(random: np.random.Generator, theta: float, alpha: float) -> np.ndarray:
    """Class of each person by the process that Pitman's model assumes: persons sit down one after the other."""
    classes = np.empty(PERSONS, dtype=np.int64)
    sizes: list[int] = []
    for person in range(PERSONS):
        if random.random() * (person + theta) < theta + alpha * len(sizes):
            classes[person] = len(sizes)
            sizes.append(1)
            continue
        while True:
            chosen = classes[random.integers(person)]
            if random.random() * sizes[chosen] < sizes[chosen] - alpha:
                break
        classes[person] = chosen
        sizes[chosen] += 1
    return classes


def count_sizes(classes: np.ndarray) -> dict[int, int]:
    sizes, number = np.unique(np.unique(classes, return_counts=True)[1], return_counts=True)
    return dict(zip(sizes.tolist(), number.tolist(), strict=True))


@pytest.fixture(scope="module")
def sampled() -> Callable[[float], tuple[float, dict[str, float | None]]]:
    """Sampling fraction → true share of population uniques and the estimates from one sample."""
    classes = draw_pitman_population(np.random.default_rng(0), 500, 0.5)
    truth = count_sizes(classes)[1] / PERSONS

    def estimate(fraction: float) -> tuple[float, dict[str, float | None]]:
        rows = np.random.default_rng(1).choice(classes, int(PERSONS * fraction), replace=False)
        return truth, estimate_population(count_sizes(rows), PERSONS).shares

    return estimate


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.2, 0.5])
def test_pitman_finds_the_uniques_of_a_population_made_as_it_assumes(
    fraction: float, sampled: Callable[[float], tuple[float, dict[str, float | None]]]
) -> None:
    truth, shares = sampled(fraction)
    assert 0.1 < truth < 0.2
    assert shares["pitman"] == pytest.approx(truth, rel=0.15)


def test_zayatz_tells_more_than_twice_the_truth_from_a_small_sample_and_the_truth_from_a_large_one(
    sampled: Callable[[float], tuple[float, dict[str, float | None]]],
) -> None:
    small, large = sampled(0.05), sampled(0.5)
    assert small[1]["zayatz"] > 2 * small[0]
    assert large[1]["zayatz"] == pytest.approx(large[0], rel=0.05)


def test_dankars_rule_takes_the_estimator_that_is_right_for_a_small_sample(
    sampled: Callable[[float], tuple[float, dict[str, float | None]]],
) -> None:
    truth, shares = sampled(0.05)
    assert shares["dankar"] == shares["pitman"]
    assert abs(shares["dankar"] - truth) < abs(shares["zayatz"] - truth)


def test_the_slide_negative_binomial_model_gives_no_figure_here_and_no_nought_in_its_place(
    sampled: Callable[[float], tuple[float, dict[str, float | None]]],
) -> None:
    assert [sampled(fraction)[1]["snb"] for fraction in (0.05, 0.2, 0.5)] == [None] * 3
