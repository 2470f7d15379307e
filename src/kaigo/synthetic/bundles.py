"""From a pattern of use to the services a person takes, with frequency, code and units a time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.care_minutes import LEVELS, LevelIndex
from kaigo.synthetic.care_use import CareUse
from kaigo.synthetic.catalogue import Catalogue, Service
from kaigo.synthetic.parameters import BenefitParameters
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage
from kaigo.tables.codes import find_limit

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Segments:
    """同じ区分・同じ使い方が続く期間。Arrays have shape (s,); a cell is person × months + month."""

    person: Ints
    first_cell: Ints
    months: Ints
    level: Ints
    pattern: Ints


@dataclass(frozen=True)
class Slots:
    """期間ごとに使うサービス(1行が1サービス)。Arrays have shape (t,), by segment.

    Attributes
    ----------
    segment, service, code : int64
    times : float64
        Days or times in a month of 30.4 days; 1 for what is counted by the month.
    price : int32
        Units a day, a time or a month.
    """

    segment: Ints
    service: Ints
    code: Ints
    times: Floats
    price: npt.NDArray[np.int32]


def find_segments(level: LevelIndex, pattern: npt.NDArray[np.int8]) -> Segments:
    """区分と使い方が変わる所で期間を切る(利用の無い期間は除く)。"""
    n, months = level.shape
    state = level.astype(np.int16) * 64 + pattern
    begins = np.ones((n, months), bool)
    begins[:, 1:] = state[:, 1:] != state[:, :-1]
    first = np.flatnonzero(begins.ravel())
    length = np.diff(np.append(first, n * months))
    use = (pattern.ravel()[first] > 0) & (level.ravel()[first] >= 0)
    first, length = first[use], length[use]
    return Segments(
        first // months,
        first,
        length,
        level.ravel()[first].astype(np.int64),
        pattern.ravel()[first].astype(np.int64),
    )


def fill_slots(
    block: Block,
    plan: SynthesisPlan,
    segments: Segments,
    use: CareUse,
    catalogue: Catalogue,
    parameters: BenefitParameters,
) -> Slots:
    """期間ごとにサービスを選ぶ。

    Each person keeps the same place on every scale, so the bundle changes only as the level or the pattern
    does. Frequencies are stretched so that the units meet the person's share of 区分支給限度額.
    """
    draw = block.generator(Stage.BUNDLES)
    shape = (len(catalogue.services), len(use.intensity))
    takes, which, pace, dear = (draw.random(shape, dtype=np.float32) for _ in range(4))
    everyone = np.arange(len(segments.person))
    chosen: dict[int, Ints] = {}
    times: dict[int, Floats] = {}
    parts: list[Slots] = []
    for position, service in enumerate(catalogue.services):
        # Only those with a service are asked for its additions.
        rows = chosen[service.parent] if service.parent >= 0 else everyone
        cell = segments.pattern[rows] * len(LEVELS) + segments.level[rows]
        likely = catalogue.probability[:, position].ravel().take(cell)
        taken = takes[position].take(segments.person[rows]) < likely
        rows, cell = rows[taken], cell[taken]
        person = segments.person[rows]
        usual = catalogue.times[:, position].ravel().take(cell)
        if follows_parent(service, catalogue):
            usual = times[service.parent][rows]
        elif service.scalable:
            # Two thirds to four thirds of the usual frequency, before the stretch.
            usual = usual * (2 / 3 + pace[position].take(person) * (2 / 3))
        chosen[position], times[position] = rows, np.zeros(len(everyone))
        times[position][rows] = usual
        code = _pick_codes(service, segments.level[rows], which[position].take(person))
        sold = code >= 0
        rows, code, usual, person = rows[sold], code[sold], usual[sold], person[sold]
        swing = 1 + (2 * dear[position].take(person) - 1) * np.float32(parameters.price_spread)
        price = np.where(catalogue.free_price[code], catalogue.units[code] * swing, catalogue.units[code])
        parts.append(Slots(rows, np.full(len(rows), position), code, usual, price.astype(np.int32)))
    slots = _join_slots(parts)
    factor = _stretch(slots, plan, segments, use, catalogue, parameters)
    most = np.array([service.maximum for service in catalogue.services])[slots.service]
    return replace(slots, times=np.clip(slots.times * factor, 1, most))


def follows_parent(service: Service, catalogue: Catalogue) -> bool:
    """Whether an addition is counted each time that its service is."""
    return service.parent >= 0 and service.counted == "time" == catalogue.services[service.parent].counted


def _pick_codes(service: Service, level: Ints, place: npt.NDArray[np.float32]) -> Ints:
    """The code by level and the person's place on the scale; -1 where the level has none."""
    code = np.full(len(level), -1, np.int64)
    for index, (codes, edges) in enumerate(service.codes):
        rows = np.flatnonzero(level == index)
        if len(rows) and len(codes):
            found = np.searchsorted(edges, place[rows], side="right")
            code[rows] = codes[np.minimum(found, len(codes) - 1)]
    return code


def _join_slots(parts: list[Slots]) -> Slots:
    """All services in order of segment, each code once a segment."""
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Slots)
    }
    # Each service stands once a segment, so the places are all different and any sort gives the same order.
    order = np.argsort(joined["segment"] * 65_536 + joined["service"])
    joined = {name: column[order] for name, column in joined.items()}
    _, once = np.unique(joined["segment"] * 65_536 + joined["code"], return_index=True)
    once.sort()
    return Slots(**{name: column[once] for name, column in joined.items()})


def _stretch(
    slots: Slots,
    plan: SynthesisPlan,
    segments: Segments,
    use: CareUse,
    catalogue: Catalogue,
    parameters: BenefitParameters,
) -> Floats:
    """Factor on each slot's frequency that brings the person's units to the share of the limit."""
    stretched = np.array(
        [
            service.scalable
            or (follows_parent(service, catalogue) and catalogue.services[service.parent].scalable)
            for service in catalogue.services
        ]
    )[slots.service]
    units = slots.times * slots.price * catalogue.within_limit[slots.code]
    count = len(segments.person)
    free = np.bincount(slots.segment, units * stretched, count)
    fixed = np.bincount(slots.segment, units * ~stretched, count)
    limits = np.array([find_limit(level, plan.start) or 0 for level in LEVELS], float)
    share = np.array(parameters.limit_share)[segments.level]
    share = share + parameters.limit_share_spread * use.intensity[segments.person]
    share = np.clip(share, parameters.limit_share_floor, parameters.limit_share_ceiling)
    wanted = np.maximum(limits[segments.level] * share - fixed, 0)
    factor = np.where(free > 0, wanted / np.maximum(free, 1), 1)
    factor = np.clip(factor, parameters.stretch_min, parameters.stretch_max)
    return np.where(stretched, factor[slots.segment], 1.0)
