"""A block's course through the months: state, events, surveys, certifications, exits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import Answers, answer_survey, draw_residuals, renew_residuals
from kaigo.synthetic.care_minutes import LevelIndex, estimate_minutes, judge_first, judge_second
from kaigo.synthetic.certification import CertificationBook, Kind
from kaigo.synthetic.diseases import DIMENSIONS, Diseases
from kaigo.synthetic.exits import STAYS, ExitBook
from kaigo.synthetic.latent import ILLNESS, NO_EVENT, LatentState, draw_events, draw_state
from kaigo.synthetic.parameters import EventParameters, Parameters
from kaigo.synthetic.persons import STOCK, Persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage

ABSENT = -1


@dataclass(frozen=True)
class Course:
    """1ブロックの経過。

    Attributes
    ----------
    level : int8, shape (n, months)
        Level in force on the last day of each month (index), -1 where not certified or gone.
    first_day, last_day : int16, shape (n, months)
        Days of the month (from 0) on which the person can use services; last < first where none.
    theta : float32, shape (n, months, 5)
        The latent state (truth).
    event : int8, shape (n, months)
        Acute events (truth).
    certifications : CertificationBook
    exits : ExitBook
    """

    level: LevelIndex
    first_day: npt.NDArray[np.int16]
    last_day: npt.NDArray[np.int16]
    theta: npt.NDArray[np.float32]
    event: npt.NDArray[np.int8]
    certifications: CertificationBook
    exits: ExitBook


class Surveyor:
    """調査と判定をする人たち: keeps each person's own way of answering between surveys."""

    def __init__(self, block: Block, parameters: Parameters) -> None:
        self.answer_draw = block.generator(Stage.ANSWERS)
        self.level_draw = block.generator(Stage.LEVEL)
        self.parameters = parameters
        self.residuals = draw_residuals(self.answer_draw, block.size)
        self.surveyed = np.zeros(block.size, bool)

    def assess(
        self, who: npt.NDArray[np.intp], state: LatentState, recent: npt.NDArray[np.bool_]
    ) -> tuple[Answers, LevelIndex]:
        """Survey and judge the persons ``who``; ``recent`` marks those just after an acute event."""
        again = who[self.surveyed[who]]
        self.residuals[again] = renew_residuals(
            self.answer_draw, self.residuals[again], self.parameters.answers
        )
        self.surveyed[who] = True
        answers = answer_survey(
            self.answer_draw, state.theta[who], self.residuals[who], self.parameters.answers
        )
        total = np.zeros(len(who), np.float32)
        for minutes in estimate_minutes(answers).values():
            total += minutes
        rules = self.parameters.certification
        unstable = recent | (self.level_draw.random(len(who)) < rules.unstable_share)
        return answers, judge_second(self.level_draw, judge_first(total, answers, unstable, rules), rules)


class CourseRecord:
    """The arrays of a course while it is followed: who is where, in what state, on which days."""

    def __init__(self, plan: SynthesisPlan, n: int) -> None:
        days = np.diff(plan.month_starts).astype(np.int16)
        self.level_now = np.full(n, ABSENT, np.int8)
        self.level = np.full((n, plan.months), ABSENT, np.int8)
        self.first_day = np.zeros((n, plan.months), np.int16)
        self.last_day = np.repeat((days - 1)[None, :], n, axis=0)
        self.theta = np.empty((n, plan.months, len(DIMENSIONS)), np.float32)
        self.event = np.full((n, plan.months), NO_EVENT, np.int8)

    def spend_in_hospital(
        self,
        month: int,
        here: npt.NDArray[np.bool_],
        event: npt.NDArray[np.int8],
        hospital: npt.NDArray[np.int16],
        draw: np.random.Generator,
        parameters: EventParameters,
    ) -> None:
        """Shorten the month of those struck, empty it for those still in hospital; ``hospital`` counts on."""
        struck, away = np.flatnonzero(event != NO_EVENT), np.flatnonzero(here & (hospital > 0))
        stay = draw.integers(1, parameters.hospital_months_max + 1, len(struck))
        admitted = draw.integers(0, 28, len(struck)).astype(np.int16)
        self.last_day[away, month] = -1
        hospital[away] -= 1
        self.last_day[struck, month] = np.minimum(self.last_day[struck, month], admitted)
        hospital[struck] = np.where(event[struck] == ILLNESS, stay - 1, stay)


