"""Towns made for the attacks: what is in the release, and the register that it was made from, person by person."""

import numpy as np

from kaigo.risk.register_history import RegisterHistory
from kaigo.risk.released_history import ReleasedHistory
from kaigo.tables import survey_columns

MONTHS = 6


def plant_town(persons: int, alike: int, birth_year: int = 1925) -> tuple[ReleasedHistory, RegisterHistory]:
    """A release and its register in which ``alike`` persons each share everything; 1: nobody shares anything.

    Each group has a service of its own, used in every month, and answers, sex and level of its own drawing.
    """
    random = np.random.default_rng(4)
    groups = -(-persons // alike)
    group = np.arange(persons) // alike
    answers = random.integers(1, 4, (groups, len(survey_columns())))
    level = random.integers(4, 9, groups)
    sex = random.integers(1, 3, groups)
    birth = birth_year * 12 + random.integers(0, 24, groups)
    person = np.repeat(np.arange(persons), MONTHS)
    month = np.tile(np.arange(MONTHS), persons)
    units = 1_000 + 10 * group[person]
    kinds = tuple(f"x{number:05d}" for number in range(groups))
    rows = np.tile(np.arange(groups)[group][:, None], (1, MONTHS))
    register = RegisterHistory(
        birth=birth[group],
        sex=sex[group],
        category=np.ones(persons, dtype=np.int64),
        level=np.tile(level[group][:, None], (1, MONTHS)),
        answers=answers,
        certification_of=rows,
        person=person,
        month=month,
        kind=group[person],
        units=units,
        kinds=kinds,
    )
    released = ReleasedHistory(
        persons=persons,
        months=tuple(f"2024-{m + 1:02d}" for m in range(MONTHS)),
        static_names=("birth_month", "sex"),
        content_names=(*survey_columns(), "care_level"),
        static=np.column_stack([birth[group], sex[group]]).astype(np.int32),
        content=np.column_stack([answers, level]).astype(np.int32),
        content_of=rows,
        person=person,
        month=month,
        label=group[person],
        units=units,
        labels=kinds,
        level=np.array([str(v) for v in level[group]], dtype=object),
    )
    return released, register
