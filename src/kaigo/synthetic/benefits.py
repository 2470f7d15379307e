"""Monthly benefit lines: one per person, month, code and provider, with days or times and units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.bundles import Segments, Slots
from kaigo.synthetic.care_use import FACILITIES, RESIDENTIAL, load_use_model
from kaigo.synthetic.catalogue import Catalogue
from kaigo.synthetic.course import Course
from kaigo.synthetic.parameters import BenefitParameters
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.providers import Providers
from kaigo.synthetic.streams import Block, Stage

Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
MEAN_MONTH_DAYS = 30.4
SWING_GROUPS = 4
"""Services of one group share their swing in a month, so an addition follows its service."""


@dataclass(frozen=True)
class BenefitLines:
    """1ブロックの介護給付情報。Arrays have shape (lines,); by person, period, service, month.

    Attributes
    ----------
    person, month, code, provider : int32
        Positions: person in the block, month from 0, code in the catalogue, provider number.
    days : int16
    units : int32
    """

    person: Ints32
    month: Ints32
    code: Ints32
    provider: Ints32
    days: npt.NDArray[np.int16]
    units: Ints32


def write_lines(
    block: Block,
    plan: SynthesisPlan,
    course: Course,
    segments: Segments,
    slots: Slots,
    providers: Providers,
    catalogue: Catalogue,
    parameters: BenefitParameters,
) -> BenefitLines:
    """期間ごとのサービスを月ごとの給付にする。

    No line stands in a month without a day at home or in the facility (hospital, before entry, after exit);
    in the others the days follow the length of the month, the days present and a small swing.
    """
    draw, months = block.generator(Stage.BENEFITS), plan.months
    shape = (SWING_GROUPS, len(course.level) * months)
    swing = draw.integers(-1, 2, shape, dtype=np.int8)
    skips = draw.random(shape, dtype=np.float32)

    first, last = course.first_day.ravel(), course.last_day.ravel()
    present = (last - first + 1).astype(np.int32)
    month_days = np.diff(plan.month_starts).astype(np.int64)
    share = (present.reshape(-1, months) / month_days).ravel()
    resident = [load_use_model().index(name) for name in (*RESIDENTIAL, *FACILITIES.values())]
    lives_in = np.isin(segments.pattern, resident)[slots.segment]
    skip = np.where(lives_in, parameters.skip_share_facility, parameters.skip_share).astype(np.float32)
    group = _swing_groups(catalogue)[slots.service] * shape[1]

    slot, cell = _spread(segments, slots)
    chance = group.take(slot)
    chance += cell
    keep = present.take(cell) > 0
    keep &= skips.ravel().take(chance) >= skip.take(slot)
    slot, cell, chance = slot[keep], cell[keep], chance[keep]

    person, month = np.divmod(cell, months)
    present, share = present.take(cell), share.take(cell)
    calendar = (plan.month_starts[:-1].astype("datetime64[M]").astype(np.int64)) % 12
    season = np.array(parameters.season)[calendar].take(month)
    season[lives_in.take(slot)] = 1.0
    usual = slots.times.take(slot)
    usual *= (month_days / MEAN_MONTH_DAYS).take(month)
    usual *= share
    usual *= season
    usual += 0.5
    swung = np.floor(usual, out=usual).astype(np.int32)
    swung += swing.ravel().take(chance)
    most = np.array([service.maximum for service in catalogue.services], np.int32)[slots.service].take(slot)
    many = np.maximum((most * share).astype(np.int32), 1)
    days = np.clip(swung, 1, np.minimum(most, np.where(most > 31, many, present)))
    monthly = np.array([service.counted == "month" for service in catalogue.services])[slots.service]
    days[monthly.take(slot)] = 1
    kind = catalogue.kind_of[slots.code]
    place = person * providers.choice.shape[1] + kind.take(slot)
    return BenefitLines(
        person=person.astype(np.int32),
        month=month.astype(np.int32),
        code=slots.code.astype(np.int32).take(slot),
        provider=providers.choice.ravel().take(place).astype(np.int32),
        days=days.astype(np.int16),
        units=days * slots.price.take(slot),
    )


def _spread(segments: Segments, slots: Slots) -> tuple[Ints, Ints]:
    """Each slot in each month of its segment: the slot, and the cell (person × months + month)."""
    length = segments.months[slots.segment]
    slot = np.repeat(np.arange(len(length)), length)
    cell = np.repeat(segments.first_cell[slots.segment] - (np.cumsum(length) - length), length)
    cell += np.arange(len(cell))
    return slot, cell


def _swing_groups(catalogue: Catalogue) -> Ints:
    return np.array(
        [
            (service.parent if service.parent >= 0 else position) % SWING_GROUPS
            for position, service in enumerate(catalogue.services)
        ]
    )
