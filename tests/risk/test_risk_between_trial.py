"""Overlapping releases that are really made: what joins, what a subtraction tells, what the list says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from care_factory import build_care_tables
from kaigo.deidentify import Key, load_standard
from kaigo.risk.between_trial import BetweenTrial, choose_trial_windows, cut_months, try_between
from kaigo.risk.figures_between import say_between_finding, show_between, show_differences, show_register
from kaigo.risk.release_calendar import list_months
from kaigo.tables import CareTables

MONTHS = list_months("2024-04", "2025-03")
KEYS = (Key.derive(1), Key.derive(2), Key.derive(3))


def town(make: Callable[..., CareTables]) -> CareTables:
    """Forty-six persons: 40 in pairs of the same birth month and sex, and 6 born between 1924-12 and 1925-02.

    The six turn 100 after the first window (to November) and before the end of the second (March).
    """
    born = [
        f"{1930 + n // 2 % 10}-{1 + n // 2:02d}-03" if n < 24 else f"1941-{1 + (n - 24) // 2:02d}-03"
        for n in range(40)
    ]
    born += [f"{1924 + (n > 1)}-{(12, 12, 1, 1, 2, 2)[n]:02d}-03" for n in range(6)]
    persons = [{"person": n + 1, "birth_date": b, "sex": 1} for n, b in enumerate(born)]
    benefits = [{"person": n + 1, "service_month": m} for n in range(46) for m in MONTHS]
    return make(persons, None, benefits)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> BetweenTrial:
    def make(*rows: Any) -> CareTables:
        return build_care_tables(tmp_path_factory.mktemp("town"), *rows)

    return try_between(town(make), load_standard("soumu-2018"), KEYS)


def test_windows_share_the_middle_third() -> None:
    assert choose_trial_windows(MONTHS) == (("2024-04", "2024-11"), ("2024-08", "2025-03"))
    assert choose_trial_windows(MONTHS[:2]) == ((MONTHS[0], MONTHS[1]), (MONTHS[0], MONTHS[1]))


def test_cut_tables_hold_the_months_asked_for_and_everybody(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    tables = town(make_tables)
    cut = cut_months(tables, ("2024-05", "2024-06"), tmp_path / "cut")
    assert (cut.rows("persons"), cut.rows("certifications"), cut.rows("benefits")) == (46, 46, 92)
    assert cut.content_sha256["persons"] == tables.content_sha256["persons"]


def test_pairs_who_are_alike_are_not_joined_and_the_rest_of_the_figures_follow(trial: BetweenTrial) -> None:
    # Everybody has a double, so nobody is alone in anything; the months beyond the overlap are told all the same.
    assert trial.month == "2024-08"
    assert (trial.overlap.both, trial.overlap.joined, trial.overlap.correct) == (46, 0, 0)
    assert trial.overlap.added_months == MONTHS[8:]
    assert trial.overlap.months == MONTHS[4:8]
    assert trial.recipients.added_columns and all(
        name.startswith("survey_") for name in trial.recipients.added_columns
    )


def test_a_subtraction_tells_who_turned_a_hundred_between_two_releases(trial: BetweenTrial) -> None:
    by_name = {one.name: (one.cells, one.told, one.persons) for one in trial.differences}
    assert by_name["公表された認定者数と、甲への提供の人数"] == (1, 0, 0)
    # Their birth month is shown to 甲 and blanked for 乙: six persons of one sex and level.
    assert by_name["甲への提供と、乙への提供の、生年の分かる人数"] == (1, 1, 6)


def test_the_list_warns_of_each_overlap_before_the_next_release_is_made(trial: BetweenTrial) -> None:
    assert any(t.startswith("乙への提供") and "2024-08から2024-11まで" in t for t in trial.register)
    assert any(t.startswith("丙への提供") and "2024-04から2024-11まで" in t for t in trial.register)
    assert all("/" not in text for text in trial.register)
    # Each sentence names its release by recipient, months and standard; no two releases look alike.
    first, second, third = (
        "甲への提供(2024-04から2024-11まで、soumu-2018)",
        "乙への提供(2024-08から2025-03まで、soumu-2018)",
        "丙への提供(2024-04から2024-11まで、soumu-2018、回答なし)",
    )
    pairs = [(text.partition(": ")[0], text.partition("作成した")[2]) for text in trial.register]
    told = {(new, next(name for name in (first, second) if rest.startswith(name))) for new, rest in pairs}
    assert told == {(second, first), (third, first), (third, second)}


def test_the_result_survives_being_stored_and_is_told_in_japanese(trial: BetweenTrial) -> None:
    stored = json.loads(json.dumps(trial.to_payload()))
    assert BetweenTrial.from_payload(stored) == trial
    assert "0.0%の人が正しく結び付けられます" in say_between_finding(trial)
    for table in (show_between(trial, "出典"), show_differences(trial, "出典"), show_register(trial, "出典")):
        assert "出典" in table.to_text()


def test_persons_with_birth_months_of_their_own_are_joined_whatever_the_keys(
    make_tables: Callable[..., CareTables],
) -> None:
    persons = [{"person": n, "birth_date": f"19{30 + n}-05-05"} for n in range(1, 13)]
    benefits = [{"person": n, "service_month": m} for n in range(1, 13) for m in MONTHS[:6]]
    found = try_between(make_tables(persons, None, benefits), load_standard("soumu-2018"), KEYS)
    assert (found.overlap.both, found.overlap.correct, found.overlap.share) == (12, 12, 1.0)
