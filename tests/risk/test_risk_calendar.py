"""Releases that give a value once for several months: attacked by all of these months, not by the first alone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.risk.accumulation import choose_windows
from kaigo.risk.attackers import load_attackers
from kaigo.risk.linkage import LinkageAttack
from kaigo.risk.release_calendar import ReleaseCalendar, list_months
from kaigo.risk.released_history import read_history
from kaigo.risk.rotation import choose_intervals, measure_rotation
from kaigo.tables import CareTables
from risk.history_factory import make_history
from risk.planted import plant_town


def test_a_fact_of_a_period_is_repeated_for_each_of_its_months() -> None:
    calendar = ReleaseCalendar(list_months("2024-11", "2025-03"), step=3)
    assert calendar.months == ("2024-11", "2024-12", "2025-01", "2025-02", "2025-03")
    facts = np.array([[7, 0, 5], [8, 3, 6]])
    assert calendar.spread(facts, 1).tolist() == [[7, 0, 5], [7, 1, 5], [7, 2, 5], [8, 3, 6], [8, 4, 6]]
    assert ReleaseCalendar(calendar.months).spread(facts, 1) is facts


def test_the_recommended_standard_is_read_as_a_release_of_all_its_months(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    months = list_months("2024-04", "2025-03")
    persons = [{"person": n, "birth_date": "1945-01-05" if n <= 20 else "1930-01-05"} for n in range(1, 41)]
    certifications = [
        {"person": n, "valid_from": "2023-04-01", "valid_to": "2026-03-31"} for n in range(1, 41)
    ]
    # Those born later use home help in May only, the others in every month.
    used = [(n, m) for n in range(1, 41) for m in months if n > 20 or m in ("2024-05", "2025-03")]
    benefits = [
        {"person": n, "service_month": m, "service_code": "111111", "units": 600, "days": 6} for n, m in used
    ]
    release = make_release(
        make_tables(persons, certifications, benefits),
        load_standard("recommended"),
        tmp_path / "r",
        key=Key.derive(1),
    )
    history = read_history(release)
    assert history.months == months and (history.step, history.units_step) == (6, 500)
    assert (history.content_of >= 0).all()
    of_first = history.person == 0
    assert history.month[of_first].tolist() == list(range(12))
    assert choose_windows(history) == (6, 12)
    assert choose_intervals(history, 6) == (6, 12)
    # The pseudonym changes once within the release, so there is one join to try.
    assert len(measure_rotation(history, 6, np.random.default_rng(1)).boundaries) == 1


def test_windows_and_intervals_end_with_the_whole_release() -> None:
    nine = make_history([{0: "a"}], 9)
    assert choose_windows(nine) == (1, 3, 6, 9)
    assert choose_intervals(nine, 4) == (1, 3, 4, 6, 9)
    assert choose_intervals(nine, 12) == (1, 3, 6, 9)
    assert choose_windows(dataclasses.replace(nine, step=3)) == (3, 6, 9)


@pytest.mark.parametrize("units_step", [0, 500])
def test_who_knows_the_months_finds_everyone_by_averages_over_them(units_step: int) -> None:
    released, register = plant_town(300, 1)
    # Averages are what they were, rounded up to the next step: the register's units are the same in each month.
    shown = -(-released.units // units_step) * units_step if units_step else released.units
    averaged = dataclasses.replace(released, units=shown, step=6, units_step=units_step)
    attack = LinkageAttack(averaged, register, 6)
    staff = next(a for a in load_attackers() if a.units_within and a.months >= 6)
    result = attack.run(staff, np.random.default_rng(3))
    assert result.success >= 0.99
