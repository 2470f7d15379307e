"""`make bench`: accumulation and the rejoining of rotated pseudonyms, on releases of 20,000 and 200,000 persons.

Each measurement is a process of its own and starts from a release on disk; wall and CPU seconds include reading it, whose
wall seconds stand beside. ``--record`` also writes ``results/attacks.md``, on a quiet machine only. The
last column is the exponent of growth between the two sizes: n log n over a factor of ten is about 1.1.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from record import Record, add_record_option, refuse_busy_machine

MEASURE = """
import json, re, sys, time
from pathlib import Path
import numpy as np
from kaigo.deidentify import Release
from kaigo.risk import measure_accumulation, measure_rotation, read_history
release, what = Release.open(sys.argv[1]), sys.argv[2]
wall, cpu = time.perf_counter(), time.process_time()
history, random = read_history(release), np.random.default_rng(1)
reading = time.perf_counter() - wall
if what == "accumulation":
    measure_accumulation(history, random)
    rate = None
else:
    rate = measure_rotation(history, int(what), random).rate
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
peak = re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())
print(json.dumps({"wall": wall, "reading": reading, "cpu": cpu, "memory": int(peak[1]) / 1e3, "rate": rate,
                  "lines": release.manifest["tables"]["benefits"]["rows"]}))
"""
MAKE = """
import sys
from pathlib import Path
from kaigo.deidentify import Key, load_standard, make_release
from kaigo.synthetic import SynthesisPlan, synthesize
folder, persons = Path(sys.argv[1]), int(sys.argv[2])
tables = synthesize(folder / "care", SynthesisPlan(persons=persons, months=12, seed=3))
from kaigo.tables import CareTables
standard = load_standard("soumu-2018").with_parameters({"pseudonym": {"rotate_months": 12}})
make_release(CareTables.open(folder / "care"), standard, folder / "release", key=Key.derive(1), layout="linked")
"""


def measure(release: Path, what: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(release), what], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, nargs=2, default=(20_000, 200_000))
    add_record_option(parser, "attacks")
    arguments = parser.parse_args()
    refuse_busy_machine(arguments.record)
    record = Record("attacks", "Accumulation and the rejoining of rotated pseudonyms")
    record.start()
    small, large = arguments.persons
    with tempfile.TemporaryDirectory(prefix="kaigo-bench-") as name:
        for persons in (small, large):
            folder = Path(name) / str(persons)
            folder.mkdir()
            subprocess.run([sys.executable, "-c", MAKE, str(folder), str(persons)], check=True)
        for what in ("accumulation", "6", "3", "1"):
            label = what if what == "accumulation" else f"rotation, every {what} month(s)"
            cpu = []
            for persons in (small, large):
                found = measure(Path(name) / str(persons) / "release", what)
                cpu.append(found["cpu"])
                rate = "" if found["rate"] is None else f"  rejoined {found['rate']:.4f}"
                record.tell(
                    f"  {label:28s} {persons:>9,} persons {found['lines']:>11,} lines  wall {found['wall']:7.2f} s  "
                    f"reading {found['reading']:6.2f} s  CPU {found['cpu']:7.2f} s  peak {found['memory']:6.0f} MB{rate}"
                )
            record.tell(
                f"  {'':28s} growth exponent {math.log(cpu[1] / cpu[0]) / math.log(large / small):.2f}"
            )
    if arguments.record:
        record.save()


if __name__ == "__main__":
    main()
