"""A seeded town of some 300 persons in which everything happens that a rule must deal with."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from care_factory import build_care_tables
from kaigo.tables import CareTables, survey_columns

Row = dict[str, Any]
MONTHS = [f"2024-{month:02d}" for month in range(4, 13)]
COMMON = ["111111", "151141", "171001", "211111"]
RARE = ["111112", "111113", "11Z002", "121111", "131111", "321111", "ZZ9999", "751111", "A21111"]
ANSWERED = tuple(survey_columns()[9:29])


@dataclass(frozen=True)
class Town:
    """Rows of the three tables, as the factory takes them."""

    persons: list[Row]
    certifications: list[Row]
    benefits: list[Row]

    def write(self, folder: Path, **options: Any) -> CareTables:
        """The town on disk."""
        return build_care_tables(folder, self.persons, self.certifications, self.benefits, **options)


def make_town(seed: int = 7, persons: int = 300) -> Town:
    """Persons of two municipalities; every tenth or so is special in one way or another."""
    rng = np.random.default_rng(seed)
    town = Town([], [], [])
    for number in range(1, persons + 1):
        who = {"person": number, "insurer_number": "990001" if number % 4 else "990002"}
        town.persons.append(_make_person(rng, number, who))
        town.certifications.extend(who | row for row in _make_certifications(rng, number))
        town.benefits.extend(who | row for row in _make_lines(rng, number))
    # A line and a certification of persons whom the first table does not know.
    town.benefits.append({"person": 999_999, "insurer_number": "990001"})
    town.certifications.append({"person": 999_998, "insurer_number": "990001"})
    return town


def _make_person(rng: np.random.Generator, number: int, who: Row) -> Row:
    age = 101 + number % 5 if number % 40 == 0 else int(rng.integers(66, 99))
    birth = dt.date(2024 - age, int(rng.integers(1, 13)), int(rng.integers(1, 29)))
    return who | {
        "name": f"架空 {number}",
        "address": f"架空県架空市{number}番地",
        "birth_date": birth.isoformat(),
        "sex": int(rng.integers(1, 3)),
        "insured_category": 1,
        "qualified_on": "2010-04-01" if number % 3 else None,
        "disqualified_on": "2024-11-20" if number % 25 == 0 else None,
        "disqualified_reason": "転出" if number % 25 == 0 else None,
    }


def _make_certifications(rng: np.random.Generator, number: int) -> Iterator[Row]:
    spans = [("2023-10-01", "2026-09-30")]
    if number % 3 == 0:  # renewed within the window
        spans = [("2023-10-01", "2024-08-31"), ("2024-09-01", "2026-08-31")]
    if number % 7 == 0:  # 区分変更 in the middle of July
        spans = [("2023-10-01", "2024-07-14"), ("2024-07-15", "2025-07-31")]
    if number % 11 == 0:  # lapses for two months, and once for part of a month
        spans = [("2023-10-01", "2024-05-20"), ("2024-08-01", "2025-07-31")]
    if number % 13 == 0:  # long over, or yet to come
        spans = [("2019-01-01", "2021-12-31"), *spans, ("2030-01-01", "2031-12-31")]
    if number % 37 == 0:  # none in the window at all
        spans = [("2019-01-01", "2021-12-31")]
    for first, last in spans:
        answers = {column: int(np.clip(rng.geometric(0.6), 1, 4)) for column in ANSWERED}
        missing = rng.choice(ANSWERED, 2, replace=False)
        yield {
            "valid_from": first,
            "valid_to": last,
            "applied_on": "2023-08-01" if number % 2 else None,
            "care_level": str(rng.choice(["12", "13", "21", "22", "23", "24", "25"])),
            "primary_disease": "認知症" if number % 2 else None,
            **answers,
            **dict.fromkeys(missing.tolist()),
        }


def _make_lines(rng: np.random.Generator, number: int) -> Iterator[Row]:
    if number % 17 == 0:  # certified, but uses nothing
        return
    for place, month in enumerate(MONTHS):
        for code in rng.choice(COMMON, int(rng.integers(0, 3)), replace=False):
            extreme = 20 if number % 50 == 0 else 1
            yield {
                "service_month": month,
                "service_code": str(code),
                "days": int(rng.integers(1, 31)),
                "units": int(rng.integers(200, 3000)) * extreme,
                "provider_number": f"99{number % 9:08d}",
            }
        if number % 15 == 0 and place == number % 9:
            yield {
                "service_month": month,
                "service_code": RARE[number // 15 % len(RARE)],
                "days": 2,
                "units": 700,
            }
