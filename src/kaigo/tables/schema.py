"""What a care table is: the columns of persons, certifications and benefits.

Everything else derives from here: validation, CSV headers, the data dictionary, the checks of a standard.
Numbers ① to ⑪ are those of the source document (総務省資料 2018, 介護データに係る加工例のイメージ).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import pyarrow as pa

from kaigo.tables.survey import SurveyItem, load_survey_items


class ColumnClass(StrEnum):
    """識別のしやすさによる列の区分。"""

    DIRECT = "直接識別子"
    INDIVIDUAL_CODE = "個人識別符号"
    LINKING = "連結符号"
    QUASI = "準識別子"
    ATTRIBUTE = "属性"


@dataclass(frozen=True)
class Column:
    """表の1列。

    Attributes
    ----------
    name, label : str
        Column name in Parquet; Japanese header in a municipality's CSV.
    dtype : pyarrow.DataType
    column_class : ColumnClass
    number : str
        ① to ⑪ of the source document; empty where the document has no such column.
    nullable : bool
    aliases : tuple of str
        Other headers that intake accepts.
    unit, note : str
    """

    name: str
    label: str
    dtype: pa.DataType
    column_class: ColumnClass
    number: str = ""
    nullable: bool = False
    aliases: tuple[str, ...] = ()
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class TableSchema:
    """1つの表: 名前、日本語名、列、行を並べる鍵。"""

    name: str
    label: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name (KeyError if there is none)."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.dtype, nullable=c.nullable) for c in self.columns])


PERSON_KEY = ("insurer_number", "insured_number")
"""The person of the source: (保険者番号, 被保険者番号). Never a pseudonym."""

_NUMBERS = (
    Column(
        "insurer_number",
        "保険者番号",
        pa.string(),
        ColumnClass.LINKING,
        aliases=("証記載保険者番号",),
        note="6桁",
    ),
    Column(
        "insured_number",
        "被保険者番号",
        pa.string(),
        ColumnClass.INDIVIDUAL_CODE,
        "①",
        aliases=("介護保険被保険者番号",),
        note="10桁、先頭の0を含む",
    ),
)


def _survey_column(item: SurveyItem) -> Column:
    if item.part:
        aliases: tuple[str, ...] = (f"{item.name}({item.part})", f"{item.number}({item.part})")
    else:
        short = item.name.split("（")[0].split("(")[0]
        aliases = tuple(dict.fromkeys((item.name, short, item.number)))
    return Column(
        item.column,
        item.label,
        pa.int8(),
        ColumnClass.QUASI,
        "⑥" if item.counts else "",
        nullable=True,
        aliases=aliases,
        note="|".join(f"{code} {item.option_text(code)}" for code in item.codes),
    )


@cache
def load_schemas() -> dict[str, TableSchema]:
    """3つの表の定義を名前で返す(persons, certifications, benefits)。"""
    text, date, int8 = pa.string(), pa.date32(), pa.int8()
    quasi, attribute, direct = ColumnClass.QUASI, ColumnClass.ATTRIBUTE, ColumnClass.DIRECT
    persons = TableSchema(
        "persons",
        "個人属性情報",
        (
            *_NUMBERS,
            Column("name", "氏名", text, direct, "②", aliases=("被保険者氏名",)),
            Column("address", "住所", text, direct, "③"),
            Column("birth_date", "生年月日", date, quasi, "④"),
            Column("sex", "性別", int8, quasi, "⑤", note="1 男|2 女"),
            Column(
                "insured_category",
                "被保険者区分",
                int8,
                quasi,
                aliases=("被保険者の区分", "号別"),
                note="1 第1号|2 第2号",
            ),
            Column("qualified_on", "資格取得日", date, attribute, nullable=True, aliases=("資格取得年月日",)),
            Column(
                "disqualified_on",
                "資格喪失日",
                date,
                attribute,
                nullable=True,
                aliases=("喪失日", "資格喪失年月日"),
            ),
            Column(
                "disqualified_reason", "資格喪失事由", text, attribute, nullable=True, aliases=("喪失事由",)
            ),
        ),
        PERSON_KEY,
    )
    certifications = TableSchema(
        "certifications",
        "認定情報",
        (
            *_NUMBERS,
            Column("application_kind", "申請区分", text, attribute, nullable=True, note="新規|更新|区分変更"),
            Column(
                "applied_on", "申請日", date, attribute, nullable=True, aliases=("認定申請日", "申請年月日")
            ),
            Column(
                "surveyed_on", "調査日", date, attribute, nullable=True, aliases=("認定調査日", "調査年月日")
            ),
            Column(
                "valid_from",
                "認定有効期間開始",
                date,
                attribute,
                aliases=("認定有効期間開始日", "有効期間開始", "有効期間開始日"),
            ),
            Column(
                "valid_to",
                "認定有効期間終了",
                date,
                attribute,
                aliases=("認定有効期間終了日", "有効期間終了", "有効期間終了日"),
            ),
            Column(
                "care_level", "要介護状態区分", text, quasi, "⑦", aliases=("要介護度", "要介護状態区分コード")
            ),
            *(_survey_column(item) for item in load_survey_items()),
            Column(
                "primary_disease",
                "主たる疾病",
                text,
                quasi,
                nullable=True,
                aliases=("主病名", "診断名"),
                note="原因疾患の区分",
            ),
        ),
        (*PERSON_KEY, "valid_from", "valid_to"),
    )
    benefits = TableSchema(
        "benefits",
        "介護給付情報",
        (
            *_NUMBERS,
            Column(
                "service_month",
                "サービス利用年月",
                date,
                quasi,
                "⑧",
                aliases=("サービス提供年月", "利用年月"),
                note="月の1日",
            ),
            Column("service_code", "サービスコード", text, quasi, "⑨", note="6文字(種類2+項目4)"),
            Column(
                "days",
                "日数",
                pa.int16(),
                attribute,
                "⑩",
                aliases=("日数・回数", "回数", "日数回数", "サービス利用日数"),
                unit="日・回",
            ),
            Column(
                "units", "点数", pa.int32(), attribute, "⑩", aliases=("単位数", "サービス単位数"), unit="単位"
            ),
            Column(
                "provider_number",
                "サービス提供事業者番号",
                text,
                ColumnClass.LINKING,
                "⑪",
                aliases=("事業所番号", "サービス提供事業所番号"),
                note="10桁(資料では8桁)",
            ),
        ),
        (*PERSON_KEY, "service_month", "service_code", "provider_number"),
    )
    return {table.name: table for table in (persons, certifications, benefits)}
