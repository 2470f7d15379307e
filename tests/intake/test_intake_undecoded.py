"""Blocks of CP932 are read without decoding them as a whole, and give the rows that decoding them gives."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_files import BENEFITS, file_report, quarantined, read_in, rows

from kaigo.errors import InputError
from kaigo.intake.csv_file import HEADER_LINES, CsvFile
from kaigo.intake.decoding import DecodedFile
from kaigo.intake.named_file import NamedFile
from kaigo.intake.text_columns import spell_out

HEADER = "被保険者番号,サービス利用年月,サービスコード,日数,単位数,備考"


@contextmanager
def always_decoded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DecodedFile, "leave_undecoded", lambda self, piece, rest: None)
        yield


def read_file(data: bytes, block_bytes: int) -> dict[str, Any] | str:
    """Everything that comes of a file, or the refusal."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(DecodedFile.__init__, "__defaults__", (block_bytes,))
        path = Path(folder) / "b.csv"
        path.write_bytes(data)
        try:
            file = CsvFile("benefits", NamedFile.of(path))
            found: dict[str, Any] = {"cells": [], "lines": [], "broken": [], "blank": []}
            for block in file.row_blocks():
                names = block.columns.column_names
                texts = [spell_out(block.columns[name].combine_chunks()).to_pylist() for name in names]
                found["cells"] += zip(*texts, strict=True)
                found["lines"] += block.lines.tolist()
                found["broken"] += block.broken
                found["blank"] += block.blank_lines
        except InputError as error:
            return str(error)
        return found | {"encoding": file.encoding, "sha256": file.sha256}


PIECES = (
    "令和6年4月",
    "ソ表",
    "1",
    "ｱ",
    ",",
    ",,,,,",
    '"',
    '""',
    "\r\n",
    "\n",
    "\r",
    "∪¬①",
    "\x00",
    "\x1a",
    "\ue000",
)
BROKEN = (b"\x81", b"\xfc", b"\x81\x81", b"\xef\xbb\xbf", b"\x81,", b'\x81"', b"\x81\r\n", b"\xa0", b"\xff")


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from([*PIECES, *BROKEN]), min_size=1, max_size=8) | st.none(), max_size=12
    ),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    block_bytes=st.integers(7, 90),
)
def test_any_cp932_file_gives_the_rows_that_decoding_it_gives(
    rows: list[list[str | bytes] | None], line_end: str, block_bytes: int
) -> None:
    good = "0000000001,令和6年4月,111111,3,732,表".encode("cp932")
    lines = [HEADER.encode("cp932"), *[good] * HEADER_LINES]  # so many are decoded in search of the header
    for row in rows:
        pieces = [piece if isinstance(piece, bytes) else piece.encode("cp932") for piece in row or []]
        lines += [good] * 10 if row is None else [b"".join(pieces)]
    data = line_end.encode().join([*lines, good, b""])
    with always_decoded():
        expected = read_file(data, block_bytes)
    assert read_file(data, block_bytes) == expected


def many_lines(count: int, line_end: str = "\r\n") -> list[bytes]:
    line = BENEFITS.splitlines()[1]
    return [f"{text}{line_end}".encode("cp932") for text in (BENEFITS.splitlines()[0], *[line] * count)]


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_later_blocks_are_not_decoded_until_one_cannot_be_read_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line_end: str
) -> None:
    decoded: list[int] = []
    decode = DecodedFile.decode

    def note(self: DecodedFile, piece: Any) -> bytes:
        if self.name == "benefits.csv":
            decoded.append(piece.end)
        return decode(self, piece)

    monkeypatch.setattr(DecodedFile, "decode", note)
    monkeypatch.setattr(DecodedFile.__init__, "__defaults__", (1000,))
    lines = many_lines(100, line_end)
    size = sum(map(len, lines))
    read_in(tmp_path, benefits=b"".join(lines))
    assert decoded == [1000, 2000, size]  # the header is sought in the first twenty lines

    decoded.clear()
    place = next(n for n in range(len(lines)) if sum(map(len, lines[:n])) > 2000)
    lines[place] = lines[place].replace("月".encode("cp932"), b"\x8c")
    result = read_in(tmp_path, benefits=b"".join(lines))
    assert 3000 in decoded and len(decoded) < 6
    assert quarantined(result, "benefits") == [
        (place + 1, "サービス利用年月", "平成29年6�", "encoding_broken")
    ]
    assert file_report(result, "benefits")["rows_accepted"] == 99


def test_broken_byte_in_a_column_that_is_not_read_leaves_the_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.rstrip(b"\r\n") + b",\x8c\x8e\r\n" for line in many_lines(60)]
    lines[40] = lines[40].replace(b"\x8c\x8e\r\n", b"\x8c\r\n")
    monkeypatch.setattr(DecodedFile.__init__, "__defaults__", (500,))
    result = read_in(tmp_path, benefits=b"".join(lines))
    assert len(rows(result, "benefits")) == 60 and quarantined(result, "benefits") == []


def test_mark_of_utf8_at_the_beginning_of_a_block_is_not_skipped() -> None:
    lines = many_lines(60)
    size = sum(map(len, lines[:30]))
    lines[30] = b"\xef\xbb\xbf" + lines[30]
    found = read_file(b"".join(lines), size)
    assert isinstance(found, dict)
    assert found["cells"][29][0].startswith("\ufdd0") and found["lines"] == list(range(2, 62))
