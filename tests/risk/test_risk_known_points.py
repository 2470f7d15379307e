"""Uniqueness of a person of whom p points are known, against counts on paper and a brute-force oracle."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.risk.known_points import measure_known_points, wilson
from risk.history_factory import make_history

# a: home help in both months; b: in the first only; c: day care in both.
THREE = [{0: "h", 1: "h"}, {0: "h"}, {0: "d", 1: "d"}]


def shares(history, window, known, points, **options):  # type: ignore[no-untyped-def]
    found = measure_known_points(
        history, window, known, points, np.random.default_rng(5), draws=400, **options
    )
    return {result.points: result for result in found}


def test_two_known_months_single_out_who_was_there_in_both() -> None:
    found = shares(make_history(THREE, 2), 2, "months", [1, 2])
    # p = 1: a is alone in month 1 only, b never, c always; p = 2: only a and c have two months, both are alone.
    assert found[1].by_person == pytest.approx([0.5, 0.0, 1.0], abs=0.08)
    assert found[1].by_person[[1, 2]].tolist() == [0.0, 1.0]
    assert found[2].persons.tolist() == [0, 2] and found[2].eligible == 2
    assert found[2].share == 1.0


def test_a_shorter_release_shows_fewer_points() -> None:
    found = shares(make_history(THREE, 2), 1, "months", [1, 2])
    assert found[1].share == pytest.approx(1 / 3)
    assert found[2].eligible == 0 and np.isnan(found[2].share)


def test_services_of_one_month_count_as_points_when_services_are_known() -> None:
    history = make_history([{0: "hd"}, {0: "h"}, {0: "d"}], 1)
    assert shares(history, 1, "services", [2])[2].share == 1.0
    assert shares(history, 1, "months", [1])[1].share == 0.0


def test_what_else_is_known_narrows_the_candidates() -> None:
    history = make_history([{0: "h"}, {0: "h"}, {0: "h"}], 1)
    assert shares(history, 1, "months", [1])[1].share == 0.0
    also = shares(history, 1, "months", [1], also_known=np.array([7, 7, 9]))
    assert also[1].by_person.tolist() == [0.0, 0.0, 1.0]


def test_each_month_is_as_likely_whatever_the_number_of_its_services() -> None:
    # Month 0 has three services that all share, month 1 one service of person 0 alone.
    history = make_history([{0: "abc", 1: "x"}, {0: "abc"}], 2)
    assert shares(history, 2, "months", [1])[1].by_person[0] == pytest.approx(0.5, abs=0.08)
    assert shares(history, 2, "services", [1])[1].by_person[0] == pytest.approx(0.25, abs=0.08)


def test_an_interval_covers_the_share_of_all_persons() -> None:
    random = np.random.default_rng(2)
    # Letters of any alphabet serve as labels: many are rare, about a third of the persons are alone.
    services = [{0: chr(0x4E00 + int(c))} for c in random.geometric(0.002, 800)]
    history = make_history(services, 1)
    whole = shares(history, 1, "months", [1], sample=800)[1]
    assert 0.2 < whole.share < 0.8
    for seed in range(5):
        part = measure_known_points(history, 1, "months", [1], np.random.default_rng(seed), sample=200)[0]
        assert part.low <= whole.share <= part.high
    assert part.sampled == 200 and part.eligible == 800


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.integers(0, 2), st.sets(st.sampled_from("xyz"), min_size=1).map("".join)),
        min_size=2,
        max_size=6,
    ).filter(any)
)
def test_shares_are_those_of_all_draws_counted_one_by_one(services: list[dict[int, str]]) -> None:
    history = make_history([{m: "".join(sorted(s)) for m, s in own.items()} for own in services], 3)
    held = [{(m, s) for m, letters in own.items() for s in letters} for own in services]
    for result in shares(history, 3, "months", [1, 2]).values():
        for person, share in zip(result.persons, result.by_person, strict=True):
            own = services[person]
            draws = [
                tuple(zip(chosen, letters, strict=True))
                for chosen in combinations(sorted(own), result.points)
                for letters in product(*(own[m] for m in chosen))
            ]
            # Every month set is as likely as another; within it every choice of services.
            weights = [1 / np.prod([len(own[m]) for m, _ in draw]) for draw in draws]
            alone = [sum(set(draw) <= other for other in held) == 1 for draw in draws]
            assert share == pytest.approx(np.average(alone, weights=weights), abs=0.12)


def test_wilson_interval_is_the_published_one() -> None:
    # Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, 81 of 263.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0.0, 20)[0] == 0.0