def follow_course(
    block: Block, plan: SynthesisPlan, persons: Persons, diseases: Diseases, parameters: Parameters
) -> Course:
    """1ブロックの人を最初の月から最後の月まで追う。

    In each month: the state moves; newcomers and those who ask for a change are assessed; acute events strike
    and lead to hospital; some leave; those whose term ends are assessed for the next.
    """
    state, latent_draw = draw_state(block, persons, diseases, parameters)
    event_draw, surveyor = block.generator(Stage.EVENTS), Surveyor(block, parameters)
    book = CertificationBook(block, plan, parameters.certification)
    exits = ExitBook(block, plan, persons, parameters.exits)
    record = CourseRecord(plan, len(persons))
    hospital = _stays_from_before(event_draw, persons, parameters.events)
    event = np.full(len(persons), NO_EVENT, np.int8)

    stock = np.flatnonzero(persons.entry == STOCK)
    answers, assessed = surveyor.assess(stock, state, np.zeros(len(stock), bool))
    record.level_now[stock] = assessed
    elapsed = book.open_stock(stock, answers, assessed)
    state.level[stock] += state.drift[stock] * elapsed[:, None].astype(np.float32)

    for month in range(plan.months):
        if month:
            state.step(latent_draw, parameters.latent)
        here = (persons.entry <= month) & (exits.month == STAYS)
        asking = _ask_for_change(event_draw, event, parameters.events) & here & (persons.entry < month)
        entering = here & (persons.entry == month)
        for who, kind in ((np.flatnonzero(entering), Kind.NEW), (np.flatnonzero(asking), Kind.CHANGE)):
            answers, assessed = surveyor.assess(who, state, event[who] != NO_EVENT)
            day = book.open_now(month, who, kind, answers, assessed)
            record.level_now[who] = assessed
            if kind is Kind.NEW:
                record.first_day[who, month] = day
        record.level[here, month] = record.level_now[here]

        struck = draw_events(event_draw, persons, parameters.events)
        event = np.where(here, struck, NO_EVENT).astype(np.int8)
        state.jump(event, parameters.events)
        record.spend_in_hospital(month, here, event, hospital, event_draw, parameters.events)
        gone = exits.leave(month, here, record.level_now)
        record.last_day[gone, month] = np.minimum(record.last_day[gone, month], exits.day[gone])
        record.theta[:, month], record.event[:, month] = state.theta, event

        due = np.flatnonzero(here & (exits.month == STAYS) & (book.end_month == month))
        if month + 1 < plan.months:
            answers, assessed = surveyor.assess(due, state, event[due] != NO_EVENT)
            book.open_renewal(month + 1, due, answers, assessed)
            record.level_now[due] = assessed

    record.last_day[record.level == ABSENT] = -1
    return Course(record.level, record.first_day, record.last_day, record.theta, record.event, book, exits)


def _ask_for_change(
    draw: np.random.Generator, event: npt.NDArray[np.int8], parameters: EventParameters
) -> npt.NDArray[np.bool_]:
    """Who asks for another level in the month after an event, or without one."""
    # The last place serves those without an event (-1).
    chance = np.array((*parameters.change_request[:3], 0.0))[event]
    after_event = draw.random(len(event)) < chance
    return after_event | (draw.random(len(event)) < parameters.change_request[3])


def _stays_from_before(
    draw: np.random.Generator, persons: Persons, parameters: EventParameters
) -> npt.NDArray[np.int16]:
    """Months still to be spent in hospital after events before the span, as in any later month."""
    hospital = np.zeros(len(persons), np.int16)
    for ago in range(1, parameters.hospital_months_max + 1):
        event = draw_events(draw, persons, parameters)
        stay = draw.integers(1, parameters.hospital_months_max + 1, len(persons))
        left = np.where(event == ILLNESS, stay, stay + 1) - ago
        hospital = np.where(
            (event != NO_EVENT) & (persons.entry == STOCK), np.maximum(left, hospital), hospital
        )
    return hospital.astype(np.int16)
