"""Two releases of the same persons, and a release beside published counts."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.errors import InputError
from kaigo.risk.between import compare_releases, difference_counts
from kaigo.tables import CareTables
from risk.test_risk_release import MONTHS, release_of


def town(make: Callable[..., CareTables], months: tuple[str, ...] = MONTHS) -> CareTables:
    """Persons 1 and 2 are alike; 3 and 4 each have a birth month of their own."""
    births = {1: "1940-01-11", 2: "1940-01-12", 3: "1941-05-07", 4: "1942-06-07"}
    persons = [{"person": n, "birth_date": birth} for n, birth in births.items()]
    benefits = [{"person": n, "service_month": month} for n in births for month in months]
    return make(persons, None, benefits)


def test_other_keys_do_not_keep_two_releases_apart(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    tables = town(make_tables)
    first = release_of(tables, tmp_path / "a", "linked")
    other = load_standard("soumu-2018").with_parameters(
        {
            "delete_rare_answers": {"persons": 2},
            "roll_up_rare_codes": {"persons": 2},
            "top_code": {"persons": 2},
        }
    )
    second = make_release(tables, other, tmp_path / "b", key=Key.derive(99), layout="linked")
    result = compare_releases(first, second)
    # 3 and 4 are alone in both; 1 and 2 cannot be told apart.
    assert (result.both, result.joined, result.correct, result.share) == (4, 2, 2, 0.5)
    assert result.months == MONTHS and result.added_columns == () and result.added_months == ()
    assert result.to_payload()["persons_in_both"] == 4


def test_months_that_only_the_second_release_has_are_told(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    first = release_of(town(make_tables), tmp_path / "a", "linked")
    second = release_of(town(make_tables, ("2024-05", "2024-06")), tmp_path / "b", "linked")
    result = compare_releases(first, second)
    assert result.months == ("2024-05",) and result.added_months == ("2024-06",)


def test_releases_without_a_common_month_are_not_compared(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    first = release_of(town(make_tables), tmp_path / "a", "linked")
    second = release_of(town(make_tables, ("2023-01",)), tmp_path / "b", "linked")
    with pytest.raises(InputError, match="共通の月"):
        compare_releases(first, second)


def test_a_difference_of_one_gives_the_removed_person_away() -> None:
    published = pd.DataFrame({"sex": [1, 1, 2], "level": ["21", "22", "21"], "n": [120, 40, 90]})
    released = pd.DataFrame({"sex": [1, 1, 2], "level": ["21", "22", "21"], "n": [119, 25, 90]})
    told = difference_counts(published, released, ["sex", "level"], "n")
    assert told.to_dict("records") == [
        {"sex": 1, "level": "21", "first": 120, "second": 119, "difference": 1}
    ]


def test_a_cell_that_one_table_lacks_counts_as_nought() -> None:
    first = pd.DataFrame({"sex": [1, 2], "n": [5, 30]})
    second = pd.DataFrame({"sex": [2], "n": [30]})
    assert difference_counts(first, second, ["sex"], "n")["difference"].tolist() == [5]
