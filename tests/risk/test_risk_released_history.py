"""The arrays that the attacks work on, against a town that can be read off by eye."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kaigo.deidentify import forget_release
from kaigo.errors import InputError
from kaigo.risk.released_history import read_history
from kaigo.tables import CareTables
from risk.test_risk_release import LEVEL_CHANGE, release_of

MONTHS = ("2024-04", "2024-05")


def town(make: Callable[..., CareTables]) -> CareTables:
    """Person 4 changes level in May; 1 uses two kinds in April, 3 nothing in May."""
    persons = [{"person": n, "birth_date": f"194{n}-01-05"} for n in (1, 2, 3, 4)]
    certifications = [{"person": n} for n in (1, 2, 3)] + [dict(row) for row in LEVEL_CHANGE]
    used = [(n, m) for n in (1, 2, 3, 4) for m in MONTHS if (n, m) != (3, "2024-05")]
    benefits = [{"person": n, "service_month": m, "service_code": "111111", "units": 100} for n, m in used]
    benefits += [
        {"person": n, "service_month": "2024-04", "service_code": "151141", "units": 30} for n in (1, 2)
    ]
    return make(persons, certifications, benefits)


@pytest.mark.parametrize("rotate_months", [1, 12])
def test_a_history_shows_what_the_release_shows_whatever_the_pseudonyms(
    rotate_months: int, make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    history = read_history(release_of(town(make_tables), tmp_path / "r", "linked", rotate_months))
    assert history.persons == 4 and history.months == MONTHS
    assert history.labels == ("11", "15")
    assert history.static_names == ("birth_month", "sex")
    assert len(np.unique(history.static[:, 0])) == 4 and len(np.unique(history.static[:, 1])) == 1
    # Everyone is certified in both months; only the fourth's certification changes.
    assert (history.content_of >= 0).all()
    changed = history.content_of[:, 0] != history.content_of[:, 1]
    assert changed.tolist() == [False, False, False, True]
    assert history.level.tolist()[3] == "22"
    points = list(zip(history.person, history.month, history.label, history.units, strict=True))
    assert points == [
        (0, 0, 0, 100), (0, 0, 1, 30), (0, 1, 0, 100), (1, 0, 0, 100), (1, 0, 1, 30), (1, 1, 0, 100),
        (2, 0, 0, 100), (3, 0, 0, 100), (3, 1, 0, 100),
    ]  # fmt: skip


def test_codes_can_stand_for_kinds(make_tables: Callable[..., CareTables], tmp_path: Path) -> None:
    history = read_history(release_of(town(make_tables), tmp_path / "r", "linked"), by="code")
    assert history.labels == ("111111", "151141")


def test_without_the_crosswalk_no_history_is_read(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    release = release_of(town(make_tables), tmp_path / "r", "linked")
    forget_release(release)
    with pytest.raises(InputError, match="対応表"):
        read_history(release)
