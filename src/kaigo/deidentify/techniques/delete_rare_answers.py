"""セル削除: answers of the survey that few persons gave."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class RareAnswerParameters(Parameters):
    """``persons``: an answer stays if at least so many persons of the municipality gave it."""

    persons: int = Field(ge=2, le=1000)


class DeleteRareAnswers(Technique):
    """特異な回答の削除(セル削除)。項目ごと・選択肢ごとに、人を数える。

    An answer given by fewer than ``persons`` distinct persons of the municipality (certifications in force in
    the release window) becomes empty. Combinations of answers are not looked at here.

    Examples
    --------
    persons = 2, item 歩行: 甲 2, 乙 2, 丙 3 → 丙's answer is deleted; 1 cell, 1 person.
    """

    name = "delete_rare_answers"
    label = "セル削除(特異な回答)"
    recipient_note = "空欄を含む"
    parameters = RareAnswerParameters
    columns = (
        "certifications.survey_",
        "certifications.disability_independence",
        "certifications.dementia_independence",
    )

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        engine, dialect = work.engine, work.engine.dialect
        least = RareAnswerParameters.model_validate(rule.parameters).persons
        columns = rule.expanded()["certifications"]
        doubtful = _find_doubtful(work, columns, least) or columns[:1]
        rare = engine.materialise(
            work.own_name("rare_answers"),
            "select municipality, item, answer from "
            f"({_count_answers(work, doubtful, 'count(distinct person)')}) as counted where n < {least}",
            work.folder / work.own_name("rare_answers"),
        )
        found = engine.rows(f"select distinct item from {rare.name} order by item")
        changes: dict[str, str | None] = {column: f"t.{dialect.quote(column)}" for column in columns}
        joins = []
        for number, (item,) in enumerate(found):
            alias = f"r{number}"
            joins.append(
                f"left join {rare.name} as {alias} on {alias}.municipality = t.municipality "
                f"and {alias}.item = {dialect.text(item)} and {alias}.answer = t.{dialect.quote(item)}"
            )
            changes[item] = f"case when {alias}.answer is null then t.{dialect.quote(item)} end"
        note = f"{rare.rows}の選択肢({len(found)}項目)が{least}人未満"
        work, entry = work.rewrite(
            rule,
            "certifications",
            changes,
            technique=self.label,
            joins=" ".join(joins),
            note=note,
            started=started,
        )
        return work, [entry]


def _find_doubtful(work: Workspace, columns: tuple[str, ...], least: int) -> tuple[str, ...]:
    """Items with an answer that may have too few persons, told by rows: to count persons costs three times as much."""
    relation = work.relations["certifications"]
    most = f"(select max(n) from (select count(*) as n from {relation} group by person) as c)"
    few = work.engine.rows(
        f"select distinct item from ({_count_answers(work, columns, 'count(*)')}) as counted "
        f"where n < {least} * {most}"
    )
    found = {item for (item,) in few}
    return tuple(column for column in columns if column in found)


def _count_answers(work: Workspace, columns: tuple[str, ...], what: str) -> str:
    dialect, relation = work.engine.dialect, work.relations["certifications"]
    return " union all ".join(
        f"select municipality, {dialect.text(column)} as item, {dialect.quote(column)} as answer, {what} as n "
        f"from {relation} where {dialect.quote(column)} is not null "
        f"group by municipality, {dialect.quote(column)}"
        for column in columns
    )
