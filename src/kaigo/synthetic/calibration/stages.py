"""Stages of the calibration with a closed answer: item boundaries, causes, deaths.

Each stage corrects its own numbers by what a simulation shows, and touches nothing that the search moves.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from kaigo.synthetic.answers import load_item_model
from kaigo.synthetic.calibration.simulate import Simulation
from kaigo.synthetic.care_minutes import LEVELS, SUPPORT_LEVELS
from kaigo.synthetic.diseases import load_diseases
from kaigo.synthetic.parameters import Parameters, read_synthetic_facts

LEAST, MOST = 0.0005, 0.9995
MOST_CORRECTION = 1.5
"""A cause's weight changes by at most this factor in a round, so that rounds do not overshoot."""


def fit_boundaries(parameters: Parameters, run: Simulation) -> Parameters:
    """Move each item's boundary by the gap between the simulated and the published share (in probits)."""
    normal, columns = NormalDist(), load_item_model().columns
    boundary = dict(parameters.answers.boundary)
    for row in read_synthetic_facts("survey_model"):
        column = row["column"]
        if not column.startswith("survey_"):
            continue
        answers = run.new_answers[run.new_old, columns.index(column)]
        found = float(np.clip((answers >= int(row["problem_option"])).mean(), LEAST, MOST))
        wanted = float(np.clip(float(row["p_problem"]), LEAST, MOST))
        spread = (1 + parameters.answers.slope[column] ** 2) ** 0.5
        gap = normal.inv_cdf(found) - normal.inv_cdf(wanted)
        boundary[column] = round(boundary[column] + gap * spread, 3)
    return replace(parameters, answers=replace(parameters.answers, boundary=boundary))


def fit_causes(parameters: Parameters, run: Simulation) -> Parameters:
    """Scale each cause's weight by profile toward the published shares of 要支援 and 要介護."""
    names, profiles = load_diseases().names, run.profile.max() + 1
    first = np.where(run.level >= 0, run.level, 0)[np.arange(len(run.level)), (run.level >= 0).argmax(axis=1)]
    light = first < SUPPORT_LEVELS
    share_light = np.array([light[run.profile == kind].mean() for kind in range(profiles)])
    causes = dict(parameters.causes)
    for row in read_synthetic_facts("published_causes"):
        # The published total disagrees a little with the two groups: all three pull, the total evenly.
        group, part = {
            "総数": (light | ~light, np.full(profiles, 0.5)),
            "要支援": (light, share_light),
            "要介護": (~light, 1 - share_light),
        }[row["group"]]
        found = float((run.disease[group] == names.index(row["disease"])).mean())
        ratio = float(np.clip(float(row["share"]) / max(found, 1e-4), 1 / MOST_CORRECTION, MOST_CORRECTION))
        scaled = (weight * ratio**power for weight, power in zip(causes[row["disease"]], part, strict=True))
        causes[row["disease"]] = tuple(round(float(weight), 4) for weight in scaled)
    return replace(parameters, causes=causes)


def fit_deaths(parameters: Parameters, run: Simulation) -> Parameters:
    """Scale the chance of death by level toward the middle of the published range."""
    months = run.level.shape[1]
    found = find_deaths(run)
    deaths = list(parameters.exits.annual_death)
    for row in read_synthetic_facts("published_deaths"):
        place = LEVELS.index(row["care_level"])
        wanted = (float(row["low"]) + float(row["high"])) / 2
        if months > 1 and found[place] > 0:
            deaths[place] = round(deaths[place] * wanted / found[place], 4)
    return replace(parameters, exits=replace(parameters.exits, annual_death=tuple(deaths)))


def find_deaths(run: Simulation) -> list[float]:
    """Share dying within a year by the level of the first month (scaled to 12 months)."""
    months = run.level.shape[1]
    shares = []
    for level in range(len(LEVELS)):
        # Who left in the first month itself is not among those certified at its end.
        rows = run.stock & (run.level[:, 0] == level) & (run.leaving != 0)
        dead = (run.died[rows] & (run.leaving[rows] >= 0)).mean() if rows.any() else 0.0
        shares.append(float(1 - (1 - dead) ** (12 / max(months - 1, 1))))
    return shares
