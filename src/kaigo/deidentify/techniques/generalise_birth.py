"""一般化: a birth becomes its quarter, its year, a band of birth years or a band of ages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.techniques.generalise_date import shorten_date
from kaigo.deidentify.workspace import LedgerEntry, Workspace

RELEASED_AS = {
    "month": "birth_month",
    "quarter": "birth_quarter",
    "year": "birth_year",
    "band": "birth_band",
    "age": "age_band",
}
"""Name of the released column by how coarse the birth is."""


class BirthParameters(Parameters):
    """``to``: how coarse; ``width``: years of a band; ``oldest``, ``youngest``: ages of the open bands.

    ``oldest``: from this age on (full years at the end of the release's last month) one open band; ``youngest``:
    below this age one open band. All three belong to ``band`` and ``age`` only.
    """

    to: Literal["month", "quarter", "year", "band", "age"]
    width: int | None = Field(default=None, ge=2, le=50)
    oldest: int | None = Field(default=None, ge=60, le=110)
    youngest: int | None = Field(default=None, ge=40, le=100)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        banded = self.to in {"band", "age"}
        if banded and (self.width is None or self.oldest is None):
            raise ValueError("年の幅(width)と、開いた区分の年齢(oldest)を決めてください。")
        if not banded and (self.width, self.oldest, self.youngest) != (None, None, None):
            raise ValueError("width・oldest・youngest は、to が band か age のときだけ使えます。")
        if self.youngest is not None and self.oldest is not None and self.youngest >= self.oldest:
            raise ValueError("下の開いた区分(youngest)が上の開いた区分(oldest)に重なっています。")
        ages = [age for age in (self.oldest, self.youngest) if age is not None]
        if self.to == "age" and self.width and any(age % self.width for age in ages):
            raise ValueError("開いた区分の年齢(oldest・youngest)は、年の幅(width)の倍数にしてください。")
        return self


class GeneraliseBirth(Technique):
    """一般化(生年月日 → 年月 → 四半期 → 年 → 生年の幅・年齢の幅)。

    Works on a date, on a month (``YYYY-MM``) and, for ``year`` and ``band``, on a quarter or a year. The
    released column has a name of its own for each: ``birth_month``, ``birth_quarter`` (``1943-Q1``),
    ``birth_year`` (``1943``), ``birth_band`` (``1940-1944``, open ``-1934`` and ``1985-``), ``age_band``
    (``80-84``, open ``90-`` and ``-64``). Use ``band_birth`` instead where ages are cut at chosen places. A band of birth years that reaches into an open one belongs to it.

    Examples
    --------
    1943-02-19, last month 2025-03: quarter 1943-Q1; year 1943; band of width 5: 1940-1944; age, width 5: 82 full
    years, so 80-84; with oldest = 80: 80-.
    """

    name = "generalise_birth"
    label = "一般化(生年・年齢の幅)"
    parameters = BirthParameters
    columns = ("persons.birth_date",)

    def release_as(self, column: str, parameters: Mapping[str, Any]) -> str | None:
        """See :class:`Technique`."""
        return RELEASED_AS.get(str(parameters.get("to")))

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        parameters = BirthParameters.model_validate(rule.parameters)
        dialect = work.engine.dialect
        column = f"cast(t.{dialect.quote('birth_date')} as {dialect.text_type})"
        year, month = f"cast(substr({column}, 1, 4) as integer)", f"cast(substr({column}, 6, 2) as integer)"
        last_year, last_month = (int(part) for part in work.last_month.split("-"))
        if parameters.to in {"month", "quarter", "year"}:
            shown = shorten_date(dialect, column, parameters.to)
        elif parameters.to == "band":
            shown = self._band(work, year, parameters, last_year)
        else:
            months = f"({last_year * 12 + last_month} - ({year} * 12 + {month}))"
            shown = self._band_ages(work, dialect.integer_division(months, "12"), parameters)
        null = f"case when t.{dialect.quote('birth_date')} is null then null else {shown} end"
        work, entry = work.rewrite(
            rule, "persons", {"birth_date": null}, technique=self.label, changes_type=True
        )
        names = {**work.names, "birth_date": RELEASED_AS[parameters.to]}
        return dataclasses.replace(work, names=names), [entry]

    @staticmethod
    def _band(work: Workspace, year: str, parameters: BirthParameters, last_year: int) -> str:
        """Bands of birth years from multiples of the width; the open ones take up the bands that reach into them."""
        assert parameters.width is not None and parameters.oldest is not None
        dialect, width = work.engine.dialect, parameters.width
        start = f"({year} - {year} % {width})"
        text = dialect.text_type
        # Whoever is old enough was born in this year or before it.
        oldest = last_year - parameters.oldest
        oldest_end = oldest - oldest % width + width - 1
        cases = f"when {year} <= {oldest_end} then '-{oldest_end}' "
        if parameters.youngest is not None:
            # Whoever is younger was born in this year or after it.
            youngest = last_year - parameters.youngest
            youngest_start = max(youngest - youngest % width, oldest_end + 1)
            cases += f"when {year} >= {youngest_start} then '{youngest_start}-' "
        return f"case {cases}else concat(cast({start} as {text}), '-', cast({start} + {width - 1} as {text})) end"

    @staticmethod
    def _band_ages(work: Workspace, age: str, parameters: BirthParameters) -> str:
        assert parameters.width is not None and parameters.oldest is not None
        text, width = work.engine.dialect.text_type, parameters.width
        start = f"({age} - {age} % {width})"
        cases = f"when {age} >= {parameters.oldest} then '{parameters.oldest}-' "
        if parameters.youngest is not None:
            cases += f"when {age} < {parameters.youngest} then '-{parameters.youngest - 1}' "
        return f"case {cases}else concat(cast({start} as {text}), '-', cast({start} + {width - 1} as {text})) end"
