"""トップコーディング: extreme days and units are cut to a limit that enough persons share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace

GROUPS = {
    "code": "service_code",
    "kind": "substr(service_code, 1, 2)",
    "all": "cast(0 as integer)",
}
"""Within what a limit is found: each service code, each kind, or all lines."""


_WHOLE = 100_000
"""Shares are counted in steps of 0.00001."""


class TopCodeParameters(Parameters):
    """``percentile``: share of lines at or below the limit; ``persons``: persons at or above it.

    ``within`` says for what a limit is found: each ``code``, each ``kind``, or ``all`` lines. With percentile 1.0
    only persons count: the first value, from the top, that enough persons reach.
    """

    percentile: float = Field(ge=0.5, le=1.0)
    persons: int = Field(ge=2, le=1000)
    within: Literal["code", "kind", "all"] = "code"


class TopCode(Technique):
    """トップコーディング(コードごと、種類ごと、または全体)。

    The limit is the exact percentile over lines, lowered to the value of the ``persons``-th largest person where
    fewer persons reach it: the values at the limit belong to at least ``persons`` persons (to all
    of them where a code has fewer; such codes are rolled up or removed by ``roll_up_rare_codes``).

    Examples
    --------
    persons = 2, percentile 1.0, one code: 甲 40, 乙 30, 丙 20 → limit 30; 甲's line becomes 30.
    """

    name = "top_code"
    label = "トップコーディング"
    recipient_note = "上限にそろえた値を含む"
    parameters: type[Parameters] = TopCodeParameters
    columns = ("benefits.days", "benefits.units")
    most: ClassVar[bool] = True

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = self.parameters.model_validate(rule.parameters)
        assert isinstance(parameters, TopCodeParameters | BottomCodeParameters)
        quote = work.engine.dialect.quote
        group = GROUPS[parameters.within].replace("service_code", "t.service_code")
        beyond = ">" if self.most else "<"
        changes: dict[str, str | None] = {}
        joins = []
        columns = rule.expanded()["benefits"]
        extremes = self._store_extremes(work, columns, parameters)
        for column in columns:
            limits = self._find_limits(work, column, parameters, extremes)
            alias = f"l_{column}"
            joins.append(
                f"left join {limits} as {alias} on {alias}.municipality = t.municipality "
                f"and {alias}.code_group is not distinct from {group}"
            )
            value = f"t.{quote(column)}"
            changes[column] = f"case when {value} {beyond} {alias}.edge then {alias}.edge else {value} end"
        work, entry = work.rewrite(
            rule, "benefits", changes, technique=self.label, joins=" ".join(joins), started=started
        )
        return work, [entry]

    def _store_extremes(
        self,
        work: Workspace,
        columns: Sequence[str],
        parameters: TopCodeParameters | BottomCodeParameters,
    ) -> str:
        """Each person's most extreme values within each group, of all columns in one pass over the lines."""
        engine, name = work.engine, work.own_name("extremes")
        quoted = [engine.dialect.quote(column) for column in columns]
        own = "max" if self.most else "min"
        engine.materialise(
            name,
            "select municipality, code_group, person, "
            f"{', '.join(f'{own}({column}) as {column}' for column in quoted)} from "
            f"(select municipality, person, {GROUPS[parameters.within]} as code_group, {', '.join(quoted)} "
            f"from {work.relations['benefits']}) as e group by municipality, code_group, person",
            work.folder / name,
        )
        return name

    def _find_limits(
        self,
        work: Workspace,
        column: str,
        parameters: TopCodeParameters | BottomCodeParameters,
        extremes: str,
    ) -> str:
        engine = work.engine
        value, name = engine.dialect.quote(column), work.own_name(f"limits_{column}")
        sql_type = "smallint" if column == "days" else "integer"
        shared, order, inside = ("min", "desc", "<") if self.most else ("max", "asc", ">")
        # A line without a value has no place among the extremes. The percentile (smallest value with at least that share
        # of the lines at or below it) is read off counts of equal values: an aggregate that held all lines of a country
        # would not fit into memory, and shares are compared in whole numbers.
        lines = (
            f"(select municipality, person, {GROUPS[parameters.within]} as code_group, {value} as amount "
            f"from {work.relations['benefits']} where {value} is not null)"
        )
        engine.materialise(
            name,
            f"with ranked as (select municipality, code_group, {value} as edge, row_number() over "
            f"(partition by municipality, code_group order by {value} {order}) as place "
            f"from {extremes} where {value} is not null), "
            f"shared as (select municipality, code_group, {shared}(edge) as edge from ranked "
            f"where place <= {parameters.persons} group by municipality, code_group), "
            f"counts as (select municipality, code_group, amount, count(*) as n from {lines} as c "
            "group by municipality, code_group, amount), "
            "running as (select municipality, code_group, amount, "
            "sum(n) over (partition by municipality, code_group order by amount "
            "rows between unbounded preceding and current row) as upto, "
            "sum(n) over (partition by municipality, code_group) as total from counts), "
            f"by_share as (select municipality, code_group, cast(min(amount) as {sql_type}) as edge from running "
            f"where upto * {_WHOLE} >= total * {round(parameters.percentile * _WHOLE)} "
            "group by municipality, code_group) "
            f"select q.municipality, q.code_group, case when s.edge {inside} q.edge then s.edge else q.edge end as edge "
            "from by_share as q left join shared as s on s.municipality = q.municipality "
            "and s.code_group is not distinct from q.code_group",
            work.folder / name,
        )
        return name


class BottomCodeParameters(Parameters):
    """``percentile``: share of lines at or below the limit; ``persons``: persons at or below it; ``within``."""

    percentile: float = Field(ge=0.0, le=0.5)
    persons: int = Field(ge=2, le=1000)
    within: Literal["code", "kind", "all"] = "code"


class BottomCode(TopCode):
    """ボトムコーディング: 小さすぎる日数・点数を下限にそろえる。

    The mirror of :class:`TopCode`: the percentile over lines, raised to the value of the ``persons``-th smallest
    person where fewer persons are at or below it.

    Examples
    --------
    persons = 2, percentile 0, one code: 甲 1, 乙 3, 丙 5 → limit 3; 甲's line becomes 3.
    """

    name = "bottom_code"
    label = "ボトムコーディング"
    recipient_note = "下限にそろえた値を含む"
    parameters = BottomCodeParameters
    most = False
