"""The same key gives the same release, however many threads work on it; another key gives other pseudonyms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Run


def deidentify(kaigo: Run, care: Path, out: Path, *options: object) -> dict[str, str]:
    done = kaigo("deidentify", care, "--standard", "soumu-2018", "--out", out, *options, "--json", "-")
    assert done.code == 0, done.err
    printed = json.loads(done.out)["manifest"]
    manifest = json.loads((out / "keep" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == printed
    return {name: table["content_sha256"] for name, table in manifest["tables"].items()}


@pytest.mark.parametrize(("layout", "tables"), [("joined", 1), ("linked", 3)])
def test_one_key_file_gives_one_content_whatever_the_threads_and_memory(
    kaigo: Run, care: Path, tmp_path: Path, layout: str, tables: int
) -> None:
    key, other = tmp_path / "key", tmp_path / "other"
    shape = ("--layout", layout, "--key-file")
    one = deidentify(kaigo, care, tmp_path / "one", *shape, key, "--engine", "duckdb:threads=1")
    two = deidentify(kaigo, care, tmp_path / "two", *shape, key, "--engine", "duckdb:threads=2,memory=256MB")
    assert len(one) == tables
    assert one == two
    assert all(len(digest) == 64 for digest in one.values())
    changed = deidentify(kaigo, care, tmp_path / "three", *shape, other)
    # Without identifiers only the order of rows hangs on the key, and the content hash does not see the order.
    assert (changed == one) is (layout == "joined")


def test_the_bytes_of_the_order_hang_on_the_key(kaigo: Run, care: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    rows = {}
    for name in ("one", "again", "other"):
        key = tmp_path / ("key-other" if name == "other" else "key")
        deidentify(kaigo, care, tmp_path / name, "--layout", "joined", "--key-file", key)
        rows[name] = pq.read_table(tmp_path / name / "provide" / "joined").to_pylist()
    assert rows["one"] == rows["again"]
    assert rows["one"] != rows["other"]


def test_synthetic_data_are_the_same_from_one_process_and_from_two(kaigo: Run, tmp_path: Path) -> None:
    digests = []
    for processes in (1, 2):
        line = ("--persons", 300, "--months", 2, "--municipalities", 3, "--processes", processes)
        done = kaigo("synthesize", "--out", tmp_path / str(processes), *line, "--json", "-")
        tables = json.loads(done.out)["tables"]
        digests.append({name: table["content_sha256"] for name, table in tables.items()})
    assert digests[0] == digests[1]


def test_the_csv_of_a_town_read_in_again_is_the_same_content(kaigo: Run, care: Path, tmp_path: Path) -> None:
    files = [
        part
        for name in ("persons", "certifications", "benefits")
        for part in (f"--{name}", care / "csv" / f"{name}.csv")
    ]
    assert kaigo("intake", *files, "--out", tmp_path / "own").code == 0
    first, second = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
        for folder in (care, tmp_path / "own")
    )
    assert first == second
