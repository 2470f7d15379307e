"""Parts of a processing standard: rules for columns, pseudonyms, period, what was deliberated."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kaigo.tables import survey_columns

Layout = Literal["joined", "linked"]
SetBy = Literal["資料", "本書", "自治体"]
Mode = Literal["none", "rotating", "stable"]
Topic = Literal[
    "レコード間の差異",
    "市町村の規模",
    "提供の期間",
    "該当者の少ない組合せ",
    "ほかに公表されている情報",
]
Outcome = Literal["措置をとる", "措置をとらない"]
MeasuredOn = Literal["合成データ", "公表資料", "加工の記録", "自治体のデータ"]
RECORD = "加工の記録に、処理前後の行、変わったセル、対象になった人、基準値、条項、時間を残す。"


class Frozen(BaseModel):
    """A part that never changes and knows no other names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Frozen):
    """加工基準の1つの定め: どの列に、どの手法を、どの条項により、なぜ行うか。

    ``columns`` are ``table.column``; ``certifications.survey_*`` stands for the 74 items. ``set_by`` says who
    fixed the parameters: the source document (資料), this workbook (本書) or the municipality (自治体).
    ``record`` says how it is recorded.
    """

    id: str
    number: str
    columns: tuple[str, ...] = Field(min_length=1)
    technique: str
    parameters: dict[str, int | float | str | bool] = {}
    clause_2018: str
    clause_now: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    set_by: SetBy
    record: str = Field(default=RECORD, min_length=1)

    def expanded(self) -> dict[str, tuple[str, ...]]:
        """Columns by table, ``survey_*`` written out."""
        tables: dict[str, list[str]] = {}
        for entry in self.columns:
            table, _, column = entry.partition(".")
            names = survey_columns() if column == "survey_*" else (column,)
            tables.setdefault(table, []).extend(names)
        return {table: tuple(names) for table, names in tables.items()}


class PseudonymRule(Frozen):
    """仮ID(※1)の定め。

    ``none``: no pseudonym (the document's joined table). ``rotating``: a new one every ``rotate_months`` months,
    counted from the release's first month. ``stable``: one for the whole release; needs a reason of its own and
    puts a warning into the ledger.
    """

    mode: Mode
    rotate_months: int | None = Field(default=None, ge=1, le=36)
    stable_reason: str = ""
    set_by: SetBy
    clause_2018: str
    clause_now: str
    reason: str


class PeriodRule(Frozen):
    """提供の期間(※2)の定め: 何か月までか、1つの仮IDの下に何がたまってよいか。

    ``given_every``: months for which values are given once where there is no pseudonym (``joined``) and the standard
    gives them once a period; with pseudonyms it is the pseudonym's months.
    """

    max_months: int = Field(ge=1, le=120)
    given_every: int = Field(default=1, ge=1, le=120)
    accumulates: tuple[str, ...]
    set_by: SetBy
    clause_2018: str
    clause_now: str
    reason: str = Field(min_length=1)


class ShuffleRule(Frozen):
    """並べ替えの定め。"""

    clause_2018: str
    clause_now: str
    reason: str


class QuasiIdentifiers(Frozen):
    """準識別子として数える列(形ごと)。"""

    joined: tuple[str, ...]
    linked: tuple[str, ...]


class Exclusion(Frozen):
    """提供するが準識別子に数えない列と、その理由。"""

    columns: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)


class Deliberation(Frozen):
    """5号の検討の1件: どの差異を考え、何を測り、どの措置をとったか(とらなかったか)。

    Attributes
    ----------
    topic : str
        Between records, or of the file: size of the town, period, rare combinations, what else is public.
    difference : str
        The difference considered.
    measured : str
        What was measured, with the figure and on what.
    measured_on : str
        What the figure is of. What was measured on synthetic data is not quoted in the pages of own data.
    outcome : str
        Whether a measure is taken.
    measures : tuple of str
        Ids of the rules that are the measure (``※1``, ``※2`` and ``並べ替え`` too).
    columns : tuple of str
        Released columns it speaks of.
    reason : str
        Why this measure, or why none.
    """

    topic: Topic
    difference: str = Field(min_length=1)
    measured: str = Field(min_length=1)
    measured_on: MeasuredOn = "合成データ"
    outcome: Outcome
    measures: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    reason: str = Field(min_length=1)
