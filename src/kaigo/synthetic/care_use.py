"""How persons use care: setting (home, residential, facility) and, at home, the pattern of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.care_minutes import LEVELS, SUPPORT_LEVELS, LevelIndex
from kaigo.synthetic.diseases import DEMENTIA, Diseases
from kaigo.synthetic.parameters import CareUseParameters, load_parameters, read_synthetic_facts
from kaigo.synthetic.plan_arms import ARMS, Assignment
from kaigo.synthetic.streams import Block, Stage

Floats = npt.NDArray[np.float64]
PatternIndex = npt.NDArray[np.int8]

FACILITIES = {"51": "welfare", "54": "local_welfare", "52": "health", "55": "medical"}
RESIDENTIAL = ("special", "group_home")
NONE = "none"
SETTINGS = (NONE, "home", "residential", "facility")


@dataclass(frozen=True)
class UseModel:
    """利用のしかたの確率表。

    Attributes
    ----------
    patterns : tuple of str
        Every pattern; the first is none.
    settings : float64, shape (7, 3)
        By level, upper edges of none, home, residential on a scale from 0 to 1 (the rest is facility).
    home : float64, shape (7, 6)
        By level, logarithm of the usual share of each arm of home care (-inf where there is none).
    home_patterns : int8, shape (7, 6)
        By level, the pattern of each arm.
    facility : float64, shape (7, F)
        By level, upper edges of the kinds of facility.
    """

    patterns: tuple[str, ...]
    settings: Floats
    home: Floats
    home_patterns: npt.NDArray[np.int8]
    facility: Floats

    def index(self, pattern: str) -> int:
        """Position of a pattern."""
        return self.patterns.index(pattern)


def _edges(shares: Sequence[float] | Floats) -> Floats:
    parts = np.asarray(shares, float)
    edges: Floats = np.cumsum(parts) / parts.sum()
    return edges


def _setting_edges() -> Floats:
    persons = {row["care_level"]: float(row["persons"]) for row in read_synthetic_facts("published_levels")}
    unused = {row["care_level"]: float(row["share"]) for row in read_synthetic_facts("published_unused")}
    users = {
        (row["setting"], row["care_level"]): float(row["persons"])
        for row in read_synthetic_facts("published_settings")
    }
    edges = []
    for level, absent in zip(LEVELS, load_parameters().care_use.absent_share, strict=True):
        used = [users[setting, level] / persons[level] for setting in SETTINGS[1:]]
        idle = unused[level] - absent
        edges.append(np.cumsum([idle, *(share * (1 - idle) / sum(used) for share in used)])[:3])
    return np.array(edges)


def _facility_edges() -> Floats:
    residents = {row["kind"]: float(row["persons"]) for row in read_synthetic_facts("published_residents")}
    mix = {
        (row["kind"], row["care_level"]): float(row["share"])
        for row in read_synthetic_facts("published_facility_mix")
    }
    rows = []
    for level in LEVELS:
        # 54 (地域密着型特養) has no published mix of its own: that of 51.
        shares = [
            residents[kind] * mix.get((kind if kind != "54" else "51", level), 0.0) for kind in FACILITIES
        ]
        rows.append(_edges(shares if sum(shares) else [1.0] * len(FACILITIES)))
    return np.array(rows)


@cache
def load_use_model() -> UseModel:
    """Build the tables from the published figures and the parameters."""
    rules = load_parameters().care_use
    home, support, program = rules.home, rules.support, rules.program
    patterns = (
        NONE,
        *home["patterns"],
        *support["patterns"],
        *program["patterns"],
        *RESIDENTIAL,
        *FACILITIES.values(),
    )
    shares = np.zeros((len(LEVELS), len(ARMS)))
    names = np.zeros((len(LEVELS), len(ARMS)), np.int8)
    for level in range(len(LEVELS)):
        section = support if level < SUPPORT_LEVELS else home
        steps = (SUPPORT_LEVELS - 1) if level < SUPPORT_LEVELS else len(LEVELS) - 1 - SUPPORT_LEVELS
        weight = (level if level < SUPPORT_LEVELS else level - SUPPORT_LEVELS) / steps
        for arm, name, light, heavy in zip(
            section["arms"], section["patterns"], section["light"], section["heavy"], strict=True
        ):
            shares[level, ARMS.index(arm)] = light * (1 - weight) + heavy * weight
            names[level, ARMS.index(arm)] = patterns.index(name)
    with np.errstate(divide="ignore"):
        logarithm = np.log(shares)
    return UseModel(patterns, _setting_edges(), logarithm, names, _facility_edges())


class CareUse:
    """1ブロックの人の利用のしかた。

    Each person keeps the same place (0 to 1) on each scale and the same chance for each arm; a change of level
    moves the edges, so a person's use changes when the level does, and slowly toward a facility with time.

    Attributes
    ----------
    assignment : Assignment
        Why a person gets which arm of home care, and what it does (truth).
    intensity : float32, shape (n,)
        The person's own standing in use against the limit, in standard deviations.
    """

    def __init__(
        self, block: Block, diseases: Diseases, assignment: Assignment, parameters: CareUseParameters
    ) -> None:
        model, draw, n = load_use_model(), block.generator(Stage.CARE_USE), len(diseases.primary)
        self.assignment, self.intensity, self._rules = assignment, assignment.intensity, parameters
        demented = diseases.has(DEMENTIA)
        place, facility_place, program_place, kind_place = draw.random((4, n))
        shift = np.where(demented, parameters.dementia_shift, -parameters.dementia_shift / 3)
        self._stand = np.clip(place + shift, 0, 0.999999)
        programs = np.array([model.index(name) for name in parameters.program["patterns"]])
        program = programs[np.searchsorted(_edges(parameters.program["share"])[:-1], kind_place)]
        share = np.where(demented, parameters.group_home_share[0], parameters.group_home_share[1])
        group_home = kind_place < share
        facilities = np.array([model.index(name) for name in FACILITIES.values()])
        # Choices by level and setting (none, home, residential, facility), shape (n, 7, 4).
        self._choices = np.zeros((n, len(LEVELS), len(SETTINGS)), np.int8)
        wish = assignment.utility + assignment.chance
        for level in range(len(LEVELS)):
            arm = (wish + model.home[level]).argmax(axis=1)
            if level < SUPPORT_LEVELS:
                self._choices[:, level, 0] = np.where(
                    program_place < parameters.program_only_share, program, 0
                )
            self._choices[:, level, 1] = model.home_patterns[level][arm]
            # 要支援1 cannot enter a group home, so its residents are in 特定施設.
            special, group = model.index("special"), model.index("group_home")
            self._choices[:, level, 2] = np.where(group_home & (level > 0), group, special)
            kind = np.searchsorted(model.facility[level][:-1], facility_place)
            self._choices[:, level, 3] = facilities[kind]

    def choose(self, month: int, level: LevelIndex) -> PatternIndex:
        """その月の利用のしかた。

        Parameters
        ----------
        month : int
        level : int8, shape (n,)
            Level in force, -1 where none.

        Returns
        -------
        int8, shape (n,)
            Index into the model's patterns; 0 where no service is used.
        """
        stand = np.minimum(self._stand + month * self._rules.monthly_shift, 0.999999)
        edges = load_use_model().settings[level]
        setting = (stand >= edges[:, 0]).astype(np.int64) + (stand >= edges[:, 1]) + (stand >= edges[:, 2])
        chosen = self._choices[np.arange(len(level)), level, setting]
        return np.where(level >= 0, chosen, 0).astype(np.int8)

    def force(self, arm: int) -> None:
        """Everybody at home gets this arm from now on, whatever they would have got (replay of the truth)."""
        patterns = load_use_model().home_patterns
        for level in range(SUPPORT_LEVELS, len(LEVELS)):
            self._choices[:, level, 1] = patterns[level, arm]


@cache
def arm_of_pattern() -> npt.NDArray[np.int8]:
    """Arm of home care (要介護) by pattern, -1 for the others."""
    model = load_use_model()
    arms = np.full(len(model.patterns), -1, np.int8)
    arms[model.home_patterns[SUPPORT_LEVELS]] = np.arange(len(ARMS))
    return arms
