"""Profiles of condition at certification: five published classes (容態像), from which the state departs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import Parameters
from kaigo.synthetic.persons import FEMALE, STOCK, Persons
from kaigo.synthetic.streams import Block, Stage

Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
ProfileIndex = npt.NDArray[np.int8]
PROFILE_NAMES = ("軽度身体", "軽度認知", "中等度身体", "中等度複合", "重度複合")
"""The classes of Hamasaki et al. (JAMDA 2025), in the order of the parameters."""


@dataclass(frozen=True)
class Starts:
    """1ブロックの人の出発点。

    Attributes
    ----------
    profile : int8, shape (n,)
        Index into ``PROFILE_NAMES``.
    newly : bool, shape (n,)
        The first certification in the tables is the person's first at all (新規).
    """

    profile: ProfileIndex
    newly: Bools


def draw_starts(block: Block, persons: Persons, parameters: Parameters) -> Starts:
    """各人の容態像(5つのうちの1つ)と、最初の認定が新規かを引く。

    The newly certified follow the published shares; the others the calibrated ones, which are heavier, because
    who is heavy now was light once and is not certified anew.
    """
    rules = parameters.profiles
    u, v = block.generator(Stage.PROFILES).random((2, len(persons)))
    newly = (persons.entry != STOCK) | (v < parameters.certification.stock_new_share)
    found = np.zeros(len(persons), np.int64)
    for shares, rows in ((rules.stock_share, ~newly), (rules.entry_share, newly)):
        edges = np.cumsum(np.array(shares) / sum(shares))[:-1]
        found[rows] = np.searchsorted(edges, u[rows], side="right")
    return Starts(found.astype(np.int8), newly)


def place_state(
    draw: np.random.Generator, persons: Persons, starts: Starts, parameters: Parameters
) -> Floats32:
    """状態の出発点(容態像の平均と、その中での個人差)。Shape (n, 5).

    Within a profile persons differ by a common severity and by a part of each dimension's own; age and sex move
    the severity, and the years since the first certification do for those who were certified before.
    """
    rules, n = parameters.profiles, len(persons)
    common = draw.standard_normal((n, 1), dtype=np.float32) * np.float32(rules.common)
    own = draw.standard_normal((n, len(rules.spread)), dtype=np.float32)
    rest = np.sqrt(np.float32(1) - np.float32(rules.common) * np.float32(rules.common))
    profile, stock = starts.profile, ~starts.newly
    within = (common + own * rest) * np.array(rules.spread, np.float32)
    wider = np.where(stock, np.float32(rules.stock_spread), np.float32(1))
    severity = np.where(stock, np.array(rules.stock_shift, np.float32)[profile], np.float32(0))
    severity = severity + ((persons.age - 84) * rules.age_slope).astype(np.float32)
    severity = severity + (persons.sex == FEMALE) * np.float32(rules.female_shift)
    means = np.array(rules.means, np.float32)[profile]
    placed: Floats32 = (
        means + within * wider[:, None] + severity[:, None] * np.array(rules.direction, np.float32)
    )
    return placed
