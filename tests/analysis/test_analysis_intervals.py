"""Intervals against published tables and against scipy."""

import pytest
from scipy.stats import binomtest

from kaigo.analysis.intervals import measure_share, subtract_shares


@pytest.mark.parametrize(
    ("count", "total", "wilson", "exact"),
    [
        # Newcombe (1998), Statistics in Medicine 17:857-872, table I (methods 3 and 5).
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_intervals_are_those_of_the_published_table(
    count: int, total: int, wilson: tuple[float, float], exact: tuple[float, float]
) -> None:
    score, clopper = measure_share(count, total, "wilson"), measure_share(count, total)
    assert (score.low, score.high) == pytest.approx(wilson, abs=5e-5)
    assert (clopper.low, clopper.high) == pytest.approx(exact, abs=5e-5)


@pytest.mark.parametrize("total", [1, 2, 7, 50])
def test_intervals_agree_with_scipy_for_every_count(total: int) -> None:
    for count in range(total + 1):
        for method, name in (("wilson", "wilson"), ("clopper-pearson", "exact")):
            found = measure_share(count, total, method)
            expected = binomtest(count, total).proportion_ci(method=name)
            assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Newcombe (1998), Statistics in Medicine 17:873-890, table II (method 10).
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ],
)
def test_difference_of_shares_is_that_of_the_published_table(
    first: tuple[int, int], second: tuple[int, int], expected: tuple[float, float]
) -> None:
    found = subtract_shares(measure_share(*first, "wilson"), measure_share(*second, "wilson"))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected, abs=5e-5)
    assert found.low <= found.estimate <= found.high


def test_nobody_gives_no_share_and_no_interval() -> None:
    empty = measure_share(0, 0)
    assert empty.value is None
    assert empty.low is None
    assert subtract_shares(empty, measure_share(1, 2)) is None


def test_lines_get_no_interval() -> None:
    assert measure_share(3, 4, "none").to_payload() == {"count": 3, "n": 4, "share": 0.75, "ci": None}
