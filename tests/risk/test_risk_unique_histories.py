"""Unique histories of several lengths in one pass, against the count of each length by itself."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.risk.rotation import number_histories
from kaigo.risk.unique_histories import count_unique_histories, number_service_sets
from risk.history_factory import make_history

LETTERS = [chr(0x4E00 + n) for n in range(70)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_pass_counts_what_each_window_alone_counts(data: st.DataObject) -> None:
    persons, months = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 5))
    used = st.dictionaries(
        st.integers(0, months - 1), st.sampled_from(["ab", "a", "b", "ba"]), max_size=months
    )
    services = [data.draw(used) for _ in range(persons)]
    answer = st.one_of(st.none(), st.tuples(st.integers(0, 2)))
    answers = [[data.draw(answer) for _ in range(months)] for _ in range(persons)]
    answers[0][0] = (0,)
    births = [data.draw(st.integers(0, 2)) for _ in range(persons)]
    clean = [{m: "".join(sorted(set(letters))) for m, letters in own.items()} for own in services]
    history = make_history(clean, months, births=births, answers=answers)
    windows = tuple(range(1, months + 1))
    expected = []
    for window in windows:
        here = (history.content_of[:, :window] >= 0).any(axis=1)
        number = number_histories(history, range(window))[here]
        expected.append(
            (int(here.sum()), int((np.bincount(number)[number] == 1).sum()) if len(number) else 0)
        )
    assert count_unique_histories(history, windows) == expected


def test_sets_of_services_are_told_apart_beyond_63_labels() -> None:
    """Persons who differ in the 70th service only, and one without any."""
    everything = "".join(LETTERS)
    history = make_history([{0: everything}, {0: everything[:-1]}, {0: everything}, {}], 1)
    sets = number_service_sets(history)[:, 0]
    assert sets[0] == sets[2] and len({sets[0], sets[1], sets[3]}) == 3


def test_a_class_of_two_becomes_unique_in_the_month_in_which_they_part() -> None:
    history = make_history([{0: "a", 1: "a"}, {0: "a", 1: "b"}, {0: "a", 1: "b"}], 2)
    assert count_unique_histories(history, (1, 2)) == [(3, 0), (3, 1)]
