"""True effects on outcomes: the same persons once more, with everybody at home given one arm.

仕込んだ値であり、現実の効果ではない。 The replay uses the random streams of the plan, so it can be repeated from the
manifest alone; nothing of it can be seen in the tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from kaigo.engine import write_file
from kaigo.synthetic.block_course import follow_block
from kaigo.synthetic.care_minutes import SUPPORT_LEVELS
from kaigo.synthetic.care_use import arm_of_pattern
from kaigo.synthetic.course import Course
from kaigo.synthetic.exits import STAYS
from kaigo.synthetic.latent import ILLNESS
from kaigo.synthetic.parameters import Parameters, load_parameters
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.plan_arms import ARMS, RESPONDERS
from kaigo.synthetic.streams import list_blocks

HORIZON = 12
SUMMARY = "summary.json"
NOTE = "仕込んだ値であり、現実の効果ではない"
REFERENCE, STUDIED = "day", ("help", "rehab")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Replay:
    """対象者(在宅の要介護者)ごとの、割り当てと結果。

    Attributes
    ----------
    arm : int8, shape (n,)
        The arm that the person really got at time zero.
    responder : int8, shape (n,)
    outcome : bool, shape (n,)
        Alive and not worse than at time zero after ``HORIZON`` months, as it went.
    forced : dict of str to bool arrays
        The same had everybody got that arm.
    illness : bool, shape (n,)
        A hospital stay for another illness within ``HORIZON`` months, as it went: the negative control (負の対照). It
        hangs on the state at the start, so on what leads to an arm, and on no arm.
    forced_illness : dict of str to bool arrays
        The same had everybody got that arm.
    """

    arm: npt.NDArray[np.int8]
    responder: npt.NDArray[np.int8]
    outcome: npt.NDArray[np.bool_]
    forced: dict[str, npt.NDArray[np.bool_]]
    illness: npt.NDArray[np.bool_]
    forced_illness: dict[str, npt.NDArray[np.bool_]]


def replay_arms(
    plan: SynthesisPlan, arms: tuple[str, ...] = (REFERENCE, *STUDIED), parameters: Parameters | None = None
) -> Replay:
    """同じ人に、全員が1つの群のサービスを受けた場合の結果を作る。

    Time zero is the first month in the span in which the person is certified; eligible is who then has 要介護1–5
    and home care, with ``HORIZON`` more months in the span. Moves count as they went (rare).
    """
    parameters = parameters or load_parameters()
    parts = []
    for block in list_blocks(plan, parameters):
        went = follow_block(block, plan, parameters)
        zero = np.maximum(went.persons.entry, 0)
        rows = np.arange(len(went.persons))
        level = went.course.level[rows, zero]
        arm = arm_of_pattern()[went.course.pattern[rows, zero]]
        eligible = (level >= SUPPORT_LEVELS) & (arm >= 0) & (zero + HORIZON < plan.months)
        who = np.flatnonzero(eligible)
        courses = {name: follow_block(block, plan, parameters, ARMS.index(name)).course for name in arms}
        parts.append(
            Replay(
                arm[who],
                went.course.use.assignment.responder[who],
                _succeed(went.course, who, zero),
                {name: _succeed(course, who, zero) for name, course in courses.items()},
                _fall_ill(went.course, who, zero),
                {name: _fall_ill(course, who, zero) for name, course in courses.items()},
            )
        )
    return Replay(
        np.concatenate([part.arm for part in parts]),
        np.concatenate([part.responder for part in parts]),
        np.concatenate([part.outcome for part in parts]),
        {name: np.concatenate([part.forced[name] for part in parts]) for name in arms},
        np.concatenate([part.illness for part in parts]),
        {name: np.concatenate([part.forced_illness[name] for part in parts]) for name in arms},
    )


def _succeed(course: Course, who: npt.NDArray[np.intp], zero: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Alive and not worse after the horizon. A certification that lapsed leaves the last level standing."""
    end = zero[who].astype(np.int64) + HORIZON
    months = np.arange(course.level.shape[1])
    known = np.where((course.level[who] >= 0) & (months <= end[:, None]), months, -1).max(axis=1)
    left = (course.exits.month[who] != STAYS) & (course.exits.month[who] < end)
    success: npt.NDArray[np.bool_] = ~left & (course.level[who, known] <= course.level[who, zero[who]])
    return success


