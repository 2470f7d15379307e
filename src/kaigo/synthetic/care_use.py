"""How persons use care: setting (home, residential, facility) and, at home, the pattern of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.care_minutes import LEVELS, SUPPORT_LEVELS, LevelIndex
from kaigo.synthetic.diseases import DEMENTIA, PHYSICAL, Diseases
from kaigo.synthetic.parameters import CareUseParameters, load_parameters, read_synthetic_facts
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
    home : float64, shape (7, 3, H)
        By level and disease group (other, physical, dementia), upper edges of the home patterns.
    facility : float64, shape (7, F)
        By level, upper edges of the kinds of facility.
    """

    patterns: tuple[str, ...]
    settings: Floats
    home: Floats
    home_patterns: tuple[tuple[int, ...], ...]
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
    width = max(len(home["patterns"]), len(support["patterns"]))
    table = np.ones((len(LEVELS), 3, width))
    names = []
    for level in range(len(LEVELS)):
        section = support if level < SUPPORT_LEVELS else home
        steps = (SUPPORT_LEVELS - 1) if level < SUPPORT_LEVELS else len(LEVELS) - 1 - SUPPORT_LEVELS
        weight = (level if level < SUPPORT_LEVELS else level - SUPPORT_LEVELS) / steps
        shares = np.array(section["light"]) * (1 - weight) + np.array(section["heavy"]) * weight
        tilts = (np.ones(len(shares)), np.array(section["physical"]), np.array(section["dementia"]))
        for group, tilt in enumerate(tilts):
            table[level, group, : len(shares)] = _edges(shares * tilt)
        names.append(tuple(patterns.index(name) for name in section["patterns"]))
    return UseModel(patterns, _setting_edges(), table, tuple(names), _facility_edges())


@dataclass(frozen=True)
class CareUse:
    """1ブロックの人の利用のしかた。

    Attributes
    ----------
    pattern : int8, shape (n, months)
        Index into the model's patterns; 0 where no service is used.
    intensity : float32, shape (n,)
        The person's own standing in use against the limit, in standard deviations.
    """

    pattern: PatternIndex
    intensity: npt.NDArray[np.float32]


def choose_use(block: Block, level: LevelIndex, diseases: Diseases, parameters: CareUseParameters) -> CareUse:
    """月ごとの利用のしかたを決める。

    Each person keeps the same place (0 to 1) on each scale; a change of level moves the edges, so a person's
    use changes when the level does, and slowly toward a facility with time.

    Parameters
    ----------
    level : int8, shape (n, months)
        Level in force, -1 where none.
    """
    model, draw = load_use_model(), block.generator(Stage.CARE_USE)
    n, months = level.shape
    demented = diseases.has(DEMENTIA)
    place, home_place, facility_place, program_place, kind_place = draw.random((5, n))
    shift = np.where(demented, parameters.dementia_shift, -parameters.dementia_shift / 3)
    group = np.where(demented, 2, np.where(diseases.main_is(*PHYSICAL), 1, 0))
    time = np.arange(months) * parameters.monthly_shift
    stand = np.clip(place + shift, 0, 0.999999)[:, None] + time[None, :]
    pattern = np.zeros((n, months), np.int8)

    programs = np.array([model.index(name) for name in parameters.program["patterns"]])
    program = programs[np.searchsorted(_edges(parameters.program["share"])[:-1], kind_place)]
    group_home = kind_place < np.where(
        demented, parameters.group_home_share[0], parameters.group_home_share[1]
    )
    facilities = np.array([model.index(name) for name in FACILITIES.values()])
    for index in range(len(LEVELS)):
        setting = np.searchsorted(model.settings[index], np.minimum(stand, 0.999999), side="right")
        facility = facilities[np.searchsorted(model.facility[index][:-1], facility_place)]
        home = np.zeros(n, np.int64)
        names = np.array(model.home_patterns[index])
        for which in range(3):
            edges = model.home[index, which, : len(names) - 1]
            home = np.where(group == which, names[np.searchsorted(edges, home_place)], home)
        # 要支援1 cannot enter a group home, so its residents are in 特定施設.
        residential = np.where(group_home & (index > 0), model.index("group_home"), model.index("special"))
        idle = np.zeros(n, np.int64)
        if index < SUPPORT_LEVELS:
            idle = np.where(program_place < parameters.program_only_share, program, 0)
        choices = np.stack([idle, home, residential, facility], axis=1)
        chosen = np.take_along_axis(choices, setting, axis=1)
        pattern = np.where(level == index, chosen, pattern).astype(np.int8)
    return CareUse(pattern, draw.standard_normal((n,), dtype=np.float32))
