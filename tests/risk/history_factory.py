"""Histories written down by hand, for the attacks on accumulation and rotation."""

from collections.abc import Mapping, Sequence

import numpy as np

from kaigo.risk.numbering import number_rows
from kaigo.risk.released_history import ReleasedHistory


def make_history(
    services: Sequence[Mapping[int, str]],
    months: int,
    births: Sequence[int] | None = None,
    answers: Sequence[Sequence[Sequence[int] | None]] | None = None,
) -> ReleasedHistory:
    """One entry a person: month number to a text of one-letter services; births; answers by person and month."""
    number = len(services)
    labels = tuple(
        sorted({letter for person in services for letters in person.values() for letter in letters})
    )
    points = sorted(
        (person, month, labels.index(letter))
        for person, used in enumerate(services)
        for month, letters in used.items()
        for letter in letters
    )
    table = np.array(points, dtype=np.int64).reshape(-1, 3)
    if answers is None:
        answers = [[(0,)] * months] * number
    width = max(len(a) for own in answers for a in own if a is not None)
    rows = [tuple(a) for own in answers for a in own if a is not None]
    distinct, place = number_rows(np.array(rows, dtype=np.int32).reshape(-1, width))
    content_of = np.full((number, months), -1, dtype=np.int64)
    content_of[[[a is not None for a in own] for own in answers]] = place
    return ReleasedHistory(
        persons=number,
        months=tuple(f"2024-{m + 1:02d}" for m in range(months)),
        static_names=("birth_month",),
        content_names=tuple(f"answer_{c}" for c in range(width)),
        static=np.array(births or [0] * number, dtype=np.int32).reshape(-1, 1),
        content=distinct,
        content_of=content_of,
        person=table[:, 0],
        month=table[:, 1],
        label=table[:, 2],
        units=np.ones(len(table), dtype=np.int64),
        labels=labels,
        level=np.full(number, "21", dtype=object),
    )
