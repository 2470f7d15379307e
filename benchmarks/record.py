"""What the measurements of one script say, printed as they come and, where asked, kept in ``benchmarks/results``."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from generate import QUIET, describe_machine

RESULTS = Path(__file__).parent / "results"


@dataclass
class Record:
    """Lines of a report: the machine first, then what is told."""

    name: str
    title: str
    lines: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        """Print a line and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def start(self) -> None:
        """The machine and its load before anything runs."""
        self.tell(describe_machine())
        self.tell(f"load average before {os.getloadavg()[0]:.2f}")

    def save(self) -> None:
        """Write ``results/NAME.md``."""
        RESULTS.mkdir(exist_ok=True)
        text = "\n".join([f"# {self.title}", "", "```", *self.lines, "```", ""])
        (RESULTS / f"{self.name}.md").write_text(text, encoding="utf-8")


def add_record_option(parser: argparse.ArgumentParser, name: str) -> None:
    """``--record`` as every script has it."""
    parser.add_argument(
        "--record", action="store_true", help=f"write results/{name}.md (load average under 1 only)"
    )


def refuse_busy_machine(record: bool) -> None:
    """Stop where figures would be recorded that a busy machine spoils."""
    if record and os.getloadavg()[0] >= QUIET:
        sys.exit(f"load average {os.getloadavg()[0]:.2f}: figures are recorded on a quiet machine only")
