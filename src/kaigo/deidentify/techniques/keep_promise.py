"""セル削除・一般化・レコード削除 until the promise holds: persons in classes, with any two kinds or two answers."""

from __future__ import annotations

import dataclasses
import time

from pydantic import Field

from kaigo.deidentify import promise_steps
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class PromiseParameters(Parameters):
    """``persons``: persons that each class must hold; ``combined``: kinds or answers added to it (1 or 2)."""

    persons: int = Field(ge=2, le=1000)
    combined: int = Field(ge=1, le=2)


class KeepPromise(Technique):
    """約束の確保: 準識別子の組と、それに任意の2つのサービス種類または2つの回答を加えた組が、どれも k 人以上。

    The class of a person and pseudonym period is sex, birth (as released), care level, 第2号, disease group and
    special medical care, as far as they are released. In turn:

    1. values of classes under ``persons`` are emptied: special medical care, disease, 第2号, level, birth; an empty
       value is a value of its own, and persons still in small classes leave;
    2. service kinds: in each class, in the 2 x 2 table of any two kinds (used or not) each cell holds nobody or
       at least ``persons``; what does not fit becomes the category of the kind, then the line is removed;
    3. answers: in each class those items stay of which any two have no combination of answers (empty being one)
       under ``persons``; the others are emptied in that class.

    ``persons`` of the source are counted (the same person has one row a period) over the whole release: the
    municipality is not released, so it is no part of a class. :mod:`kaigo.deidentify.promise_check`
    counts again what was written.

    Examples
    --------
    persons = 2, combined = 2; 甲 and 乙 男・要介護1 with 訪問+通所 and 訪問; 丙 男・要介護2: 丙's level becomes empty
    with those of 甲 and 乙, 通所 (甲 alone) becomes its category and is then removed.
    """

    name = "keep_promise"
    label = "セル削除・レコード削除(約束の確保)"
    recipient_note = "空欄を含む"
    parameters = PromiseParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return promise_steps.is_promised(column)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = PromiseParameters.model_validate(rule.parameters)
        found = promise_steps.search(
            work, rule.expanded(), parameters.persons, pairs=parameters.combined == 2
        )
        promise_steps.store(work, found)
        quote = work.engine.dialect.quote
        entries = []
        for table, number in (("persons", "person"), ("certifications", "certification")):
            changes: dict[str, str | None] = {
                name: f"case when h.{quote(f'hide_{name}')} = 1 then null else t.{quote(name)} end"
                for name in work.columns[table]
                if name in found.hidden
            }
            work, entry = work.rewrite(
                rule,
                table,
                changes,
                technique=self.label,
                joins=f"left join promise_{table} as h on h.{number} = t.{number}",
                keep_rows="coalesce(h.stays, 0) = 1",
                started=started if table == "persons" else None,
            )
            entries.append(entry)
        work, entry = work.rewrite(
            rule,
            "benefits",
            {"service_code": "m.shown"},
            technique=self.label,
            joins=f"left join promise_codes as m on m.person = t.person and m.period = {work.period('t.month_number')} "
            "and m.code is not distinct from t.service_code",
            keep_rows="coalesce(m.stays, 0) = 1",
            note=found.describe(),
        )
        in_force = work.own_name("in_force_promised")
        work.engine.view(
            in_force,
            f"select f.person, f.certification, f.service_month, f.month_number from {work.in_force} as f "
            "join promise_persons as h on h.person = f.person where h.stays = 1",
        )
        return dataclasses.replace(work, in_force=in_force), [*entries, entry]
