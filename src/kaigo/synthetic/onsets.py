"""When each disease began: before the certification that it led to, or with an acute event in the span (truth)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.diseases import DEMENTIA, DIMENSIONS, Diseases, load_diseases
from kaigo.synthetic.latent import FRACTURE, STROKE
from kaigo.synthetic.parameters import Parameters
from kaigo.synthetic.persons import STOCK, Persons
from kaigo.synthetic.profiles import Starts
from kaigo.synthetic.streams import Block, Stage

Months = npt.NDArray[np.int16]
NO_ONSET = -32_768
LONGEST_YEARS = 40.0
EVENT_CAUSES = {STROKE: "脳血管疾患", FRACTURE: "骨折・転倒"}
"""The disease that an acute event is the onset of."""
SECOND_STRATA = slice(6, None)
"""Rows of the disease model's weights for 第2号."""


def find_onsets(
    block: Block,
    persons: Persons,
    starts: Starts,
    diseases: Diseases,
    theta: npt.NDArray[np.float32],
    event: npt.NDArray[np.int8],
    parameters: Parameters,
) -> Months:
    """各疾病の発症の月を決める(最初の月を0とし、それより前は負)。

    A disease that a person is certified with began some time before (stroke and fracture weeks to months, dementia
    years, longer the worse the cognition); the others of the person likewise. A stroke or fracture in the span is an
    onset of its own for who did not have the disease.

    Parameters
    ----------
    theta : float32, shape (n, months, 5)
        The latent state; that of the first month counts.
    event : int8, shape (n, months)

    Returns
    -------
    int16, shape (n, K)
        ``NO_ONSET`` where the person does not have the disease.
    """
    model, draw = load_diseases(), block.generator(Stage.ONSETS)
    n, rules = len(persons), parameters.persons
    years = draw.standard_exponential((n, len(model.names))) * model.onset_years
    cognition = np.clip(theta[:, 0, DIMENSIONS.index("cognition")].astype(np.float64), -2, 2.5)
    years[:, model.index(DEMENTIA)] *= np.exp(rules.onset_by_cognition * cognition)
    certified = draw.standard_exponential(n) * rules.certified_years
    # Who is newly certified in the stock was so within the term of that certification, half a year ago on average.
    certified = np.where(starts.newly, certified * (0.5 / rules.certified_years), certified)
    certified = np.where(persons.entry == STOCK, certified, 0.0)
    before = np.floor(np.minimum(years + certified[:, None], LONGEST_YEARS) * 12).astype(np.int64) + 1
    onset = np.maximum(persons.entry, 0).astype(np.int64)[:, None] - before
    onset = np.where(diseases.flags, onset, NO_ONSET)
    for kind, name in EVENT_CAUSES.items():
        struck = event == kind
        place = model.index(name)
        fresh = struck.any(axis=1) & (onset[:, place] == NO_ONSET)
        onset[fresh, place] = struck.argmax(axis=1)[fresh]
    return onset.astype(np.int16)


def change_causes(
    draw: np.random.Generator,
    cause: npt.NDArray[np.int8],
    event: npt.NDArray[np.int8],
    second: npt.NDArray[np.bool_],
    becomes_cause: tuple[float, ...],
) -> npt.NDArray[np.int8]:
    """急変のあった人の主な原因: a stroke or fracture becomes the cause of the certifications to come, or does not.

    第2号 (``second``) are certified for a 特定疾病 only, so nothing else becomes their cause.
    """
    model = load_diseases()
    changed = cause.copy()
    for kind, name in EVENT_CAUSES.items():
        allowed = model.weights[SECOND_STRATA, model.index(name)].max() > 0
        rows = np.flatnonzero((event == kind) & (allowed | ~second))
        becomes = draw.random(len(rows)) < becomes_cause[kind]
        changed[rows[becomes]] = model.index(name)
    return changed
