"""Every step on DuckDB and on Spark, compared: `python tests/spark/engine_equality.py` writes docs/engine_equality.md.

A step is any relation that a run writes (by name, with its rows and content hash) and any result that a reader gets.
Both engines' files are read by one reader (DuckDB), so that the comparison does not rest on how an engine prints a
value; the manifests' own hashes, which each engine computes itself, are compared as well.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import sys
import tempfile
import unittest.mock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from kaigo.analysis import analyse_care_plans, analyse_conditions, analyse_service_use, run_analysis
from kaigo.deidentify import Key, Release, load_standard, make_release
from kaigo.engine import Engine, Step, open_engine
from kaigo.risk import measure_release
from kaigo.tables import CareTables, hash_table

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "engine_equality.md"
LAYOUTS = ("joined", "linked")
SECRET = bytes(range(32, 64))
ANALYSES = {
    "conditions": analyse_conditions,
    "service-use": analyse_service_use,
    "care-plans": analyse_care_plans,
}


@dataclass(frozen=True)
class Compared:
    """One step: rows and hash on each engine (None: the step does not exist there)."""

    name: str
    duckdb: tuple[int, str] | None
    spark: tuple[int, str] | None

    @property
    def equal(self) -> bool:
        return self.duckdb is not None and self.duckdb == self.spark


@dataclass
class Recorder:
    """Rows and content hash of every step that an engine writes, in the order of writing."""

    reader: Engine
    stage: str = ""
    steps: dict[str, tuple[int, str]] = field(default_factory=dict)

    def record(self, name: str, folder: Path) -> None:
        if folder.name.startswith("placed-"):  # a row's place in its file, which DuckDB reads without a step
            return
        self.reader.scan("step", folder)
        columns = self.reader.arrow_schema("select * from step").names
        self.add(name, self.reader.count("step"), hash_table(self.reader, "step", columns, columns[:1]))

    def add(self, name: str, rows: int, digest: str) -> None:
        full = f"{self.stage} / {name}"
        assert full not in self.steps, full
        self.steps[full] = rows, digest

    def add_value(self, name: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        self.add(name, len(text), hashlib.sha256(text.encode()).hexdigest())

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        materialise, store = Engine.materialise, Engine.store

        def seen(original: Callable[..., Step]) -> Callable[..., Step]:
            def run(engine: Engine, name: str, *rest: Any) -> Step:
                step = original(engine, name, *rest)
                self.record(name, step.folder)
                return step

            return run

        with (
            unittest.mock.patch.object(Engine, "materialise", seen(materialise)),
            unittest.mock.patch.object(Engine, "store", seen(store)),
        ):
            yield


def run_steps(
    tables: CareTables, out: Path, engine: str, layouts: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Make the layouts, measure their risk, analyse original and releases; every step's rows and hash."""
    with open_engine() as reader:
        return _run_steps(tables, out, engine, layouts, Recorder(reader))


def _run_steps(
    tables: CareTables, out: Path, engine: str, layouts: Sequence[str], recorder: Recorder
) -> dict[str, tuple[int, str]]:
    standard, key = load_standard("soumu-2018"), Key(SECRET)
    for layout in layouts:
        recorder.stage = f"deidentify {layout}"
        with recorder.watch():
            release = make_release(tables, standard, out / layout, key=key, layout=layout, engine=engine)  # type: ignore[arg-type]
        add_release(recorder, release)
        recorder.stage = f"risk {layout}"
        with recorder.watch():
            risk = measure_release(release, engine=engine)
        recorder.add_value("measures", risk.to_payload())
    for name, analyse in ANALYSES.items():
        for source in (tables, *(Release.open(out / layout) for layout in layouts)):
            layout = source.layout if isinstance(source, Release) else "care tables"
            if (name, layout) == ("care-plans", "joined"):  # refused: lines do not name persons
                continue
            recorder.stage = f"analyze {name} {layout}"
            result = run_analysis(analyse, source, engine=engine)  # type: ignore[type-var,arg-type]
            recorder.add_value("result", dataclasses.asdict(result))  # type: ignore[call-overload]
    return recorder.steps


