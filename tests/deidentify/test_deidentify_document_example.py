"""The document's worked example among ten others leaves ``joined`` as the document shows it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
ANSWERS = {"survey_1_7": 2, "survey_2_5": 3}
SPAN = {"valid_from": "2017-04-01", "valid_to": "2018-03-31"}
LINES = (("2017-06", 15, 25260), ("2017-07", 16, 26944))
SHOWN = [
    "birth_month",
    "sex",
    "survey_1_7",
    "survey_2_5",
    "care_level",
    "service_month",
    "service_code",
    "days",
    "units",
]
EXAMPLE = [
    ("1943-02", 1, 2, 3, "23", "2017-06", "111175", 15, 25260),
    ("1943-02", 1, 2, 3, "23", "2017-07", "111175", 16, 26944),
]


def build_town(
    make_tables: Make, birth: Callable[[int], str], line: Callable[[int, int, int], tuple[int, int]]
) -> CareTables:
    """The example (number 1234567890) and ten others, whose births and lines the caller sets."""
    people: list[dict[str, Any]] = [
        {
            "person": "1234567890",
            "name": "佐藤 一雄",
            "birth_date": "1943-02-19",
            "address": "東京都○○市○○町1-1-1",
        }
    ]
    people += [{"person": n, "birth_date": birth(n)} for n in range(1, 11)]
    benefits = []
    for number, person in enumerate(people):
        for month, days, units in LINES:
            shown = (days, units) if number == 0 else line(number, days, units)
            benefits.append(
                {
                    "person": person["person"],
                    "service_month": month,
                    "service_code": "111175",
                    "days": shown[0],
                    "units": shown[1],
                    "provider_number": "12345678",
                }
            )
    certifications = [
        {"person": person["person"], "care_level": "23", **SPAN, **ANSWERS} for person in people
    ]
    return make_tables(people, certifications, benefits)


def release_example(tables: CareTables, out: Path) -> list[tuple[Any, ...]]:
    """The lines that the crosswalk traces to the example."""
    release = make_release(
        tables, load_standard("soumu-2018"), out / "release", key=Key.derive(1), layout="joined"
    )
    frame = pq.read_table(release.provide / "joined", columns=SHOWN).to_pandas()
    rows, persons = (
        pq.read_table(release.keep / "crosswalk" / part).to_pandas() for part in ("rows", "persons")
    )
    crosswalk = rows.merge(persons, on="person", how="left")
    assert len(frame) == 22
    own = frame[crosswalk["insured_number"] == "1234567890"].sort_values("service_month")
    return [tuple(None if pd.isna(value) else value for value in row) for row in own.itertuples(index=False)]


@pytest.mark.parametrize(
    ("birth", "line"),
    [
        (lambda n: "1943-02-19", lambda n, days, units: (days, units)),
        (lambda n: f"19{30 + n}-05-01", lambda n, days, units: (days, units)),
        (lambda n: "1943-02-19", lambda n, days, units: (days + 1, units + 1000 * n)),
        (lambda n: f"19{30 + n}-05-01", lambda n, days, units: (days + n, units + 1)),
    ],
    ids=["clones", "other births", "larger lines", "other births and larger lines"],
)
def test_the_example_leaves_as_the_document_shows_it(
    make_tables: Make,
    tmp_path: Path,
    birth: Callable[[int], str],
    line: Callable[[int, int, int], tuple[int, int]],
) -> None:
    assert release_example(build_town(make_tables, birth, line), tmp_path) == EXAMPLE


def test_among_smaller_lines_the_example_is_cut_to_what_ten_persons_reach(
    make_tables: Make, tmp_path: Path
) -> None:
    tables = build_town(
        make_tables, lambda n: "1943-02-19", lambda n, days, units: (days - 5, units - 1000 * n)
    )
    # The tenth largest of eleven persons: 16 - 5 days; 26,944 - 9,000 units.
    assert [row[-2:] for row in release_example(tables, tmp_path)] == [(11, 17944), (11, 17944)]


def test_with_nine_others_as_large_the_example_stays_and_with_eight_it_is_cut(
    make_tables: Make, tmp_path: Path
) -> None:
    def line(equal: int) -> Callable[[int, int, int], tuple[int, int]]:
        return lambda n, days, units: (days, units) if n <= equal else (days - 5, units - 5000)

    nine = build_town(make_tables, lambda n: "1943-02-19", line(9))
    eight = build_town(make_tables, lambda n: "1943-02-19", line(8))
    assert release_example(nine, tmp_path / "nine") == EXAMPLE
    assert [row[-2:] for row in release_example(eight, tmp_path / "eight")] == [(11, 21944), (11, 21944)]


def test_without_ten_users_the_code_or_the_answers_do_not_stay(make_tables: Make, tmp_path: Path) -> None:
    tables = build_town(make_tables, lambda n: "1943-02-19", lambda n, days, units: (days, units))
    standard = load_standard("soumu-2018").with_parameters({"roll_up_rare_codes": {"persons": 11}})
    release = make_release(tables, standard, tmp_path / "r", key=Key.derive(1))
    assert set(pq.read_table(release.provide / "joined")["service_code"].to_pylist()) == {"111175"}
    answers = load_standard("soumu-2018").with_parameters({"delete_rare_answers": {"persons": 12}})
    release = make_release(tables, answers, tmp_path / "r", key=Key.derive(1))
    assert set(pq.read_table(release.provide / "joined")["survey_1_7"].to_pylist()) == {None}
