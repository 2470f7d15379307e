"""The answers of the certification survey: graded responses to the latent state.

Each item has a response = slope × state + persistent difference of the person + small noise of the rater, and
an answer by the boundaries between its options. The boundary at which a problem begins follows the published
share of newly certified persons with a problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.diseases import DIMENSIONS
from kaigo.synthetic.parameters import AnswerParameters, load_parameters, read_synthetic_facts
from kaigo.tables.survey import load_survey_items

Floats32 = npt.NDArray[np.float32]
Answers = npt.NDArray[np.int8]
PERSONS_IN_CACHE = 2_048
"""Speed only: the arrays of so many persons' answers stay in the processor's cache."""


@dataclass(frozen=True)
class ItemModel:
    """76項目(74項目と自立度2項目)の応答モデル。

    Attributes
    ----------
    columns : tuple of str
        Column names in official order.
    dimension : intp, shape (76,)
    slope : float32, shape (76,)
        Weight of the state; the person's own difference on the item has weight 1.
    boundaries : float32, shape (B, 76)
        Boundaries between options from the lightest; infinite where an item has fewer options.
    first_option, options : int8, shape (76,)
    """

    columns: tuple[str, ...]
    dimension: npt.NDArray[np.intp]
    slope: Floats32
    boundaries: Floats32
    first_option: Answers
    options: Answers

    def position(self, column: str) -> int:
        """Where an item stands."""
        return self.columns.index(column)


@cache
def load_item_model() -> ItemModel:
    """The items as shipped."""
    return build_item_model(load_parameters().answers)


def build_item_model(parameters: AnswerParameters) -> ItemModel:
    """Items of ``survey_model.csv`` with the slopes and boundaries of the parameters."""
    rows, items = read_synthetic_facts("survey_model"), load_survey_items()
    boundaries = np.full((max(len(item.options) for item in items) - 1, len(rows)), np.inf, np.float32)
    for position, row in enumerate(rows):
        offsets = [float(offset) for offset in row["boundary_offsets"].split()]
        begin, slope = parameters.boundary[row["column"]], parameters.slope[row["column"]]
        # Distances between options are given in standard deviations of the response.
        spread = (1 + slope * slope) ** 0.5
        boundaries[: len(offsets), position] = [begin + offset * spread for offset in offsets]
    return ItemModel(
        columns=tuple(row["column"] for row in rows),
        dimension=np.array([DIMENSIONS.index(row["dimension"]) for row in rows], np.intp),
        slope=np.array([parameters.slope[row["column"]] for row in rows], np.float32),
        boundaries=boundaries,
        first_option=np.array([item.first_option for item in items], np.int8),
        options=np.array([len(item.options) for item in items], np.int8),
    )


def draw_residuals(draw: np.random.Generator, n: int) -> Floats32:
    """Each person's own difference on each item, shape (n, 76)."""
    return draw.standard_normal((n, len(load_item_model().columns)), dtype=np.float32)


def renew_residuals(draw: np.random.Generator, residuals: Floats32, parameters: AnswerParameters) -> Floats32:
    """The same persons at their next survey: the difference persists, with a little change."""
    keep = np.float32(parameters.residual_persistence)
    fresh = draw.standard_normal(residuals.shape, dtype=np.float32)
    fresh *= np.sqrt(np.float32(1) - keep * keep)
    fresh += residuals * keep
    return fresh


def answer_survey(
    draw: np.random.Generator,
    theta: Floats32,
    residuals: Floats32,
    parameters: AnswerParameters,
    model: ItemModel | None = None,
) -> Answers:
    """状態から76項目の回答を作る。

    Parameters
    ----------
    draw : numpy.random.Generator
    theta : float32, shape (n, 5)
        State on the day of the survey.
    residuals : float32, shape (n, 76)
    model : ItemModel, optional
        The items; those shipped if not given.

    Returns
    -------
    int8, shape (n, 76)
        Options by their official number, logically consistent.
    """
    model = model or load_item_model()
    answers = np.empty((len(theta), len(model.columns)), np.int8)
    for first in range(0, len(theta), PERSONS_IN_CACHE):
        some = slice(first, first + PERSONS_IN_CACHE)
        answers[some] = _answer(draw, theta[some], residuals[some], parameters, model)
    return make_consistent(answers)


def _answer(
    draw: np.random.Generator,
    theta: Floats32,
    residuals: Floats32,
    parameters: AnswerParameters,
    model: ItemModel,
) -> Answers:
    response = theta.take(model.dimension, axis=1)
    response *= model.slope
    response += residuals
    noise = draw.standard_normal(response.shape, dtype=np.float32)
    noise *= np.float32(parameters.rater_noise)
    response += noise
    answers = np.repeat(model.first_option[None, :], len(theta), axis=0)
    # No response is above an infinite boundary: comparing all is cheaper than picking the items that have one.
    for boundary in model.boundaries:
        answers += (response > boundary).view(np.int8)
    return answers


def make_consistent(answers: Answers) -> Answers:
    """回答の間の矛盾をなくす(立てない人は歩けない、など)。Works on a copy."""
    model, answers = load_item_model(), answers.copy()

    def item(column: str) -> Answers:
        return answers[:, model.position(column)]

    def raise_to(column: str, least: int, where: npt.NDArray[np.bool_]) -> None:
        values = item(column)
        np.maximum(values, where.view(np.int8) * np.int8(least), out=values)

    cannot_turn = item("survey_1_3") == 3
    raise_to("survey_1_4", 2, cannot_turn)
    cannot_sit = item("survey_1_5") == 4
    raise_to("survey_1_6", 3, cannot_sit)
    cannot_stand, needs_support = item("survey_1_6") == 3, item("survey_1_6") == 2
    raise_to("survey_1_7", 3, cannot_stand)
    raise_to("survey_1_8", 2, cannot_stand | needs_support)
    raise_to("survey_1_9", 3, cannot_stand)
    raise_to("survey_1_9", 2, needs_support)
    raise_to("survey_1_7", 2, needs_support)
    raise_to("survey_2_2", 2, item("survey_1_7") == 3)
    raise_to("survey_2_11", 2, item("survey_2_10") == 4)
    raise_to("survey_2_5", 2, item("survey_2_6") == 4)
    # Who cannot say the own name cannot say the birth date, and remembers little of the minutes before.
    no_name = item("survey_3_5") == 2
    for column in ("survey_3_3", "survey_3_4", "survey_3_2"):
        raise_to(column, 2, no_name)
    raise_to("survey_5_3", 4, item("survey_3_1") == 4)
    return answers
