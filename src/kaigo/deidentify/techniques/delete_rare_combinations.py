"""セル削除: combinations of answers of the survey that few persons gave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from kaigo.deidentify.rare_combinations import blank_rare_combinations, choose_sets
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import find_survey_item

Ints = npt.NDArray[np.int64]


class RareCombinationParameters(Parameters):
    """``persons``: persons of a combination; ``answers``: how many together; ``within``: where to look.

    ``within`` is ``group`` (answers of the same group of the survey, 1 to 7) or ``all`` (across the groups).
    """

    persons: int = Field(ge=2, le=1000)
    answers: int = Field(default=2, ge=2, le=3)
    within: Literal["group", "all"]

    @model_validator(mode="after")
    def _stay_feasible(self) -> Self:
        if self.answers == 3 and self.within == "all":
            raise ValueError("3つの回答の組合せは、群の中(within = group)でだけ調べられます。")
        return self


class DeleteRareCombinations(Technique):
    """特異な回答の組合せの削除(セル削除)。群の中または全体で、2つか3つの回答の組ごとに、人を数える。

    A combination of answers given by fewer than ``persons`` distinct persons of the municipality loses the answer
    that fewest persons gave; what that makes rare is found again, until every combination that is shown belongs
    to enough persons. Rare single answers are looked at by ``delete_rare_answers``, which stands before.

    Examples
    --------
    persons = 2, 歩行 and 排尿: 甲 1・1, 乙 1・1, 丙 1・2, 丁 2・2, 戊 2・2 → (1・2) is 丙's alone; 3 persons have 歩行 1
    and 3 have 排尿 2, so the later item, 排尿, is deleted; 1 cell, 1 person.
    """

    name = "delete_rare_combinations"
    label = "セル削除(特異な回答の組合せ)"
    recipient_note = "空欄を含む"
    parameters = RareCombinationParameters
    columns = (
        "certifications.survey_",
        "certifications.disability_independence",
        "certifications.dementia_independence",
    )

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = RareCombinationParameters.model_validate(rule.parameters)
        engine, columns = work.engine, rule.expanded()["certifications"]
        groups = [find_survey_item(column).group for column in columns]
        sets = choose_sets(groups, parameters.answers, across=parameters.within == "all")
        types = engine.arrow_schema(
            f"select {engine.dialect.columns(columns)} from {work.relations['certifications']}"
        )
        schema = pa.schema([("certification", pa.int32()), *((field.name, field.type) for field in types)])

        def mend() -> Iterator[pa.RecordBatch]:
            for numbers, persons, values in _read_municipalities(work, columns):
                shown = blank_rare_combinations(values, persons, sets, parameters.persons)
                arrays = [
                    pa.array(shown[:, place] - 1, mask=shown[:, place] == 0).cast(field.type)
                    for place, field in enumerate(types)
                ]
                yield pa.RecordBatch.from_arrays([pa.array(numbers, pa.int32()), *arrays], schema=schema)

        name = work.own_name("combinations")
        engine.store(name, mend(), schema, work.folder / name)
        work, entry = work.rewrite(
            rule,
            "certifications",
            {column: f"m.{engine.dialect.quote(column)}" for column in columns},
            technique=self.label,
            joins=f"left join {name} as m on m.certification = t.certification",
            note=f"{len(sets):,}組の項目について数えた",
            started=started,
        )
        return work, [entry]


def _read_municipalities(work: Workspace, columns: Sequence[str]) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Certifications, persons and answers (from 1, empty 0) of one municipality after the other."""
    quote = work.engine.dialect.quote
    shown = ", ".join(f"cast(coalesce({quote(column)} + 1, 0) as integer)" for column in columns)
    waiting: list[Ints] = []
    for batch in work.engine.batches(
        f"select municipality, certification, person, {shown} from {work.relations['certifications']} "
        "order by municipality, person, certification"
    ):
        rows = np.stack(
            [column.to_numpy(zero_copy_only=False).astype(np.int64) for column in batch.columns], 1
        )
        starts = np.flatnonzero(np.diff(rows[:, 0])) + 1
        for number, part in enumerate(np.split(rows, starts)):
            if waiting and (number or part[0, 0] != waiting[-1][0, 0]):
                yield _split(waiting)
                waiting = []
            waiting.append(part)
    if waiting:
        yield _split(waiting)


def _split(parts: list[Ints]) -> tuple[Ints, Ints, Ints]:
    rows = np.concatenate(parts)
    return rows[:, 1], rows[:, 2], rows[:, 3:]
