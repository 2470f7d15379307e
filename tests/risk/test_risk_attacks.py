"""Attacks of the shipped assumptions: planted persons are found, classes of ten are not, control groups count."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from kaigo.errors import ParameterError
from kaigo.risk.attackers import Attacker, load_attackers
from kaigo.risk.criteria import combine, measure_criteria
from kaigo.risk.linkage import LinkageAttack
from kaigo.risk.translation import learn_translation
from risk.planted import MONTHS, plant_town

ATTACKERS = {attacker.id: attacker for attacker in load_attackers()}
ALL = pytest.mark.parametrize("name", sorted(ATTACKERS))


@pytest.fixture(scope="module")
def all_different() -> LinkageAttack:
    return LinkageAttack(*plant_town(2_000, 1), MONTHS)


@pytest.fixture(scope="module")
def ten_alike() -> LinkageAttack:
    return LinkageAttack(*plant_town(2_000, 10), MONTHS)


@ALL
def test_each_attacker_finds_at_least_99_percent_of_2000_planted_persons(
    name: str, all_different: LinkageAttack
) -> None:
    result = all_different.run(ATTACKERS[name], np.random.default_rng(1))
    assert result.targets == 2_000
    assert result.success >= 0.99
    assert result.precision >= 0.99
    assert result.low < result.success <= result.high


@ALL
def test_classes_of_ten_leave_no_claim_and_a_guess_of_one_in_ten(name: str, ten_alike: LinkageAttack) -> None:
    result = ten_alike.run(ATTACKERS[name], np.random.default_rng(1), targets=500)
    assert (result.claims, result.correct, result.success) == (0, 0, 0.0)
    assert result.base_rate == pytest.approx(1 / 2_000)
    assert result.low <= result.base_rate <= result.high
    assert result.guess <= 0.1 + 1e-9
    assert np.isnan(result.precision)


def test_a_release_that_says_something_else_is_not_taken_for_a_success(all_different: LinkageAttack) -> None:
    released = all_different.released
    # The services of everyone are those of the next person: a claim can be made, and is wrong.
    shifted = np.roll(released.label.reshape(-1, MONTHS), 1, axis=0).ravel()
    swapped = LinkageAttack(dataclasses.replace(released, label=shifted), all_different.register, MONTHS)
    only_services = ATTACKERS["journalist"].model_copy(update={"birth": "none", "sex": False, "months": 2})
    result = swapped.run(only_services, np.random.default_rng(2), targets=200)
    assert result.claims == 200 and result.correct == 0 and result.precision == 0.0


def test_about_whom_decides_who_is_attacked() -> None:
    young = LinkageAttack(*plant_town(50, 1, birth_year=1950), MONTHS)
    assert young.run(ATTACKERS["journalist"], np.random.default_rng(0)).eligible == 0
    assert young.run(ATTACKERS["family"], np.random.default_rng(0)).eligible == 50


def test_an_attacker_who_tolerates_errors_survives_a_wrong_answer() -> None:
    released, register = plant_town(300, 1)
    attack = LinkageAttack(released, register, MONTHS)
    base = ATTACKERS["family"].model_copy(
        update={"months": 0, "answers": tuple(released.content_names[10:40]), "answer_error": 0.02}
    )
    strict = attack.run(base.model_copy(update={"misses": 0}), np.random.default_rng(3))
    fuzzy = attack.run(base.model_copy(update={"misses": 5}), np.random.default_rng(3))
    assert fuzzy.success > 0.99 > strict.success


def test_a_generalised_value_is_looked_for_where_it_went() -> None:
    translation = learn_translation(np.array([1, 1, 2, 3]), np.array([7, 7, 7, 9]))
    assert translation.of([1]).tolist() == [7]
    assert translation.of([2, 3]).tolist() == [7, 9]
    assert translation.of([4]).tolist() == []
    # One in 200 is an error of the data, not a place to look.
    many = learn_translation(np.ones(200, dtype=int), np.array([5] * 199 + [6]))
    assert many.of([1]).tolist() == [5]


def test_the_risk_is_what_goes_beyond_the_control_group() -> None:
    result = combine("linkability", 60, 100, 20, 100)
    # Wilson centres (60 + 1.92) / 103.84 and (20 + 1.92) / 103.84.
    assert result.main == pytest.approx(0.5963, abs=1e-4)
    assert result.control == pytest.approx(0.2111, abs=1e-4)
    assert result.risk == pytest.approx((0.5963 - 0.2111) / (1 - 0.2111), abs=1e-3)
    assert combine("inference", 10, 100, 50, 100).risk == 0.0


def test_criteria_tell_a_town_of_individuals_from_one_of_classes() -> None:
    period = range(MONTHS)
    different = {
        r.criterion: r for r in measure_criteria(plant_town(400, 1)[0], period, np.random.default_rng(5))
    }
    assert set(different) == {"singling_out", "linkability", "inference"}
    assert different["linkability"].main > 0.5 and different["linkability"].control < 0.1
    assert different["inference"].risk > 0.9
    # Forty alike: their level is known from the others, whether the person is in the release or not.
    alike = {
        r.criterion: r for r in measure_criteria(plant_town(400, 40)[0], period, np.random.default_rng(5))
    }
    assert alike["inference"].control > 0.9
    assert alike["inference"].main - alike["inference"].control < 0.05
    assert alike["linkability"].main < 0.1


def test_knowledge_is_told_in_words() -> None:
    assert ATTACKERS["neighbour"].describe_knowledge() == (
        "生年(±2年)、性別、認定調査の1項目、3か月分のサービス(月に1種類まで)"
    )
    assert ATTACKERS["previous_recipient"].describe_knowledge() == "提供される値のすべて"
    assert all(isinstance(a, Attacker) and a.story and a.effort for a in ATTACKERS.values())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[a]\nname = 1", "誤りがあります"),
        ("not toml", "読めません"),
        ("a = 3", "読めません"),
    ],
)
def test_a_wrong_attackers_file_is_explained(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "attackers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=word):
        load_attackers(path)


def test_without_an_attack_there_is_no_rate() -> None:
    result = combine("singling_out", 0, 0, 0, 0)
    assert result.attacks == 0
    assert np.isnan([result.main, result.control, result.risk, *result.risk_ci]).all()
