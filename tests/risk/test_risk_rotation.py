"""The attack on rotating pseudonyms: what it must find, and what it must not be able to find."""

import numpy as np
import pytest

from kaigo.risk.rejoin import rejoin_periods
from kaigo.risk.rotation import find_longest_chains, measure_rotation
from risk.history_factory import make_history

BEFORE, AFTER = range(0, 1), range(1, 2)


def test_unique_birth_months_are_rejoined_whatever_else_changes() -> None:
    random = np.random.default_rng(3)
    number = 2_000
    answers = [[tuple(random.integers(1, 4, 6)), tuple(random.integers(1, 4, 6))] for _ in range(number)]
    history = make_history([{0: "h", 1: "d"}] * number, 2, births=list(range(number)), answers=answers)
    result = rejoin_periods(history, BEFORE, AFTER, random)
    assert result.both == number
    assert result.rate >= 0.99
    assert result.chance == 1.0


def test_persons_alike_in_everything_are_joined_by_chance_only_and_never_claimed() -> None:
    history = make_history([{0: "h", 1: "h"}] * 60, 2)
    rates = []
    for seed in range(60):
        result = rejoin_periods(history, BEFORE, AFTER, np.random.default_rng(seed))
        assert result.claimed == 0
        rates.append(result.rate)
    assert result.chance == pytest.approx(1 / 60)
    # One right in 60 on average: the number of fixed points of a random permutation has mean 1 and variance 1.
    assert np.mean(rates) * 60 == pytest.approx(1.0, abs=4 / np.sqrt(60))


def test_classes_of_ten_without_history_keep_to_the_base_rate() -> None:
    births = [n // 10 for n in range(2_000)]
    history = make_history([{0: "h", 1: "h"}] * 2_000, 2, births=births)
    result = rejoin_periods(history, BEFORE, AFTER, np.random.default_rng(1))
    assert result.chance == pytest.approx(0.1)
    # 200 blocks with a mean of one right each.
    assert abs(result.correct - 200) < 4 * np.sqrt(200)
    assert result.claimed == 0


def test_repeated_answers_join_what_a_birth_month_does_not() -> None:
    random = np.random.default_rng(8)
    answers = [[tuple(a)] * 2 for a in random.integers(1, 5, (500, 12))]
    history = make_history([{0: "h", 1: "h"}] * 500, 2, answers=answers)
    result = rejoin_periods(history, BEFORE, AFTER, random)
    assert result.rate > 0.99 and result.precision > 0.99
    assert result.chance == pytest.approx(1 / 500)


def test_a_changed_answer_still_leaves_the_nearest_candidate() -> None:
    random = np.random.default_rng(9)
    first = random.integers(1, 5, (300, 20))
    later = first.copy()
    later[np.arange(300), random.integers(0, 20, 300)] = 9
    answers = [[tuple(a), tuple(b)] for a, b in zip(first, later, strict=True)]
    history = make_history([{0: "h", 1: "h"}] * 300, 2, answers=answers)
    assert rejoin_periods(history, BEFORE, AFTER, random).rate > 0.97


def test_services_tell_persons_apart_whose_answers_are_alike() -> None:
    letters = "abcdefghijklmnopqrst"
    services = [{0: a + b, 1: a + b} for a in letters for b in letters if a < b]
    history = make_history(services, 2)
    result = rejoin_periods(history, BEFORE, AFTER, np.random.default_rng(4))
    assert result.rate > 0.95


def test_large_blocks_are_split_and_still_joined() -> None:
    random = np.random.default_rng(10)
    first = random.integers(1, 5, (1_500, 25))
    later = first.copy()
    later[np.arange(1_500), random.integers(5, 25, 1_500)] = 9
    answers = [[tuple(a), tuple(b)] for a, b in zip(first, later, strict=True)]
    history = make_history([{0: "h", 1: "h"}] * 1_500, 2, answers=answers)
    result = rejoin_periods(history, BEFORE, AFTER, random)
    assert result.rate > 0.75


def test_who_is_gone_is_not_counted_among_both() -> None:
    answers = [[(1,), (1,)], [(2,), None], [None, (3,)]]
    history = make_history([{0: "h", 1: "h"}, {0: "h"}, {1: "h"}], 2, births=[1, 2, 3], answers=answers)
    result = rejoin_periods(history, BEFORE, AFTER, np.random.default_rng(0))
    assert (result.both, result.correct) == (1, 1)


def test_a_chain_is_a_run_of_correct_joins() -> None:
    present = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [0, 0, 0, 1]], dtype=bool)
    joined = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=bool)
    first, last = find_longest_chains(present, joined)
    assert first.tolist() == [1, 0, 3]
    assert last.tolist() == [3, 1, 3]


def test_rotation_that_is_undone_leaves_the_history_as_unique_as_before() -> None:
    # Alike in each month, but no two have the same two months: a history is unique only if the months are joined.
    letters = "abc"
    services = [{0: a, 1: b} for a in letters for b in letters]
    answers = [[(n,)] * 2 for n in range(9)]
    known = make_history(services, 2, answers=answers)
    told = measure_rotation(known, 1, np.random.default_rng(0), observe=(1, 2))
    assert told.rate == 1.0 and told.whole_share == 1.0 and told.chain_months == 2.0
    assert told.observable == {1: 9, 2: 0}
    alike = make_history(services, 2)
    hidden = measure_rotation(alike, 1, np.random.default_rng(0), observe=(1, 2))
    assert hidden.unique_before == 0.0
    assert hidden.unique_after < 1.0
    never = measure_rotation(alike, 12, np.random.default_rng(0), observe=(1, 2))
    assert never.unique_before == 1.0 and never.observable == {1: 9, 2: 9}
    assert np.isnan(never.rate) and never.boundaries == ()