def _fall_ill(
    course: Course, who: npt.NDArray[np.intp], zero: npt.NDArray[np.int16]
) -> npt.NDArray[np.bool_]:
    since = np.arange(course.event.shape[1]) - zero[who].astype(np.int64)[:, None]
    ill: npt.NDArray[np.bool_] = ((course.event[who] == ILLNESS) & (since >= 0) & (since < HORIZON)).any(
        axis=1
    )
    return ill


def describe_effects(replay: Replay) -> dict[str, Any]:
    """真の平均効果(結果の割合の差)と、そのまま比べたときの差。

    Returns
    -------
    dict
        For each arm against the reference: ``true`` effect over all eligible persons, ``by_responder``, the
        ``naive`` difference between those who got the one and the other, and its standard error; under
        ``negative_control`` true and naive difference of an outcome that no arm changes (share in hospital for
        another illness).
    """
    reference = replay.forced[REFERENCE].astype(float)
    effects: dict[str, Any] = {"persons": len(replay.arm), "horizon_months": HORIZON, "reference": REFERENCE}
    for name, forced in replay.forced.items():
        if name == REFERENCE:
            continue
        difference = forced.astype(float) - reference
        control = replay.forced_illness[name].astype(float) - replay.forced_illness[REFERENCE]
        effects[name] = {
            "true": _rounded(difference),
            "by_responder": {
                group: _rounded(difference[replay.responder == place])
                for place, group in enumerate(RESPONDERS)
            },
            **_compare_naively(replay, replay.outcome, name),
            "negative_control": {
                "true": _rounded(control),
                **_compare_naively(replay, replay.illness, name),
            },
        }
    return effects


def _compare_naively(replay: Replay, outcome: npt.NDArray[np.bool_], name: str) -> dict[str, float | None]:
    with_arm = outcome[replay.arm == ARMS.index(name)].astype(float)
    without = outcome[replay.arm == ARMS.index(REFERENCE)].astype(float)
    return {
        "naive": _round(_mean(with_arm) - _mean(without)),
        "naive_se": _round((_variance(with_arm) + _variance(without)) ** 0.5),
    }


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _variance(values: Floats) -> float:
    return float(values.var() / len(values)) if len(values) else float("nan")


def _round(value: float) -> float | None:
    return None if value != value else round(value, 6)


def _rounded(values: Floats) -> float | None:
    return _round(_mean(values))


def summarise_truth(folder: Path) -> None:
    """``truth/summary.json`` を書く: 状態への真の効果の平均(群と反応のしかたごと)。

    Parameters
    ----------
    folder : pathlib.Path
        The ``truth`` folder with its table ``effects``.
    """
    table = pq.read_table(folder / "effects", columns=["responder", "effect", "propensity"])
    effect = table["effect"].combine_chunks().flatten().to_numpy().reshape(-1, len(ARMS)).astype(float)
    responder = table["responder"].combine_chunks().dictionary_encode()
    names, index = responder.dictionary.to_pylist(), responder.indices.to_numpy()
    groups = {
        name: {"persons": int((index == names.index(name)).sum())}
        | {arm: _rounded(effect[index == names.index(name), place]) for place, arm in enumerate(ARMS)}
        for name in RESPONDERS
        if name in names
    }
    summary = {
        "note": NOTE,
        "persons": table.num_rows,
        "unit": "起居・移動と日常生活動作への1か月あたりの動き(標準偏差、負が改善)",
        "mean_effect": {arm: _rounded(effect[:, place]) for place, arm in enumerate(ARMS)},
        "by_responder": groups,
        "outcome": None,
    }
    write_file(folder / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")


def add_true_effects(folder: Path, plan: SynthesisPlan) -> dict[str, Any]:
    """``truth/summary.json`` に、結果(生存し重くならない割合)への真の効果を加える。

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the synthetic tables, made from ``plan``.
    """
    path = folder / "truth" / SUMMARY
    summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    summary["outcome"] = describe_effects(replay_arms(plan))
    write_file(path, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    return summary
