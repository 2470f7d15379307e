import dataclasses

import numpy as np
import pytest

from kaigo.synthetic.answers import (
    answer_survey,
    draw_residuals,
    load_item_model,
    make_consistent,
    renew_residuals,
)
from kaigo.synthetic.care_minutes import (
    LEVELS,
    judge_first,
    judge_second,
)
from kaigo.synthetic.parameters import load_parameters

MODEL = load_item_model()
RULES = load_parameters().certification


def random_answers(n: int) -> np.ndarray:
    draw = np.random.default_rng(1)
    spread = (draw.random((n, len(MODEL.columns))) * MODEL.options).astype(np.int8)
    return spread + MODEL.first_option


def best_answers() -> np.ndarray:
    return MODEL.first_option[None, :].copy()


def test_all_76_columns_stand_in_official_order() -> None:
    from kaigo.tables import load_survey_items

    assert MODEL.columns == tuple(item.column for item in load_survey_items())


def test_answers_are_options_of_their_item_and_worse_states_give_worse_answers() -> None:
    draw = np.random.default_rng(3)
    residuals = draw_residuals(draw, 500)
    parameters = load_parameters().answers
    light = answer_survey(draw, np.full((500, 5), -2, np.float32), residuals, parameters)
    heavy = answer_survey(draw, np.full((500, 5), 2, np.float32), residuals, parameters)
    for answers in (light, heavy):
        assert (answers >= MODEL.first_option).all()
        assert (answers < MODEL.first_option + MODEL.options).all()
    assert (heavy.mean(axis=0) >= light.mean(axis=0)).all()


def test_who_cannot_stand_does_not_walk() -> None:
    answers = best_answers()
    answers[0, MODEL.position("survey_1_6")] = 3
    consistent = make_consistent(answers)
    assert consistent[0, MODEL.position("survey_1_7")] == 3
    assert consistent[0, MODEL.position("survey_1_9")] == 3
    assert consistent[0, MODEL.position("survey_2_2")] >= 2
    assert answers[0, MODEL.position("survey_1_7")] == 1, "the argument stays as it was"


def test_who_cannot_say_the_name_has_no_better_memory() -> None:
    answers = best_answers()
    answers[0, MODEL.position("survey_3_5")] = 2
    consistent = make_consistent(answers)
    for column in ("survey_3_2", "survey_3_3", "survey_3_4"):
        assert consistent[0, MODEL.position(column)] == 2


def test_a_consistent_survey_is_left_alone_and_making_it_so_once_is_enough() -> None:
    assert (make_consistent(best_answers()) == best_answers()).all()
    once = make_consistent(random_answers(2_000))
    assert (make_consistent(once) == once).all()


def test_residuals_persist_as_the_parameter_says() -> None:
    draw = np.random.default_rng(5)
    parameters = load_parameters().answers
    first = draw_residuals(draw, 4_000)
    second = renew_residuals(draw, first, parameters)
    found = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(found - parameters.residual_persistence) < 0.005
    assert abs(second.std() - 1) < 0.01


@pytest.mark.parametrize(
    ("minutes", "rank", "unsteady", "level"),
    [
        (24.9, 1, False, None),
        (25.0, 1, False, "12"),
        (31.9, 5, True, "12"),
        (32.0, 1, False, "13"),
        (49.9, 2, False, "13"),
        (40.0, 3, False, "21"),
        (40.0, 1, True, "21"),
        (50.0, 1, False, "22"),
        (69.9, 1, False, "22"),
        (70.0, 1, False, "23"),
        (90.0, 1, False, "24"),
        (109.9, 1, False, "24"),
        (110.0, 1, False, "25"),
        (180.0, 1, False, "25"),
    ],
)
def test_time_bands_give_the_level_and_cognition_or_instability_splits_32_to_50(
    minutes: float, rank: int, unsteady: bool, level: str | None
) -> None:
    answers = best_answers()
    answers[0, MODEL.position("dementia_independence")] = rank
    unsteadiness = np.array([RULES.unstable_above + (1 if unsteady else -1)], np.float32)
    nobody = np.array([-1], np.int8)
    found = judge_first(np.array([minutes], np.float32), answers, unsteadiness, nobody, RULES)[0]
    assert (LEVELS[found] if found >= 0 else None) == level


