"""A few lines that no encoding can read are set apart; the others are read as if they were alone."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_files import BENEFITS, file_report, read_in

from kaigo.errors import InputError
from kaigo.intake import decoding
from kaigo.intake.decoding import DecodedFile

ROWS = 200


def many_lines(encoding: str) -> list[bytes]:
    head = BENEFITS.splitlines()[0]
    lines = [f"131016,{n:010d},平成29年6月,111111,3,732,1300000001" for n in range(1, ROWS + 1)]
    return [f"{line}\n".encode(encoding) for line in (head, *lines)]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
@pytest.mark.parametrize("block_bytes", [97, 8 << 20])
def test_only_the_lines_with_broken_bytes_are_set_apart(
    tmp_path: Path, encoding: str, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = many_lines(encoding)
    monkeypatch.setattr(decoding.DecodedFile.__init__, "__defaults__", (block_bytes,))
    for broken in (40, 41, 120, ROWS):
        lines[broken] = lines[broken].replace("月".encode(encoding), "月".encode(encoding)[:1])
    report = file_report(read_in(tmp_path, benefits=b"".join(lines)), "benefits")
    assert report["rows_accepted"] == ROWS - 4
    assert [row["line"] for row in report["quarantine"]] == [41, 42, 121, ROWS + 1]
    assert {row["rule"] for row in report["quarantine"]} == {"encoding_broken"}
    assert {row["value"] for row in report["quarantine"]} == {"平成29年6�"}


def test_a_file_with_many_broken_lines_is_refused_with_the_first_of_them(tmp_path: Path) -> None:
    lines = many_lines("cp932")
    for broken in range(40, 80):
        lines[broken] = lines[broken].replace("月".encode("cp932"), b"\x8c")
    with pytest.raises(InputError) as caught:
        read_in(tmp_path, benefits=b"".join(lines))
    assert "41行目" in str(caught.value)
    assert not (tmp_path / "out").exists()


@given(
    pieces=st.lists(st.sampled_from(["\r\n", "\r", "\n", "a", "令和", ","]), max_size=30),
    block=st.integers(8, 20),
    codec=st.sampled_from(["utf-8", "cp932"]),
)
@settings(max_examples=60, deadline=None)
def test_line_ends_become_line_feeds_wherever_a_block_ends(pieces: list[str], block: int, codec: str) -> None:
    text = "令和令和" + "".join(pieces)  # enough of the encoding to tell which it is
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_bytes(text.encode(codec))
        decoded = DecodedFile(path, "表", block)
        read = b"".join(decoded.blocks()).decode("utf-8")
    assert read == text.replace("\r\n", "\n").replace("\r", "\n")
