"""A block's course through the months: state, events, surveys, certifications, exits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import (
    Answers,
    answer_survey,
    build_item_model,
    draw_residuals,
    renew_residuals,
)
from kaigo.synthetic.care_minutes import LevelIndex, estimate_minutes, judge_first, judge_second
from kaigo.synthetic.care_use import CareUse, arm_of_pattern
from kaigo.synthetic.certification import CertificationBook, Kind
from kaigo.synthetic.diseases import DIMENSIONS, Diseases
from kaigo.synthetic.exits import STAYS, ExitBook
from kaigo.synthetic.latent import ILLNESS, NO_EVENT, LatentState, draw_events, draw_state, find_frailty
from kaigo.synthetic.onsets import change_causes
from kaigo.synthetic.parameters import EventParameters, Parameters
from kaigo.synthetic.persons import STOCK, Persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.plan_arms import assign_arms
from kaigo.synthetic.profiles import Starts
from kaigo.synthetic.providers import Providers
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
    pattern : int8, shape (n, months)
        Pattern of use (index into the use model), 0 where no service is used.
    theta : float32, shape (n, months, 5)
        The latent state (truth).
    event : int8, shape (n, months)
        Acute events (truth).
    use : CareUse
        Assignment to arms of home care and their effects (truth).
    first_assessed : int8, shape (n,)
        Level at the first assessment in the span.
    certifications : CertificationBook
    exits : ExitBook
    """

    level: LevelIndex
    pattern: npt.NDArray[np.int8]
    first_day: npt.NDArray[np.int16]
    last_day: npt.NDArray[np.int16]
    theta: npt.NDArray[np.float32]
    event: npt.NDArray[np.int8]
    use: CareUse
    first_assessed: LevelIndex
    certifications: CertificationBook
    exits: ExitBook


class Surveyor:
    """調査と判定をする人たち: keeps each person's own way of answering between surveys."""

    def __init__(self, block: Block, parameters: Parameters) -> None:
        self.answer_draw = block.generator(Stage.ANSWERS)
        self.level_draw = block.generator(Stage.LEVEL)
        self.parameters = parameters
        self.items = build_item_model(parameters.answers)
        self.residuals = draw_residuals(self.answer_draw, block.size)
        self.surveyed = np.zeros(block.size, bool)

    def assess(
        self, who: npt.NDArray[np.intp], state: LatentState, before: LevelIndex
    ) -> tuple[Answers, LevelIndex]:
        """Survey and judge the persons ``who``; ``before`` is everybody's level in force (-1 for none)."""
        again = who[self.surveyed[who]]
        self.residuals[again] = renew_residuals(
            self.answer_draw, self.residuals[again], self.parameters.answers
        )
        self.surveyed[who] = True
        answers = answer_survey(
            self.answer_draw, state.theta[who], self.residuals[who], self.parameters.answers, self.items
        )
        total = np.zeros(len(who), np.float32)
        for minutes in estimate_minutes(answers).values():
            total += minutes
        rules = self.parameters.certification
        first = judge_first(total, answers, state.unsteadiness[who], before[who], rules)
        return answers, judge_second(self.level_draw, first, before[who], rules)


