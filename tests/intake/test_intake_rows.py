"""Rows, their lines, and quotes: compared with the standard library and with files that break the rules."""

import csv
import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.intake.findings import LineMap
from kaigo.intake.rows import RowReader


def read_whole(
    text: str, width: int, cuts: list[int] | None = None
) -> tuple[list[list[str]], list[int], list]:
    """Rows, lines and broken rows of a text that arrives in pieces."""
    data = text.encode()
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    reader = RowReader(width, range(width), 1)
    rows, lines, broken = [], [], []
    blocks = [reader.read(data[a:b]) for a, b in pairwise(edges)]
    for block in [*blocks, reader.read(b"", final=True)]:
        columns = [block.columns[str(i)].to_pylist() for i in range(width)]
        rows += [list(row) for row in zip(*columns, strict=True)]
        lines += block.lines.tolist()
        broken += [(row.line, row.rule) for row in block.broken]
    return rows, lines, broken


cell = st.text(alphabet='ab,"\n 漢', max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    table=st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 200), max_size=3),
)
def test_any_table_written_by_the_standard_library_is_read_back_with_its_lines(
    table: list[tuple[str, str, str]], cuts: list[int]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    rows, lines, broken = read_whole(out.getvalue(), 3, cuts)
    assert [tuple(row) for row in rows] == table and broken == []
    heights = [1 + sum(value.count("\n") for value in row) for row in table]
    assert lines == [1 + sum(heights[:i]) for i in range(len(table))]


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet='ab,"\n', max_size=40), cuts=st.lists(st.integers(0, 40), max_size=2))
def test_any_text_is_read_without_loss_of_a_line(text: str, cuts: list[int]) -> None:
    rows, lines, broken = read_whole(text, 2, cuts)
    assert len(rows) == len(lines)
    starts = sorted([*lines, *(line for line, _ in broken)])
    assert len(set(starts)) == len(starts)
    covered = len(starts) + text.count("\n\n") + sum(v.count("\n") for row in rows for v in row)
    assert covered >= 0 and all(1 <= line <= text.count("\n") + 1 for line in starts)
    # Every line without a quote stands alone: it must be a row or a broken row, unless a quoted cell holds it.
    if '"' not in text:
        assert starts == [i for i, line in enumerate(text.split("\n"), 1) if line]


@pytest.mark.parametrize(
    ("text", "rows", "broken"),
    [
        ('a,b\nc"d,e\nf,g\n', [["a", "b"], ['c"d', "e"], ["f", "g"]], []),
        ('a,b\n"c,d\ne,f\n', [["a", "b"], ["e", "f"]], [(2, "quote_unclosed")]),
        ('a,b\n"c,d\ne,f\n"g,h\ni,j\n', [["a", "b"], ["e", "f"], ["i", "j"]], [(2, "quote_unclosed"), (4, "quote_unclosed")]),
        ('a"b,"c\nd,e\n', [["d", "e"]], [(1, "column_count")]),
        ('"a""b","c\nd"\ne,f', [['a"b', "c\nd"], ["e", "f"]], []),
        ("a,b\n\n\nc,d", [["a", "b"], ["c", "d"]], []),
        ("a\nb,c,d\ne,f", [["e", "f"]], [(1, "column_count"), (2, "column_count")]),
        ("a,b\x00\n", [["a", "b\x00"]], []),
    ],
)  # fmt: skip
def test_odd_quotes_break_their_own_line_only(
    text: str, rows: list[list[str]], broken: list[tuple[int, str]]
) -> None:
    found, _, found_broken = read_whole(text, 2)
    assert found == rows
    assert sorted(found_broken) == broken


def test_quote_left_open_takes_no_more_than_its_line_however_far_the_next_quote_is() -> None:
    text = '"a,b\n' + "c,d\n" * 500 + 'e,"f\n'
    rows, lines, broken = read_whole(text, 2)
    assert rows == [["c", "d"]] * 500 and lines == list(range(2, 502))
    assert sorted(broken) == [(1, "quote_unclosed"), (502, "quote_unclosed")]


@given(
    lines=st.lists(st.integers(1, 4), min_size=1, max_size=40),
    cut=st.integers(0, 40),
)
def test_line_map_gives_back_every_line(lines: list[int], cut: int) -> None:
    numbers = np.cumsum(lines)
    line_map = LineMap()
    line_map.extend(numbers[:cut])
    line_map.extend(numbers[cut:])
    assert [line_map.line(i) for i in range(len(numbers))] == numbers.tolist()
