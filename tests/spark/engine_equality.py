"""Every step on DuckDB and on Spark, compared: `python tests/spark/engine_equality.py` writes docs/engine_equality.md.

A step is any relation that a run writes and any result that a reader gets (see ``step_recorder``), for each shipped
standard in each layout that it allows, from the care tables to the risk, the attacks and the analyses.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from equality_report import Summary, render_report, summarise
from step_recorder import Compared, Content, Recorder, compare_steps
from technique_equality import add_techniques, make_town

from kaigo.analysis import analyse_care_plans, analyse_conditions, analyse_service_use, run_analysis
from kaigo.deidentify import Key, Release, list_standards, load_standard, make_release
from kaigo.deidentify.standard import Layout
from kaigo.engine import open_engine
from kaigo.errors import EngineError, KaigoError
from kaigo.risk import measure_release, run_attacks
from kaigo.tables import CareTables

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "engine_equality.md"
SECRET = bytes(range(32, 64))
DUCKDB = "duckdb:threads=2"
SMALL = 1_000
ANALYSES = {
    "conditions": analyse_conditions,
    "service-use": analyse_service_use,
    "care-plans": analyse_care_plans,
}


@dataclass(frozen=True)
class Case:
    """A shipped standard in one of its layouts."""

    standard: str
    layout: Layout

    def __str__(self) -> str:
        return f"{self.standard} {self.layout}"


def list_cases(standards: Sequence[str] = ()) -> list[Case]:
    """Each standard in each layout; without pseudonyms there are no linked tables."""
    return [
        Case(name, layout)
        for name in standards or list_standards()
        for layout in get_args(Layout)
        if layout == "joined" or load_standard(name).pseudonym.mode != "none"
    ]


@dataclass(frozen=True)
class Wanted:
    """What is compared beside the making of the releases and their risk."""

    cases: tuple[Case, ...]
    attacks: bool = True
    analyses: bool = True


def run_steps(
    tables: CareTables, out: Path, engine: str, wanted: Wanted
) -> tuple[dict[str, Content], dict[str, float]]:
    """Make the releases, measure and attack them, analyse original and releases; every step, seconds of each part."""
    with open_engine() as reader:
        recorder = Recorder(reader)
        for case in wanted.cases:
            folder = out / str(case)
            with recorder.run(f"deidentify {case}"):
                release = make_release(
                    tables,
                    load_standard(case.standard),
                    folder,
                    key=Key(SECRET),
                    layout=case.layout,
                    engine=engine,
                )
            recorder.add_release(release)
            with recorder.run(f"risk {case}"):
                recorder.add_value("measures", measure_release(release, engine=engine).to_payload())
            if wanted.attacks and case.layout == "linked":
                with recorder.run(f"attacks {case}"):
                    _add_attacks(recorder, release, tables, engine)
        if wanted.analyses:
            _add_analyses(recorder, tables, [out / str(case) for case in wanted.cases], engine)
        return recorder.steps, recorder.seconds


def _add_attacks(recorder: Recorder, release: Release, tables: CareTables, engine: str) -> None:
    """Linkage by each assumption, the three criteria, accumulation and rotation, and what they read."""
    found = run_attacks(release, tables, np.random.default_rng(0), engine=engine)
    for name, value in found.to_payload().items():
        recorder.add_value(name, value)
    recorder.add_value("released history", {k: _plain(v) for k, v in vars(found.history).items()})


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _add_analyses(recorder: Recorder, tables: CareTables, folders: Sequence[Path], engine: str) -> None:
    sources: list[tuple[str, CareTables | Release]] = [("care tables", tables)]
    sources += [(folder.name, Release.open(folder)) for folder in folders]
    for name, analyse in ANALYSES.items():
        for label, source in sources:
            with recorder.run(f"analyze {name} {label}"):
                try:
                    result = run_analysis(analyse, source, engine=engine)  # type: ignore[type-var,arg-type]
                except EngineError:
                    raise
                except KaigoError as refusal:  # what a release cannot answer, both engines must refuse alike
                    recorder.add_value("refusal", [type(refusal).__name__, refusal.what])
                else:
                    recorder.add_value("result", dataclasses.asdict(result))  # type: ignore[call-overload]


def compare_engines(
    tables: CareTables, out: Path, address: str, wanted: Wanted
) -> tuple[list[Compared], list[Summary]]:
    """Steps of both engines, side by side, in the order in which they are run; and each part's summary."""
    duckdb, quick = run_steps(tables, out / "duckdb", DUCKDB, wanted)
    spark, slow = run_steps(tables, out / "spark", address, wanted)
    compared = compare_steps(duckdb, spark)
    return compared, summarise(compared, quick, slow)


def compare_techniques(tables: CareTables, address: str) -> tuple[list[Compared], list[Summary]]:
    """The same for each technique by itself."""
    found = []
    for engine in (DUCKDB, address):
        with open_engine() as reader:
            recorder = Recorder(reader)
            add_techniques(recorder, tables, engine)
            found.append(recorder)
    compared = compare_steps(found[0].steps, found[1].steps)
    return compared, summarise(compared, found[0].seconds, found[1].seconds)


def make_synthetic(folder: Path, persons: int, months: int) -> CareTables:
    from kaigo.synthetic import SynthesisPlan, synthesize

    plan = SynthesisPlan(persons=persons, months=months, start="2024-04", municipalities=1, seed=20240401)
    return synthesize(folder, plan)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="sc://host:port; default: a pysail server is started")
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--standard", action="append", choices=list_standards(), help="default: all")
    parser.add_argument("--out", type=Path, default=REPORT)
    chosen = parser.parse_args(arguments)
    from sail_server import run_server

    cases = tuple(list_cases(chosen.standard or ()))
    server = contextlib.nullcontext(chosen.engine) if chosen.engine else run_server()
    with tempfile.TemporaryDirectory() as scratch, server as address:
        sections = compare_all(Path(scratch), address, cases, chosen.persons, chosen.months)
    name = "指定のSpark Connectサーバー" if chosen.engine else "pysail(手元で起動したSpark Connectサーバー)"
    chosen.out.write_text(render_report(sections, name), encoding="utf-8")
    steps = [step for summaries in sections.values() for summary in summaries for step in summary.steps]
    different = [step for step in steps if not step.equal]
    for step in different:
        print(f"{step.name}: {step.duckdb} / {step.spark}")
    print(f"{len(steps)} steps, {len(different)} different -> {chosen.out}")
    return 1 if different else 0


def compare_all(
    scratch: Path, address: str, cases: tuple[Case, ...], persons: int, months: int
) -> dict[str, list[Summary]]:
    """Releases, risk and analyses of the large town; attacks, which are not the engine's work, and techniques of small ones."""
    large = make_synthetic(scratch / "large" / "care", persons, months)
    _, wide = compare_engines(large, scratch / "large", address, Wanted(cases, attacks=False))
    small = make_synthetic(scratch / "small" / "care", SMALL, 12)
    linked = Wanted(tuple(case for case in cases if case.layout == "linked"), analyses=False)
    _, attacks = compare_engines(small, scratch / "small", address, linked)
    _, techniques = compare_techniques(make_town().write(scratch / "made"), address)
    return {
        f"加工・リスク測定・分析(合成データ、認定者{persons:,}人、{months}か月)": wide,
        f"台帳との照合(合成データ、認定者{SMALL:,}人、12か月)": attacks,
        "手法ごと(手法の対象になる人を仕込んだ300人)": techniques,
    }


if __name__ == "__main__":
    sys.exit(main())
