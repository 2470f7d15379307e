"""Intake of a large CP932 file of benefits, beside DuckDB's own CSV→Parquet of the same rows in UTF-8.

`python benchmarks/intake_speed.py --lines 5000000` writes the files (about 70 bytes a line), runs both, each in a
process of its own, and prints wall seconds, CPU seconds, peak memory and the ratios, with the machine's load beside
them. Quote the ratio of wall times only from a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from run import measure_process

LINES_PER_PERSON = 60
BARE = """
import sys, duckdb
duckdb.execute(f"copy (select * from read_csv('{sys.argv[1]}')) to '{sys.argv[2]}' (format parquet)")
"""
INTAKE = """
import sys
from pathlib import Path
from kaigo.intake import IntakeSources, run_intake
folder = Path(sys.argv[1])
run_intake(IntakeSources(folder / 'p.csv', folder / 'c.csv', folder / 'b.csv'), folder / 'out')
"""


def write_files(folder: Path, lines: int) -> None:
    """Persons, certifications and benefits as a municipality's CP932 files, and the benefits in UTF-8 too."""
    persons = -(-lines // LINES_PER_PERSON)
    numbers = [f"{number:010d}" for number in range(1, persons + 1)]
    (folder / "p.csv").write_text(
        "保険者番号,被保険者番号,氏名,住所,生年月日,性別,被保険者区分\n"
        + "".join(f"990001,{n},架空 太郎,架空県見本市1丁目,昭和15年1月15日,男,1\n" for n in numbers),
        encoding="cp932",
    )
    (folder / "c.csv").write_text(
        "保険者番号,被保険者番号,認定有効期間開始,認定有効期間終了,要介護状態区分\n"
        + "".join(f"990001,{n},令和6年4月1日,令和8年3月31日,要介護3\n" for n in numbers),
        encoding="cp932",
    )
    months = [f"令和6年{month}月" for month in range(4, 13)] + [f"令和7年{month}月" for month in range(1, 4)]
    codes = ("111111", "111211", "117211", "152441", "171001", "432111")
    draw = np.random.default_rng(1)
    head = "保険者番号,被保険者番号,サービス利用年月,サービスコード,日数,単位数,サービス提供事業者番号\r\n"
    with (folder / "b.csv").open("wb") as cp932, (folder / "u.csv").open("wb") as utf8:
        cp932.write(head.encode("cp932"))
        utf8.write(head.encode())
        for start in range(0, persons, 1000):
            text = "".join(
                f"990001,{number},{month},{code},{days},{units},13{days:02d}000{units % 997:03d}\r\n"
                for number in numbers[start : start + 1000]
                for month in months
                for code, days, units in zip(
                    codes[:5],
                    draw.integers(1, 31, 5).tolist(),
                    draw.integers(50, 9000, 5).tolist(),
                    strict=True,
                )
            )
            cp932.write(text.encode("cp932"))
            utf8.write(text.encode())


def main() -> None:
    """Print both and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kaigo-") as name:
        folder = Path(name)
        write_files(folder, arguments.lines)
        size = (folder / "b.csv").stat().st_size / 1e6
        print(f"{arguments.lines:,} lines, {size:,.0f} MB in CP932, load average {os.getloadavg()[0]:.2f}")
        for _ in range(arguments.runs):
            bare = measure_process(
                [sys.executable, "-c", BARE, str(folder / "u.csv"), str(folder / "u.parquet")]
            )
            own = measure_process([sys.executable, "-c", INTAKE, str(folder)])
            for label, run in (("bare", bare), ("intake", own)):
                print(f"{label:7} wall {run.wall:6.2f} s, CPU {run.cpu:6.2f} s, {run.memory:.2f} GB")
            print(f"intake ÷ bare: wall {own.wall / bare.wall:.2f}, CPU {own.cpu / bare.cpu:.2f}")


if __name__ == "__main__":
    main()
