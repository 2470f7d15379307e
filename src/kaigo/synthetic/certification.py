"""Certifications: application, survey, validity; renewals and changes of level (区分変更) inside the span."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import Answers
from kaigo.synthetic.care_minutes import LevelIndex
from kaigo.synthetic.parameters import CertificationParameters
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]
Days = npt.NDArray[np.datetime64]


class Kind(IntEnum):
    """申請区分。"""

    NEW = 0
    RENEWAL = 1
    CHANGE = 2


KIND_NAMES = ("新規", "更新", "区分変更")


@dataclass(frozen=True)
class Certifications:
    """認定の一覧。All arrays have shape (c,), ``answers`` (c, 76); rows by person, then by start.

    ``cause`` is the main disease (index into the model) as it stands in the opinion of that time.
    """

    person: Rows
    kind: npt.NDArray[np.int8]
    applied: Days
    surveyed: Days
    valid_from: Days
    valid_to: Days
    level: LevelIndex
    cause: npt.NDArray[np.int8]
    answers: Answers


class CertificationBook:
    """認定の台帳: one person's certifications follow each other without overlap.

    ``end_month`` is the month (from 0) in which each person's certification in force ends; ``return_month`` that in
    which a person who let it end applies again (-1 for the others); ``cause`` everybody's main disease by now.
    """

    def __init__(
        self,
        block: Block,
        plan: SynthesisPlan,
        cause: npt.NDArray[np.int8],
        parameters: CertificationParameters,
    ) -> None:
        self.cause = cause
        self.draw = block.generator(Stage.CERTIFICATION)
        self.lapse_draw = block.generator(Stage.LAPSES)
        self.plan = plan
        self.parameters = parameters
        self.end_month = np.full(block.size, -1, np.int64)
        self.return_month = np.full(block.size, -1, np.int64)
        self._last_row = np.full(block.size, -1, np.int64)
        self._entries: list[Certifications] = []
        self._cuts: list[tuple[Ints, Days]] = []
        self._rows = 0

    def _month_start(self, month: Ints) -> Days:
        return (self.plan.first_month + month).astype("datetime64[D]")

    def _draw_validity(
        self, table: tuple[tuple[int, float], ...], n: int, draw: np.random.Generator | None = None
    ) -> Ints:
        draw = draw or self.draw
        months: Ints = np.array([row[0] for row in table], np.int64)
        edges = np.cumsum([row[1] for row in table])
        edges = edges / edges[-1]
        place: Rows = np.minimum(np.searchsorted(edges, draw.random(n)), len(months) - 1)
        drawn: Ints = months[place]
        return drawn

    def _add(
        self,
        who: Rows,
        kind: npt.NDArray[np.int8],
        valid_from: Days,
        end_month: Ints,
        answers: Answers,
        level: LevelIndex,
    ) -> None:
        renewal = kind == Kind.RENEWAL
        before = self.draw.integers(35, 61, len(who))
        wait = self.draw.integers(4, 22, len(who))
        # A renewal is applied for in the last 60 days of the old term; the others count from the application.
        applied = valid_from - np.where(renewal, before, 0)
        self._entries.append(
            Certifications(
                who,
                kind,
                applied,
                applied + wait,
                valid_from,
                self._month_start(end_month + 1) - 1,
                level,
                self.cause[who],
                answers,
            )
        )
        self.end_month[who] = end_month
        self._last_row[who] = self._rows + np.arange(len(who))
        self._rows += len(who)

    def open_stock(
        self, who: Rows, newly: npt.NDArray[np.bool_], answers: Answers, level: LevelIndex
    ) -> Ints:
        """Certifications in force on the first day of the span; returns months since their start."""
        rules, n = self.parameters, len(who)
        u = self.draw.random(n)
        kind = np.where(u < rules.stock_change_share / (1 - rules.stock_new_share), Kind.CHANGE, Kind.RENEWAL)
        kind = np.where(newly, Kind.NEW, kind).astype(np.int8)
        months = np.choose(
            kind,
            [
                self._draw_validity(table, n)
                for table in (rules.validity_new, rules.validity_renewal, rules.validity_change)
            ],
        )
        # Long terms are the likelier to be found in force: the elapsed part is uniform over the term.
        elapsed: Ints = (self.draw.random(n) * months).astype(np.int64)
        day = np.where((kind == Kind.RENEWAL) | (elapsed == 0), 0, self.draw.integers(0, 28, n))
        valid_from = self._month_start(-elapsed) + day
        self._add(who, kind, valid_from, months - elapsed - 1 + (day > 0), answers, level)
        return elapsed

    def open_now(self, month: int, who: Rows, kind: Kind, answers: Answers, level: LevelIndex) -> Ints:
        """First certifications and changes of level: valid from the application inside ``month``.

        Returns the day of the month (from 0). A change ends the certification before it on the eve.
        """
        n, rules = len(who), self.parameters
        # A change on the first of a month could fall on the first day of a renewal, and leave it no day; who
        # comes back on the first after the term ended would have no gap.
        day = self.draw.integers(np.where(self._last_row[who] >= 0, 1, 0), 28)
        start = self._month_start(np.full(n, month)) + day
        if kind is Kind.CHANGE:
            self._cuts.append((self._last_row[who].copy(), start - 1))
        table = rules.validity_new if kind is Kind.NEW else rules.validity_change
        end_month = month + self._draw_validity(table, n) - 1 + (day > 0)
        self._add(who, np.full(n, kind, np.int8), start, end_month, answers, level)
        return day

    def open_renewal(self, month: int, who: Rows, answers: Answers, level: LevelIndex) -> None:
        """Renewals valid from the first day of ``month``."""
        n = len(who)
        start = self._month_start(np.full(n, month))
        end_month = month + self._draw_validity(self.parameters.validity_renewal, n) - 1
        self._add(who, np.full(n, Kind.RENEWAL, np.int8), start, end_month, answers, level)

    def let_lapse(self, month: int, due: Rows, using: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Who of those whose term ends in ``month`` does not renew: late, or not at all (失効).

        Who uses no service (``using`` is false) has less reason to renew. The next certification is then 新規, from
        its own application on, for benefits begin before the decision only back to that day (法27条8項).
        """
        users, idle = self.parameters.lapse_share
        lapses = self.lapse_draw.random(len(due)) < np.where(using, users, idle)
        away = self._draw_validity(self.parameters.lapse_months, len(due), self.lapse_draw)
        self.return_month[due[lapses]] = month + 1 + away[lapses]
        return lapses

    def close(self) -> Certifications:
        """All certifications, by person and start."""
        names = Certifications.__dataclass_fields__
        columns = {name: np.concatenate([getattr(entry, name) for entry in self._entries]) for name in names}
        for rows, eve in self._cuts:
            columns["valid_to"][rows] = eve
        order = np.lexsort((columns["valid_from"], columns["person"]))
        return Certifications(**{name: column[order] for name, column in columns.items()})
