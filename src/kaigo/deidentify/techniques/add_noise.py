"""ノイズ付加: whole random numbers, bounded, added to days and units."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.random_rows import draw_for_rows
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import load_schemas

_LARGEST = {"days": 32_767, "units": 2_147_483_647}


class NoiseParameters(Parameters):
    """``bound``: a value moves by at most so much, every whole number from -bound to bound being as likely."""

    bound: int = Field(ge=1, le=100_000)


class AddNoise(Technique):
    """ノイズ付加(整数、幅に上限)。

    Each line gets a number of its own, drawn in Python from a subkey of the creation's key. A value never falls
    below 0. The total drift is recorded: it is known inside and tells nobody a line's number. Noise does not hide
    who used a service; it blurs how much. A recipient who adds up many equal lines of a person averages it out.

    Examples
    --------
    bound = 2, days [0, 10, 30], numbers drawn [-1, 2, -2] → [0, 12, 28]; 2 cells, drift 0 (+2 - 2).
    """

    name = "add_noise"
    label = "ノイズ付加"
    recipient_note = "誤差を加えた値"
    parameters = NoiseParameters
    columns = ("benefits.days", "benefits.units")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        bound = NoiseParameters.model_validate(rule.parameters).bound
        columns = rule.expanded()["benefits"]
        work = draw_for_rows(work, rule, "benefits", words=len(columns))
        before, quote = work.relations["benefits"], work.engine.dialect.quote
        changes: dict[str, str | None] = {}
        for number, column in enumerate(columns):
            moved = f"(cast(t.{quote(column)} as bigint) + t.word_{number} % {2 * bound + 1} - {bound})"
            largest = _LARGEST[column]
            sql_type = "smallint" if column == "days" else "integer"
            changes[column] = (
                f"case when t.{quote(column)} is null then null else cast(case when {moved} < 0 then 0 "
                f"when {moved} > {largest} then {largest} else {moved} end as {sql_type}) end"
            )
        work, entry = work.rewrite(
            rule,
            "benefits",
            changes,
            technique=self.label,
            note=self._describe_drift(work, before, changes),
            started=started,
        )
        return work, [entry]

    @staticmethod
    def _describe_drift(work: Workspace, before: str, changes: dict[str, str | None]) -> str:
        quote, schema = work.engine.dialect.quote, load_schemas()["benefits"]
        sums = ", ".join(
            f"coalesce(sum(cast(t.{quote(c)} as bigint)), 0), coalesce(sum(cast({e} as bigint)), 0)"
            for c, e in changes.items()
        )
        totals = [int(value) for value in work.engine.rows(f"select {sums} from {before} as t")[0]]
        return "合計のずれ: " + "、".join(
            f"{schema.column(column).label} {after - old:+,}(もと{old:,})"
            for column, old, after in zip(changes, totals[::2], totals[1::2], strict=True)
        )
