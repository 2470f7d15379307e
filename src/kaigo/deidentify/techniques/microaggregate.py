"""ミクロアグリゲーション: the nearest values, in sorted order, become their mean or median."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.techniques.top_code import GROUPS
from kaigo.deidentify.workspace import RUNNING, LedgerEntry, Workspace
from kaigo.tables import load_schemas


class MicroaggregateParameters(Parameters):
    """``persons`` of a set; ``value``: ``mean`` or ``median``; ``within``: ``code``, ``kind`` or ``all`` lines."""

    persons: int = Field(ge=2, le=1000)
    value: Literal["mean", "median"] = "mean"
    within: Literal["code", "kind", "all"] = "code"


class Microaggregate(Technique):
    """ミクロアグリゲーション(値の近い k 人ずつを、平均または中央値にそろえる)。

    Lines of a municipality and code are sorted by value and cut into sets as soon as a set holds ``persons``
    distinct persons; equal values are never torn apart; a last set with fewer persons joins the one before. Each
    value becomes the mean of its set, rounded half up, or its lower median. A code with fewer persons in all is
    one set (``roll_up_rare_codes`` deals with it). A second run changes nothing.

    Examples
    --------
    persons = 2, one code: 甲 10, 乙 13, 丙 20, 丁 30, 戊 31 → sets (10, 13), (20, 30, 31): 12, 12, 27, 27, 27.
    """

    name = "microaggregate"
    label = "ミクロアグリゲーション"
    recipient_note = "値の近い人どうしで平均または中央値にそろえた"
    parameters = MicroaggregateParameters
    columns = ("benefits.days", "benefits.units")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        parameters = MicroaggregateParameters.model_validate(rule.parameters)
        entries = []
        for column in rule.expanded()["benefits"]:
            started = time.perf_counter()
            work = self._cut_into_sets(work, column, parameters)
            values = self._find_values(work, column, parameters)
            value = f"t.{work.engine.dialect.quote(column)}"
            label = load_schemas()["benefits"].column(column).label
            sets, short, drift = work.engine.rows(
                f"select count(*), coalesce(sum(case when persons < {parameters.persons} then 1 else 0 end), 0), "
                f"coalesce(sum(lines * shown - total), 0) from {values}"
            )[0]
            work, entry = work.rewrite(
                rule,
                "benefits",
                {column: f"case when {value} is null then null else v.shown end"},
                technique=self.label,
                joins=f"left join {values} as v on v.cell = t.cell and v.joined_set = t.joined_set",
                note=f"{label}: {int(sets):,}組({parameters.persons}人未満{int(short):,}組)、合計のずれ{int(drift):+,}",
                started=started,
            )
            entries.append(entry)
        return work, entries

    @staticmethod
    def _cut_into_sets(work: Workspace, column: str, parameters: MicroaggregateParameters) -> Workspace:
        """Number the sets of each cell in order; a short last one gets the number of the one before."""
        engine = work.engine
        names, value = [*RUNNING["benefits"], *work.columns["benefits"]], engine.dialect.quote(column)
        listed = engine.dialect.columns(names)
        select = (
            f"select {listed}, dense_rank() over (order by municipality, {GROUPS[parameters.within]}) as cell "
            f"from {work.relations['benefits']} where {value} is not null"
        )
        ordered = f"select {listed}, cell from ({select}) as c order by cell, {value}, {listed}"
        schema = engine.arrow_schema(ordered).append(pa.field("set_number", pa.int64()))
        position = {"person": names.index("person"), "value": names.index(column)}

        def cut() -> Iterator[pa.RecordBatch]:
            cell = last = None
            members: set[int] = set()
            number = 0
            for batch in engine.batches(ordered):
                numbers = []
                for own_cell, person, amount in zip(
                    batch.column(len(names)).to_pylist(),
                    batch.column(position["person"]).to_pylist(),
                    batch.column(position["value"]).to_pylist(),
                    strict=True,
                ):
                    if own_cell != cell:
                        cell, number = own_cell, 0
                        members.clear()
                    elif len(members) >= parameters.persons and amount != last:
                        number += 1
                        members.clear()
                    members.add(person)
                    last = amount
                    numbers.append(number)
                arrays = [*batch.columns, pa.array(numbers, pa.int64())]
                yield pa.RecordBatch.from_arrays(
                    [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)],
                    schema=schema,
                )

        name, joined = work.own_name(f"sets_{column}"), work.own_name(f"joined_sets_{column}")
        engine.store(name, cut(), schema, work.folder / name)
        own = ", ".join(f"s.{engine.dialect.quote(each)}" for each in names)
        missing = ", ".join(f"t.{engine.dialect.quote(each)}" for each in names)
        engine.materialise(
            joined,
            f"select {own}, s.cell, case when c.persons < {parameters.persons} and s.set_number > 0 then s.set_number - 1 "
            f"else s.set_number end as joined_set from {name} as s join (select cell, set_number, count(distinct person) "
            f"as persons from {name} group by cell, set_number) as c on c.cell = s.cell and c.set_number = s.set_number "
            f"union all select {missing}, cast(null as bigint), cast(null as bigint) from {work.relations['benefits']} as t "
            f"where t.{value} is null",
            work.folder / joined,
        )
        return dataclasses.replace(work, relations={**work.relations, "benefits": joined})

    @staticmethod
    def _find_values(work: Workspace, column: str, parameters: MicroaggregateParameters) -> str:
        engine, value = work.engine, work.engine.dialect.quote(column)
        sql_type = "smallint" if column == "days" else "integer"
        # Cast again: a sum wider than 64 bits would be written to Parquet as a floating-point number.
        total = f"cast(sum(cast({value} as bigint)) as bigint)"
        # Half up, in whole numbers: (2 * sum + n) / (2 * n).
        mean = engine.dialect.integer_division(f"(2 * {total} + count(*))", "(2 * count(*))")
        shown = (
            f"cast({mean} as {sql_type})"
            if parameters.value == "mean"
            else engine.dialect.quantile(value, 0.5, sql_type)
        )
        name = work.own_name(f"set_values_{column}")
        engine.materialise(
            name,
            f"select cell, joined_set, {shown} as shown, count(distinct person) as persons, count(*) as lines, "
            f"{total} as total from {work.relations['benefits']} where cell is not null group by cell, joined_set",
            work.folder / name,
        )
        return name
