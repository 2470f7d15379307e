"""レコード一部抽出: a simple random sample of persons, with all that belongs to them."""

from __future__ import annotations

import dataclasses
import time

from pydantic import Field, field_validator

from kaigo.deidentify.random_rows import draw_for_rows
from kaigo.deidentify.removal import remove_records
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace

LEFT_AS = "抽出しなかったレコード"
_PARTS = 1000


class SampleParameters(Parameters):
    """``share``: of the persons of each municipality, in steps of 0.001."""

    share: float = Field(ge=0.001, le=0.999)

    @field_validator("share")
    @classmethod
    def _refuse_finer_steps(cls, share: float) -> float:
        if abs(share * _PARTS - round(share * _PARTS)) > 1e-9:
            raise ValueError("0.001の刻みで書いてください")
        return share


class SamplePersons(Technique):
    """人の無作為抽出(レコード一部抽出)。選ばれた人は、認定と給付のすべてとともに残る。

    In each municipality a simple random sample without replacement: every set of ``share`` of its persons (rounded
    half up, at least one) is equally likely. Persons are ranked by numbers from a subkey of the creation's key, so
    the same data and key give the same sample, whatever the order of the input, and without the key neither a
    number nor a place in the tables tells who was drawn. Whoever counts persons afterwards counts the sample.

    Examples
    --------
    share = 0.5, 甲 乙 丙 丁 → two of them, say 甲 and 丙, with all their certifications and benefits.

    Notes
    -----
    Extraction of a part of the records, at random or by attribute, is provided for in the proposal for the use of
    行政機関等匿名加工情報 (個人情報保護委員会 事務対応ガイド).
    """

    name = "sample_persons"
    label = "レコード一部抽出(人の無作為抽出)"
    recipient_note = "無作為に選んだ人だけを含む"
    parameters = SampleParameters
    columns = ("persons.insured_number",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parts = round(SampleParameters.model_validate(rule.parameters).share * _PARTS)
        engine, persons = work.engine, work.relations["persons"]
        drawn = draw_for_rows(work, rule, "persons").relations["persons"]
        # In whole numbers: floor(members * share + 1/2).
        wanted = engine.dialect.integer_division(f"(2 * members * {parts} + {_PARTS})", str(2 * _PARTS))
        gone = work.own_name("persons_not_drawn")
        engine.materialise(
            gone,
            "select person from (select person, count(*) over (partition by municipality) as members, "
            f"row_number() over (partition by municipality order by word_0, person) as place from {drawn}) as r "
            f"where place > 1 and place > {wanted}",
            work.folder / gone,
        )
        before, left_out = engine.count(persons), engine.count(gone)
        note = f"{before:,}人から{before - left_out:,}人を無作為に選んだ"
        work, entries = remove_records(
            work, rule, "person", gone, technique=self.label, note=note, started=started
        )
        return work, [dataclasses.replace(entry, left_as=LEFT_AS) for entry in entries]
