"""The national run, once, end to end: 7 million certified persons, twelve months, some 340 million benefit lines.

``python benchmarks/national.py --folder DIR`` synthesizes them, de-identifies them (``linked`` and ``joined``) and measures the
risk that is left, each command in a process of its own with a memory limit; plan an hour of two cores and 60 GB of disk.
``--data CARE`` takes tables that are there. CPU seconds, peak memory and spilled bytes are the figures; wall seconds mean something
on a quiet machine only, so the load average stands beside. ``--record`` writes ``benchmarks/results/national.md``. No test.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from generate import describe_machine
from record import RESULTS

from deidentify import measure

HEAD = """| command | load before | wall s | CPU s | peak GB | spilled GB |
|---|---:|---:|---:|---:|---:|"""


def main() -> None:
    """Run the commands one after the other and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where everything is written")
    parser.add_argument("--data", type=Path, help="care tables that are there already")
    parser.add_argument("--preset", default="national")
    parser.add_argument("--standard", default="soumu-2018")
    parser.add_argument("--engine", default="duckdb:memory=3GB")
    parser.add_argument("--layouts", nargs="+", choices=("linked", "joined"), default=("linked",))
    parser.add_argument("--record", action="store_true", help="write results/national.md")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    care = options.data or options.folder / "care"
    commands = [] if options.data else [f"synthesize --preset {options.preset} --processes 2 --out {care}"]
    for layout in options.layouts:
        release = options.folder / f"release-{layout}"
        commands += [
            f"deidentify {care} --standard {options.standard} --layout {layout} --engine {options.engine} --out {release}",
            f"risk {release} --engine {options.engine} --json {release}.json",
        ]
    rows = [describe_machine(), "", HEAD]
    print("\n".join(rows), flush=True)
    kaigo = str(Path(sys.executable).with_name("kaigo"))
    for command in commands:
        load = os.getloadavg()[0]
        done = measure([kaigo, *command.split(" ")], options.folder / "temporary")
        shown = command.replace(f"{options.folder}/", "").replace(str(care), "care")
        cells = [f"`{shown}`", f"{load:.1f}", f"{done.wall:.0f}", f"{done.cpu:.0f}"]
        cells += [f"{done.memory:.2f}", f"{done.spilled:.2f}"]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    tables = json.loads((care / "manifest.json").read_text(encoding="utf-8"))["tables"]
    rows += ["", *(f"{table}: {told['rows']:,} rows" for table, told in tables.items())]
    if options.record:
        text = "\n".join(["# The national run", "", *rows, ""])
        (RESULTS / "national.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
