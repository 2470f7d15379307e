"""一般化: benefits are given once for each pseudonym period and service code."""

from __future__ import annotations

import dataclasses
import time

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.engine import Dialect
from kaigo.errors import StandardError

NEEDED = ("service_month", "service_code", "days", "units")


class AverageParameters(Parameters):
    """``days_step``, ``units_step``: averages are rounded up to a multiple of it."""

    days_step: int = Field(ge=1, le=100)
    units_step: int = Field(ge=1, le=100_000)


class AveragePerPeriod(Technique):
    """給付を、仮IDの期間とサービスコードごとに1行にまとめる(一般化)。

    Days and units are averages over the months of the period (those without use included), rounded up; the month
    is the period's first. So whether a kind was used is one fact a pseudonym, not one a month, and what is
    computed a month stays comparable.

    Examples
    --------
    Rotation 3, days_step 1: 訪問介護 in April 8 days, in June 6 days → one line, month April, 5 days.
    """

    name = "average_per_period"
    label = "一般化(期間ごとの月平均)"
    recipient_note = "同じ期間の1か月あたりの平均(端数は切り上げ)。年月は期間の最初の月"
    parameters = AverageParameters

    def accepts(self, column: str) -> bool:
        """See :class:`Technique`."""
        return column.startswith("benefits.")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        engine, parameters = work.engine, AverageParameters.model_validate(rule.parameters)
        if set(work.columns["benefits"]) - set(NEEDED):
            raise StandardError(
                f"定め{rule.id}: 給付を期間ごとにまとめる前に、ほかの列の扱いを済ませてください。",
                found="、".join(sorted(set(work.columns["benefits"]) - set(NEEDED))),
                remedy="項目削除の定めを先に置いてください。",
            )
        before = work.relations["benefits"]
        starts, name = work.own_name("period_starts"), work.own_name("benefits_averaged")
        engine.view(
            starts,
            "select period, min(service_month) as service_month, min(month_number) as month_number, "
            f"cast(case when (period + 1) * {work.span_months} > {work.months} "
            f"then {work.months} - period * {work.span_months} else {work.span_months} end as integer) as months from "
            f"(select service_month, month_number, {work.period('month_number')} as period from {work.in_force}) as f "
            "group by period",
        )
        sums = {
            "service_month": "s.service_month",
            "service_code": "g.service_code",
            "days": _round_up(engine.dialect, "g.days", parameters.days_step, "smallint"),
            "units": _round_up(engine.dialect, "g.units", parameters.units_step, "integer"),
        }
        shown = ", ".join(f"{sums[column]} as {column}" for column in work.columns["benefits"])
        engine.materialise(
            name,
            f"select g.person, g.municipality, g.certification, s.month_number, {shown} from "
            f"(select person, municipality, {work.period('month_number')} as period, min(certification) as certification, "
            f"service_code, sum(cast(days as integer)) as days, sum(cast(units as bigint)) as units from {before} "
            f"group by person, municipality, {work.period('month_number')}, service_code) as g "
            f"join {starts} as s on s.period = g.period",
            work.folder / name,
        )
        rows_in, persons = engine.rows(f"select count(*), count(distinct person) from {before}")[0]
        work, entry = dataclasses.replace(work, relations={**work.relations, "benefits": name}).rewrite(
            rule, "benefits", {}, technique=self.label, started=started
        )
        note = f"{rows_in:,}行を{entry.rows_out:,}行にまとめた"
        entry = dataclasses.replace(
            entry,
            column="年月、日数、点数",
            rows_in=int(rows_in),
            cells_changed=entry.rows_out * 3,
            persons_touched=int(persons),
            note=note,
            left_as="定めによりまとめたレコード",
        )
        return work, [entry]


def _round_up(dialect: Dialect, expression: str, step: int, sql_type: str) -> str:
    unit = f"(s.months * {step})"
    quotient = dialect.integer_division(f"({expression} + {unit} - 1)", unit)
    return f"cast({quotient} * {step} as {sql_type})"
