"""Diseases: one main cause of need for care, others beside it, and what they do to the state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import Parameters, read_synthetic_facts
from kaigo.synthetic.persons import MALE, Persons
from kaigo.synthetic.streams import Block, Stage

DIMENSIONS = ("mobility", "adl", "cognition", "behaviour", "medical")
DEMENTIA = "認知症"
MEN_SHARE, YOUNG_SHARE, OLD_SHARE = 0.32, 0.12, 0.55
"""Shares of men, of those under 75 and of those 85 and over among certified persons (rounded)."""
PHYSICAL = ("脳血管疾患", "骨折・転倒", "関節疾患", "脊髄損傷", "パーキンソン病")


@dataclass(frozen=True)
class DiseaseModel:
    """疾病の表。

    Attributes
    ----------
    names : tuple of str
    weights : float64, shape (strata, K)
        Weights by stratum (sex × under 75, 75–84, 85 and over, then 第2号 by sex), before the profile.
    shares : float64, shape (K,)
        Published overall shares.
    effects : float32, shape (K, 5)
        Shift of the state.
    cognition_drift : float32, shape (K,)
        Loss of cognition a month.
    onset_years : float64, shape (K,)
        Mean years from onset to the first certification.
    """

    names: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]
    effects: npt.NDArray[np.float32]
    cognition_drift: npt.NDArray[np.float32]
    onset_years: npt.NDArray[np.float64]

    def index(self, name: str) -> int:
        """Position of a disease."""
        return self.names.index(name)


@cache
def load_diseases() -> DiseaseModel:
    """Read ``diseases.csv``."""
    rows = read_synthetic_facts("diseases")

    def column(name: str) -> npt.NDArray[np.float64]:
        return np.array([float(row[name]) for row in rows])

    share, second, men = column("share"), column("second_category_weight"), column("men_ratio")
    young, old = column("young_ratio"), column("old_ratio")
    # Ratios are against the whole: what men have less of, women have more, and likewise the middle ages.
    women = (1 - MEN_SHARE * men) / (1 - MEN_SHARE)
    middle = (1 - YOUNG_SHARE * young - OLD_SHARE * old) / (1 - YOUNG_SHARE - OLD_SHARE)
    strata = [share * sex * np.maximum(age, 0.05) for sex in (men, women) for age in (young, middle, old)]
    strata += [second * men, second]
    return DiseaseModel(
        names=tuple(row["disease"] for row in rows),
        weights=np.stack(strata),
        shares=share,
        effects=np.stack([column(name) for name in DIMENSIONS], axis=1).astype(np.float32),
        cognition_drift=column("cognition_drift").astype(np.float32),
        onset_years=column("onset_years"),
    )


@dataclass(frozen=True)
class Diseases:
    """1ブロックの人の疾病。

    Attributes
    ----------
    primary : int8, shape (n,)
        Main cause (index into the model).
    missing : bool, shape (n,)
        The main cause is not written in the certification.
    flags : bool, shape (n, K)
        Every disease that the person has.
    """

    primary: npt.NDArray[np.int8]
    missing: npt.NDArray[np.bool_]
    flags: npt.NDArray[np.bool_]

    def has(self, name: str) -> npt.NDArray[np.bool_]:
        """Whether the person has the disease, as main cause or beside it."""
        return self.flags[:, load_diseases().index(name)]

    def main_is(self, *names: str) -> npt.NDArray[np.bool_]:
        """Whether the main cause is any of the named diseases."""
        return np.isin(self.primary, [load_diseases().index(name) for name in names])


def draw_diseases(
    block: Block, persons: Persons, profile: npt.NDArray[np.int8], parameters: Parameters
) -> Diseases:
    """主たる疾病と併存症を引く(性・年齢・第2号・容態像で割合が違う)。"""
    model, draw, n = load_diseases(), block.generator(Stage.DISEASES), len(persons)
    age_band = np.digitize(persons.age, (75, 85))
    woman = (persons.sex != MALE).astype(np.int64)
    stratum = np.where(persons.second, 6 + woman, 3 * woman + age_band)
    u = draw.random(n)
    primary = np.zeros(n, np.int8)
    for position, by_profile in enumerate(_find_edges(model, parameters)):
        for kind, weights in enumerate(by_profile):
            rows = (stratum == position) & (profile == kind)
            primary[rows] = np.searchsorted(weights, u[rows], side="right")
    beside = draw.random((n, len(model.names)), dtype=np.float32)
    flags = beside < (model.shares * parameters.persons.comorbidity_factor).astype(np.float32)
    flags[np.arange(n), primary] = True
    missing = draw.random(n) < parameters.persons.disease_missing_share
    return Diseases(primary, missing, flags)


def _find_edges(model: DiseaseModel, parameters: Parameters) -> npt.NDArray[np.float64]:
    """Cumulative shares of the main causes by stratum and profile, shape (strata, 5, K)."""
    tilts = np.array([parameters.causes[name] for name in model.names]).T
    tilted = model.weights[:, None, :] * tilts[None, :, :]
    edges: npt.NDArray[np.float64] = np.cumsum(tilted, axis=2) / tilted.sum(axis=2, keepdims=True)
    return edges


def disease_effects(diseases: Diseases, parameters: Parameters) -> npt.NDArray[np.float32]:
    """Shift of the state by diseases, shape (n, 5): the main cause in full, the others in part."""
    model = load_diseases()
    total = model.effects[diseases.primary] * np.float32(1 - parameters.persons.comorbidity_effect)
    for position, effect in enumerate(model.effects):
        flag = diseases.flags[:, position, None]
        total = total + flag * (effect * np.float32(parameters.persons.comorbidity_effect))
    return total
