"""The run over damaged files of every format, in a time box; `benchmarks/intake_fuzz.py` is the long one."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "intake_fuzz.py"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("intake_fuzz", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["intake_fuzz"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_damaged_files_of_every_format_end_in_a_balanced_report_or_a_refusal() -> None:
    script = load_script()
    ends, by_kind, faults = script.run_files(56, seconds=30)
    assert faults == []
    assert sum(ends.values()) >= 10
    assert ends["partial"] >= script.LEAST_PARTIAL * sum(ends.values())
    assert len({what.split(",")[0] for what in by_kind}) == len(set(script.FORMATS))


@pytest.mark.slow
def test_sound_files_of_the_run_are_accepted_whole(tmp_path: Path) -> None:
    script = load_script()
    town = script.make_town(tmp_path)
    for name, data in town.items():
        (tmp_path / f"{name}.csv").write_bytes(data)
    paths = {table: tmp_path / f"{table}.csv" for table in script.TABLES}
    assert script.check_end(script.IntakeSources(**paths), tmp_path / "a").how == "whole"
    exchange = script.IntakeSources(exchange=tmp_path / "exchange.csv")
    assert script.check_end(exchange, tmp_path / "b").how == "whole"
    rows = [script.pq.read_table(tmp_path / out / "benefits") for out in ("a", "b")]
    assert rows[0].equals(rows[1])