def test_who_has_the_lightest_level_in_force_counts_as_steadier_between_32_and_50_minutes() -> None:
    rules = dataclasses.replace(RULES, steadier_in_support=0.4)
    answers = np.repeat(best_answers(), 3, axis=0)
    answers[:, MODEL.position("dementia_independence")] = 1
    # Unsteady by 0.2 above the boundary: only 要支援1 in force outweighs it, not 要支援2 nor none.
    unsteadiness = np.full(3, rules.unstable_above + 0.2, np.float32)
    before = np.array([0, 1, -1], np.int8)
    found = judge_first(np.full(3, 40, np.float32), answers, unsteadiness, before, rules)
    assert [LEVELS[level] for level in found] == ["13", "21", "21"]


def test_the_panel_softens_a_rise_from_support_by_two_or_more() -> None:
    rules = dataclasses.replace(
        RULES, raised_share=(0.0,) * 7, lowered_share=(0.0,) * 7, keep_if_heavier=0.0, softened_jump=0.3
    )
    before = np.repeat(np.array([-1, 0, 1, 2], np.int8), 20_000)
    second = judge_second(np.random.default_rng(4), np.full(80_000, 4, np.int8), before, rules)
    shares = [(second[before == level] == 3).mean() for level in (-1, 0, 1, 2)]
    assert shares[0] == shares[3] == 0
    assert abs(shares[1] - 0.3) < 0.015 and abs(shares[2] - 0.3) < 0.015
    # One step up (要支援2 → 要介護1) is never softened.
    one = judge_second(np.random.default_rng(4), np.full(9, 2, np.int8), np.full(9, 1, np.int8), rules)
    assert (one == 2).all()


def test_the_panel_changes_a_few_levels_by_one_and_certifies_everyone() -> None:
    first = np.repeat(np.arange(-1, 7, dtype=np.int8), 20_000)
    nobody = np.full(len(first), -1, np.int8)
    second = judge_second(np.random.default_rng(8), first, nobody, RULES)
    assert set(np.unique(second)) == set(range(7))
    assert set(np.unique((second - first)[first >= 1])) == {-1, 0, 1}
    for level in range(1, 6):
        step = (second - first)[first == level]
        assert abs((step == 1).mean() - RULES.raised_share[level]) < 0.01
        assert abs((step == -1).mean() - RULES.lowered_share[level]) < 0.01
    still = dataclasses.replace(RULES, raised_share=(0.0,) * 7, lowered_share=(0.0,) * 7)
    assert (judge_second(np.random.default_rng(8), first, nobody, still) == np.maximum(first, 0)).all()


def test_the_panel_keeps_the_level_in_force_for_the_share_that_the_parameters_give() -> None:
    rules = dataclasses.replace(
        RULES,
        raised_share=(0.0,) * 7,
        lowered_share=(0.0,) * 7,
        keep_if_lighter=0.6,
        keep_if_heavier=0.2,
        softened_jump=0.0,
    )
    first, before = np.full(40_000, 3, np.int8), np.repeat(np.array([2, 4], np.int8), 20_000)
    second = judge_second(np.random.default_rng(2), first, before, rules)
    # Level 3 is heavier than 2 (kept in 20 %) and lighter than 4 (kept in 60 %).
    assert abs((second[:20_000] == 2).mean() - 0.2) < 0.015
    assert abs((second[20_000:] == 4).mean() - 0.6) < 0.015
    assert set(np.unique(second)) == {2, 3, 4}
