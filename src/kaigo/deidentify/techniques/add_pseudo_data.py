"""疑似データ生成: artificial records that look like others are added."""

from __future__ import annotations

import dataclasses
import time

from pydantic import Field

from kaigo.deidentify.random_rows import draw_for_rows
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace

ADDED_AS = "疑似データとして加えたレコード(減った数を負で示す)"
STANDING = "要確認"
"""Whether added records may be provided is for the review to say, not for this workbook."""


class PseudoDataParameters(Parameters):
    """``share``: artificial persons, of the persons of the municipality."""

    share: float = Field(ge=0.001, le=0.5)


class AddPseudoData(Technique):
    """疑似データ生成(別表第1)。人工の人とその認定・給付を加える。審査での扱いは要確認。

    An artificial person has the attributes (birth, sex and what else the persons' table still holds) of one person
    drawn and the certifications and benefits of another person of the same municipality, drawn with numbers from a
    subkey of the creation's key. Where both are the same nobody is added. Artificial persons get pseudonyms as all
    others do and no entry in the crosswalk: counts through the crosswalk are of real persons only. They would count
    as persons in later rules, so no rule that counts persons may follow. Every statistic of the release is moved by
    them; the ledger and the manifest say how many there are.

    Examples
    --------
    share = 0.5, 甲 (男, 要介護1), 乙 (女, 要介護3): one person is drawn, say 甲's attributes with 乙's certification and
    benefits → 3 persons, the third 男, 要介護3.
    """

    name = "add_pseudo_data"
    label = "疑似データ生成"
    recipient_note = "人工のレコードを含む"
    parameters = PseudoDataParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.startswith("persons.")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        artificial = self._draw(work, rule)
        count = work.engine.count(artificial)
        before = {table: work.engine.count(relation) for table, relation in work.relations.items()}
        work = self._extend(work, artificial)
        entries = []
        for table, rows in before.items():
            work, entry = work.rewrite(rule, table, {}, technique=self.label)
            entries.append(
                dataclasses.replace(
                    entry,
                    column="(行)",
                    rows_in=rows,
                    left_as=ADDED_AS,
                    seconds=round(time.perf_counter() - started, 3),
                    note=f"人工の人{count:,}人を加えた。審査での扱いは{STANDING}",
                )
            )
        return dataclasses.replace(work, pseudo_persons=work.pseudo_persons + count), entries

    @staticmethod
    def _draw(work: Workspace, rule: Rule) -> str:
        """Step with ``person`` (new), ``municipality``, ``looks`` and ``lives``: the two donors."""
        share = PseudoDataParameters.model_validate(rule.parameters).share
        engine, name = work.engine, work.own_name("pseudo_persons")
        drawn = draw_for_rows(work, rule, "persons", words=2).relations["persons"]
        last = int(engine.value("select max(person) from person_messages"))
        wanted = engine.dialect.integer_division(f"members * {round(share * 1000)}", "1000")
        ranked = (
            "select person, municipality, count(*) over (partition by municipality) as members, "
            "row_number() over (partition by municipality order by word_0, person) as looks_place, "
            f"row_number() over (partition by municipality order by word_1, person) as lives_place from {drawn}"
        )
        engine.materialise(
            name,
            "select cast(row_number() over (order by a.municipality, a.looks_place) + "
            f"{last} as integer) as person, a.municipality, a.person as looks, b.person as lives "
            f"from ({ranked}) as a join ({ranked}) as b on b.municipality = a.municipality "
            f"and b.lives_place = a.looks_place where a.looks_place <= {wanted.replace('members', 'a.members')} "
            "and a.person <> b.person",
            work.folder / name,
        )
        return name

    @staticmethod
    def _extend(work: Workspace, artificial: str) -> Workspace:
        """All relations with the artificial rows behind the real ones."""
        engine, quote = work.engine, work.engine.dialect.quote
        certified, in_force = work.own_name("pseudo_certifications"), work.own_name("in_force_with_pseudo")
        last = int(engine.value(f"select max(certification) from {work.relations['certifications']}"))
        last = max(last, int(engine.value(f"select max(certification) from {work.in_force}")))
        engine.materialise(
            certified,
            "select a.person, a.lives, c.certification as original, "
            f"cast(row_number() over (order by a.person, c.certification) + {last} as integer) as certification "
            f"from {artificial} as a join {work.relations['certifications']} as c on c.person = a.lives",
            work.folder / certified,
        )
        columns = {
            table: ", ".join(f"t.{quote(column)}" for column in work.columns[table])
            for table in work.relations
        }
        join = f"join {certified} as c on c.lives = t.person and c.original = t.certification"
        added = {
            "persons": f"a.person, a.municipality, {columns['persons']} from {work.relations['persons']} as t "
            f"join {artificial} as a on a.looks = t.person",
            "certifications": f"c.person, t.municipality, c.certification, {columns['certifications']} "
            f"from {work.relations['certifications']} as t {join}",
            "benefits": f"c.person, t.municipality, c.certification, t.month_number, {columns['benefits']} "
            f"from {work.relations['benefits']} as t {join}",
        }
        running = {
            "persons": "t.person, t.municipality",
            "certifications": "t.person, t.municipality, t.certification",
            "benefits": "t.person, t.municipality, t.certification, t.month_number",
        }
        relations = {}
        for table, select in added.items():
            relations[table] = work.own_name(f"{table}_with_pseudo")
            engine.materialise(
                relations[table],
                f"select {running[table]}, {columns[table]} from {work.relations[table]} as t union all select {select}",
                work.folder / relations[table],
            )
        engine.materialise(
            in_force,
            "select t.person, t.certification, t.service_month, t.month_number from "
            f"{work.in_force} as t union all select c.person, c.certification, t.service_month, t.month_number "
            f"from {work.in_force} as t {join}",
            work.folder / in_force,
        )
        # A message of their own for pseudonyms and order; no real number begins like it.
        messages = work.own_name("messages_before_pseudo")
        engine.materialise(messages, "select person, message from person_messages", work.folder / messages)
        engine.view(
            "person_messages",
            f"select person, message from {messages} union all "
            f"select person, concat('疑似/', cast(person as {engine.dialect.text_type})) as message from {artificial}",
        )
        return dataclasses.replace(work, relations=relations, in_force=in_force, persons={})
