"""A flat table at its edges: what a column is, and large tables."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from kaigo.errors import InputError
from kaigo.risk import table_risk
from kaigo.risk.codes import encode_column
from kaigo.risk.flat import FlatQuestion
from kaigo.risk.individual import compute_exact
from kaigo.risk.table_risk import measure_rows


def encode(
    values: list[object], kind: pa.DataType | None = None
) -> tuple[list[int], list[float] | None, int]:
    column = encode_column("列", pa.chunked_array([pa.array(values, kind)]))
    numbers = None if column.numbers is None else column.numbers.tolist()
    return column.codes.tolist(), numbers, column.size


def test_text_that_is_all_numbers_is_ordered_and_one_number_is_one_value() -> None:
    assert encode(["10", "9", "1.0", "1", None]) == ([2, 1, 0, 0, 3], [1, 9, 10], 4)


@pytest.mark.parametrize("word", ["01", "", "1,000", "一", "１", "0x1", "1e999", "nan", "inf", " 1", "+1"])
def test_one_word_that_is_no_number_makes_the_column_text(word: str) -> None:
    assert encode(["10", word])[1] is None


def test_long_numbers_do_not_fall_together() -> None:
    assert encode(["9007199254740993", "9007199254740992"])[0] == [1, 0]
    codes = ["12345678901234567890", "12345678901234567891"]
    assert encode([*codes]) == ([0, 1], None, 2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], pa.int8()),
        ([1.5, float("nan"), None], pa.float64()),
        ([None, None, None], pa.null()),
        ([dt.date(2024, 1, 1), None, None], pa.date32()),
        (["a", None, None], pa.dictionary(pa.int8(), pa.string())),
        ([True, None, None], pa.bool_()),
    ],
)
def test_every_kind_of_column_has_codes_and_its_gaps_are_missing(
    values: list[object], kind: pa.DataType
) -> None:
    column = encode_column("列", pa.chunked_array([pa.array(values, kind)]))
    missing = [value is None or value != value for value in values]
    assert column.missing.tolist() == missing
    assert (column.numbers is not None) == (pa.types.is_integer(kind) or pa.types.is_floating(kind))


def test_lists_in_cells_are_refused() -> None:
    with pytest.raises(InputError, match="複数の値"):
        encode([[1, 2], [3]])


def test_chunks_of_a_column_share_their_codes() -> None:
    column = encode_column("列", pa.chunked_array([["b", "a"], ["a", "c"]]))
    assert column.codes.tolist() == [0, 1, 1, 2]


def test_keys_with_more_combinations_than_fit_a_number_are_grouped() -> None:
    """Twelve keys of 50 values: 50^12 > 2^62."""
    rows = np.random.default_rng(3).integers(0, 50, (60, 12))
    doubled = np.concatenate([rows, rows])
    table = pa.table({f"鍵{n}": doubled[:, n] for n in range(12)})
    result = measure_rows(table, FlatQuestion(tuple(table.column_names)))
    assert (result["classes"], result["class_size_histogram"]) == (60, {"2": 60})


def test_beyond_the_limit_individual_risks_are_summed_but_not_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = pa.table({"鍵": ["a", "a", "b"], "重み": [2.0, 3.0, 4.0]})
    question = FlatQuestion(("鍵",), weight="重み")
    listed = measure_rows(table, question)
    monkeypatch.setattr(table_risk, "MOST_INDIVIDUAL_ROWS", 2)
    summed = measure_rows(table, question)
    assert summed["individual"] is None
    assert "3行" in summed["individual_reason"]
    assert summed["expected_reidentifications"] == listed["expected_reidentifications"]


@pytest.mark.parametrize("f", [1, 2, 3, 10, 1000])
def test_exact_risk_has_no_jump_where_its_two_formulae_meet(f: int) -> None:
    p = np.array([0.5 - 1e-9, 0.5 + 1e-9])
    below, above = compute_exact(np.full(2, float(f)), p)
    assert below == pytest.approx(above, rel=1e-8)


def test_exact_risk_goes_to_one_in_f_as_the_sample_nears_the_population() -> None:
    f = np.array([1.0, 2.0, 5.0, 500.0])
    assert compute_exact(f, np.full(4, 1 - 1e-12)) == pytest.approx(1 / f, rel=1e-9)


def test_a_large_file_with_many_wildcards_is_refused_before_memory_runs_out() -> None:
    """Two halves, each with only one of two keys, match each other in all pairs: 10,500 × 10,500."""
    values = np.arange(10_500)
    none = np.full(10_500, None)
    table = pa.table(
        {
            "甲": pa.array([*values, *none], pa.int64()),
            "乙": pa.array([*none, *values], pa.int64()),
        }
    )
    with pytest.raises(InputError, match="数えきれません"):
        measure_rows(table, FlatQuestion(("甲", "乙"), missing="wildcard"))
