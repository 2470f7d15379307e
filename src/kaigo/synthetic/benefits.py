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

    length = segments.months[slots.segment]
    slot = np.repeat(np.arange(len(slots.segment)), length)
    offset = np.cumsum(length) - length
    cell = segments.first_cell[slots.segment[slot]] + np.arange(len(slot)) - offset[slot]
    first, last = course.first_day.ravel()[cell], course.last_day.ravel()[cell]
    resident = [load_use_model().index(name) for name in (*RESIDENTIAL, *FACILITIES.values())]
    lives_in = np.isin(segments.pattern, resident)[slots.segment]
    skip = np.where(lives_in, parameters.skip_share_facility, parameters.skip_share).astype(np.float32)
    group = _swing_groups(catalogue)[slots.service]
    keep = (last >= first) & (skips[group[slot], cell] >= skip[slot])
    slot, cell, first, last = slot[keep], cell[keep], first[keep], last[keep]

    month = cell % months
    present = (last - first + 1).astype(np.int64)
    month_days = np.diff(plan.month_starts).astype(np.int64)[month]
    share = present / month_days
    calendar = (plan.month_starts[:-1].astype("datetime64[M]").astype(np.int64)) % 12
    season = np.where(lives_in[slot], 1.0, np.array(parameters.season)[calendar][month])
    usual = slots.times[slot] * (month_days / MEAN_MONTH_DAYS) * share * season
    counted = np.array([service.counted for service in catalogue.services])[slots.service]
    swung = np.floor(usual + 0.5).astype(np.int64) + swing[group[slot], cell]
    most = np.array([service.maximum for service in catalogue.services])[slots.service][slot]
    most = np.minimum(most, np.where(most > 31, np.maximum((most * share).astype(np.int64), 1), present))
    days = np.where((counted == "month")[slot], 1, np.clip(swung, 1, most))
    code = slots.code[slot]
    person = cell // months
    return BenefitLines(
        person=person.astype(np.int32),
        month=month.astype(np.int32),
        code=code.astype(np.int32),
        provider=providers.choice[person, catalogue.kind_of[code]].astype(np.int32),
        days=days.astype(np.int16),
        units=(days * slots.price[slot]).astype(np.int32),
    )


def _swing_groups(catalogue: Catalogue) -> Ints:
    return np.array(
        [
            (service.parent if service.parent >= 0 else position) % SWING_GROUPS
            for position, service in enumerate(catalogue.services)
        ]
    )
