"""A run of the generator without writing: the course of persons and the moments that the search compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import Answers
from kaigo.synthetic.block_course import follow_block
from kaigo.synthetic.care_minutes import LEVELS, LevelIndex
from kaigo.synthetic.care_use import load_use_model
from kaigo.synthetic.certification import Kind
from kaigo.synthetic.parameters import Parameters
from kaigo.synthetic.persons import STOCK
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import list_blocks

Floats = npt.NDArray[np.float64]
PROGRAM = ("program_day", "program_help")


@dataclass(frozen=True)
class Simulation:
    """模擬の結果。Arrays over persons, ``new_*`` over newly certified persons.

    Attributes
    ----------
    level : int8, shape (n, months)
    using : bool, shape (n, months)
        A benefit (総合事業 apart) in the month.
    stock : bool, shape (n,)
    profile : int8, shape (n,)
        Profile of condition at the start.
    disease : int8, shape (n,)
        Main cause.
    leaving : int16, shape (n,)
        Month of leaving, -1 for those who stay.
    died : bool, shape (n,)
    new_answers : int8, shape (m, 76)
    new_old : bool, shape (m,)
        65 or older.
    """

    level: LevelIndex
    using: npt.NDArray[np.bool_]
    stock: npt.NDArray[np.bool_]
    profile: npt.NDArray[np.int8]
    disease: npt.NDArray[np.int8]
    leaving: npt.NDArray[np.int16]
    died: npt.NDArray[np.bool_]
    new_answers: Answers
    new_old: npt.NDArray[np.bool_]


def simulate(parameters: Parameters, persons: int, months: int, seed: int) -> Simulation:
    """同じ乱数で人の経過だけを作る。

    The random streams depend on the seed alone, so two sets of parameters are compared on the same persons.
    """
    plan = SynthesisPlan(persons=persons, months=months, seed=seed)
    programs = [load_use_model().index(name) for name in PROGRAM]
    parts = []
    for block in list_blocks(plan, parameters):
        followed = follow_block(block, plan, parameters)
        people, course = followed.persons, followed.course
        certifications = course.certifications.close()
        new = certifications.kind == Kind.NEW
        using = (course.pattern > 0) & ~np.isin(course.pattern, programs)
        using &= course.last_day >= course.first_day
        parts.append(
            (
                course.level,
                using,
                people.entry == STOCK,
                followed.starts.profile,
                followed.diseases.primary,
                course.exits.month,
                course.exits.reason == 1,
                certifications.answers[new],
                ~people.second[certifications.person[new]],
            )
        )
    return Simulation(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def find_level_mix(run: Simulation) -> Floats:
    """Shares of levels in the first month, shape (7,)."""
    level = run.level[run.stock, 0]
    counts = np.bincount(level[level >= 0], minlength=len(LEVELS))
    mix: Floats = counts / counts.sum()
    return mix


def find_transitions(run: Simulation) -> Floats:
    """1年の移り変わり(12か月続けて給付のある人)。Rows from, columns to; shape (7, 7), rows sum to 1."""
    always = run.using[:, :12].all(axis=1) & run.stock
    table = np.zeros((len(LEVELS), len(LEVELS)))
    np.add.at(table, (run.level[always, 0], run.level[always, 11]), 1)
    shares: Floats = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return shares
