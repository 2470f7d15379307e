"""Leaving the scheme: death and move, by level, age and sex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.care_minutes import LevelIndex
from kaigo.synthetic.parameters import ExitParameters
from kaigo.synthetic.persons import MALE, Persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage

STAYS = -1
STAYED, DIED, MOVED = 0, 1, 2
REASON_NAMES = (None, "死亡", "転出")


class ExitBook:
    """資格喪失の台帳。

    Attributes
    ----------
    month : int16, shape (n,)
        Month of leaving, -1 for those who stay.
    day : int16, shape (n,)
        Last day (from 0) of that month on which the person was insured.
    reason : int8, shape (n,)
    """

    def __init__(
        self, block: Block, plan: SynthesisPlan, persons: Persons, parameters: ExitParameters
    ) -> None:
        n = len(persons)
        self.draw = block.generator(Stage.EXITS)
        self.days = np.diff(plan.month_starts).astype(np.int64)
        self.month_starts = plan.month_starts
        self.entry = persons.entry
        self.month = np.full(n, STAYS, np.int16)
        self.day = np.zeros(n, np.int16)
        self.reason = np.full(n, STAYED, np.int8)
        sex = np.where(persons.sex == MALE, parameters.male_ratio, parameters.female_ratio)
        age = np.clip(1 + parameters.age_slope * (persons.age - 84), 0.4, 2.0)
        self._death = np.array((*parameters.annual_death, 0.0)) / 12
        self._frailty = sex * age
        self._move = parameters.annual_move / 12

    def leave(self, month: int, here: npt.NDArray[np.bool_], level: LevelIndex) -> npt.NDArray[np.intp]:
        """Who leaves in this month. Newcomers of the month stay for it."""
        u, day = self.draw.random(len(here)), self.draw.random(len(here))
        death = self._death[level] * self._frailty
        died, moved = u < death, (u >= death) & (u < death + self._move)
        gone = np.flatnonzero(here & (self.entry < month) & (died | moved))
        self.month[gone] = month
        self.day[gone] = (day[gone] * int(self.days[month])).astype(np.int16)
        self.reason[gone] = np.where(died[gone], DIED, MOVED)
        return gone

    @property
    def disqualified_on(self) -> npt.NDArray[np.datetime64]:
        """資格喪失日: the day after the last; not-a-time for those who stay."""
        start = self.month_starts[np.maximum(self.month, 0)]
        day = start + self.day.astype(np.int64) + 1
        return np.where(self.month == STAYS, np.datetime64("NaT"), day)
