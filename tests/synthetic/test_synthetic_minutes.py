import numpy as np
import pytest

from kaigo.synthetic.answers import load_item_model
from kaigo.synthetic.care_minutes import SPECIAL, estimate_minutes, load_minute_fields
from kaigo.synthetic.minute_trees import find_leaves, find_palsy, load_forest, load_scores, score_groups
from kaigo.synthetic.parameters import load_parameters, read_synthetic_facts

MODEL = load_item_model()
FOREST = load_forest()


def random_answers(n: int, seed: int = 1) -> np.ndarray:
    draw = np.random.default_rng(seed)
    # Persons between all-best and all-worst, so that leaves at both ends are reached.
    severity = draw.random((n, 1)) * 2 - 0.5
    place = np.clip(severity + draw.normal(0, 0.35, (n, len(MODEL.columns))), 0, 0.999)
    return (place * MODEL.options).astype(np.int8) + MODEL.first_option


def best_answers() -> np.ndarray:
    return MODEL.first_option[None, :].copy()


def read_condition(text: str, answers: np.ndarray) -> np.ndarray:
    """A published condition by hand, apart from the evaluator's own reading."""
    if " in " in text:
        column, options = text.split(" in ")
        wanted = [int(option) for option in options.split("|")]
        if column == "survey_1_1_pattern":
            return np.isin(find_palsy(answers), wanted)
        place = MODEL.position(column)
        return np.isin(answers[:, place] - MODEL.first_option[place] + 1, wanted)
    sign = "<=" if "<=" in text else ">"
    group, bound = text.split(sign)
    scores = score_groups(answers)[:, int(group.removeprefix("group")) - 1] / 10
    return scores <= float(bound) + 1e-9 if sign == "<=" else scores > float(bound) + 1e-9


def test_seven_fields_have_a_tree_of_206_leaves() -> None:
    assert len(FOREST.fields) == 7
    assert (FOREST.feature == -1).sum() == 206
    assert set(FOREST.fields) == {field.name for field in load_minute_fields()} - {"清潔保持"}


def test_every_answer_vector_meets_the_conditions_of_exactly_one_leaf_and_the_evaluator_finds_it() -> None:
    answers = random_answers(6_000)
    leaves = FOREST.leaf[find_leaves(answers)]
    met = np.zeros(leaves.shape, int)
    reached = 0
    for row in read_synthetic_facts("minute_trees"):
        holds = np.ones(len(answers), bool)
        for text in row["conditions"].split("; "):
            holds &= read_condition(text, answers)
        place = FOREST.fields.index(row["field"])
        met[:, place] += holds
        assert (leaves[holds, place] == int(row["leaf"])).all(), (row["field"], row["leaf"])
        reached += holds.any()
    assert (met == 1).all()
    assert reached > 120


def test_the_best_answers_score_one_hundred_in_every_group_and_take_22_8_minutes() -> None:
    assert score_groups(best_answers()).tolist() == [[1000] * 5]
    minutes = estimate_minutes(best_answers())
    # By hand from the leaves: 3.4 + 0.2 + 0.4 + 1.2 + 4.7 + 5.8 + 6.1 + 1.0.
    assert sum(float(value[0]) for value in minutes.values()) == pytest.approx(22.8, abs=1e-3)
    assert load_parameters().certification.bands[0] > 22.8


def test_the_worst_answers_score_zero() -> None:
    worst = (MODEL.first_option + MODEL.options - 1)[None, :]
    assert score_groups(worst).tolist() == [[0] * 5]


def test_each_field_stays_in_its_published_range_and_its_leaves_reach_both_ends() -> None:
    minutes = estimate_minutes(random_answers(4_000, seed=2))
    by_field: dict[str, list[float]] = {}
    for row in read_synthetic_facts("minute_trees"):
        by_field.setdefault(row["field"], []).append(float(row["minutes"]))
    for field in load_minute_fields():
        found = minutes[field.name]
        assert field.minimum - 1e-4 <= found.min() <= found.max() <= field.maximum + 1e-4
        if field.name in by_field:
            assert (min(by_field[field.name]), max(by_field[field.name])) == (field.minimum, field.maximum)


def test_the_stand_in_grows_with_every_problem_between_the_published_ends() -> None:
    worst = (MODEL.first_option + MODEL.options - 1)[None, :]
    assert estimate_minutes(best_answers())["清潔保持"][0] == pytest.approx(1.2)
    assert estimate_minutes(worst)["清潔保持"][0] == pytest.approx(24.3)
    one = best_answers()
    one[0, MODEL.position("survey_1_10")] += 1
    assert 1.2 < estimate_minutes(one)["清潔保持"][0] < 24.3


def test_special_medical_care_adds_its_published_minutes() -> None:
    answers = best_answers()
    for column, added in (("survey_6_3", 8.5), ("survey_6_5", 0.8)):
        answers[0, MODEL.position(column)] = 1
        added_so_far = 8.5 if column == "survey_6_3" else 9.3
        assert estimate_minutes(answers)[SPECIAL][0] == pytest.approx(added_so_far), added


@pytest.mark.parametrize(
    ("limbs", "pattern"),
    [
        ((), 1),
        ((1,), 2),
        ((4,), 2),
        ((3, 4), 3),
        ((1, 3), 4),
        ((2, 4), 4),
        ((1, 2), 5),
        ((1, 4), 5),
        ((1, 2, 3, 4), 5),
        ((5,), 1),
    ],
)
def test_the_pattern_of_paralysis_follows_the_limbs(limbs: tuple[int, ...], pattern: int) -> None:
    answers = best_answers()
    for limb in limbs:
        answers[0, MODEL.position(f"survey_1_1_{limb}")] = 1
    assert find_palsy(answers)[0] == pattern


def test_what_is_not_at_hand_is_named_and_marked() -> None:
    missing = {field.name for field in load_minute_fields() if field.missing}
    assert missing == {"食事", "清潔保持", "間接生活介助"}
    filled = [row for row in read_synthetic_facts("minute_trees") if row["confidence"] == "assumption"]
    assert [(row["field"], row["leaf"]) for row in filled] == [
        ("食事", "19"),
        ("間接生活介助", "32"),
        ("間接生活介助", "33"),
    ]
    assert all("本書" in row["note"] for row in filled)


def test_better_options_never_score_less() -> None:
    table = load_scores()
    for place in np.flatnonzero(table.group >= 0):
        options = int(MODEL.options[place])
        assert (np.diff(table.tenths[place, :options]) <= 0).all(), MODEL.columns[place]
