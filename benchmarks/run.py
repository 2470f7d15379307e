"""`make bench`: synthesize → deidentify → risk on one million benefit lines, each command a process of its own.

Prints wall and CPU seconds, peak memory and the ratio to a bare Parquet copy of the same tables, with the machine's
load beside them. Nothing here is a test: figures belong to `benchmarks/README.md`, with the machine they were taken on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

COPY = """
import sys, duckdb
for table in ("persons", "certifications", "benefits"):
    duckdb.execute(f"copy (select * from read_parquet('{sys.argv[1]}/{table}/*.parquet')) to '{sys.argv[2]}/{table}.parquet' (format parquet, compression zstd)")
"""


@dataclass(frozen=True)
class Measured:
    """One process: wall and CPU seconds, peak memory in GB."""

    wall: float
    cpu: float
    memory: float


def measure_process(command: list[str]) -> Measured:
    """Run a command; the operating system's own accounting of it and its children."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def run_once(folder: Path, persons: int, layout: str) -> dict[str, Measured]:
    """All stages once, from an empty folder."""
    kaigo = str(Path(sys.executable).with_name("kaigo"))
    care, release, copy = folder / "care", folder / "release", folder / "copy"
    copy.mkdir(parents=True)
    stages = {
        "synthesize": [kaigo, "synthesize", "--out", str(care), "--persons", str(persons)],
        "bare copy": [sys.executable, "-c", COPY, str(care), str(copy)],
        "deidentify": [
            kaigo,
            "deidentify",
            str(care),
            "--standard",
            "soumu-2018",
            "--layout",
            layout,
            "--out",
            str(release),
        ],
        "risk": [kaigo, "risk", str(release)],
    }
    return {name: measure_process(command) for name, command in stages.items()}


def main() -> None:
    """Print the medians of several runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    for layout in ("joined", "linked"):
        print(f"{layout}, {arguments.persons:,} persons, load average {os.getloadavg()[0]:.2f}")
        runs = []
        for _ in range(arguments.runs):
            folder = Path(tempfile.mkdtemp(prefix="kaigo-bench-"))
            try:
                runs.append(run_once(folder, arguments.persons, layout))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        total = [sum(run[stage].wall for stage in ("synthesize", "deidentify", "risk")) for run in runs]
        for stage in runs[0]:
            walls = [run[stage].wall for run in runs]
            ratio = statistics.median(run[stage].cpu / run["bare copy"].cpu for run in runs)
            print(
                f"  {stage:11s} wall {statistics.median(walls):5.2f} s ({min(walls):.2f}-{max(walls):.2f})  "
                f"CPU {statistics.median(run[stage].cpu for run in runs):5.2f} s = {ratio:4.1f} x bare copy  "
                f"peak {max(run[stage].memory for run in runs):.2f} GB"
            )
        print(f"  three commands: wall {statistics.median(total):.2f} s ({min(total):.2f}-{max(total):.2f})")


if __name__ == "__main__":
    main()
