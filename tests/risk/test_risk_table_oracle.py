"""Every measure of a flat table against counting all pairs of rows, missing values included."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import flat_oracle as oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaigo.risk import measure_table
from kaigo.risk.flat import FlatQuestion
from kaigo.risk.table_risk import measure_rows

KEYS = ["A", "B", "C"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "A": st.sampled_from(["a", "b", None]),
            "B": st.sampled_from([1, 2, 3, None]),
            "C": st.sampled_from(["x", "y", "01", None]),
            "illness": st.sampled_from(["p", "q", "r", None]),
            "units": st.sampled_from([1, 5, 20, 50, 51, None]),
            "weight": st.sampled_from([1.0, 2.5, 10.0, 400.0]),
            "who": st.sampled_from(["一", "二", "三", "四"]),
        }
    ),
    min_size=1,
    max_size=14,
)
TYPES = pa.schema(
    {
        "A": pa.string(),
        "B": pa.int64(),
        "C": pa.string(),
        "illness": pa.string(),
        "units": pa.int32(),
        "weight": pa.float64(),
        "who": pa.string(),
    }
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
either = st.sampled_from(["value", "wildcard"])


def measure(rows: list[dict[str, Any]], **asked: Any) -> dict[str, Any]:
    return measure_rows(pa.Table.from_pylist(rows, TYPES), FlatQuestion(tuple(KEYS), **asked))


def store(rows: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / "table.parquet"
    pq.write_table(pa.Table.from_pylist(rows, TYPES), path)
    return path


@often
@given(rows=ROWS, missing=either)
def test_frequencies_and_sample_risks_are_those_of_all_pairs(
    rows: list[dict[str, Any]], missing: str
) -> None:
    result = measure(rows, missing=missing)
    sizes = [len(oracle.find_group(rows, row, KEYS, missing == "wildcard")) for row in rows]
    assert result["k"] == min(sizes)
    assert result["unique_records"] == sizes.count(1)
    assert result["classes"] == len({tuple(row[key] for key in KEYS) for row in rows})
    assert sum(result["class_size_histogram"].values()) == result["classes"]
    assert result["risk"]["prosecutor_max"] == pytest.approx(1 / min(sizes))
    average = sum(1 / size for size in sizes) / len(sizes)
    for name in ("prosecutor_average", "journalist_average", "marketer"):
        assert result["risk"][name] == pytest.approx(average)
    for threshold, share in result["risk"]["records_at_risk"].items():
        assert share == pytest.approx(sum(1 / size > float(threshold) for size in sizes) / len(sizes))


@often
@given(rows=ROWS, missing=either)
def test_diversity_and_closeness_are_those_of_all_pairs(rows: list[dict[str, Any]], missing: str) -> None:
    result = measure(rows, sensitive=("illness", "units"), missing=missing)
    for name in ("illness", "units"):
        expected = oracle.measure_sensitive(rows, KEYS, name, missing == "wildcard")
        for figure, value in expected.items():
            # A column without any value is neither text nor numbers.
            assert result["sensitive"][name][figure] == (
                None if value is None else pytest.approx(value, abs=1e-12)
            ), (name, figure)


@often
@given(rows=ROWS, missing=either)
def test_individual_risk_is_the_expectation_added_up(rows: list[dict[str, Any]], missing: str) -> None:
    result = measure(rows, weight="weight", missing=missing)
    groups = [oracle.find_group(rows, row, KEYS, missing == "wildcard") for row in rows]
    found = result["individual"]
    assert found["fk"] == [len(group) for group in groups]
    population = [sum(row["weight"] for row in group) for group in groups]
    assert found["Fk"] == pytest.approx(population)
    for place, (group, total) in enumerate(zip(groups, population, strict=True)):
        f = len(group)
        exact = 1 / f if total <= f else oracle.expect_inverse(f, f / total)
        assert found["rk_exact"][place] == pytest.approx(exact, rel=1e-8)
        p = f / total
        approximate = p / (f - (1 - p)) if f > 2 and total > f else found["rk_exact"][place]
        assert found["rk"][place] == pytest.approx(approximate, rel=1e-12)
    assert result["expected_reidentifications"] == pytest.approx(sum(found["rk"]))
    inverse = [1 / max(total, len(g)) for total, g in zip(population, groups, strict=True)]
    assert result["risk"]["journalist_average"] == pytest.approx(sum(inverse) / len(inverse))
    assert result["risk"]["journalist_max"] == pytest.approx(max(inverse))


@often
@given(rows=ROWS, missing=either)
def test_suda_scores_are_those_of_all_key_sets(rows: list[dict[str, Any]], missing: str) -> None:
    result = measure(rows, suda=True, missing=missing)["suda"]
    scores, shares = oracle.score_suda(rows, KEYS, missing == "wildcard")
    assert result["scores"] == scores
    if sum(scores):
        expected = {key: 100 * share / sum(scores) for key, share in shares.items()}
        assert result["contribution"] == pytest.approx(expected)
    else:
        assert result["contribution"] == dict.fromkeys(KEYS)
    assert all((dis > 0) == (score > 0) for dis, score in zip(result["dis"], scores, strict=True))


@often
@given(rows=ROWS)
def test_distinction_and_separation_are_those_of_all_pairs(rows: list[dict[str, Any]]) -> None:
    result = measure(rows, attributes=True)["attributes"]
    assert list(result) == ["A", "B", "C", "A,B", "A,C", "B,C", "A,B,C"]
    for name, figures in result.items():
        values = [tuple(row[key] for key in name.split(",")) for row in rows]
        assert figures["distinction"] == pytest.approx(len(set(values)) / len(values))
        pairs = [a != b for place, a in enumerate(values) for b in values[:place]]
        assert figures["separation"] == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@often
@given(rows=ROWS, missing=either)
def test_persons_are_counted_once_in_each_class(rows: list[dict[str, Any]], missing: str) -> None:
    result = measure(rows, person="who", sensitive=("illness",), missing=missing)
    groups = [oracle.find_group(rows, row, KEYS, missing == "wildcard") for row in rows]
    worst: dict[str, int] = {}
    for row, group in zip(rows, groups, strict=True):
        size = len({other["who"] for other in group})
        worst[row["who"]] = min(size, worst.get(row["who"], size))
    assert result["persons"] == len(worst)
    assert result["k"] == min(worst.values())
    assert result["unique_persons"] == list(worst.values()).count(1)
    assert result["risk"]["prosecutor_average"] == pytest.approx(
        sum(1 / size for size in worst.values()) / len(worst)
    )
    # In a group, a person counts once for each value.
    values = [[value for _, value in {(row["who"], row["illness"]) for row in group}] for group in groups]
    entropies = [
        -sum(group.count(v) / len(group) * math.log(group.count(v) / len(group)) for v in set(group))
        for group in values
    ]
    assert result["sensitive"]["illness"]["l_entropy"] == pytest.approx(math.exp(min(entropies)))
    everyone = [value for _, value in {(row["who"], row["illness"]) for row in rows}]
    distances = [
        sum(abs(g.count(v) / len(g) - everyone.count(v) / len(everyone)) for v in set(everyone)) / 2
        for g in values
    ]
    assert result["sensitive"]["illness"]["t_equal"] == pytest.approx(max(distances))


@settings(often, max_examples=20)
@given(rows=ROWS)
def test_text_and_numbers_of_a_csv_give_the_figures_of_the_parquet(
    rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    cells = [["" if row[name] is None else str(row[name]) for name in TYPES.names] for row in rows]
    path = tmp_path / "table.csv"
    lines = [",".join(line) for line in (TYPES.names, *cells)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked: dict[str, Any] = {"sensitive": ["units"], "weight": "weight", "suda": True, "missing": "wildcard"}
    assert measure_table(path, KEYS, **asked) == measure_table(store(rows, tmp_path), KEYS, **asked)
