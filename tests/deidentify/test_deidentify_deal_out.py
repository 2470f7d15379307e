"""Lines dealt out by place: none lost, in ranges that follow one another."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.deidentify import deal_out as module
from kaigo.deidentify.deal_out import deal_by_place
from kaigo.engine import open_engine


@pytest.mark.parametrize("buckets", [2, 5, 333])
def test_every_line_is_in_the_bucket_of_its_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: int
) -> None:
    monkeypatch.setattr(module, "_GROUP_ROWS", 100)
    places = [number * 7919 % 1000 for number in range(3000)]
    pq.write_table(
        pa.table({"place": pa.array(places, pa.int32()), "units": list(range(3000))}),
        tmp_path / "lines.parquet",
        row_group_size=700,
    )
    with open_engine("duckdb:threads=1") as engine:
        engine.scan("lines", tmp_path / "lines.parquet")
        dealt = deal_by_place(engine, "select place, units from lines", 1000, buckets, tmp_path / "dealt")
    assert len(dealt) == buckets
    assert [first for _, first, _ in dealt] == [0, *(end for _, _, end in dealt[:-1])], (
        "one range follows the other"
    )
    assert dealt[-1][2] == 1000
    found = []
    for folder, first, end in dealt:
        rows = pq.read_table(folder).to_pylist()
        assert all(first <= row["place"] < end for row in rows)
        found += [(row["place"], row["units"]) for row in rows]
    assert sorted(found) == sorted(zip(places, range(3000), strict=True))
