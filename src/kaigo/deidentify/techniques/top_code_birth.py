"""トップコーディング: births before the first at which every cell still has enough persons."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class BirthLimitParameters(Parameters):
    """``persons``: persons at or above the limit in every cell; ``by``: columns that make cells, ``"sex"``."""

    persons: int = Field(ge=2, le=1000)
    by: str = Field(default="", pattern=r"^(\w+(,\w+)*)?$")


class TopCodeBirth(Technique):
    """超高齢のトップコーディング: どの組でも k 人以上が残る最初の生年(月)にそろえる。

    Cells are the combinations of ``by`` (columns of persons or certifications) in a municipality. The limit is the
    earliest birth at or before which every cell has at least ``persons`` persons; earlier births become the limit.
    Cells of fewer than ``persons`` persons in all cannot have a limit and are left out of the search (the ledger
    says how many; ``delete_small_groups`` removes them). The value may be a month, a quarter or a year, so the
    rule stands after the generalisation.

    Examples
    --------
    persons = 2, by = "sex": 男 1915, 1920, 1930; 女 1910, 1925, 1930 → second oldest 1920 and 1925, so the limit is
    1925: [1925, 1925, 1930; 1925, 1925, 1930]; 3 cells.
    """

    name = "top_code_birth"
    label = "トップコーディング(超高齢)"
    recipient_note = "最も早い値は、それより前を含む"
    parameters = BirthLimitParameters
    columns = ("persons.birth_date",)

    def check_rule(self, rule: Rule) -> list[str]:
        """See :class:`Technique`."""
        from kaigo.tables import load_schemas

        schemas = load_schemas()
        known = {*schemas["persons"].names, *schemas["certifications"].names} - {"birth_date"}
        named = filter(None, str(rule.parameters.get("by", "")).split(","))
        return [
            f"組を作る列「{name}」は、個人属性情報と認定情報にありません。"
            for name in named
            if name not in known
        ]

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        parameters = BirthLimitParameters.model_validate(rule.parameters)
        engine, quote = work.engine, work.engine.dialect.quote
        birth, least = f"t.{quote('birth_date')}", parameters.persons
        cells = [
            f"{'p' if column in work.columns['persons'] else 'c'}.{quote(column)} as cell_{number}"
            for number, column in enumerate(filter(None, parameters.by.split(",")))
        ]
        keys = ", ".join(["municipality", *(f"cell_{number}" for number in range(len(cells)))])
        born = f"p.{quote('birth_date')} as birth"
        joined = (
            f" join {work.relations['certifications']} as c on c.person = p.person"
            if any(cell.startswith("c.") for cell in cells)
            else ""
        )
        members, limits = work.own_name("birth_cells"), work.own_name("birth_limits")
        engine.materialise(
            members,
            f"select {keys}, birth, row_number() over (partition by {keys} order by birth, person) as place, "
            f"count(*) over (partition by {keys}) as members from (select distinct "
            f"{', '.join(['p.municipality', 'p.person', born, *cells])} "
            f"from {work.relations['persons']} as p{joined} where p.{quote('birth_date')} is not null) as d",
            work.folder / members,
        )
        engine.materialise(
            limits,
            f"select municipality, max(birth) as edge from {members} where place = {least} group by municipality",
            work.folder / limits,
        )
        whole, small = engine.rows(
            f"select count(*), coalesce(sum(case when members < {least} then 1 else 0 end), 0) "
            f"from {members} where place = 1"
        )[0]
        work, entry = work.rewrite(
            rule,
            "persons",
            {"birth_date": f"case when {birth} < l.edge then l.edge else {birth} end"},
            technique=self.label,
            joins=f"left join {limits} as l on l.municipality = t.municipality",
            note=f"{whole:,}の組のうち{small:,}は{least}人に満たず、上限を決めるのに使わなかった",
            started=started,
        )
        return work, [entry]
