"""`make bench`: k + l + t and all sample risks of a flat table, SUDA2, and the same k + l + t by pycanon.

Every measurement is a process of its own; printed are the seconds of the one call (wall and CPU) and the peak memory of
the process. ``--record`` also writes ``results/risk.md``, on a quiet machine only. pycanon pins its dependencies, so it runs in an environment of its own that this script makes, on a table
that is already in memory; ours includes reading the CSV. pycanon is stopped after ``--patience`` seconds: then the ratio
is a lower bound. Figures belong to `benchmarks/README.md`, with the machine they were taken on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from record import Record, add_record_option, refuse_busy_machine

KEYS = ("sex", "birth", "area", "level", "fy")
PEER = "pycanon==1.3.5"
TIMER = """
import json, re, sys, time
from pathlib import Path
def told(function):
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    # Not ru_maxrss: that starts with what the parent held.
    peak = re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": int(peak[1]) / 1e3}))
path, keys, what = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
"""
OURS = (
    TIMER
    + """
from kaigo.risk import measure_table
asked = {"sample": {"sensitive": ["svc"]}, "ordered": {"sensitive": ["units"]}, "suda": {"suda": True},
         "population": {"population": 5_000_000}}[what]
told(lambda: measure_table(Path(path), keys, **asked))
"""
)
THEIRS = (
    TIMER
    + """
import pandas as pd
from pycanon import anonymity
table = pd.read_csv(path, dtype=str)
measure = {"k": lambda: anonymity.k_anonymity(table, keys), "l": lambda: anonymity.l_diversity(table, keys, ["svc"]),
           "t": lambda: anonymity.t_closeness(table, keys, ["svc"])}[what]
told(measure)
"""
)


def write_table(rows: int, path: Path) -> None:
    """Five keys as of a care-need certification, nearly every row alone; a text and a number as sensitive columns."""
    r = np.random.default_rng(1)
    born = (2026 - np.clip(65 + r.gamma(6.0, 2.9, rows), 65, 108)).astype(int)
    area = 1 / np.arange(1, 31) ** 0.8
    service = 1 / np.arange(1, 21) ** 1.1
    table = {
        "sex": r.choice(["1", "2"], rows, p=[0.38, 0.62]),
        "birth": np.char.add(born.astype(str), np.char.zfill(r.integers(1, 13, rows).astype(str), 2)),
        "area": r.choice([f"A{n:02d}" for n in range(30)], rows, p=area / area.sum()),
        "level": r.choice(
            ["11", "12", "21", "22", "23", "24", "25", "01"],
            rows,
            p=[0.14, 0.14, 0.2, 0.17, 0.13, 0.12, 0.08, 0.02],
        ),
        "fy": r.integers(2011, 2026, rows).astype(str),
        "svc": r.choice([f"S{n:02d}" for n in range(20)], rows, p=service / service.sum()),
        "units": r.integers(100, 36_000, rows).astype(str),
    }
    pa_csv.write_csv(pa.table(table), path)


def measure(python: str, code: str, path: Path, what: str, patience: float) -> dict[str, Any]:
    """One call in a process of its own; where patience ran out, the CPU seconds until then, loading included."""
    process = subprocess.Popen([python, "-c", code, str(path), ",".join(KEYS), what], stdout=subprocess.PIPE)
    try:
        out, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        usage = os.wait4(process.pid, 0)[2]
        return {"stopped": True, "cpu": usage.ru_utime + usage.ru_stime}
    if process.returncode:
        sys.exit(f"failed: {what}")
    found: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return found


def make_peer(folder: Path) -> str:
    """An environment that holds the peer and nothing of ours."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True, capture_output=True)
    return python


def tell(record: Record, label: str, found: dict[str, Any]) -> None:
    """One line of the report."""
    if "stopped" in found:
        record.tell(f"  {label:48s} stopped after CPU {found['cpu']:7.2f} s")
    else:
        record.tell(
            f"  {label:48s} wall {found['wall']:7.2f} s  CPU {found['cpu']:7.2f} s  peak {found['memory']:5.0f} MB"
        )


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--peer-rows", type=int, default=100_000)
    parser.add_argument("--patience", type=float, default=600.0)
    parser.add_argument("--without-peer", action="store_true")
    add_record_option(parser, "risk")
    arguments = parser.parse_args()
    refuse_busy_machine(arguments.record)
    record = Record("risk", "Risk of a flat table")
    record.start()
    with tempfile.TemporaryDirectory(prefix="kaigo-bench-") as name:
        large, small = Path(name) / "large.csv", Path(name) / "small.csv"
        write_table(arguments.rows, large)
        write_table(arguments.peer_rows, small)
        patience = arguments.patience
        for what, label in (
            ("sample", "k + l + t + sample risks"),
            ("ordered", "the same, 36,000 ordered values"),
            ("population", "population uniqueness"),
        ):
            tell(
                record,
                f"{label}, {arguments.rows:,} rows",
                measure(sys.executable, OURS, large, what, patience),
            )
        tell(
            record,
            f"SUDA2, {arguments.peer_rows:,} rows",
            measure(sys.executable, OURS, small, "suda", patience),
        )
        ours = measure(sys.executable, OURS, small, "sample", patience)
        tell(record, f"k + l + t + sample risks, {arguments.peer_rows:,} rows", ours)
        if not arguments.without_peer:
            compare_peer(record, Path(name) / "peer", small, ours, arguments)
    if arguments.record:
        record.save()


def compare_peer(
    record: Record, folder: Path, table: Path, ours: dict[str, Any], arguments: argparse.Namespace
) -> None:
    """The same three measures by the peer, one process each."""
    python = make_peer(folder)
    theirs = []
    for what in "klt":
        theirs.append(measure(python, THEIRS, table, what, arguments.patience))
        tell(record, f"{PEER} {what}, {arguments.peer_rows:,} rows", theirs[-1])
    total = sum(found["cpu"] for found in theirs)
    bound = "at least " if any("stopped" in found for found in theirs) else ""
    record.tell(f"  pycanon k + l + t: CPU {bound}{total:,.1f} s, {bound}{total / ours['cpu']:,.0f} x ours")


if __name__ == "__main__":
    main()
