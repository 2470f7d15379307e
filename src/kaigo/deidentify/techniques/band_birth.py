"""一般化: a date or month of birth becomes a band of ages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace

RELEASED_AS = "age_band"


class BandParameters(Parameters):
    """``ages``: lowest ages of the bands after the first, ascending, e.g. ``"75,85"`` (full years, 40 to 110)."""

    ages: str = Field(pattern=r"^\d{2,3}(,\d{2,3})*$")

    @field_validator("ages")
    @classmethod
    def _ascend(cls, text: str) -> str:
        ages = [int(age) for age in text.split(",")]
        if ages != sorted(set(ages)) or not 40 <= ages[0] <= ages[-1] <= 110:
            raise ValueError("年齢(40〜110)を小さい順に並べてください。")
        return text


class BandBirth(Technique):
    """生年月日を年齢の区切りで束ねる(一般化)。

    Ages are full years at the end of the release's last month. The released column is ``age_band``; the oldest
    and the youngest band are open. Unlike ``generalise_birth`` the cuts lie where the standard wants them: use it
    for few bands chosen for this municipality (75, 85), and ``generalise_birth`` for even widths, for quarters or
    years, or for bands of birth years that do not shift between releases.

    Examples
    --------
    Last month 2025-03, ages "75,85": 1940-03-31 → ``85-``; 1945-06-01 → ``75-84``; 1950-04-01 → ``-74``.
    """

    name = "band_birth"
    label = "一般化(年齢の区切り)"
    recipient_note = "年齢の区切りで束ねた値"
    parameters = BandParameters
    columns = ("persons.birth_date",)

    def release_as(self, column: str, parameters: Mapping[str, Any]) -> str | None:
        """See :class:`Technique`."""
        return RELEASED_AS

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        ages = [int(age) for age in BandParameters.model_validate(rule.parameters).ages.split(",")]
        dialect = work.engine.dialect
        year, month = (int(part) for part in work.last_month.split("-"))
        column = f"substr(cast(t.{dialect.quote('birth_date')} as {dialect.text_type}), 1, 7)"
        cases, upper = "", ""
        for age in reversed(ages):
            last = f"{year - age:04d}-{month:02d}"
            cases += f" when {column} <= {dialect.text(last)} then {dialect.text(f'{age}-{upper}')}"
            upper = str(age - 1)
        banded = f"case when t.{dialect.quote('birth_date')} is null then null{cases} else {dialect.text(f'-{upper}')} end"
        work, entry = work.rewrite(
            rule,
            "persons",
            {"birth_date": banded},
            technique=self.label,
            changes_type=True,
            note=f"{len(ages) + 1}の区切り({'、'.join(f'{age}歳' for age in ages)}で区切る)",
        )
        return dataclasses.replace(work, names={**work.names, "birth_date": RELEASED_AS}), [entry]
