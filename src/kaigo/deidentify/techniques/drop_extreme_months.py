"""レコード削除: months in which a person's units are extreme."""

from __future__ import annotations

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class ExtremeMonthParameters(Parameters):
    """``units``: a month is removed from this sum of units on."""

    units: int = Field(ge=1, le=10_000_000)


class DropExtremeMonths(Technique):
    """1か月の点数の合計が極端に大きい人の、その月の給付の行を除く(レコード削除)。

    After the NDB sampling data sets, which leave out claims above a number of points.

    Examples
    --------
    units = 50000: 甲 April 30,000 + 25,000 → both lines of April are removed; May 10,000 stays.
    """

    name = "drop_extreme_months"
    label = "レコード削除(点数の極端に大きい月)"
    recipient_note = "点数の極端に大きい月を含まない"
    parameters = ExtremeMonthParameters
    columns = ("benefits.units",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        limit = ExtremeMonthParameters.model_validate(rule.parameters).units
        name = work.own_name("extreme_months")
        work.engine.materialise(
            name,
            f"select person, month_number from {work.relations['benefits']} group by person, month_number "
            f"having sum(cast(units as bigint)) >= {limit}",
            work.folder / name,
        )
        work, entry = work.rewrite(
            rule,
            "benefits",
            {},
            technique=self.label,
            joins=f"left join {name} as m on m.person = t.person and m.month_number = t.month_number",
            keep_rows="m.person is null",
            note=f"のべ{work.engine.count(name):,}人月",
        )
        return work, [entry]
