"""The worked examples of the l-diversity and t-closeness papers."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from kaigo.risk.flat import FlatQuestion
from kaigo.risk.table_risk import measure_rows

HEART, VIRAL, CANCER = "心疾患", "ウイルス感染症", "がん"


def measure(groups: dict[str, list[object]], name: str = "値") -> dict[str, float | None]:
    rows = [{"類": group, name: value} for group, values in groups.items() for value in values]
    result = measure_rows(pa.Table.from_pylist(rows), FlatQuestion(("類",), (name,)))
    assert result["k"] == min(len(values) for values in groups.values())
    return result["sensitive"][name]


def test_the_3_diverse_table_of_machanavajjhala_2007() -> None:
    """Figure 3: three blocks of four; entropy 2.8-diverse."""
    mixed: list[object] = [HEART, VIRAL, CANCER, CANCER]
    figures = measure({"1305*": mixed, "1485*": [CANCER, HEART, VIRAL, VIRAL], "1306*": mixed})
    assert figures["l_distinct"] == 3
    assert figures["l_entropy"] == pytest.approx(2 * math.sqrt(2), abs=1e-12)
    # r1 = 2 and, from the third value on, 1: recursive (c, 3)-diverse for every c above 2.
    assert figures["recursive_c"] == 2.0


def test_recursive_diversity_is_that_of_the_worst_class_at_the_l_of_the_table() -> None:
    """Definition 4.2 by hand: r1 < c (r_l + … + r_m).

    甲 has frequencies 5, 3, 1, 1, and 乙 4, 2, 2: l = 3, so 5 < c (1 + 1) asks c > 2.5, and 4 < c · 2 asks c > 2. With 丙
    (3, 3) the table is 2-diverse: 5 < c · 5, 4 < c · 4, 3 < c · 3 all ask c > 1.
    """
    first: list[object] = ["a"] * 5 + ["b"] * 3 + ["c", "d"]
    second: list[object] = ["b"] * 4 + ["a"] * 2 + ["e"] * 2
    figures = measure({"甲": first, "乙": second})
    assert (figures["l_distinct"], figures["recursive_c"]) == (3, 2.5)
    figures = measure({"甲": first, "乙": second, "丙": ["a", "b"] * 3})
    assert (figures["l_distinct"], figures["recursive_c"]) == (2, 1.0)


def test_the_4_anonymous_table_of_machanavajjhala_2007_gives_everyone_of_a_block_away() -> None:
    """Figure 2: in the third block all have cancer."""
    figures = measure(
        {
            "130** <30": [HEART, HEART, VIRAL, VIRAL],
            "1485* ≥40": [CANCER, HEART, VIRAL, VIRAL],
            "130** 3*": [CANCER] * 4,
        }
    )
    assert (figures["l_distinct"], figures["l_entropy"], figures["recursive_c"]) == (1, 1.0, None)


def test_two_equally_frequent_values_are_exactly_entropy_2_diverse() -> None:
    """pycanon 1.3.5 cuts 1.9999… to 1."""
    assert measure({"甲": ["a", "b"], "乙": ["a", "b", "a", "b"]})["l_entropy"] == 2.0


def test_the_salaries_of_li_2007_are_0375_close_and_the_mended_table_0167() -> None:
    """Tables 4 and 5: D[{3k,4k,5k}, Q] = 0.375, D[{6k,8k,11k}, Q] = 0.167 in nine salaries 3k … 11k."""
    first = measure({"476**": [3, 4, 5], "4790*": [6, 11, 8], "476** ": [7, 9, 10]})
    assert first["t_ordered"] == pytest.approx(0.375, abs=1e-12)
    mended = measure({"4767*": [3, 5, 9], "4790*": [6, 11, 8], "4760*": [4, 7, 10]})
    assert mended["t_ordered"] == pytest.approx(1 / 6, abs=1e-12)


def test_equal_distance_is_half_the_sum_of_differences() -> None:
    """Q = (1/2, 1/4, 1/4); the first class is all a: (1/2 + 1/4 + 1/4)/2."""
    figures = measure({"甲": ["a", "a"], "乙": ["b", "c"]})
    assert (figures["t_equal"], figures["t_ordered"]) == (0.5, None)


def test_codes_with_a_leading_zero_are_not_ordered_and_numbers_are() -> None:
    codes = measure({"甲": ["01", "02"], "乙": ["10", "11"]})
    numbers = measure({"甲": ["1", "2"], "乙": ["10", "11"]})
    assert (codes["t_ordered"], codes["t_equal"]) == (None, 0.5)
    # Ranks, not differences: Q − P is 1/4, 1/2, 1/4, 0.
    assert numbers["t_ordered"] == pytest.approx(1 / 3)


def test_one_number_for_all_is_no_distance() -> None:
    assert measure({"甲": [5, 5], "乙": [5]})["t_ordered"] == 0.0


def test_sensitive_values_that_are_missing_count_as_one_value_and_are_not_ordered() -> None:
    """l: {1, none} and {2}; ordered: {1} and {2} against one of each."""
    figures = measure({"甲": [1, None], "乙": [2, 2]})
    assert (figures["l_distinct"], figures["t_equal"]) == (1, 0.5)
    assert figures["t_ordered"] == pytest.approx(2 / 3)
