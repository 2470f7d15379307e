"""Lines dealt out by pseudonym: none lost, in ranges that follow one another."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.deidentify import deal_out as module
from kaigo.deidentify.deal_out import deal_by_pseudonym, find_slots, select_buckets
from kaigo.engine import open_engine

IDS = st.text("0123456789abcdef", min_size=32, max_size=32)


@settings(max_examples=50, deadline=None)
@given(st.lists(IDS, max_size=6), st.integers(0, 3))
def test_a_slot_is_the_number_of_the_first_three_digits(ids: list[str], skipped: int) -> None:
    found = find_slots(pa.array(ids, pa.string()).slice(skipped)).tolist()
    assert found == [int(each[:3], 16) for each in ids[skipped:]]


@pytest.mark.parametrize("buckets", [2, 5, 4096])
def test_every_line_is_in_the_bucket_of_its_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: int
) -> None:
    monkeypatch.setattr(module, "_GROUP_ROWS", 100)
    ids = [f"{number * 7919 % 4096:03x}{number:029d}" for number in range(3000)]
    pq.write_table(
        pa.table({"person_id": ids, "units": list(range(3000))}),
        tmp_path / "lines.parquet",
        row_group_size=700,
    )
    with open_engine("duckdb:threads=1") as engine:
        engine.scan("lines", tmp_path / "lines.parquet")
        folders = deal_by_pseudonym(engine, "select person_id, units from lines", buckets, tmp_path / "dealt")
        rows = [row for each in folders for row in pq.read_table(each).to_pylist()]
        ordered = [
            row
            for select in select_buckets(engine, "dealt", folders, ["person_id", "units"])
            for row in engine.rows(select)
        ]
    assert sorted(row["units"] for row in rows) == list(range(3000))
    assert ordered == sorted(zip(ids, range(3000), strict=True))
