"""トップコーディング: extreme days and units are cut to a limit that enough persons share."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class TopCodeParameters(Parameters):
    """``percentile``: share of lines at or below the limit; ``persons``: persons at or above it."""

    percentile: float = Field(ge=0.5, le=1.0)
    persons: int = Field(ge=2, le=1000)


class TopCode(Technique):
    """トップコーディング(コードごと)。

    The limit of a code is its exact percentile over lines, lowered to the value of the ``persons``-th largest
    person where fewer persons reach it: the values at the limit belong to at least ``persons`` persons (to all
    of them where a code has fewer; such codes are rolled up or removed by ``roll_up_rare_codes``).

    Examples
    --------
    persons = 2, percentile 1.0, one code: 甲 40, 乙 30, 丙 20 → limit 30; 甲's line becomes 30.
    """

    name = "top_code"
    label = "トップコーディング"
    recipient_note = "上限にそろえた値を含む"
    parameters = TopCodeParameters
    columns = ("benefits.days", "benefits.units")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = TopCodeParameters.model_validate(rule.parameters)
        quote = work.engine.dialect.quote
        changes: dict[str, str | None] = {}
        joins = []
        for column in rule.expanded()["benefits"]:
            limits = self._find_limits(work, column, parameters)
            alias = f"l_{column}"
            joins.append(
                f"left join {limits} as {alias} on {alias}.municipality = t.municipality "
                f"and {alias}.service_code is not distinct from t.service_code"
            )
            changes[column] = (
                f"case when t.{quote(column)} > {alias}.top then {alias}.top else t.{quote(column)} end"
            )
        work, entry = work.rewrite(
            rule, "benefits", changes, technique=self.label, joins=" ".join(joins), started=started
        )
        return work, [entry]

    @staticmethod
    def _find_limits(work: Workspace, column: str, parameters: TopCodeParameters) -> str:
        engine, dialect = work.engine, work.engine.dialect
        value, name = dialect.quote(column), work.own_name(f"limits_{column}")
        sql_type = "smallint" if column == "days" else "integer"
        lines = work.relations["benefits"]
        engine.materialise(
            name,
            "with persons_top as (select municipality, service_code, person, "
            f"max({value}) as top from {lines} group by municipality, service_code, person), "
            "ranked as (select municipality, service_code, top, row_number() over "
            "(partition by municipality, service_code order by top desc) as place from persons_top), "
            "shared as (select municipality, service_code, min(top) as top from ranked "
            f"where place <= {parameters.persons} group by municipality, service_code), "
            f"by_share as (select municipality, service_code, {dialect.quantile(value, parameters.percentile, sql_type)} as top "
            f"from {lines} group by municipality, service_code) "
            "select q.municipality, q.service_code, case when s.top < q.top then s.top else q.top end as top "
            "from by_share as q left join shared as s on s.municipality = q.municipality "
            "and s.service_code is not distinct from q.service_code",
            work.folder / name,
        )
        return name
