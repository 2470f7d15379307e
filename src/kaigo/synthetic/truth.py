"""What no one would know in reality: states, profiles, effects of care. Never part of a release."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kaigo.synthetic.block_course import BlockCourse
from kaigo.synthetic.care_use import load_use_model
from kaigo.synthetic.diseases import DIMENSIONS, load_diseases
from kaigo.synthetic.latent import NO_EVENT
from kaigo.synthetic.onsets import NO_ONSET
from kaigo.synthetic.plan_arms import ARMS, RESPONDERS, find_propensity
from kaigo.synthetic.profiles import PROFILE_NAMES
from kaigo.synthetic.providers import insurer_number
from kaigo.synthetic.streams import Block

TRUTH_TABLES = ("states", "causes", "effects", "register")
EVENT_NAMES = ("脳卒中", "骨折", "その他の病気")
STATE_UNIT = 100
"""States are kept as whole hundredths of a standard deviation."""
SHARE_UNIT = 10_000
"""Propensities are kept to four decimals, so that they are the same on every machine."""


def make_truth(block: Block, numbers: pa.Array, followed: BlockCourse) -> dict[str, pa.Table]:
    """真の状態の表を作る。

    Returns
    -------
    dict
        ``states``: one row a person, for each dimension the list of monthly states (int16, hundredths);
        ``causes``: profile at the start, main disease at the start, by disease the month of onset (0 is the first
        of the span, null where the person does not have it), pattern of use by month, events by month;
        ``effects``: responder group, care manager's office, intensity, and by arm of home care the propensity
        (at the first level in the span) and the effect on the state a month of use (SD, negative is better).
    """
    course, primary = followed.course, followed.diseases.primary
    n, months = course.level.shape
    keys = {
        "insurer_number": pa.array([insurer_number(block.municipality)] * n, pa.string()),
        "insured_number": numbers,
    }
    hundredths = np.clip(np.floor(course.theta * STATE_UNIT + np.float32(0.5)), -32_000, 32_000).astype(
        np.int16
    )
    states = {
        name: _list(pa.array(hundredths[:, :, position].ravel()), n, months)
        for position, name in enumerate(DIMENSIONS)
    }
    event = np.where(course.event == NO_EVENT, len(EVENT_NAMES), course.event).ravel()
    causes = {
        "profile": _name(followed.starts.profile, PROFILE_NAMES),
        "primary_disease": _name(primary, load_diseases().names),
        "onset": _list(
            pa.array(followed.onset.ravel(), mask=followed.onset.ravel() == NO_ONSET),
            n,
            len(load_diseases().names),
        ),
        "pattern": _list(_name(course.pattern.ravel(), load_use_model().patterns), n, months),
        "event": _list(_name(event, (*EVENT_NAMES, None)), n, months),
    }
    assignment = course.use.assignment
    share = find_propensity(assignment, load_use_model().home[np.maximum(course.first_assessed, 2)])
    effects = {
        "responder": _name(assignment.responder, RESPONDERS),
        "office": pa.array(assignment.office.astype(np.int32)),
        "intensity": pa.array(assignment.intensity),
        "propensity": _list(
            pa.array((np.round(share * SHARE_UNIT) / SHARE_UNIT).astype(np.float32).ravel()), n, len(ARMS)
        ),
        "effect": _list(pa.array(assignment.effect.ravel()), n, len(ARMS)),
    }
    return {
        "states": pa.table(keys | states),
        "causes": pa.table(keys | causes),
        "effects": pa.table(keys | effects),
    }


def _list(values: pa.Array, n: int, width: int) -> pa.Array:
    """One list of ``width`` values a person."""
    return pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * width), values)


def _name(positions: np.ndarray, names: tuple[str | None, ...]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(positions.astype(np.int32)))
