import dataclasses
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hash_oracle import hash_rows
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.synthetic.parameters import load_parameters
from kaigo.synthetic.streams import list_blocks
from kaigo.synthetic.truth import TRUTH_TABLES
from kaigo.tables import CareTables, load_schemas

# Two municipalities of 18,000 persons: the larger has at least two blocks of 8,192.
PLAN = SynthesisPlan(persons=18_000, months=1, municipalities=2, seed=11)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    return synthesize(tmp_path_factory.mktemp("reference") / "care", PLAN)


def test_the_plan_has_several_blocks_in_several_municipalities() -> None:
    blocks = list_blocks(PLAN, load_parameters())
    assert len({block.municipality for block in blocks}) == 2
    assert len(blocks) >= 3


@pytest.mark.parametrize(
    ("blocks_per_chunk", "processes", "threads"), [(1, 1, 1), (2, 1, 3), (1, 2, 1), (2, 3, 2)]
)
def test_content_is_the_same_for_any_chunk_size_and_number_of_processes_and_threads(
    tmp_path: Path, reference: CareTables, blocks_per_chunk: int, processes: int, threads: int
) -> None:
    again = synthesize(
        tmp_path / "care",
        PLAN,
        blocks_per_chunk=blocks_per_chunk,
        processes=processes,
        engine=f"duckdb:threads={threads}",
    )
    assert again.content_sha256 == reference.content_sha256


def test_the_hash_is_that_of_the_rows_in_key_order(tmp_path: Path) -> None:
    tables = synthesize(tmp_path / "care", SynthesisPlan(persons=300, months=2, seed=4))
    for name, schema in load_schemas().items():
        ordered = [*schema.key, *(column for column in schema.names if column not in schema.key)]
        table = pq.read_table(tables.folder / name).select(ordered)
        types = {
            field.name: "text" if field.type == pa.string() else str(field.type) for field in table.schema
        }
        assert hash_rows(table.to_pylist(), types) == tables.content_sha256[name]


def test_truth_is_the_same_for_any_chunk_size_and_number_of_processes_too(
    tmp_path: Path, reference: CareTables
) -> None:
    again = synthesize(tmp_path / "care", PLAN, blocks_per_chunk=1, processes=2)
    assert (again.folder / "truth/summary.json").read_text(encoding="utf-8") == (
        reference.folder / "truth/summary.json"
    ).read_text(encoding="utf-8")
    for table in TRUTH_TABLES:
        parts = [
            pa.concat_tables(
                pq.read_table(path) for path in sorted((tables.folder / "truth" / table).iterdir())
            )
            for tables in (reference, again)
        ]
        assert parts[0].num_rows == (18_000 if table != "register" else parts[1].num_rows) > 0
        assert parts[0].equals(parts[1])


def test_another_seed_gives_other_tables(tmp_path: Path, reference: CareTables) -> None:
    other = synthesize(tmp_path / "care", dataclasses.replace(PLAN, seed=12))
    for table in load_schemas():
        assert other.content_sha256[table] != reference.content_sha256[table]


def test_the_manifest_says_how_the_tables_were_made(reference: CareTables) -> None:
    assert reference.is_synthetic
    assert reference.manifest["seed"] == 11
    assert reference.manifest["parameters"] == {
        "persons": 18_000,
        "months": 1,
        "start": "2024-04",
        "municipalities": 2,
        "seed": 11,
    }
    assert reference.rows("persons") == 18_000


def test_a_change_in_a_later_stage_leaves_the_earlier_stages_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from importlib import import_module

    module = import_module("kaigo.synthetic.synthesize")
    parameters = load_parameters()
    plan = SynthesisPlan(persons=200, months=3)
    block = list_blocks(plan, parameters)[0]
    before = module.generate_block(block, plan).care
    benefits = dataclasses.replace(parameters.benefits, skip_share=0.5)
    monkeypatch.setattr(module, "load_parameters", lambda: dataclasses.replace(parameters, benefits=benefits))
    after = module.generate_block(block, plan).care
    assert after["persons"].equals(before["persons"])
    assert after["certifications"].equals(before["certifications"])
    assert after["benefits"].num_rows < 0.8 * before["benefits"].num_rows
