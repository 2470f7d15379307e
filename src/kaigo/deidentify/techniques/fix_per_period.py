"""一般化: the certification is given once for each pseudonym period, as it was at the period's beginning."""

from __future__ import annotations

import dataclasses
import time

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class FixPerPeriod(Technique):
    """認定(要介護状態区分と調査の回答)を、仮IDの期間ごとに1回だけ示す(一般化)。

    For all months of a period the certification in force in the person's first month of it applies. So the
    history of levels within a pseudonym is a constant, and the months in which a person was certified are not
    shown: ``from_month`` and ``to_month`` become those of the period. Without pseudonyms a period is the standard's
    ``given_every`` months.

    Examples
    --------
    Rotation 6, 甲 要介護1 April to June and 要介護3 July to September → 要介護1 for April to September.
    """

    name = "fix_per_period"
    label = "一般化(期間の初めの認定)"
    recipient_note = "期間の初めの認定を、期間を通して示す"

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.startswith("certifications.")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        engine = work.engine
        fixed, lines = work.own_name("in_force_fixed"), work.own_name("benefits_fixed")
        source, period = work.own_name("in_force_seen"), work.period("month_number")
        # Where only lines are provided, certifications without a line were left out before.
        seen = work.in_force if work.layout == "linked" else work.relations["benefits"]
        engine.view(source, f"select distinct person, certification, service_month, month_number from {seen}")
        engine.materialise(
            fixed,
            "select f.person, f.service_month, f.month_number, f.certification as before, g.certification "
            f"from (select person, certification, service_month, month_number, {period} as period from {source}) as f "
            "join (select person, period, certification from "
            f"(select person, certification, {period} as period, row_number() over "
            f"(partition by person, {period} order by month_number) as place from {source}) "
            "as numbered where place = 1) as g on g.person = f.person and g.period = f.period",
            work.folder / fixed,
        )
        months, persons = engine.rows(
            f"select count(*), count(distinct person) from {fixed} where before <> certification"
        )[0]
        columns = engine.dialect.columns(work.columns["benefits"], "t")
        engine.view(
            lines,
            f"select t.person, t.municipality, f.certification, t.month_number, {columns} from "
            f"{work.relations['benefits']} as t join {fixed} as f on f.person = t.person and f.month_number = t.month_number",
        )
        work = dataclasses.replace(
            work, in_force=fixed, whole_periods=True, relations={**work.relations, "benefits": lines}
        )
        work, entry = work.rewrite(
            rule,
            "certifications",
            {},
            technique=self.label,
            joins=f"left join (select distinct certification from {fixed}) as u on u.certification = t.certification",
            keep_rows="u.certification is not null",
            note=f"期間の途中で替わった認定(のべ{months:,}人月)を、期間の初めの認定にそろえた",
            started=started,
        )
        return work, [dataclasses.replace(entry, column="認定", persons_touched=int(persons))]
