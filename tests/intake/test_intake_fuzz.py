"""Whatever happens to a file, the end is a balanced report or a refusal in Japanese, never another error."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_files import BENEFITS, CERTIFICATIONS, PERSONS, assert_balanced, read_in

from kaigo.errors import KaigoError

TEXTS = {"persons": PERSONS, "certifications": CERTIFICATIONS, "benefits": BENEFITS}
tables = st.sampled_from(sorted(TEXTS))
encodings = st.sampled_from(["cp932", "utf-8"])


def check(table: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            result = read_in(folder, **{table: content})
        except KaigoError as error:
            assert not (folder / "out").exists()
            assert error.remedy
        else:
            assert_balanced(result)


@settings(max_examples=40, deadline=None)
@given(table=tables, encoding=encodings, at=st.integers(0, 400), byte=st.integers(0, 255))
def test_one_changed_byte(table: str, encoding: str, at: int, byte: int) -> None:
    content = bytearray(TEXTS[table].encode(encoding))
    content[at % len(content)] = byte
    check(table, bytes(content))


@settings(max_examples=25, deadline=None)
@given(
    table=tables,
    encoding=encodings,
    at=st.integers(0, 400),
    piece=st.sampled_from([b'"', b'""', b'"\n', b",", b"\n", b"\r", b"\x00", b"\x1a", b"\xef\xbb\xbf", b"="]),
)
def test_one_inserted_piece(table: str, encoding: str, at: int, piece: bytes) -> None:
    content = TEXTS[table].encode(encoding)
    at %= len(content)
    check(table, content[:at] + piece + content[at:])


@settings(max_examples=10, deadline=None)
@given(table=tables, encoding=encodings, end=st.integers(0, 400))
def test_file_cut_short(table: str, encoding: str, end: int) -> None:
    content = TEXTS[table].encode(encoding)
    check(table, content[: end % len(content)])


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(table=tables, encoding=encodings, data=st.data())
def test_a_thousand_mutated_files(table: str, encoding: str, data: st.DataObject) -> None:
    content = bytearray(TEXTS[table].encode(encoding))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    check(table, bytes(content))
