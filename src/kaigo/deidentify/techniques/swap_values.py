"""スワッピング: values change places between records of the same stratum."""

from __future__ import annotations

import dataclasses
import time

from pydantic import Field

from kaigo.deidentify.random_rows import draw_for_rows
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import RUNNING, LedgerEntry, Workspace
from kaigo.tables import load_schemas


class SwapParameters(Parameters):
    """``share``: of the records of a stratum; ``within``: columns of the same table that make strata, ``"sex"``."""

    share: float = Field(ge=0.01, le=1.0)
    within: str = Field(default="", pattern=r"^(\w+(,\w+)*)?$")


class SwapValues(Technique):
    """スワッピング(層の中で、2つの行の値を入れ替える)。

    In each municipality and stratum, rows are drawn into pairs by numbers from a subkey of the creation's key, and
    the two rows of a pair exchange the rule's columns, all of them together. The number of rows is the largest
    even number within ``share``. So every count of the columns within a stratum stays what it was; only whose
    they are changes. Two rows with equal values exchange them unseen (``cells_changed`` counts what differs).

    Examples
    --------
    share = 1, within = "sex", birth months 男 [甲 1, 乙 2, 丙 3], 女 [丁 4]: one pair of men, say 甲 and 丙 →
    [3, 2, 1], [4]; 2 cells, 2 persons.
    """

    name = "swap_values"
    label = "スワッピング"
    recipient_note = "一部の行の間で値を入れ替えた"
    parameters = SwapParameters

    def check_rule(self, rule: Rule) -> list[str]:
        """See :class:`Technique`."""
        tables = rule.expanded()
        if len(tables) != 1:
            return ["入れ替える列は、1つの表の列にしてください。"]
        (table,) = tables
        schema = load_schemas().get(table)
        named = [name for name in str(rule.parameters.get("within", "")).split(",") if name]
        unknown = [name for name in named if schema is None or name not in schema.names]
        own = [name for name in named if name in tables[table]]
        return [
            *(f"層を作る列「{name}」は、入れ替える列と同じ表にありません。" for name in unknown),
            *(f"層を作る列「{name}」は、入れ替える列でもあります。" for name in own),
        ]

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = SwapParameters.model_validate(rule.parameters)
        ((table, columns),) = rule.expanded().items()
        engine, quote = work.engine, work.engine.dialect.quote
        work = draw_for_rows(work, rule, table)
        strata = ", ".join(["municipality", *(quote(name) for name in parameters.within.split(",") if name)])
        names = engine.dialect.columns([*RUNNING[table], *work.columns[table]])
        ranked = work.own_name(f"{table}_paired")
        # In whole numbers: 2 * floor(members * share / 2).
        pairs = engine.dialect.integer_division(f"members * {round(parameters.share * 1000)}", "2000")
        engine.materialise(
            ranked,
            f"select {names}, stratum, place, case when place > 2 * {pairs} then null when place % 2 = 1 "
            "then place + 1 else place - 1 end as partner from ("
            f"select {names}, dense_rank() over (order by {strata}) as stratum, count(*) over (partition by {strata}) as members, "
            f"row_number() over (partition by {strata} order by word_0, {names}) as place from {work.relations[table]}) as r",
            work.folder / ranked,
        )
        work = dataclasses.replace(work, relations={**work.relations, table: ranked})
        rows = int(engine.value(f"select count(partner) from {ranked}"))
        work, entry = work.rewrite(
            rule,
            table,
            {
                column: f"case when w.place is null then t.{quote(column)} else w.{quote(column)} end"
                for column in columns
            },
            technique=self.label,
            joins=f"left join {ranked} as w on w.stratum = t.stratum and w.place = t.partner",
            note=f"{rows // 2:,}組(同じ値どうしの組を含む)",
            started=started,
        )
        return work, [entry]
