"""一般化: options of the survey become one, by a list or until enough persons share them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Self

import pyarrow as pa
from pydantic import Field, model_validator

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import find_survey_item

Masks = Mapping[int, int]


class MergeParameters(Parameters):
    """Either ``groups``, e.g. ``"1,2|3,4"`` (options not named stay), or ``persons``: merge until so many share."""

    groups: str = Field(default="", pattern=r"^(\d+(,\d+)+(\|\d+(,\d+)+)*)?$")
    persons: int | None = Field(default=None, ge=2, le=1000)

    @model_validator(mode="after")
    def _choose_one(self) -> Self:
        if bool(self.groups) == (self.persons is not None):
            raise ValueError("まとめ方(groups)か人数(persons)の、どちらか一方を決めてください。")
        named = [option for group in self.groups.split("|") for option in group.split(",")]
        if len(named) != len(set(named)):
            raise ValueError("同じ選択肢が2回以上現れています(groups)。")
        return self


class MergeOptions(Technique):
    """認定調査の選択肢をまとめる(一般化)。まとめた選択肢は、その中の最初の番号で示す。

    Use ``merge_to_problem`` instead where the two published groups, no problem and problem, are enough.

    With ``persons``, in each municipality and item: the option that fewest distinct persons gave is merged with
    the neighbour that fewer persons gave (of equals the lower), and persons are counted again, until each option
    has at least ``persons``. An item of which even all answers together have fewer becomes empty.

    Examples
    --------
    groups = "2,3", 歩行 [1, 2, 3] → [1, 2, 2]. persons = 2: 甲 1, 乙 1, 丙 2, 丁 3 → 2 has one person and merges
    with 3: [1, 1, 2, 2].
    """

    name = "merge_options"
    label = "一般化(選択肢をまとめる)"
    recipient_note = "選択肢をまとめ、まとめた中の最初の番号で示す"
    parameters = MergeParameters
    columns = ("certifications.survey_",)

    def note_for_recipient(self, rule: Rule) -> str:
        """See :class:`Technique`."""
        groups = str(rule.parameters.get("groups", ""))
        shown = "、".join(group.replace(",", "・") for group in groups.split("|") if group)
        return f"{self.recipient_note}({shown}をまとめた)" if shown else self.recipient_note

    def check_rule(self, rule: Rule) -> list[str]:
        """See :class:`Technique`."""
        named = {int(o) for g in str(rule.parameters.get("groups", "")).split("|") if g for o in g.split(",")}
        findings = []
        for column in rule.expanded().get("certifications", ()):
            if column.startswith("survey_"):
                item = find_survey_item(column)
                missing = sorted(named - set(item.codes))
                if missing:
                    options = "・".join(map(str, missing))
                    findings.append(f"項目「{item.label}」に選択肢{options}はありません。")
        return findings

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        parameters = MergeParameters.model_validate(rule.parameters)
        columns = rule.expanded()["certifications"]
        if parameters.persons is None:
            work, entry = self._merge_listed(work, rule, columns, parameters.groups)
        else:
            work, entry = self._merge_rare(work, rule, columns, parameters.persons)
        return work, [entry]

    def _merge_listed(
        self, work: Workspace, rule: Rule, columns: tuple[str, ...], groups: str
    ) -> tuple[Workspace, LedgerEntry]:
        cases = ""
        for group in groups.split("|"):
            options = sorted(int(option) for option in group.split(","))
            cases += f" when {{0}} in ({', '.join(map(str, options[1:]))}) then cast({options[0]} as tinyint)"
        changes: dict[str, str | None] = {}
        for column in columns:
            value = f"t.{work.engine.dialect.quote(column)}"
            changes[column] = f"case{cases.format(value)} else {value} end"
        return work.rewrite(rule, "certifications", changes, technique=self.label)

    def _merge_rare(
        self, work: Workspace, rule: Rule, columns: tuple[str, ...], least: int
    ) -> tuple[Workspace, LedgerEntry]:
        started = time.perf_counter()
        engine, dialect, name = work.engine, work.engine.dialect, work.own_name("merged_options")
        relation = work.relations["certifications"]
        # The answers of a person as one number: bit n for option n. A person may have several certifications.
        given = " union all ".join(
            f"select municipality, {dialect.text(column)} as item, person, "
            f"sum(distinct cast(power(2, {dialect.quote(column)}) as bigint)) as mask from {relation} "
            f"where {dialect.quote(column)} is not null group by municipality, person"
            for column in columns
        )
        counted = engine.rows(
            f"select municipality, item, mask, count(*) from ({given}) as g "
            "group by municipality, item, mask order by municipality, item, mask"
        )
        masks: dict[tuple[int, str], dict[int, int]] = {}
        for municipality, item, mask, persons in counted:
            masks.setdefault((municipality, item), {})[int(mask)] = int(persons)
        schema = pa.schema(
            [
                ("municipality", pa.int32()),
                ("item", pa.string()),
                ("answer", pa.int8()),
                ("shown", pa.int8()),
            ]
        )
        rows = [
            {"municipality": municipality, "item": item, "answer": answer, "shown": shown}
            for (municipality, item), own in masks.items()
            for answer, shown in merge_until_shared(own, least).items()
        ]

        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)

        engine.store(name, batches(), schema, work.folder / name)
        joins = " ".join(
            f"left join {name} as m{number} on m{number}.municipality = t.municipality and m{number}.item = "
            f"{dialect.text(column)} and m{number}.answer = t.{dialect.quote(column)}"
            for number, column in enumerate(columns)
        )
        merged = sum(row["answer"] != row["shown"] for row in rows)
        return work.rewrite(
            rule,
            "certifications",
            {column: f"m{number}.shown" for number, column in enumerate(columns)},
            technique=self.label,
            joins=joins,
            note=f"{len(rows):,}の選択肢のうち{merged:,}をまとめた({least}人以上になるまで)",
            started=started,
        )


def merge_until_shared(masks: Masks, least: int) -> dict[int, int | None]:
    """Each option that was given to the one that stands for it; None where all together have too few persons.

    Parameters
    ----------
    masks : mapping of int to int
        Persons by the options they gave (bit n for option n).

    Examples
    --------
    least 2, persons {1: 2, 2: 1, 3: 1} → {1: 1, 2: 2, 3: 2}.
    """
    options = [option for option in range(64) if any(mask >> option & 1 for mask in masks)]
    groups = [[option] for option in options]

    def count(group: list[int]) -> int:
        return sum(n for mask, n in masks.items() if any(mask >> option & 1 for option in group))

    while len(groups) > 1:
        sizes = [count(group) for group in groups]
        smallest = min(range(len(groups)), key=lambda place: (sizes[place], place))
        if sizes[smallest] >= least:
            break
        beside = [place for place in (smallest - 1, smallest + 1) if 0 <= place < len(groups)]
        other = min(beside, key=lambda place: (sizes[place], place))
        low, high = sorted((smallest, other))
        groups[low : high + 1] = [groups[low] + groups[high]]
    enough = len(groups) > 1 or (bool(groups) and count(groups[0]) >= least)
    return {option: group[0] if enough else None for group in groups for option in group}
