"""一般化: a date or month of birth becomes a band of ages."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


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

    Ages are full years at the end of the release's last month. The value is the span of birth months in the
    form ``YYYY-MM/YYYY-MM``; the oldest and the youngest band are open (``/1940-03``, ``1940-04/``).

    Examples
    --------
    Last month 2025-03, ages "75,85": 1935-01-20 → ``/1940-03``; 1945-06-01 → ``1940-04/1950-03``; 1950-04-01 →
    ``1950-04/``.
    """

    name = "band_birth"
    label = "一般化(生年の区切り)"
    recipient_note = "生年月の範囲(空の側は限りなし)"
    parameters = BandParameters
    columns = ("persons.birth_date",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        ages = [int(age) for age in BandParameters.model_validate(rule.parameters).ages.split(",")]
        dialect = work.engine.dialect
        year, month = (int(part) for part in work.last_month.split("-"))
        lasts = [f"{year - age:04d}-{month:02d}" for age in reversed(ages)]
        column = f"substr(cast(t.{dialect.quote('birth_date')} as {dialect.text_type}), 1, 7)"
        cases, after = "", ""
        for last in lasts:
            cases += f" when {column} <= {dialect.text(last)} then {dialect.text(f'{after}/{last}')}"
            after = _next_month(last)
        banded = f"case when t.{dialect.quote('birth_date')} is null then null{cases} else {dialect.text(f'{after}/')} end"
        work, entry = work.rewrite(
            rule,
            "persons",
            {"birth_date": banded},
            technique=self.label,
            changes_type=True,
            note=f"{len(ages) + 1}の区切り({'、'.join(f'{age}歳' for age in ages)}で区切る)",
        )
        return work, [entry]


def _next_month(text: str) -> str:
    match = re.fullmatch(r"(\d{4})-(\d{2})", text)
    assert match
    number = int(match[1]) * 12 + int(match[2])
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
