"""How fast synthetic data are made: benefit lines a second at 1, 10 and 50 million lines, with 1 and 2 processes.

``python benchmarks/generate.py`` prints a table; ``--record`` also writes it to ``benchmarks/results/generate.md``, on a
quiet machine only (load average under 1). Each run is a process of its own; times of generating and of writing (zstd
Parquet) are those of the workers, the whole command (with counting and hashing) is timed apart. Nothing is a test.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

MILLION = 1_000_000
SIZES = (1, 10, 50)
PROCESSES = (1, 2)
MONTHS = 12
PILOT_PERSONS = 8_192
BLOCKS_PER_CHUNK = 4
QUIET = 1.0
RESULTS = Path(__file__).parent / "results" / "generate.md"


@dataclass(frozen=True)
class Timing:
    """One run: seconds of the clock, CPU seconds, seconds of the workers by stage, lines, peak memory of a process."""

    wall: float
    cpu: float
    generate: float
    write: float
    lines: int
    memory_gb: float


def write_one(folder: str, plan_values: dict[str, int], chunk: int) -> tuple[float, float, int]:
    """Make and write one chunk; seconds of generating and of writing, and benefit lines."""
    from kaigo.synthetic import SynthesisPlan
    from kaigo.synthetic.parameters import load_parameters
    from kaigo.synthetic.streams import group_blocks, list_blocks

    module = importlib.import_module("kaigo.synthetic.synthesize")
    real = getattr(module.generate_block, "real", module.generate_block)
    spent, lines = [0.0], [0]

    def timed(*arguments: object) -> object:
        started = time.perf_counter()
        tables = real(*arguments)
        spent[0] += time.perf_counter() - started
        lines[0] += tables.care["benefits"].num_rows
        return tables

    timed.real = real  # type: ignore[attr-defined]  # a worker makes several chunks
    module.generate_block = timed
    plan = SynthesisPlan(**plan_values)
    blocks = group_blocks(list_blocks(plan, load_parameters()), BLOCKS_PER_CHUNK)[chunk]
    started = time.perf_counter()
    module.write_chunk(Path(folder), plan, blocks)
    return spent[0], time.perf_counter() - started - spent[0], lines[0]


def run_workers(persons: int, processes: int) -> Timing:
    """All chunks of a plan, in this process or in several; what ``kaigo synthesize`` does before it hashes."""
    from kaigo.synthetic import SynthesisPlan
    from kaigo.synthetic.parameters import load_parameters
    from kaigo.synthetic.streams import group_blocks, list_blocks
    from kaigo.synthetic.synthesize import TRUTH, TRUTH_TABLES
    from kaigo.tables.schema import load_schemas

    values = {"persons": persons, "months": MONTHS}
    chunks = len(group_blocks(list_blocks(SynthesisPlan(**values), load_parameters()), BLOCKS_PER_CHUNK))
    folder = tempfile.mkdtemp(prefix="kaigo-bench-")
    try:
        for name in (*load_schemas(), *(f"{TRUTH}/{table}" for table in TRUTH_TABLES)):
            (Path(folder) / name).mkdir(parents=True)
        started = time.perf_counter()
        if processes == 1:
            parts = [write_one(folder, values, chunk) for chunk in range(chunks)]
        else:
            with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
                tasks = [pool.submit(write_one, folder, values, chunk) for chunk in range(chunks)]
                parts = [task.result() for task in tasks]
        wall = time.perf_counter() - started
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Timing(
        wall,
        sum(each.ru_utime + each.ru_stime for each in usage),
        sum(part[0] for part in parts),
        sum(part[1] for part in parts),
        sum(part[2] for part in parts),
        max(each.ru_maxrss for each in usage) / MILLION,
    )


def time_workers(persons: int, processes: int) -> Timing:
    """The same in a fresh process, so that memory is that of this run."""
    command = [sys.executable, __file__, "--child", str(persons), str(processes)]
    return Timing(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def time_command(persons: int, processes: int) -> Timing:
    """The whole command, with manifest and content hash."""
    folder = Path(tempfile.mkdtemp(prefix="kaigo-bench-"))
    program = "import sys; from kaigo.cli import main; main(sys.argv[1:])"
    options = {"--out": folder / "care", "--persons": persons, "--months": MONTHS, "--processes": processes}
    command = [
        sys.executable,
        "-c",
        program,
        "synthesize",
        *(str(x) for pair in options.items() for x in pair),
    ]
    try:
        started = time.perf_counter()
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(run.pid, 0)
        wall = time.perf_counter() - started
        if status:
            sys.exit("kaigo synthesize failed")
        manifest = json.loads((folder / "care/manifest.json").read_text(encoding="utf-8"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    cpu = usage.ru_utime + usage.ru_stime
    return Timing(wall, cpu, 0.0, 0.0, manifest["tables"]["benefits"]["rows"], usage.ru_maxrss / MILLION)


def describe_machine() -> str:
    """Processor, cores, memory and versions: a time alone says little elsewhere."""
    from importlib.metadata import version

    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("kaigo", "numpy", "pyarrow", "duckdb"))
    processor = names[0].split(":", 1)[1].strip() if names else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}, {versions}"


def render_row(millions: float, processes: int, load: float, workers: Timing, whole: Timing) -> str:
    """One line of the table."""
    cells = [
        f"{millions:g} million ({workers.lines:,})",
        f"{processes}",
        f"{workers.lines / workers.wall / MILLION:.2f}",
        f"{workers.wall:.1f}",
        f"{workers.generate:.1f}",
        f"{workers.write:.1f}",
        f"{workers.cpu / workers.lines * MILLION:.2f}",
        f"{workers.memory_gb:.2f}",
        f"{whole.wall:.1f}",
        f"{whole.lines / whole.wall / MILLION:.2f}",
        f"{whole.cpu / whole.lines * MILLION:.2f}",
        f"{whole.memory_gb:.2f}",
        f"{load:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = """| benefit lines | processes | million lines/s | wall s | generate s | write s | CPU s a million lines | \
