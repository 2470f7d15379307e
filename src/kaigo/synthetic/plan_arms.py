"""Planted truth on care: who gets which arm of home care, and what each arm does to whom.

All of it is invented (仕込んだ値であり、現実の効果ではない). The arm depends on the true severity, the disease and
the habit of the care manager's office, so arms cannot be compared without adjustment; offices shift the choice
without touching the course, so they can serve as an instrument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.diseases import DEMENTIA, DIMENSIONS, PHYSICAL, Diseases
from kaigo.synthetic.parameters import ArmParameters, Parameters
from kaigo.synthetic.providers import Providers
from kaigo.synthetic.streams import Block, Stage

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
ARMS = ("day", "help", "rehab", "respite", "equipment", "multi")
"""Arms of home care (介護給付), in the order of the parameters."""

RESPONDERS = ("回復期", "軽度", "重度認知症", "その他")
"""Groups with an effect of their own: stroke or fracture with preserved cognition, mild, severe dementia, rest."""

RECOVERING, MILD, SEVERE_DEMENTIA, OTHER = range(4)
RECOVERABLE = ("脳血管疾患", "骨折・転倒")
CARE_MANAGEMENT = "43"


@dataclass(frozen=True)
class Assignment:
    """在宅サービスの割り当てと効果(真の値)。

    Attributes
    ----------
    office : int64, shape (n,)
        The care manager's office (position within the municipality).
    responder : int8, shape (n,)
        Index into ``RESPONDERS``.
    utility : float64, shape (n, 6)
        What speaks for each arm for this person, without chance and before the shares by level.
    chance : float64, shape (n, 6)
        The part of chance (Gumbel), which stays with the person.
    effect : float32, shape (n, 6)
        Effect of each arm on mobility and ADL, a month of use, in standard deviations (negative is better).
    intensity : float32, shape (n,)
        The person's own standing in use against the limit; it strengthens or weakens the effect.
    """

    office: npt.NDArray[np.int64]
    responder: npt.NDArray[np.int8]
    utility: Floats
    chance: Floats
    effect: Floats32
    intensity: Floats32


def assign_arms(
    block: Block,
    theta: Floats32,
    diseases: Diseases,
    providers: Providers,
    kinds: tuple[str, ...],
    parameters: Parameters,
) -> Assignment:
    """各人の在宅サービスの選ばれやすさと、効果を決める。

    Parameters
    ----------
    theta : float32, shape (n, 5)
        True state when care begins.
    """
    rules, draw, n = parameters.arms, block.generator(Stage.ARMS), len(theta)
    kind = kinds.index(CARE_MANAGEMENT)
    office = providers.choice[:, kind] - providers.first[kind]
    habits = block.municipality_generator(Stage.HABITS).standard_normal(
        (int(providers.count[kind]) + 1, len(ARMS))
    )
    severity = (theta[:, 0] + theta[:, 1]).astype(float) / 2
    cognition = theta[:, DIMENSIONS.index("cognition")].astype(float)
    utility = habits[office] * rules.habit_spread
    utility += np.clip(severity, -2, 2.5)[:, None] * np.array(rules.severity)
    utility += np.clip(cognition, -2, 2.5)[:, None] * np.array(rules.cognition)
    utility += diseases.main_is(*PHYSICAL)[:, None] * np.array(rules.physical)
    utility += diseases.has(DEMENTIA)[:, None] * np.array(rules.dementia)
    chance = -np.log(-np.log(np.clip(draw.random((n, len(ARMS))), 1e-12, 1 - 1e-12)))
    intensity = draw.standard_normal(n, dtype=np.float32)
    responder = _group_responders(severity, cognition, diseases, rules)
    stronger = 1 + np.float32(rules.intensity_effect) * np.clip(intensity, -2, 2)
    effect = np.array(rules.effects, np.float32)[responder] * stronger[:, None]
    return Assignment(office, responder, utility, chance, effect, intensity)


def _group_responders(
    severity: Floats, cognition: Floats, diseases: Diseases, rules: ArmParameters
) -> npt.NDArray[np.int8]:
    recovering = diseases.main_is(*RECOVERABLE) & (cognition < rules.preserved_cognition)
    demented = diseases.has(DEMENTIA) & (cognition > rules.severe_cognition)
    group = np.where(severity < rules.mild_severity, MILD, OTHER)
    group = np.where(recovering & (group != MILD), RECOVERING, group)
    return np.where(demented, SEVERE_DEMENTIA, group).astype(np.int8)


def find_propensity(assignment: Assignment, log_share: Floats) -> Floats32:
    """各群に割り当てられる確率(真の値)。Shape (n, 6); ``log_share`` is (n, 6), by the person's level."""
    score = assignment.utility + log_share
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    total = weight[:, 0] + weight[:, 1] + weight[:, 2] + weight[:, 3] + weight[:, 4] + weight[:, 5]
    share: Floats32 = (weight / total[:, None]).astype(np.float32)
    return share
