import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.synthetic.parameters import load_parameters
from kaigo.synthetic.plan_arms import ARMS, RESPONDERS
from kaigo.synthetic.replay import NOTE, add_true_effects, describe_effects, replay_arms
from kaigo.tables import CareTables

REHAB, HELP, DAY = (ARMS.index(arm) for arm in ("rehab", "help", "day"))


@pytest.fixture(scope="module")
def effects(city: CareTables) -> dict[str, np.ndarray]:
    table = pq.read_table(city.folder / "truth" / "effects")
    return {
        "responder": np.array(table["responder"].to_pylist()),
        "effect": np.array(table["effect"].to_pylist()),
        "propensity": np.array(table["propensity"].to_pylist()),
        "office": table["office"].to_numpy(),
    }


def test_propensities_are_shares_that_sum_to_one(effects: dict[str, np.ndarray]) -> None:
    propensity = effects["propensity"]
    assert propensity.min() >= 0
    assert np.abs(propensity.sum(axis=1) - 1).max() < 1e-3


def test_home_help_has_no_effect_on_anybody_and_day_care_is_the_reference(
    effects: dict[str, np.ndarray],
) -> None:
    assert (effects["effect"][:, HELP] == 0).all()
    assert (effects["effect"][:, DAY] == 0).all()


def test_rehabilitation_helps_the_recovering_most_and_harms_severe_dementia(
    effects: dict[str, np.ndarray],
) -> None:
    mean = {name: effects["effect"][effects["responder"] == name, REHAB].mean() for name in RESPONDERS}
    assert mean["回復期"] < mean["その他"] < 0 < mean["重度認知症"]
    assert mean["軽度"] == 0
    assert effects["effect"][effects["responder"] == "回復期", REHAB].std() > 0


def test_offices_differ_in_habit(effects: dict[str, np.ndarray]) -> None:
    offices = [number for number in np.unique(effects["office"]) if (effects["office"] == number).sum() > 50]
    means = np.array([effects["propensity"][effects["office"] == number, REHAB].mean() for number in offices])
    assert len(offices) > 10
    # Without habits offices of 50 and more would differ by sampling alone, about .01.
    assert means.std() > 0.02


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return describe_effects(replay_arms(SynthesisPlan(persons=20_000, months=13, seed=3)))


def test_the_naive_difference_is_wrong_by_more_than_two_standard_errors_at_20_000(
    found: dict[str, Any],
) -> None:
    rehab = found["rehab"]
    assert abs(rehab["naive"] - rehab["true"]) > 2 * rehab["naive_se"]
    assert found["help"]["true"] == 0
    assert rehab["by_responder"]["回復期"] > 0.05 > 0 > rehab["by_responder"]["重度認知症"]
    # No effect of its own: only that others are surveyed at other times moves the random numbers a little.
    assert abs(rehab["by_responder"]["軽度"]) < 0.01


def test_the_true_effect_is_stored_and_the_same_whenever_it_is_computed(tmp_path: Path) -> None:
    plan = SynthesisPlan(persons=600, months=14, seed=9)
    tables = synthesize(tmp_path / "care", plan)
    path = tables.folder / "truth" / "summary.json"
    before = json.loads(path.read_text(encoding="utf-8"))
    assert before["note"] == NOTE
    assert before["mean_effect"]["help"] == 0 > before["mean_effect"]["rehab"]
    first = add_true_effects(tables.folder, plan)["outcome"]
    assert json.loads(path.read_text(encoding="utf-8"))["outcome"] == first
    assert first == describe_effects(replay_arms(plan))
    assert first["rehab"]["naive_se"] > 0


def test_the_negative_control_has_no_true_effect_and_yet_a_naive_difference(found: dict[str, Any]) -> None:
    """An illness hangs on the state at the start, so on what leads to an arm; no arm changes it."""
    for arm in ("help", "rehab"):
        assert abs(found[arm]["negative_control"]["true"]) < 0.001
    # Rehabilitation goes to those who are lighter, home help to those who are heavier and fall ill more.
    rehab, helped = (found[arm]["negative_control"] for arm in ("rehab", "help"))
    error = (rehab["naive_se"] ** 2 + helped["naive_se"] ** 2) ** 0.5
    assert helped["naive"] - rehab["naive"] > 2 * error


def test_the_negative_control_items_do_not_hang_on_what_care_changes() -> None:
    from kaigo.synthetic.answers import load_item_model
    from kaigo.synthetic.diseases import DIMENSIONS

    model = load_item_model()
    for column in ("survey_1_12", "survey_1_13"):
        assert DIMENSIONS[model.dimension[model.position(column)]] not in ("mobility", "adl")


def test_the_register_holds_a_few_persons_and_what_a_neighbour_knows_is_less_than_what_a_family_knows(
    city: CareTables,
) -> None:
    register = pq.read_table(city.folder / "truth" / "register").to_pylist()
    assert abs(len(register) / city.rows("persons") - load_parameters().register.share) < 0.006
    for row in register:
        if row["knower"] == "近所":
            assert row["birth_date"] is None
            assert row["care_level"] is None
        else:
            assert row["birth_date"].year == row["birth_year"]
    persons = pq.read_table(
        city.folder / "persons", columns=["insured_number", "birth_date", "sex"]
    ).to_pylist()
    known = {row["insured_number"]: row for row in persons}
    for row in register:
        person = known[row["insured_number"]]
        assert (person["birth_date"].year, person["sex"]) == (row["birth_year"], row["sex"])