peak GB a process | whole command s | million lines/s | CPU s a million lines | peak GB | load before |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""
NOTES = """
*million lines/s* and *wall s* are of generating and writing (zstd Parquet, all three tables and `truth/`); *generate s* and
*write s* are summed over the workers; CPU seconds (user and system) are of all processes, start-up included, and
suffer less from a busy machine than the clock; *whole command* is `kaigo synthesize`, with rows counted and the content hashed.
The prototype, which knew one level model, no planted truth and fewer codes, made 2.6–2.9 million lines/s on two cores.
"""


def main() -> None:
    """Measure, print, and record on a quiet machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES, metavar="MILLION")
    parser.add_argument("--processes", type=int, nargs="+", default=PROCESSES)
    parser.add_argument(
        "--record", action="store_true", help="write results/generate.md (load average under 1 only)"
    )
    parser.add_argument(
        "--child", type=int, nargs=2, metavar=("PERSONS", "PROCESSES"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(asdict(run_workers(*arguments.child))))
        return
    if arguments.record and os.getloadavg()[0] >= QUIET:
        sys.exit(f"load average {os.getloadavg()[0]:.2f}: figures are recorded on a quiet machine only")
    lines_a_person = time_workers(PILOT_PERSONS, 1).lines / PILOT_PERSONS
    rows = [describe_machine(), "", HEAD]
    print("\n".join(rows), flush=True)
    for millions in arguments.sizes:
        for processes in arguments.processes:
            persons, load = round(millions * MILLION / lines_a_person), os.getloadavg()[0]
            workers, whole = time_workers(persons, processes), time_command(persons, processes)
            rows.append(render_row(millions, processes, load, workers, whole))
            print(rows[-1], flush=True)
    if arguments.record:
        RESULTS.parent.mkdir(exist_ok=True)
        text = "\n".join(["# Generating synthetic data", "", *rows, NOTES])
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
