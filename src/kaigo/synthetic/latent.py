"""The latent state: mobility, ADL, cognition, behaviour, medical need, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.diseases import DEMENTIA, DIMENSIONS, Diseases, disease_effects, load_diseases
from kaigo.synthetic.parameters import EventParameters, LatentParameters, Parameters
from kaigo.synthetic.persons import FEMALE, STOCK, Persons
from kaigo.synthetic.streams import Block, Stage

Floats32 = npt.NDArray[np.float32]
NO_EVENT, STROKE, FRACTURE, ILLNESS = -1, 0, 1, 2


def _row(values: tuple[float, ...]) -> Floats32:
    return np.array(values, np.float32)


@dataclass
class LatentState:
    """状態の今の値(月ごとに進める)。Arrays have shape (n, 5), higher is worse, about one SD in the stock.

    ``level`` is the lasting part; ``fluctuation`` comes and goes. The only mutable thing of a block.
    """

    level: Floats32
    fluctuation: Floats32
    drift: Floats32

    @property
    def theta(self) -> Floats32:
        """The state itself."""
        return self.level + self.fluctuation

    def step(self, draw: np.random.Generator, parameters: LatentParameters) -> None:
        """One month on: drift, and an autoregressive fluctuation around it."""
        keep = np.float32(parameters.fluctuation_persistence)
        fresh = np.sqrt(np.float32(1) - keep * keep) * np.float32(parameters.fluctuation_spread)
        shock = draw.standard_normal(self.level.shape, dtype=np.float32)
        self.fluctuation = self.fluctuation * keep + shock * fresh
        self.level = self.level + self.drift

    def jump(self, event: npt.NDArray[np.int8], parameters: EventParameters) -> None:
        """Apply acute events; a part of the loss lasts, the rest is recovered over the next months."""
        lasting = np.float32(parameters.lasting_share)
        effects = (parameters.stroke_effect, parameters.fracture_effect, parameters.illness_effect)
        for kind, effect in zip((STROKE, FRACTURE, ILLNESS), effects, strict=True):
            rows = np.flatnonzero(event == kind)
            self.level[rows] += _row(effect) * lasting
            self.fluctuation[rows] += _row(effect) * (np.float32(1) - lasting)


def draw_state(
    block: Block, persons: Persons, diseases: Diseases, parameters: Parameters
) -> tuple[LatentState, np.random.Generator]:
    """最初の調査のときの状態を引く。

    A common severity (older persons heavier, newcomers lighter) loads on five dimensions with parts of their
    own; diseases shift the profile. Returns the state and the stream with which it goes on.
    """
    draw, latent = block.generator(Stage.LATENT), parameters.latent
    n = len(persons)
    severity = draw.standard_normal(n, dtype=np.float32)
    # Persons too light to be certified are not here: the light end is short, the heavy end long.
    severity = severity + np.float32(latent.severity_skew) * (severity * severity - np.float32(1))
    severity = np.minimum(severity, np.float32(latent.severity_cap))
    severity = severity * np.float32(latent.severity_spread) + np.float32(latent.severity_mean)
    severity = severity + ((persons.age - 84) * latent.age_slope).astype(np.float32)
    severity = severity + (persons.sex == FEMALE) * np.float32(latent.female_shift)
    severity = severity + (persons.entry != STOCK) * np.float32(parameters.entry.severity_shift)
    own = draw.standard_normal((n, len(DIMENSIONS)), dtype=np.float32) * _row(latent.own_spread)
    level = severity[:, None] * _row(latent.loadings) + own + disease_effects(diseases, parameters)
    spread = np.float32(latent.fluctuation_spread)
    fluctuation = draw.standard_normal((n, len(DIMENSIONS)), dtype=np.float32) * spread
    drift = np.broadcast_to(_row(latent.monthly_drift), level.shape).copy()
    drift[:, DIMENSIONS.index("cognition")] = load_diseases().cognition_drift[diseases.primary]
    drift[:, DIMENSIONS.index("behaviour")] += diseases.has(DEMENTIA) * np.float32(0.5) * drift[:, 2]
    return LatentState(level, fluctuation, drift), draw


def draw_events(
    draw: np.random.Generator, persons: Persons, parameters: EventParameters
) -> npt.NDArray[np.int8]:
    """この月の急変(脳卒中、骨折、その他の病気)。Shape (n,), -1 for none."""
    u = draw.random(len(persons))
    fracture = parameters.fracture * np.where(persons.sex == FEMALE, 1.2, 0.6)
    edges = (
        parameters.stroke,
        parameters.stroke + fracture,
        parameters.stroke + fracture + parameters.illness,
    )
    event = np.full(len(persons), NO_EVENT, np.int8)
    for kind, edge in zip((ILLNESS, FRACTURE, STROKE), reversed(edges), strict=True):
        event[u < edge] = kind
    return event
