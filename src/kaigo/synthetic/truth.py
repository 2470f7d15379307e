"""What no one would know in reality: latent states, diseases, patterns of use. Never part of a release."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kaigo.synthetic.care_use import CareUse, load_use_model
from kaigo.synthetic.course import Course
from kaigo.synthetic.diseases import DIMENSIONS, Diseases, load_diseases
from kaigo.synthetic.latent import NO_EVENT
from kaigo.synthetic.providers import insurer_number
from kaigo.synthetic.streams import Block

TRUTH_TABLES = ("states", "causes")
EVENT_NAMES = ("脳卒中", "骨折", "その他の病気")
STATE_UNIT = 100
"""States are kept as whole hundredths of a standard deviation."""


def make_truth(
    block: Block, numbers: pa.Array, diseases: Diseases, course: Course, use: CareUse
) -> dict[str, pa.Table]:
    """真の状態の表を作る。

    Returns
    -------
    dict
        ``states``: one row a person, for each dimension the list of monthly states (int16, hundredths);
        ``causes``: main disease, pattern of use by month, events by month, intensity of use.
    """
    n, months = course.level.shape
    offsets = pa.array(np.arange(0, (n + 1) * months, months, dtype=np.int32))
    keys = {
        "insurer_number": pa.array([insurer_number(block.municipality)] * n, pa.string()),
        "insured_number": numbers,
    }
    hundredths = np.clip(np.floor(course.theta * STATE_UNIT + np.float32(0.5)), -32_000, 32_000).astype(
        np.int16
    )

    def by_month(values: pa.Array) -> pa.Array:
        return pa.ListArray.from_arrays(offsets, values)

    states = {
        name: by_month(pa.array(hundredths[:, :, position].ravel()))
        for position, name in enumerate(DIMENSIONS)
    }
    patterns = pa.array(load_use_model().patterns)
    diseases_known = pa.array(load_diseases().names)
    event = np.where(course.event == NO_EVENT, len(EVENT_NAMES), course.event).ravel()
    causes = {
        "primary_disease": pa.DictionaryArray.from_arrays(
            pa.array(diseases.primary.astype(np.int32)), diseases_known
        ).cast(pa.string()),
        "intensity": pa.array(use.intensity),
        "pattern": by_month(patterns.take(pa.array(use.pattern.ravel().astype(np.int32)))),
        "event": by_month(pa.array([*EVENT_NAMES, None]).take(pa.array(event.astype(np.int32)))),
    }
    return {"states": pa.table(keys | states), "causes": pa.table(keys | causes)}
