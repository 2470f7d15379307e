"""Diseases begin before the certification that they lead to, and acute events are onsets of their own."""

from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from kaigo.synthetic.diseases import DIMENSIONS, load_diseases
from kaigo.synthetic.latent import FRACTURE, ILLNESS, STROKE
from kaigo.synthetic.onsets import change_causes
from kaigo.tables import CareTables

MODEL = load_diseases()
FIRST = 2024 * 12 + 3
STROKE_DISEASE, FRACTURE_DISEASE = MODEL.index("脳血管疾患"), MODEL.index("骨折・転倒")


@pytest.fixture(scope="module")
def persons(city: CareTables) -> list[dict[str, Any]]:
    """Truth on each person, with the first certification and the causes in order of time."""
    rows = pq.read_table(city.folder / "truth" / "causes").to_pylist()
    states = pq.read_table(city.folder / "truth" / "states", columns=["cognition"])["cognition"].to_pylist()
    written: dict[str, list[tuple[Any, str | None]]] = {}
    columns = ["insured_number", "valid_from", "primary_disease"]
    for row in pq.read_table(city.folder / "certifications", columns=columns).to_pylist():
        written.setdefault(row["insured_number"], []).append((row["valid_from"], row["primary_disease"]))
    return [
        row | {"cognition": state[0], "written": sorted(written[row["insured_number"]], key=lambda c: c[0])}
        for row, state in zip(rows, states, strict=True)
    ]


def test_the_main_disease_began_before_the_first_certification(persons: list[dict[str, Any]]) -> None:
    for row in persons:
        onset = row["onset"][MODEL.index(row["primary_disease"])]
        day = row["written"][0][0]
        # Who was certified before the span: some time before its first month; the others before their entry.
        assert onset < max(day.year * 12 + day.month - 1 - FIRST, 0)


def test_a_stroke_in_the_span_is_an_onset_of_who_had_none(persons: list[dict[str, Any]]) -> None:
    fresh = 0
    for row in persons:
        onset = row["onset"][STROKE_DISEASE]
        first = row["event"].index("脳卒中") if "脳卒中" in row["event"] else None
        if onset is not None and onset >= 0:
            day = row["written"][0][0]
            assert onset == first or onset < day.year * 12 + day.month - 1 - FIRST
            fresh += onset == first
        if first is not None:
            assert onset is not None and onset <= first
    assert fresh > 50


def test_strokes_began_shortly_before_and_dementia_years_before_the_longer_the_worse(
    persons: list[dict[str, Any]],
) -> None:
    def years(name: str, rows: list[dict[str, Any]]) -> float:
        known = [row["onset"][MODEL.index(name)] for row in rows if row["primary_disease"] == name]
        return -float(np.mean(known)) / 12

    assert years("脳血管疾患", persons) < years("認知症", persons)
    severe = [row for row in persons if row["cognition"] > 150]
    mild = [row for row in persons if row["cognition"] < 50]
    assert DIMENSIONS[2] == "cognition"
    assert years("認知症", severe) > 1.15 * years("認知症", mild)


def test_a_written_cause_changes_only_after_an_event_and_only_to_that_of_the_event(
    persons: list[dict[str, Any]],
) -> None:
    names = {"脳卒中": "脳血管疾患", "骨折": "骨折・転倒"}
    changed = 0
    for row in persons:
        causes = [cause for _, cause in row["written"]]
        for before, (day, after) in zip(causes, row["written"][1:], strict=False):
            if before != after:
                month = day.year * 12 + day.month - 1 - FIRST
                assert after in {names.get(event) for event in row["event"][:month]}
                changed += 1
    assert changed > 30


def test_events_become_causes_with_the_chance_that_is_given() -> None:
    event = np.repeat(np.array([STROKE, FRACTURE, ILLNESS, -1], np.int8), 10_000)
    cause = np.zeros(40_000, np.int8)
    changed = change_causes(np.random.default_rng(3), cause, event, np.zeros(40_000, bool), (0.8, 0.4, 0.0))
    shares = (changed != 0).reshape(4, -1).mean(axis=1)
    assert abs(shares[0] - 0.8) < 0.015 and abs(shares[1] - 0.4) < 0.015
    assert shares[2] == shares[3] == 0
    assert set(changed[:10_000]) == {0, STROKE_DISEASE} and set(changed[10_000:20_000]) == {
        0,
        FRACTURE_DISEASE,
    }
    assert not cause.any()
    # 骨折 is no 特定疾病: it never becomes the cause of 第2号.
    young = change_causes(np.random.default_rng(3), cause, event, np.ones(40_000, bool), (0.8, 0.4, 0.0))
    assert set(young) == {0, STROKE_DISEASE}