def add_release(recorder: Recorder, release: Release) -> None:
    """What each engine says of its own release, and the order of the rows that it wrote."""
    for name, table in release.manifest["tables"].items():
        recorder.add(f"manifest of {name}", table["rows"], table["content_sha256"])
    ledger = release.ledger()
    recorder.add_value("ledger", ledger | {"rules": [{**r, "seconds": 0} for r in ledger["rules"]]})
    tables = [*release.provide.glob("*/"), *(release.keep / "crosswalk").glob("*/")]
    for folder in sorted(path for path in tables if path.is_dir()):
        (file,) = folder.glob("*.parquet")
        written = pq.read_table(file)
        digest = hashlib.sha256()
        for column in written.columns:
            digest.update("\n".join(map(str, column.to_pylist())).encode())
        recorder.add(f"row order of {folder.parent.name} {folder.name}", written.num_rows, digest.hexdigest())


def compare_engines(
    tables: CareTables, out: Path, address: str, layouts: Sequence[str] = LAYOUTS
) -> list[Compared]:
    """Steps of both engines, side by side, in the order in which they are run."""
    duckdb = run_steps(tables, out / "duckdb", "duckdb:threads=2", layouts)
    spark = run_steps(tables, out / "spark", address, layouts)
    names = [*duckdb, *(name for name in spark if name not in duckdb)]
    return [Compared(name, duckdb.get(name), spark.get(name)) for name in names]


def render_report(compared: list[Compared], persons: int, server: str) -> str:
    """The table for readers."""
    equal = sum(step.equal for step in compared)
    lines = [
        "# DuckDBとSparkの結果の比較",
        "",
        f"合成データ(認定者{persons:,}人)で、加工・リスク測定・分析の各段階を両方のエンジンで実行し、行数と内容のハッシュを比べました。",
        f"サーバー: {server}。作り直すコマンド: `python tests/spark/engine_equality.py`。",
        "",
        f"**{len(compared)}段階のうち{equal}段階が一致。**",
        "",
        "| 段階 | 行数(結果はJSONの文字数) | 内容のハッシュ(先頭12桁) | 一致 |",
        "|---|--:|---|---|",
    ]
    for step in compared:
        rows, digest = step.duckdb or step.spark or (0, "")
        lines.append(
            f"| {step.name} | {rows:,} | `{digest[:12]}` | {'一致' if step.equal else '**不一致**'} |"
        )
    return "\n".join(lines) + "\n"


def make_synthetic(folder: Path, persons: int, months: int) -> CareTables:
    from kaigo.synthetic import SynthesisPlan, synthesize

    plan = SynthesisPlan(persons=persons, months=months, start="2024-04", municipalities=1, seed=20240401)
    return synthesize(folder, plan)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="sc://host:port; default: a pysail server is started")
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--out", type=Path, default=REPORT)
    chosen = parser.parse_args(arguments)
    from sail_server import run_server

    server = contextlib.nullcontext(chosen.engine) if chosen.engine else run_server()
    with tempfile.TemporaryDirectory() as scratch, server as address:
        tables = make_synthetic(Path(scratch) / "care", chosen.persons, chosen.months)
        compared = compare_engines(tables, Path(scratch), address)
    name = "指定のSpark Connectサーバー" if chosen.engine else "pysail(手元で起動したSpark Connectサーバー)"
    chosen.out.write_text(render_report(compared, chosen.persons, name), encoding="utf-8")
    different = [step for step in compared if not step.equal]
    for step in different:
        print(f"{step.name}: {step.duckdb} / {step.spark}")
    print(f"{len(compared)} steps, {len(different)} different -> {chosen.out}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
