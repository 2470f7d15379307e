"""The latent state: mobility, ADL, cognition, behaviour, impairment and medical need, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.diseases import DEMENTIA, DIMENSIONS, Diseases, disease_effects, load_diseases
from kaigo.synthetic.parameters import EventParameters, LatentParameters, Parameters
from kaigo.synthetic.persons import FEMALE, Persons
from kaigo.synthetic.profiles import Starts, place_state
from kaigo.synthetic.streams import Block, Stage

Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
NO_EVENT, STROKE, FRACTURE, ILLNESS = -1, 0, 1, 2
COGNITION, BEHAVIOUR = DIMENSIONS.index("cognition"), DIMENSIONS.index("behaviour")


def _row(values: tuple[float, ...]) -> Floats32:
    return np.array(values, np.float32)


@dataclass
class LatentState:
    """状態の今の値(月ごとに進める)。Arrays have shape (n, 5), higher is worse, about one SD among newcomers.

    ``level`` is the lasting part; ``fluctuation`` comes and goes; ``unsteadiness`` (n,) decides, with cognition,
    between 要支援2 and 要介護1. The only mutable thing of a block.
    """

    level: Floats32
    fluctuation: Floats32
    drift: Floats32
    unsteadiness: Floats32

    @property
    def theta(self) -> Floats32:
        """The state itself."""
        return self.level + self.fluctuation

    def step(self, draw: np.random.Generator, here: Bools, parameters: LatentParameters) -> None:
        """One month on for those who are here: drift, and an autoregressive fluctuation around it."""
        keep = np.float32(parameters.fluctuation_persistence)
        fresh = np.sqrt(np.float32(1) - keep * keep) * np.float32(parameters.fluctuation_spread)
        shock = draw.standard_normal(self.level.shape, dtype=np.float32)
        moved = self.fluctuation * keep + shock * fresh
        self.fluctuation = np.where(here[:, None], moved, self.fluctuation)
        self.level = self.level + self.drift * here[:, None]
        keep = np.float32(parameters.unsteadiness_persistence)
        shock = draw.standard_normal(len(here), dtype=np.float32)
        steadier = self.unsteadiness * keep + shock * np.sqrt(np.float32(1) - keep * keep)
        self.unsteadiness = np.where(
            here, steadier + np.float32(parameters.unsteadiness_drift), self.unsteadiness
        )

    def age(
        self, who: npt.NDArray[np.intp], months: npt.NDArray[np.int64], parameters: LatentParameters
    ) -> None:
        """The months of ``who`` between their assessment and the first day of the span: drift, and fading."""
        self.level[who] += self.drift[who] * months[:, None].astype(np.float32)
        keep = np.full(int(months.max(initial=0)) + 1, parameters.fluctuation_persistence, np.float32)
        keep[0] = 1
        self.fluctuation[who] *= np.multiply.accumulate(keep)[months][:, None]

    def jump(self, event: npt.NDArray[np.int8], parameters: EventParameters) -> None:
        """Apply acute events; a part of the loss lasts, the rest is recovered over the next months."""
        lasting = np.float32(parameters.lasting_share)
        effects = (parameters.stroke_effect, parameters.fracture_effect, parameters.illness_effect)
        for kind, effect in zip((STROKE, FRACTURE, ILLNESS), effects, strict=True):
            rows = np.flatnonzero(event == kind)
            self.level[rows] += _row(effect) * lasting
            self.fluctuation[rows] += _row(effect) * (np.float32(1) - lasting)

    def respond(self, effect: Floats32) -> None:
        """The month's effect of care on mobility and ADL; ``effect`` has shape (n,)."""
        self.level[:, :2] += effect[:, None]


def draw_state(
    block: Block, persons: Persons, starts: Starts, diseases: Diseases, parameters: Parameters
) -> tuple[LatentState, np.random.Generator]:
    """最初の調査のときの状態を引く。

    The profile gives the middle, diseases shift it. Newcomers are met on a bad day (they apply because of it),
    so a part of their state is a fluctuation that fades. Returns the state and the stream with which it goes on.
    """
    draw, latent = block.generator(Stage.LATENT), parameters.latent
    n = len(persons)
    level = place_state(draw, persons, starts, parameters) + disease_effects(diseases, parameters)
    spread = np.float32(latent.fluctuation_spread)
    fluctuation = draw.standard_normal((n, len(DIMENSIONS)), dtype=np.float32) * spread
    bad_day = starts.newly * np.float32(latent.bad_day)
    bad = bad_day[:, None] * _row(parameters.profiles.direction)
    drift = np.broadcast_to(_row(latent.monthly_drift), level.shape).copy()
    drift[:, COGNITION] += load_diseases().cognition_drift[diseases.primary]
    drift[:, BEHAVIOUR] += diseases.has(DEMENTIA) * np.float32(0.5) * drift[:, COGNITION]
    unsteadiness = draw.standard_normal(n, dtype=np.float32)
    return LatentState(level - bad, fluctuation + bad, drift, unsteadiness), draw


def find_frailty(theta: Floats32, parameters: EventParameters) -> npt.NDArray[np.float64]:
    """その他の病気の起きやすさの倍率(初めの状態による)。Shape (n,).

    Fixed at the start, so that care, which moves mobility and ADL later, cannot change it: a hospital stay for
    such an illness is the negative-control outcome (負の対照) of the planted effects.
    """
    severity = theta[:, [0, 1, DIMENSIONS.index("medical")]].astype(np.float64) @ np.full(3, 1 / 3)
    frailty: npt.NDArray[np.float64] = np.exp(parameters.illness_frailty * np.clip(severity, -2, 2.5))
    return frailty


def draw_events(
    draw: np.random.Generator,
    persons: Persons,
    frailty: npt.NDArray[np.float64],
    parameters: EventParameters,
) -> npt.NDArray[np.int8]:
    """この月の急変(脳卒中、骨折、その他の病気)。Shape (n,), -1 for none."""
    u = draw.random(len(persons))
    fracture = parameters.fracture * np.where(persons.sex == FEMALE, 1.2, 0.6)
    edges = (
        parameters.stroke,
        parameters.stroke + fracture,
        parameters.stroke + fracture + parameters.illness * frailty,
    )
    event = np.full(len(persons), NO_EVENT, np.int8)
    for kind, edge in zip((ILLNESS, FRACTURE, STROKE), reversed(edges), strict=True):
        event[u < edge] = kind
    return event
