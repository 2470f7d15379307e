"""A stage that runs ahead gives the same items and errors, and stops when nobody reads on."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_files import BENEFITS, file_report, read_in, rows

from kaigo.intake.decoding import DecodedFile
from kaigo.intake.read_ahead import read_ahead


def count_threads() -> int:
    return sum(thread.name == "kaigo-read-ahead" for thread in threading.enumerate())


def test_items_come_in_order_and_the_thread_ends() -> None:
    assert list(read_ahead(iter(range(50)))) == list(range(50))
    assert count_threads() == 0


def test_error_of_the_stage_is_the_readers_error_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)
    assert count_threads() == 0


def test_reader_that_stops_early_stops_the_stage() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    ahead = read_ahead(items())
    assert next(ahead) == 0
    ahead.close()  # type: ignore[attr-defined]
    assert count_threads() == 0
    known = len(made)
    time.sleep(0.05)
    assert len(made) == known < 20


def test_file_of_many_blocks_gives_the_same_table_and_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "131016,0000000001,平成29年13月,111111,3,732,1300000001\n"
    text = BENEFITS + "".join(
        BENEFITS.split("\n")[1] + "\n" + (broken if i % 7 == 0 else "") for i in range(40)
    )
    whole = read_in(tmp_path, benefits=text)
    expected = rows(whole, "benefits"), file_report(whole, "benefits")
    monkeypatch.setattr(DecodedFile.__init__, "__defaults__", (97,))
    monkeypatch.setattr("kaigo.intake.read_table.BLOCK_BYTES", 97)
    cut = read_in(tmp_path, benefits=text)
    assert (rows(cut, "benefits"), file_report(cut, "benefits")) == expected
    assert count_threads() == 0
