"""Measures against arithmetic by hand and a brute-force oracle."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaigo.risk import RiskMeasures, measure_table
from kaigo.tables import ClassCounts

EIGHT = RiskMeasures(ClassCounts({1: 2, 2: 1, 4: 1}, {1: 2, 2: 2, 4: 4}), "行")
"""Eight records in classes of 1, 1, 2 and 4."""


def test_average_risk_is_over_records_not_over_classes() -> None:
    # (1/1 + 1/1 + 2 x 1/2 + 4 x 1/4) / 8; over classes it would be (1 + 1 + .5 + .25) / 4.
    assert EIGHT.prosecutor_average == 4 / 8


def test_smallest_class_and_largest_risk_belong_together() -> None:
    assert (EIGHT.k, EIGHT.prosecutor_max, EIGHT.unique_share) == (1, 1.0, 2 / 8)


def test_at_risk_means_strictly_above_the_threshold() -> None:
    at_risk = EIGHT.to_payload()["risk"]["records_at_risk"]
    # 1/2 is not above 0.5; 1/4 is above 0.2 but not above 0.33.
    assert at_risk == {"0.05": 1.0, "0.09": 1.0, "0.2": 1.0, "0.33": 4 / 8, "0.5": 2 / 8}


def test_an_empty_table_has_no_risk_and_does_not_divide_by_zero() -> None:
    empty = RiskMeasures(ClassCounts({}, {}), "人")
    assert (empty.k, empty.prosecutor_max, empty.prosecutor_average) == (0, 0.0, 0.0)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "01", "1", None]), st.sampled_from(["x", "y", None]), st.integers(0, 5)
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_flat_measures_equal_brute_force(
    rows: list[tuple[str | None, str | None, int]], tmp_path: Path
) -> None:
    path = tmp_path / "flat.parquet"
    first, second, who = zip(*rows, strict=True)
    table = {"A": pa.array(first, pa.string()), "B": pa.array(second, pa.string()), "who": pa.array(who)}
    pq.write_table(pa.table(table), path)
    result = measure_table(path, ["A", "B"])
    sizes = Counter((a, b) for a, b, _ in rows)
    assert result["records"] == len(rows)
    assert result["classes"] == len(sizes)
    assert result["k"] == min(sizes.values())
    assert result["unique_records"] == sum(n == 1 for n in sizes.values())
    average = sum(1 / sizes[a, b] for a, b, _ in rows) / len(rows)
    assert result["risk"]["prosecutor_average"] == pytest.approx(average, abs=1e-12)

    by_person = measure_table(path, ["A", "B"], person="who")
    members: dict[tuple[str | None, str | None], set[int]] = {}
    for a, b, person in rows:
        members.setdefault((a, b), set()).add(person)
    worst = {p: min(len(m) for m in members.values() if p in m) for p in set(who)}
    assert by_person["persons"] == len(worst)
    assert by_person["unique_persons"] == sum(size == 1 for size in worst.values())
    assert by_person["k"] == min(len(m) for m in members.values())
    assert by_person["risk"]["prosecutor_average"] == pytest.approx(
        sum(1 / size for size in worst.values()) / len(worst), abs=1e-12
    )
