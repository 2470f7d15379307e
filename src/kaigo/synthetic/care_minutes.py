"""要介護認定等基準時間の近似 and the care level.

The official time comes from decision trees; here each of the fields is a weighted share of problems, bent by a
curve, stretched over the published range of the field. It is called 近似 wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import Answers, Floats32, load_item_model
from kaigo.synthetic.parameters import CertificationParameters, read_synthetic_facts

LEVELS = ("12", "13", "21", "22", "23", "24", "25")
"""Care levels by index 0 to 6 (要支援1 … 要介護5)."""

SUPPORT_LEVELS = 2
"""Levels below this index are 要支援."""

LevelIndex = npt.NDArray[np.int8]


@dataclass(frozen=True)
class MinuteField:
    """時間の1分野。``items`` and ``weights`` give the share of problems, ``curve`` its exponent (1, 1.5 or 2)."""

    name: str
    minimum: float
    maximum: float
    curve: str
    items: tuple[int, ...]
    weights: tuple[float, ...]


@cache
def load_minute_fields() -> tuple[MinuteField, ...]:
    """Read ``care_minutes.csv``."""
    model, fields = load_item_model(), []
    for row in read_synthetic_facts("care_minutes"):
        parts = [part.split(":") for part in row["items"].split()]
        fields.append(
            MinuteField(
                row["field"],
                float(row["minimum"]),
                float(row["maximum"]),
                row["curve"],
                tuple(model.position(column) for column, _ in parts),
                tuple(float(weight) for _, weight in parts),
            )
        )
    return tuple(fields)


def _bend(share: Floats32, curve: str) -> Floats32:
    """``share`` to the power of 1, 1.5 or 2, by operations that round alike on every machine."""
    if curve == "1.5":
        return share * np.sqrt(share)
    return share * share if curve == "2" else share


def estimate_minutes(answers: Answers) -> dict[str, Floats32]:
    """分野ごとの時間(分/日)の近似。

    Parameters
    ----------
    answers : int8, shape (n, 76)

    Returns
    -------
    dict
        Field name to float32 of shape (n,), each within the published range of its field.
    """
    model, minutes = load_item_model(), {}
    for field in load_minute_fields():
        share = np.zeros(len(answers), np.float32)
        whole = np.float32(sum(field.weights))
        for item, weight in zip(field.items, field.weights, strict=True):
            steps = np.float32(model.options[item] - 1)
            problem = (answers[:, item] - model.first_option[item]).astype(np.float32)
            share += problem * (np.float32(weight) / steps / whole)
        width = np.float32(field.maximum - field.minimum)
        bent = _bend(np.minimum(share, np.float32(1)), field.curve)
        minutes[field.name] = np.float32(field.minimum) + width * bent
    return minutes


def judge_first(
    total: Floats32, answers: Answers, unstable: npt.NDArray[np.bool_], parameters: CertificationParameters
) -> LevelIndex:
    """一次判定: the level by time bands; 32 to 50 minutes is 要介護1 with impaired cognition or an unstable state.

    Returns
    -------
    int8, shape (n,)
        Index into ``LEVELS``, or -1 for 非該当.
    """
    band = np.digitize(total, parameters.bands)
    rank = answers[:, load_item_model().position("dementia_independence")]
    care = (rank >= parameters.dementia_rank) | unstable
    level = np.where(band <= 2, band - 1, band)
    return np.where((band == 2) & care, 2, level).astype(np.int8)


def judge_second(
    draw: np.random.Generator, first: LevelIndex, parameters: CertificationParameters
) -> LevelIndex:
    """二次判定: the panel keeps most levels, raises some, lowers a few; 非該当 is raised to 要支援1.

    Only certified persons stand in care tables, so nobody stays 非該当.
    """
    u = draw.random(len(first))
    step = np.where(u < parameters.raised_share, 1, 0)
    step = np.where(u > 1 - parameters.lowered_share, -1, step)
    return np.clip(first + step, 0, len(LEVELS) - 1).astype(np.int8)
