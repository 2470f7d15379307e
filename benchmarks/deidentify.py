"""What de-identifying costs: CPU of `kaigo deidentify` ÷ CPU of a bare Parquet copy of the same tables.

``python benchmarks/deidentify.py`` measures both layouts at ten million benefit lines; ``--millions 1`` is quick, ``--millions
10 50 340`` shows how CPU a line, memory and spilled bytes grow (plan 60 GB of disk for 340). Every run is a process of its own
and includes all of the work: sources, rules, pseudonyms, shuffling, hashes, ledger. The bare copy reads and writes the three
tables by the same engine. CPU seconds are the user's and the system's together; a busy machine adds some 10-20 % to them, so
the load average stands beside. ``--record`` writes ``benchmarks/results/deidentify.md``, on a quiet machine only. No test.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from generate import QUIET, describe_machine
from run import COPY

MILLION = 1_000_000
LINES_A_PERSON = 51.6
"""Benefit lines of a certified person in twelve months (synthetic data); the true number of lines is counted."""
LAYOUTS = ("linked", "joined")
TARGETS = {"linked": 3.5, "joined": 5.0}
RESULTS = Path(__file__).parent / "results" / "deidentify.md"
HEAD = """| lines | layout | load before | bare copy CPU s | de-identify CPU s | ratio | target | CPU µs a line | \
growth | wall s | peak GB | spilled GB |
|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Measured:
    """One process: wall and CPU seconds, peak memory and the most that stood in its spill folder, in GB."""

    wall: float
    cpu: float
    memory: float
    spilled: float


def measure(command: list[str], temporary: Path) -> Measured:
    """Run a command; the operating system's own accounting of it, and a look at its temporary folder ten times a second."""
    temporary.mkdir(exist_ok=True)
    started, most, done = time.perf_counter(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            most[0] = max(most[0], count_bytes(temporary))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(temporary)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    done.set()
    watcher.join()
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return Measured(
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / MILLION,
        most[0] / 1e9,
    )


def count_bytes(folder: Path) -> int:
    """Bytes below a folder whose files come and go."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).stat().st_blocks * 512
    return total


def synthesize(folder: Path, millions: float) -> tuple[Path, int]:
    """Care tables of about so many lines; their folder and the true number of lines."""
    care = folder / "care"
    persons = round(millions * MILLION / LINES_A_PERSON)
    kaigo = str(Path(sys.executable).with_name("kaigo"))
    subprocess.run(
        [kaigo, "synthesize", "--out", str(care), "--persons", str(persons)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    manifest = json.loads((care / "manifest.json").read_text(encoding="utf-8"))
    return care, manifest["tables"]["benefits"]["rows"]


def measure_copy(folder: Path, care: Path, runs: int) -> float:
    """CPU seconds of the bare copy (median)."""
    copy = folder / "copy"
    copy.mkdir(exist_ok=True)
    command = [sys.executable, "-c", COPY, str(care), str(copy)]
    seconds = statistics.median(measure(command, folder / "temporary").cpu for _ in range(runs))
    shutil.rmtree(copy)
    return seconds


def measure_size(millions: float, options: argparse.Namespace, first: dict[str, float]) -> list[str]:
    """Rows of the table for one size; ``first`` holds the CPU a line of the smallest size by layout."""
    folder = Path(tempfile.mkdtemp(prefix="kaigo-bench-", dir=options.folder))
    kaigo = str(Path(sys.executable).with_name("kaigo"))
    rows = []
    try:
        care, lines = synthesize(folder, millions)
        for layout in options.layouts:
            load, copy = os.getloadavg()[0], measure_copy(folder, care, max(options.runs, 3))
            line = ["deidentify", str(care), "--standard", options.standard, "--layout", layout]
            line += ["--out", str(folder / "release"), "--engine", options.engine]
            done = [measure([kaigo, *line], folder / "temporary") for _ in range(options.runs)]
            cpu = statistics.median(each.cpu for each in done)
            each_line = cpu / lines * MILLION
            growth = each_line / first.setdefault(layout, each_line)
            cells = [f"{lines:,}", layout, f"{load:.2f}", f"{copy:.2f}", f"{cpu:.2f}", f"{cpu / copy:.2f}"]
            cells += [f"{TARGETS[layout]}", f"{each_line:.2f}", f"{growth - 1:+.0%}"]
            cells += [f"{statistics.median(each.wall for each in done):.1f}"]
            cells += [f"{max(each.memory for each in done):.2f}", f"{max(each.spilled for each in done):.2f}"]
            rows.append(f"| {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def main() -> None:
    """Measure, print, and record on a quiet machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[10])
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=LAYOUTS)
    parser.add_argument("--standard", default="soumu-2018")
    parser.add_argument("--engine", default="duckdb:memory=3GB")
    parser.add_argument("--runs", type=int, default=1, help="de-identifications a row (the median is shown)")
    parser.add_argument("--folder", type=Path, help="where the tables are made; default: the system's")
    parser.add_argument(
        "--record", action="store_true", help="write results/deidentify.md (load average under 1 only)"
    )
    options = parser.parse_args()
    if options.record and os.getloadavg()[0] >= QUIET:
        sys.exit(f"load average {os.getloadavg()[0]:.2f}: figures are recorded on a quiet machine only")
    settings = f"{options.standard}, {options.engine}, {options.runs} run(s) a row"
    rows = [describe_machine(), "", settings, "", HEAD]
    print("\n".join(rows), flush=True)
    first: dict[str, float] = {}
    for millions in sorted(options.millions):
        rows += measure_size(millions, options, first)
    if options.record:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n".join(["# De-identifying", "", *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
