"""トップコーディング・ボトムコーディング with a fixed value."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class CutParameters(Parameters):
    """``most``: larger values become it; ``least``: smaller ones become it. At least one of them."""

    most: int | None = Field(default=None, ge=0, le=10_000_000)
    least: int | None = Field(default=None, ge=0, le=10_000_000)

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if self.most is None and self.least is None:
            raise ValueError("上限(most)か下限(least)の少なくとも一方を決めてください。")
        if self.most is not None and self.least is not None and self.least > self.most:
            raise ValueError("下限(least)が上限(most)より大きくなっています。")
        return self


class CutAtFixed(Technique):
    """決めた値でのトップコーディング・ボトムコーディング。

    The limit is the same for all codes and counts nobody; ``top_code`` finds limits by persons.

    Examples
    --------
    most = 20, least = 2: 日数 [31, 20, 5, 1] → [20, 20, 5, 2]; 2 cells.
    """

    name = "cut_at_fixed"
    label = "トップコーディング(決めた値)"
    recipient_note = "上限または下限にそろえた値を含む"
    parameters = CutParameters
    columns = ("benefits.days", "benefits.units")

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        parameters = CutParameters.model_validate(rule.parameters)
        changes: dict[str, str | None] = {}
        for column in rule.expanded()["benefits"]:
            value = f"t.{work.engine.dialect.quote(column)}"
            sql_type = "smallint" if column == "days" else "integer"
            cases = ""
            # A limit beyond the type cannot be passed.
            largest = 32_767 if column == "days" else 2_147_483_647
            for limit, beyond in ((parameters.most, ">"), (parameters.least, "<")):
                if limit is not None and limit <= largest:
                    cases += f" when {value} {beyond} {limit} then cast({limit} as {sql_type})"
            changes[column] = f"case{cases} else {value} end" if cases else value
        work, entry = work.rewrite(rule, "benefits", changes, technique=self.label)
        return work, [entry]
