import shutil
import stat
from importlib import import_module
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kaigo.engine import open_engine
from kaigo.errors import OutputError, ParameterError
from kaigo.synthetic import SynthesisPlan, summarise, synthesize
from kaigo.tables import CareTables, load_schemas

SMALL = SynthesisPlan(persons=60, months=2)


def test_the_folder_holds_three_tables_truth_and_manifest_and_is_opened(tmp_path: Path) -> None:
    tables = synthesize(tmp_path / "care", SMALL)
    assert sorted(path.name for path in tables.folder.iterdir()) == [
        "benefits",
        "certifications",
        "manifest.json",
        "persons",
        "truth",
    ]
    assert CareTables.open(tmp_path / "care").rows("persons") == 60
    codec = (
        pq.ParquetFile(next((tmp_path / "care/benefits").iterdir()))
        .metadata.row_group(0)
        .column(0)
        .compression
    )
    assert codec == "ZSTD"


def test_truth_is_for_its_owner_only_and_nothing_needs_it(tmp_path: Path) -> None:
    tables = synthesize(tmp_path / "care", SMALL)
    truth = tables.folder / "truth"
    assert stat.S_IMODE(truth.stat().st_mode) == 0o700
    states = pq.read_table(truth / "states")
    assert states.num_rows == 60
    assert all(len(months) == 2 for months in states["cognition"].to_pylist())
    shutil.rmtree(truth)
    with open_engine() as engine:
        assert summarise(CareTables.open(tables.folder), engine).synthetic


def test_no_column_of_truth_stands_in_a_care_table() -> None:
    names = {column for schema in load_schemas().values() for column in schema.names}
    assert not names & {
        "mobility",
        "adl",
        "cognition",
        "behaviour",
        "medical",
        "pattern",
        "event",
        "intensity",
    }


def test_a_run_that_fails_leaves_no_half_table_and_the_old_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = synthesize(tmp_path / "care", SMALL).content_sha256
    module = import_module("kaigo.synthetic.synthesize")
    real, calls = module.generate_block, []

    def fail_late(block: object, plan: SynthesisPlan, parameters: object) -> object:
        calls.append(block)
        if len(calls) == 3:
            raise RuntimeError("killed")
        return real(block, plan, parameters)

    monkeypatch.setattr(module, "generate_block", fail_late)
    plan = SynthesisPlan(persons=90, months=2, municipalities=3)
    with pytest.raises(RuntimeError):
        synthesize(tmp_path / "other", plan, blocks_per_chunk=1)
    calls.clear()
    with pytest.raises(RuntimeError):
        synthesize(tmp_path / "care", plan, blocks_per_chunk=1)
    assert [path.name for path in tmp_path.iterdir()] == ["care"]
    assert CareTables.open(tmp_path / "care").content_sha256 == before


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError) as caught:
        synthesize(tmp_path / "thesis", SMALL)
    assert "合成の介護データ以外" in caught.value.what
    assert (tmp_path / "thesis/chapter.txt").read_text(encoding="utf-8") == "years of work"


def test_a_file_of_that_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "care").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError):
        synthesize(tmp_path / "care", SMALL)
    assert (tmp_path / "care").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize("wrong", [{"processes": 0}, {"blocks_per_chunk": 0}])
def test_no_processes_or_blocks_is_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        synthesize(tmp_path / "care", SMALL, **wrong)


def test_progress_counts_persons_up_to_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    plan = SynthesisPlan(persons=90, months=1, municipalities=3)
    synthesize(
        tmp_path / "care", plan, blocks_per_chunk=1, progress=lambda done, all_: seen.append((done, all_))
    )
    assert len(seen) == 3
    assert seen[-1] == (90, 90)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize(
    "plan", [SynthesisPlan(1, 1), SynthesisPlan(2, 1, municipalities=2), SynthesisPlan(5, 40)]
)
def test_the_smallest_and_a_long_plan_work(tmp_path: Path, plan: SynthesisPlan) -> None:
    assert synthesize(tmp_path / "care", plan, csv=True).rows("persons") == plan.persons