class CourseRecord:
    """The arrays of a course while it is followed: who is where, in what state, on which days."""

    def __init__(self, plan: SynthesisPlan, n: int) -> None:
        days = np.diff(plan.month_starts).astype(np.int16)
        self.level_now = np.full(n, ABSENT, np.int8)
        self.lapsed_from = np.full(n, ABSENT, np.int8)
        self.level = np.full((n, plan.months), ABSENT, np.int8)
        self.pattern = np.zeros((n, plan.months), np.int8)
        self.first_assessed = np.full(n, ABSENT, np.int8)
        self.first_day = np.zeros((n, plan.months), np.int16)
        self.last_day = np.repeat((days - 1)[None, :], n, axis=0)
        self.theta = np.empty((n, plan.months, len(DIMENSIONS)), np.float32)
        self.event = np.full((n, plan.months), NO_EVENT, np.int8)

    @property
    def last_known(self) -> LevelIndex:
        """The level in force, or the one that lapsed."""
        return np.where(self.level_now == ABSENT, self.lapsed_from, self.level_now)

    def lapse(self, who: npt.NDArray[np.intp]) -> None:
        """Their certification ends without another."""
        self.lapsed_from[who] = self.level_now[who]
        self.level_now[who] = ABSENT

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
    block: Block,
    plan: SynthesisPlan,
    persons: Persons,
    starts: Starts,
    diseases: Diseases,
    providers: Providers,
    kinds: tuple[str, ...],
    parameters: Parameters,
    forced_arm: int | None = None,
) -> Course:
    """1ブロックの人を最初の月から最後の月まで追う。

    In each month: the state moves; newcomers and those who ask for a change are assessed; care is used and has
    its effect; acute events strike and lead to hospital; some leave; those whose term ends are assessed for the
    next, or let it lapse and apply anew later. With ``forced_arm`` everybody in home care (要介護) gets that arm: the replay that gives true effects.
    """
    state, latent_draw = draw_state(block, persons, starts, diseases, parameters)
    event_draw, surveyor = block.generator(Stage.EVENTS), Surveyor(block, parameters)
    # Of its own stream: how many stays are drawn hangs on who is still here, and events must not.
    stay_draw = block.generator(Stage.STAYS)
    book = CertificationBook(block, plan, diseases.primary, parameters.certification)
    exits = ExitBook(block, plan, persons, parameters.exits)
    record = CourseRecord(plan, len(persons))
    frailty = find_frailty(state.theta, parameters.events)
    hospital = _stays_from_before(event_draw, persons, frailty, parameters.events)
    event = np.full(len(persons), NO_EVENT, np.int8)

    stock = np.flatnonzero(persons.entry == STOCK)
    answers, assessed = surveyor.assess(stock, state, record.level_now)
    record.level_now[stock] = record.first_assessed[stock] = assessed
    elapsed = book.open_stock(stock, starts.newly[stock], answers, assessed)
    state.age(stock, elapsed, parameters.latent)
    assignment = assign_arms(block, state.theta, diseases, providers, kinds, parameters)
    use = CareUse(block, diseases, assignment, parameters.care_use)
    if forced_arm is not None:
        use.force(forced_arm)
    response = _Response(use, parameters.arms.effect_months)

    for month in range(plan.months):
        here = (persons.entry <= month) & (exits.month == STAYS)
        if month:
            state.step(latent_draw, here & (persons.entry < month), parameters.latent)
        asking = _ask_for_change(event_draw, event, parameters.events) & here & (persons.entry < month)
        asking &= record.level_now != ABSENT
        applying = here & ((persons.entry == month) | (book.return_month == month))
        for who, kind in ((np.flatnonzero(applying), Kind.NEW), (np.flatnonzero(asking), Kind.CHANGE)):
            answers, assessed = surveyor.assess(who, state, record.level_now)
            day = book.open_now(month, who, kind, answers, assessed)
            record.level_now[who] = assessed
            if kind is Kind.NEW:
                record.first_day[who, month] = day
                record.first_assessed[who] = np.where(
                    record.first_assessed[who] == ABSENT, assessed, record.first_assessed[who]
                )
        record.level[here, month] = record.level_now[here]
        record.pattern[:, month] = use.choose(month, record.level[:, month])
        state.respond(response.effect(record.pattern[:, month]))

        struck = draw_events(event_draw, persons, frailty, parameters.events)
        event = np.where(here, struck, NO_EVENT).astype(np.int8)
        state.jump(event, parameters.events)
        book.cause = change_causes(
            stay_draw, book.cause, event, persons.second, parameters.events.becomes_cause
        )
        record.spend_in_hospital(month, here, event, hospital, stay_draw, parameters.events)
        gone = exits.leave(month, here, record.last_known)
        record.last_day[gone, month] = np.minimum(record.last_day[gone, month], exits.day[gone])
        record.theta[:, month], record.event[:, month] = state.theta, event

        due = np.flatnonzero(here & (exits.month == STAYS) & (book.end_month == month))
        if month + 1 < plan.months:
            lapses = book.let_lapse(month, due, record.pattern[due, month] > 0)
            record.lapse(due[lapses])
            due = due[~lapses]
            answers, assessed = surveyor.assess(due, state, record.level_now)
            book.open_renewal(month + 1, due, answers, assessed)
            record.level_now[due] = assessed

    record.last_day[record.level == ABSENT] = -1
    return Course(
        record.level,
        record.pattern,
        record.first_day,
        record.last_day,
        record.theta,
        record.event,
        use,
        record.first_assessed,
        book,
        exits,
    )


class _Response:
    """The effect of home care in each month: while an arm is used, for its first months."""

    def __init__(self, use: CareUse, effect_months: int) -> None:
        self._effect, self._months = use.assignment.effect, effect_months
        self._used = np.zeros(len(use.intensity), np.int16)
        self._rows = np.arange(len(use.intensity))

    def effect(self, pattern: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
        arm = arm_of_pattern()[pattern]
        works = (arm >= 0) & (self._used < self._months)
        self._used += arm >= 0
        return np.where(works, self._effect[self._rows, arm], np.float32(0))


def _ask_for_change(
    draw: np.random.Generator, event: npt.NDArray[np.int8], parameters: EventParameters
) -> npt.NDArray[np.bool_]:
    """Who asks for another level in the month after an event, or without one."""
    # The last place serves those without an event (-1).
    chance = np.array((*parameters.change_request[:3], 0.0))[event]
    after_event = draw.random(len(event)) < chance
    return after_event | (draw.random(len(event)) < parameters.change_request[3])


def _stays_from_before(
    draw: np.random.Generator,
    persons: Persons,
    frailty: npt.NDArray[np.float64],
    parameters: EventParameters,
) -> npt.NDArray[np.int16]:
    """Months still to be spent in hospital after events before the span, as in any later month."""
    hospital = np.zeros(len(persons), np.int16)
    for ago in range(1, parameters.hospital_months_max + 1):
        event = draw_events(draw, persons, frailty, parameters)
        stay = draw.integers(1, parameters.hospital_months_max + 1, len(persons))
        left = np.where(event == ILLNESS, stay, stay + 1) - ago
        hospital = np.where(
            (event != NO_EVENT) & (persons.entry == STOCK), np.maximum(left, hospital), hospital
        )
    return hospital.astype(np.int16)
