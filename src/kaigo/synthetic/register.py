"""The attacker's register: what a family member or a neighbour could know of a few persons (truth only).

It stands for 識別を試みる場面の想定: later parts try to find these persons in a release. Nobody in it exists.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kaigo.synthetic.arrow_tables import load_names
from kaigo.synthetic.benefits import BenefitLines
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.catalogue import Catalogue
from kaigo.synthetic.course import Course
from kaigo.synthetic.latent import NO_EVENT
from kaigo.synthetic.parameters import RegisterParameters
from kaigo.synthetic.persons import Persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.providers import insurer_number
from kaigo.synthetic.streams import Block, Stage

FAMILY, NEIGHBOUR = "家族", "近所"


def make_register(
    block: Block,
    plan: SynthesisPlan,
    numbers: pa.Array,
    persons: Persons,
    course: Course,
    lines: BenefitLines,
    catalogue: Catalogue,
    parameters: RegisterParameters,
) -> pa.Table:
    """知人が知りうることの表を作る。

    Returns
    -------
    pyarrow.Table
        A small share of persons: ``knower``; ``sex``; ``birth_year`` and, for family, ``birth_date`` and
        ``care_level``; ``district``; one ``month`` with the kinds of service seen in it; the months of acute
        events (an ambulance is seen by all).
    """
    draw, n = block.generator(Stage.REGISTER), len(persons)
    known = np.flatnonzero(draw.random(n) < parameters.share)
    family = draw.random(len(known)) < parameters.family_share
    month = draw.integers(0, plan.months, len(known))
    seen: list[list[str]] = [[] for _ in known]
    place = np.full(n, -1, np.int64)
    place[known] = np.arange(len(known))
    own = place[lines.person]
    kept = np.flatnonzero((own >= 0) & (lines.month == np.append(month, -1)[own]))
    for row, kind in zip(own[kept].tolist(), catalogue.kind_of[lines.code[kept]].tolist(), strict=True):
        if catalogue.kinds[kind] not in seen[row]:
            seen[row].append(catalogue.kinds[kind])
    events = [np.flatnonzero(course.event[person] != NO_EVENT).tolist() for person in known]
    level = course.level[known, month]
    districts = load_names()["district"]
    starts = plan.month_starts[:-1].astype("datetime64[D]")
    birth = persons.birth[known].astype("datetime64[D]")
    return pa.table(
        {
            "insurer_number": pa.array([insurer_number(block.municipality)] * len(known), pa.string()),
            "insured_number": numbers.take(pa.array(known)),
            "knower": pa.array(np.where(family, FAMILY, NEIGHBOUR).tolist(), pa.string()),
            "sex": pa.array(persons.sex[known], pa.int8()),
            "birth_year": pa.array((birth.astype("datetime64[Y]").astype(np.int64) + 1970).astype(np.int16)),
            "birth_date": pa.array(np.where(family, birth, np.datetime64("NaT")), pa.date32()),
            "district": pa.array(
                [districts[index % len(districts)] for index in persons.district[known].tolist()], pa.string()
            ),
            "month": pa.array(starts[month], pa.date32()),
            "care_level": pa.array(
                [
                    LEVELS[index] if index >= 0 and close else None
                    for index, close in zip(level.tolist(), family.tolist(), strict=True)
                ],
                pa.string(),
            ),
            "kinds": pa.array(seen, pa.list_(pa.string())),
            "event_months": pa.array([starts[each].tolist() for each in events], pa.list_(pa.date32())),
        }
    )
