"""要介護認定等基準時間の近似 and the care level.

The time comes from the published decision trees for seven of the eight fields, from a stand-in for 清潔保持 and
from the published additions for special medical care. It is called 近似 wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import Answers, Floats32, load_item_model
from kaigo.synthetic.minute_trees import find_leaves, load_forest
from kaigo.synthetic.parameters import CertificationParameters, read_synthetic_facts

LEVELS = ("12", "13", "21", "22", "23", "24", "25")
"""Care levels by index 0 to 6 (要支援1 … 要介護5)."""

SUPPORT_LEVELS = 2
"""Levels below this index are 要支援."""

SPECIAL = "特別な医療"

LevelIndex = npt.NDArray[np.int8]


@dataclass(frozen=True)
class MinuteField:
    """時間の1分野の公表の範囲(分/日)。``missing`` says what of the official tree is not at hand."""

    name: str
    minimum: float
    maximum: float
    missing: str


@dataclass(frozen=True)
class StandIn:
    """樹形図の無い分野の代用: a weighted share of problems, stretched over the published range."""

    items: tuple[int, ...]
    weights: tuple[float, ...]


@cache
def load_minute_fields() -> tuple[MinuteField, ...]:
    """The eight fields of ``minute_fields.csv`` in official order."""
    return tuple(
        MinuteField(row["name"], float(row["minimum"]), float(row["maximum"]), row["missing"])
        for row in read_synthetic_facts("minute_fields")
        if row["kind"] == "field"
    )


@cache
def load_special_minutes() -> tuple[tuple[int, float], ...]:
    """Position of each special medical care in the answers, and the minutes that it adds."""
    model = load_item_model()
    return tuple(
        (model.position(row["column"]), float(row["minutes_added"]))
        for row in read_synthetic_facts("minute_fields")
        if row["kind"] == "special_medical"
    )


@cache
def load_standins() -> dict[str, StandIn]:
    """Read ``minute_standin.csv``."""
    model, fields = load_item_model(), {}
    for row in read_synthetic_facts("minute_standin"):
        parts = [part.split(":") for part in row["items"].split()]
        fields[row["field"]] = StandIn(
            tuple(model.position(column) for column, _ in parts),
            tuple(float(weight) for _, weight in parts),
        )
    return fields


def _stand_in(answers: Answers, field: MinuteField) -> Floats32:
    """Minutes that grow with every problem, from the least to the greatest published."""
    model, rule = load_item_model(), load_standins()[field.name]
    share, whole = np.zeros(len(answers), np.float32), np.float32(sum(rule.weights))
    for item, weight in zip(rule.items, rule.weights, strict=True):
        steps = np.float32(model.options[item] - 1)
        problem = (answers[:, item] - model.first_option[item]).astype(np.float32)
        share += problem * (np.float32(weight) / steps / whole)
    width = np.float32(field.maximum - field.minimum)
    return np.float32(field.minimum) + width * np.minimum(share, np.float32(1))


def estimate_minutes(answers: Answers) -> dict[str, Floats32]:
    """分野ごとの時間(分/日)の近似。

    Seven fields by the published trees, 清潔保持 by a stand-in, 特別な医療 by the published additions. 近似:
    the tree of 清潔保持, three leaves, two scores and the addition for dementia (認知症加算) are not at hand.

    Parameters
    ----------
    answers : int8, shape (n, 76)

    Returns
    -------
    dict
        Field name to float32 of shape (n,), each of the eight within its published range, then 特別な医療.
    """
    forest = load_forest()
    leaves = find_leaves(answers)
    by_tree = {name: forest.minutes[leaves[:, place]] for place, name in enumerate(forest.fields)}
    minutes = {
        field.name: by_tree[field.name] if field.name in by_tree else _stand_in(answers, field)
        for field in load_minute_fields()
    }
    special = np.zeros(len(answers), np.float32)
    for position, added in load_special_minutes():
        special += answers[:, position] * np.float32(added)
    return minutes | {SPECIAL: special}


def judge_first(
    total: Floats32,
    answers: Answers,
    unsteadiness: Floats32,
    before: LevelIndex,
    parameters: CertificationParameters,
) -> LevelIndex:
    """一次判定: the level by time bands; 32 to 50 minutes is 要介護1 with impaired cognition or an unstable state.

    Who has 要支援1 in force (``before``, -1 for none) counts as steadier: the opinions speak for more prevention.

    Returns
    -------
    int8, shape (n,)
        Index into ``LEVELS``, or -1 for 非該当.
    """
    band = np.digitize(total, parameters.bands)
    rank = answers[:, load_item_model().position("dementia_independence")]
    above = np.where(before == 0, parameters.steadier_in_support, 0.0) + parameters.unstable_above
    care = (rank >= parameters.dementia_rank) | (unsteadiness > above.astype(np.float32))
    level = np.where(band <= 2, band - 1, band)
    return np.where((band == 2) & care, 2, level).astype(np.int8)


def judge_second(
    draw: np.random.Generator,
    first: LevelIndex,
    before: LevelIndex,
    parameters: CertificationParameters,
) -> LevelIndex:
    """二次判定: the panel keeps most levels, raises some, lowers a few; 非該当 is raised to 要支援1.

    Where the first judgement differs from the level in force (``before``, -1 for none), the panel sometimes
    keeps that level; a rise by two or more from 要支援 it sometimes softens by one. Only certified persons stand in care tables, so nobody stays 非該当.
    """
    u, v, w = draw.random((3, len(first)))
    start = np.maximum(first, 0)
    step = np.where(u < np.array(parameters.raised_share)[start], 1, 0)
    step = np.where(u > 1 - np.array(parameters.lowered_share)[start], -1, step)
    judged = np.clip(first + step, 0, len(LEVELS) - 1)
    jumps = (before >= 0) & (before < SUPPORT_LEVELS) & (judged > SUPPORT_LEVELS)
    judged = judged - (jumps & (w < parameters.softened_jump))
    keeps = v < np.where(judged < before, parameters.keep_if_lighter, parameters.keep_if_heavier)
    return np.where((before >= 0) & keeps, before, judged).astype(np.int8)
