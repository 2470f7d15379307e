"""Small counts of persons never reach a page, whatever stands beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.display import Table
from kaigo.display.complement import protect_totals
from kaigo.display.suppression import choose_rule
from kaigo.errors import ParameterError


def make_table(counts: list[int | None], **options: object) -> Table:
    frame = pd.DataFrame({"区分": [f"区分{i}" for i in range(len(counts))], "人数": counts})
    settings_ = {"persons": ["人数"], "caption": "人数", "source": "手で作った表", **options}
    return Table(frame, **settings_)  # type: ignore[arg-type]


def shown(table: Table) -> list[str]:
    return [table.grid.text(row, 1) for row in range(len(table.grid.rows))]


@pytest.mark.parametrize(
    ("inhabitants", "counts", "expected"),
    [
        (None, [9, 10, 0], ["x(10未満)", "10", "0"]),
        (0, [9, 10, 0], ["x(10未満)", "10", "0"]),
        (25_000, [9, 10, 0], ["x(10未満)", "10", "0"]),
        (24_999, [19, 20, 0], ["x(20未満)", "20", "0"]),
        (2_000, [19, 20, 0], ["x(20未満)", "20", "0"]),
        (1_999, [19, 2_000, 0], ["x(非表示)", "x(非表示)", "x(非表示)"]),
    ],
)
def test_the_threshold_follows_the_declared_number_of_inhabitants(
    inhabitants: int | None, counts: list[int], expected: list[str]
) -> None:
    assert shown(make_table(counts, inhabitants=inhabitants)) == expected


def test_only_columns_that_count_persons_are_suppressed() -> None:
    frame = pd.DataFrame({"区分": ["あ"], "人数": [3], "件数": [4]})
    table = Table(frame, caption="c", source="s", persons=["人数"])
    assert [table.grid.text(0, 1), table.grid.text(0, 2)] == ["x(10未満)", "4"]


def test_a_hidden_count_is_in_no_form_of_the_table() -> None:
    table = make_table([7, 123, 456])
    bundle = table._repr_mimebundle_()
    everything = [str(value) for value in bundle.values()] + [table.to_csv_bytes().decode("utf-8-sig")]
    assert table.frame["人数"].isna().tolist() == [True, False, False]
    for text in everything:
        assert "123" in text
        assert "7" not in text


def test_the_note_names_the_threshold_and_its_source_only_where_something_is_hidden() -> None:
    assert "10人未満" in make_table([9, 50]).note
    assert "第12の2(1)" in make_table([9, 50]).note
    assert make_table([10, 50]).note == ""


def test_an_internal_table_keeps_small_counts_and_says_so() -> None:
    table = make_table([1, 50], internal=True)
    assert shown(table) == ["1", "50"]
    assert "内部限り" in table.note


def test_a_share_is_hidden_with_the_count_it_was_computed_from() -> None:
    frame = pd.DataFrame({"区分": ["あ", "い"], "割合": [0.5, 99.5], "人数": [3, 597]})
    table = Table(frame, caption="c", source="s", persons=["人数"], derived={"割合": "人数"})
    assert [table.grid.text(0, 1), table.grid.text(1, 1)] == ["x", "99.5"]
    assert table.frame["割合"].isna().tolist() == [True, False]


def test_a_share_of_the_counts_is_recognised_without_being_named() -> None:
    frame = pd.DataFrame(
        {"区分": list("あいう"), "人数": [597, 3, 50], "割合": [91.8, 0.5, 7.7], "年齢": [80, 90, 85]}
    )
    table = Table(frame, caption="c", source="s", persons=["人数"])
    assert [table.grid.text(row, 2) for row in range(3)] == ["91.8", "x", "7.7"]
    assert [table.grid.text(row, 3) for row in range(3)] == ["80", "90", "85"]


@pytest.mark.parametrize("total_first", [True, False])
def test_a_total_does_not_betray_the_one_hidden_count(total_first: bool) -> None:
    counts = [120, 4, 41]
    total = sum(counts)
    table = make_table([total, *counts] if total_first else [*counts, total])
    words = shown(table)
    expected = ["120", "x(10未満)", "x"]
    assert words == (["165", *expected] if total_first else [*expected, "165"])
    assert "逆算" in table.note


def test_two_counts_of_nine_are_not_betrayed_by_their_sum() -> None:
    # 9 + 9 + 30 = 48: with only the two nines hidden, 48 - 30 = 18 could be nothing but 9 + 9.
    assert shown(make_table([9, 9, 30, 48])) == ["x(10未満)", "x(10未満)", "x", "48"]


def test_the_total_goes_too_where_no_other_count_is_left_to_hide() -> None:
    assert shown(make_table([1, 0, 1, 2])) == ["x(10未満)", "0", "x(10未満)", "x(10未満)"]
    assert shown(make_table([9, 9, 18])) == ["x(10未満)", "x(10未満)", "x"]


def test_a_total_column_is_found_as_a_reader_finds_it() -> None:
    frame = pd.DataFrame({"区分": ["あ", "い"], "男": [4, 30], "女": [50, 40], "計": [54, 70]})
    table = Table(frame, caption="c", source="s", persons=["男", "女", "計"])
    assert [table.grid.text(0, j) for j in (1, 2, 3)] == ["x(10未満)", "x", "54"]
    assert [table.grid.text(1, j) for j in (1, 2, 3)] == ["30", "40", "70"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=5), st.integers(3, 12))
def test_under_a_shown_total_every_small_count_may_be_anything_from_1_to_the_threshold(
    counts: list[int], threshold: int
) -> None:
    column = np.array([[*counts, sum(counts)]], dtype=float).T
    primary = (column > 0) & (column < threshold)
    hidden = protect_totals(column, primary, threshold)[:, 0]
    assert (hidden >= primary[:, 0]).all()
    if hidden[-1]:
        return
    parts, small = hidden[:-1], primary[:-1, 0]
    rest = sum(count for count, gone in zip(counts, parts, strict=True) if gone)
    others_small, large = int(small.sum()) - 1, int(parts.sum() - small.sum())
    for guess in range(1, threshold) if small.any() else ():
        lowest = guess + others_small + large * threshold
        highest = np.inf if large else guess + others_small * (threshold - 1)
        assert lowest <= rest <= highest


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=4)
)
def test_with_totals_on_both_sides_no_row_or_column_has_a_single_hidden_cell(
    body: list[tuple[int, int, int]],
) -> None:
    inner = np.array(body, dtype=float)
    full = np.block([[inner, inner.sum(1, keepdims=True)], [inner.sum(0, keepdims=True), inner.sum()]])
    hidden = protect_totals(full, (full > 0) & (full < 10), 10)
    assert (hidden.sum(axis=0) != 1).all()
    assert (hidden.sum(axis=1) != 1).all()


def test_missing_counts_stay_missing_and_are_not_marked() -> None:
    assert shown(make_table([None, 50, 60])) == ["-", "50", "60"]


@pytest.mark.parametrize("counts", [[-1, 20], [10.5, 20]])
def test_a_column_that_cannot_count_persons_is_refused(counts: list[float]) -> None:
    with pytest.raises(ParameterError, match="人数"):
        make_table(counts)  # type: ignore[arg-type]


def test_every_rule_names_its_clause() -> None:
    for inhabitants in (None, 100, 2_000, 25_000):
        assert "第12の2(1)" in choose_rule(inhabitants).source
