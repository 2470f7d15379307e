"""Risk of any flat table on chosen keys: the figures of ``kaigo risk TABLE --keys``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kaigo.errors import InputError, ParameterError
from kaigo.risk.attributes import measure_key_sets
from kaigo.risk.closeness import measure_equal, measure_ordered, share_values
from kaigo.risk.codes import CodedColumn, Floats, encode_column
from kaigo.risk.diversity import count_values, measure_distinct, measure_entropy, measure_recursive
from kaigo.risk.equivalence import Classes, count_persons, count_rows, find_classes
from kaigo.risk.flat import FlatQuestion, read_columns
from kaigo.risk.individual import IndividualRisk, measure_individual
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.population_uniqueness import PopulationUniqueness, estimate_population
from kaigo.risk.suda import measure_suda

MOST_INDIVIDUAL_ROWS = 100_000
"""Beyond this the individual risks are summed, not listed."""
OVERLAP = "1人が2つ以上の同値類に属するため、標本の大きさが定まらない。"


def measure_table(
    path: Path,
    keys: Sequence[str],
    *,
    sensitive: Sequence[str] = (),
    person: str | None = None,
    weight: str | None = None,
    population: int | None = None,
    suda: bool = False,
    attributes: bool = False,
    missing: str = "value",
    engine: str = "duckdb",
) -> dict[str, Any]:
    """任意の表(CSV・Parquet)について、鍵の列から見た再識別の危険を測る。

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8 or CP932, one header row) or Parquet. A column that is all numbers is ordered; text stays text, also
        where it only looks like numbers (a leading zero).
    keys : sequence of str
        Quasi-identifiers.
    sensitive : sequence of str
        Columns for l-diversity and t-closeness; a missing value is a value of its own.
    person : str, optional
        Column that names the person; measures then count persons, each by the worst class, else rows (行).
    weight : str, optional
        Column with sampling weights: individual risk, and F of journalist and marketer.
    population : int, optional
        Persons that the table was sampled from: population uniqueness.
    suda, attributes : bool
        SUDA2 scores; distinction and separation of every key set.
    missing : str
        ``value``: a missing key is a value of its own; ``wildcard``: it matches every value, as in sdcMicro.
    engine : str
        Reads Parquet.

    Returns
    -------
    dict
        ``records``, ``classes``, ``k``, ``unique_records``, ``class_size_histogram``, ``risk``, ``unit``; with
        ``person`` also ``persons``; further parts as asked. No verdict: a flat table says nothing about who is in it.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or a column does not hold what it must.
    ParameterError
        If options do not go together.
    EmptyResultError
        If the table has no row.
    """
    question = FlatQuestion(
        tuple(keys), tuple(sensitive), person, weight, population, suda, attributes, missing
    )
    question.check()
    return measure_rows(read_columns(path, question.columns(), engine), question)


def measure_rows(table: pa.Table, question: FlatQuestion) -> dict[str, Any]:
    """:func:`measure_table` of a table in memory, with at least one row and the columns of the question."""
    columns = {name: encode_column(name, table.column(name)) for name in question.columns()}
    keys = [columns[key] for key in question.keys]
    who = _find_person(columns[question.person]) if question.person else None
    records = len(keys[0].codes)
    classes = find_classes(keys, wildcard=question.wildcard)
    by_row = RiskMeasures(count_rows(classes), "行")
    measures = RiskMeasures(count_persons(classes, who), "人") if who else by_row
    result: dict[str, Any] = {"keys": list(question.keys), "unit": measures.unit, "records": records}
    if question.wildcard:
        result["missing"] = question.missing
    if who:
        result["persons"] = measures.number
        result["unique_persons"] = measures.counts.unique_persons
    result |= {"unique_records": by_row.counts.unique_persons} | measures.to_payload()
    if question.weight:
        individual = measure_individual(classes, _find_weights(columns[question.weight]))
        result |= _list_individual(individual)
        result["risk"] |= _list_journalist(individual)
    if question.sensitive:
        result["sensitive"] = {
            name: _measure_sensitive(classes, columns[name], who) for name in question.sensitive
        }
    if question.attributes:
        result["attributes"] = {
            ",".join(power.keys): {"distinction": power.distinction, "separation": power.separation}
            for power in measure_key_sets(keys, who)
        }
    if question.population is not None:
        estimate = _estimate(measures, question.population)
        result["population"] = dict(estimate.shares)
        if estimate.reasons:
            result["population_reason"] = dict(estimate.reasons)
    if question.suda:
        scored = measure_suda(keys, wildcard=question.wildcard)
        result["suda"] = {
            "scores": scored.scores.tolist(),
            "dis": scored.dis.tolist(),
            "contribution": dict(scored.contribution),
        }
    return result


def _measure_sensitive(
    classes: Classes, sensitive: CodedColumn, person: CodedColumn | None
) -> dict[str, float | None]:
    counts = count_values(classes, sensitive, person)
    overall = share_values(sensitive, person)
    return {
        "l_distinct": measure_distinct(counts),
        "l_entropy": measure_entropy(counts),
        "recursive_c": measure_recursive(counts),
        "t_equal": measure_equal(counts, overall),
        "t_ordered": measure_ordered(counts, overall, sensitive),
    }


def _estimate(measures: RiskMeasures, population: int) -> PopulationUniqueness:
    if population < measures.number:
        raise ParameterError(
            "母集団の人数が、表より少なくなっています。",
            found=f"--population {population:,}、表は{measures.number:,}{measures.unit}",
            remedy="表が抜き出された元の全体の人数を指定してください。",
        )
    histogram = measures.counts.classes
    if sum(size * number for size, number in histogram.items()) != measures.number:
        return PopulationUniqueness.unavailable(OVERLAP)
    return estimate_population(histogram, population)


def _find_person(column: CodedColumn) -> CodedColumn:
    if column.has_missing:
        raise InputError(
            f"人を表す列「{column.name}」に空欄があります。",
            found=f"{int(column.missing.sum()):,}行",
            remedy="空欄のない列を指定するか、空欄の行を除いてください。",
        )
    return column


def _find_weights(column: CodedColumn) -> Floats:
    where = f"重みの列「{column.name}」"
    remedy = "標本の重み(1行が母集団の何人を代表するか)を、正の数で入れてください。"
    if column.has_missing:
        raise InputError(
            f"{where}に空欄があります。", found=f"{int(column.missing.sum()):,}行", remedy=remedy
        )
    if column.numbers is None:
        raise InputError(f"{where}に、数でない値があります。", remedy=remedy)
    weights: Floats = column.numbers[column.codes]
    bad = np.flatnonzero(weights <= 0)
    if len(bad):
        raise InputError(
            f"{where}に、0以下の値があります。",
            found=f"{len(bad):,}行(最初は{int(bad[0]) + 1:,}件目)",
            remedy=remedy,
        )
    return weights


def _list_individual(individual: IndividualRisk) -> dict[str, Any]:
    result: dict[str, Any] = {"expected_reidentifications": individual.expected_reidentifications}
    rows = len(individual.sample)
    if rows > MOST_INDIVIDUAL_ROWS:
        reason = f"{rows:,}行あるため、行ごとの値は書き出さない({MOST_INDIVIDUAL_ROWS:,}行まで)。"
        return {"individual": None, "individual_reason": reason} | result
    return {
        "individual": {
            "fk": individual.sample.tolist(),
            "Fk": individual.population.tolist(),
            "rk": individual.approximate.tolist(),
            "rk_exact": individual.exact.tolist(),
        }
    } | result


def _list_journalist(individual: IndividualRisk) -> dict[str, float]:
    risk = individual.journalist
    average = float(risk.mean())
    return {"journalist_max": float(risk.max()), "journalist_average": average, "marketer": average}
