"""The page of definitions and the tables of a flat table's figures."""

from __future__ import annotations

import pyarrow as pa

from kaigo.risk import MonthRisk, ReleaseRisk, RiskMeasures
from kaigo.risk.figures_measures import (
    load_measures,
    show_contributions,
    show_key_sets,
    show_measures,
    show_month_values,
)
from kaigo.risk.flat import FlatQuestion
from kaigo.risk.month_values import ValueRisk
from kaigo.risk.table_risk import measure_rows
from kaigo.tables import ClassCounts

TABLE = pa.table({"性別": ["女", "女", "男"], "年齢": [75, 80, 80], "疾患": ["a", "b", "a"]})


def test_every_figure_of_the_json_has_a_definition_a_formula_and_a_source() -> None:
    names = {row["name"] for row in load_measures()}
    result = measure_rows(
        TABLE, FlatQuestion(("性別",), ("疾患",), attributes=True, suda=True, population=100)
    )
    weighted = measure_rows(pa.table({"鍵": ["a"], "重み": [2]}), FlatQuestion(("鍵",), weight="重み"))
    figures = {
        *result["sensitive"]["疾患"],
        *result["attributes"]["性別"],
        *result["population"],
        *(f"suda_{name}" for name in result["suda"]),
        *weighted["individual"],
        *(name.removesuffix("_max").removesuffix("_average") for name in result["risk"]),
        "expected_reidentifications",
        *(set(result) & {"records", "classes", "k", "unique_records", "class_size_histogram"}),
    }
    assert figures <= names
    assert all(all(row.values()) for row in load_measures())


def test_the_page_of_definitions_shows_every_measure() -> None:
    assert len(show_measures().frame) == len(load_measures())


def test_key_sets_are_shown_by_what_they_tell_apart() -> None:
    result = measure_rows(TABLE, FlatQuestion(("性別", "年齢"), attributes=True))
    table = show_key_sets(result["attributes"], "作り話")
    assert table.frame["鍵の組"].tolist() == ["性別・年齢", "年齢", "性別"]
    assert "「性別・年齢」" in table.caption


def test_contributions_are_shown_largest_first_and_none_where_nothing_is_unique() -> None:
    result = measure_rows(TABLE, FlatQuestion(("性別", "年齢"), suda=True))
    table = show_contributions(result["suda"], "作り話")
    assert table.frame["寄与"].is_monotonic_decreasing
    assert "3行" in table.caption
    doubled = measure_rows(pa.concat_tables([TABLE, TABLE]), FlatQuestion(("性別", "年齢"), suda=True))
    assert "ありません" in show_contributions(doubled["suda"], "作り話").caption


def test_what_a_class_gives_away_is_headed_by_the_worst_value() -> None:
    measures = RiskMeasures(ClassCounts({2: 100}, {2: 200}), "人")
    values = (
        ValueRisk("kinds", "サービス種類の組", 1, 1.0, None, 0.9, 200, 50),
        ValueRisk("survey_vector", "回答の組", 2, 1.5, 3.0, 0.5, 200, 0),
    )
    risk = ReleaseRisk(
        "joined", ("性別",), MonthRisk(measures, (("2024-04", 200, 0),)), measures, (), None, values
    )
    table = show_month_values(risk, "作り話")
    assert "25.0%の人のサービス種類の組" in table.caption
    assert table.frame["確実に分かる人"].tolist() == [50, 0]
    assert list(risk.to_payload()["sensitive"]) == ["kinds", "survey_vector"]
