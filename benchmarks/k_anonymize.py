"""`kaigo k-anonymize` on a million raw rows and five keys, 480 nodes: the search alone and the whole command.

``python benchmarks/k_anonymize.py`` prints CPU and wall seconds with the load average beside; ``--rows`` and ``--k`` vary the
problem, ``--record`` also writes ``results/k_anonymize.md``, on a quiet machine only. ARX 3.9.2 took 2.9 s for the search on such a table (and 5.9 s with start, loading and saving) on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from record import Record, add_record_option, refuse_busy_machine
from run import measure_process

LEVELS = {
    "11": "軽",
    "12": "軽",
    "21": "中",
    "22": "中",
    "23": "重",
    "24": "重",
    "25": "重",
    "01": "軽",
}


def make_table(rows: int, persons: int, seed: int = 1) -> pa.Table:
    """Sex, birth month, area, level and fiscal year: 660,000 distinct combinations in a million rows."""
    rng = np.random.default_rng(seed)
    year = (2026 - np.clip(65 + rng.gamma(6.0, 2.9, rows), 65, 108)).astype(int)
    share = 1 / np.arange(1, 31) ** 0.8
    return pa.table(
        {
            "sex": rng.choice(["1", "2"], rows, p=[0.38, 0.62]),
            "birth": np.char.add(year.astype(str), np.char.zfill(rng.integers(1, 13, rows).astype(str), 2)),
            "area": rng.choice([f"A{number:02d}" for number in range(30)], rows, p=share / share.sum()),
            "level": rng.choice(list(LEVELS), rows),
            "fy": rng.integers(2011, 2026, rows).astype(str),
            "person": rng.integers(0, persons, rows).astype(str),
        }
    )


def write_hierarchies(table: pa.Table, folder: Path) -> None:
    """2 × 5 × 4 × 4 × 3 levels."""

    def band(value: str, width: int) -> str:
        return str(int(value[:4]) // width * width)

    uppers = {
        "sex": lambda v: [],
        "birth": lambda v: [v[:4], band(v, 5), band(v, 10)],
        "area": lambda v: [f"B{int(v[1:]) // 5}", f"C{int(v[1:]) // 15}"],
        "level": lambda v: [LEVELS[v], "支援" if v in {"01", "11", "12"} else "介護"],
        "fy": lambda v: [band(v, 5)],
    }
    folder.mkdir()
    for name, upper in uppers.items():
        lines = [";".join([v, *upper(v), "*"]) for v in sorted(table[name].unique().to_pylist())]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print one line with and one without persons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--suppression", default="0.05")
    add_record_option(parser, "k_anonymize")
    options = parser.parse_args()
    refuse_busy_machine(options.record)
    record = Record("k_anonymize", "Full-domain generalisation")
    record.start()
    from kaigo.deidentify.k_anonymity import k_anonymize_table

    place = Path(tempfile.mkdtemp(prefix="kaigo-bench-"))
    try:
        table = make_table(options.rows, options.rows // 3)
        write_hierarchies(table, place / "h")
        pa_csv.write_csv(table, place / "table.csv")
        for person in ([], ["--person", "person"]):
            load, out = os.getloadavg()[0], place / "out.json"
            command = [str(Path(sys.executable).with_name("kaigo")), "k-anonymize", str(place / "table.csv")]
            command += ["--hierarchies", str(place / "h"), "--k", str(options.k), "--json", str(out)]
            command += ["--suppression", options.suppression, "--out", str(place / "out.csv"), *person]
            whole = measure_process(command)
            cpu, wall = time.process_time(), time.perf_counter()
            k_anonymize_table(
                place / "table.csv",
                place / "h",
                options.k,
                suppression=options.suppression,
                person=person[1] if person else None,
            )
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            found = json.loads(out.read_text(encoding="utf-8"))
            record.tell(
                f"{options.rows:,} rows, {'persons' if person else 'rows'} counted, load {load:.2f}: "
                f"levels {list(found['levels'].values())}, loss {found['loss']:.4f}, "
                f"{found['nodes_checked']} of {found['lattice_size']} nodes; "
                f"reading and search CPU {cpu:.2f} s wall {wall:.2f} s; "
                f"whole command CPU {whole.cpu:.2f} s wall {whole.wall:.2f} s peak {whole.memory:.2f} GB"
            )
        if options.record:
            record.save()
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
