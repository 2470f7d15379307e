"""Intake of damaged files: each run must end in a balanced report or in a refusal in Japanese.

`python benchmarks/intake_fuzz.py --files 1000` damages the files of a small town in a thousand ways (bytes flipped, cut
off, columns moved, lines mixed up, other encodings; CSV, exchange file, workbook, archive), reads each set in, and
prints how the runs ended. It exits 1 when one ended in anything else, or when fewer than 30 in 100 were accepted in part.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from kaigo.errors import KaigoError
from kaigo.intake import IntakeSources, run_intake
from kaigo.synthetic import SynthesisPlan, synthesize

LEAST_PARTIAL = 0.3
TABLES = ("persons", "certifications", "benefits")
Generator = np.random.Generator


class Ended(NamedTuple):
    """How a run ended: 報告, 一部受け入れ, 拒否 or a fault of ours."""

    how: str
    detail: str


def flip_bytes(data: bytes, draw: Generator) -> bytes:
    """Some bytes become others."""
    changed = bytearray(data)
    for at in draw.integers(len(data), size=int(draw.integers(1, 25))):
        changed[at] = int(draw.integers(256))
    return bytes(changed)


def cut_off(data: bytes, draw: Generator) -> bytes:
    """The end is missing."""
    return data[: int(draw.integers(1, len(data)))]


def lose_a_piece(data: bytes, draw: Generator) -> bytes:
    """A piece within the file is missing."""
    start = int(draw.integers(len(data)))
    return data[:start] + data[start + int(draw.integers(1, 200)) :]


def insert_pieces(data: bytes, draw: Generator) -> bytes:
    """Quotes, separators, line ends and zero bytes where they do not belong."""
    pieces = (b'"', b'""', b'"\n', b",", b"\n", b"\r", b"\x00", b"\x1a", b"\xef\xbb\xbf", b"=", b"\x81")
    for _ in range(int(draw.integers(1, 6))):
        at = int(draw.integers(len(data)))
        data = data[:at] + pieces[int(draw.integers(len(pieces)))] + data[at:]
    return data


def move_columns(data: bytes, draw: Generator) -> bytes:
    """In some rows two fields change places, or one is lost or doubled."""
    lines = data.split(b"\n")
    for at in draw.integers(len(lines), size=int(draw.integers(1, 12))):
        fields = lines[at].rstrip(b"\r").split(b",")
        first, second = (int(place) for place in draw.integers(len(fields), size=2))
        way = int(draw.integers(3))
        if way == 0:
            fields[first], fields[second] = fields[second], fields[first]
        elif way == 1:
            del fields[first]
        else:
            fields.insert(first, fields[second])
        lines[at] = b",".join(fields) + b"\r"
    return b"\n".join(lines)


def move_a_column(data: bytes, draw: Generator) -> bytes:
    """One column stands elsewhere in every row (of a kind of record), its header left behind half of the time."""
    lines = data.split(b"\n")
    width = lines[int(draw.integers(max(len(lines) - 1, 1)))].count(b",") + 1
    start, end = (int(place) for place in draw.integers(width, size=2))
    for at in range(int(draw.integers(2)), len(lines)):
        fields = lines[at].rstrip(b"\r").split(b",")
        if len(fields) == width:
            fields.insert(end, fields.pop(start))
            lines[at] = b",".join(fields) + b"\r"
    return b"\n".join(lines)


def mix_lines(data: bytes, draw: Generator) -> bytes:
    """Lines are doubled, lost or joined."""
    lines = data.split(b"\n")
    for at in draw.integers(1, max(len(lines), 2), size=int(draw.integers(1, 10))):
        way, place = int(draw.integers(3)), min(int(at), len(lines) - 1)
        if way == 0:
            lines.insert(place, lines[place])
        elif way == 1 and len(lines) > 3:
            del lines[place]
        else:
            lines[place] = lines[place].rstrip(b"\r") + lines[place - 1]
    return b"\n".join(lines)


def change_encoding(data: bytes, draw: Generator) -> bytes:
    """The whole file, or some lines of it, in another encoding."""
    others = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "euc_jp", "iso2022_jp", "utf-8")
    encoding = others[int(draw.integers(len(others)))]
    if draw.random() < 0.4:
        return data.decode("cp932").encode(encoding, "replace")
    lines = data.split(b"\n")
    for at in draw.integers(len(lines), size=int(draw.integers(1, 6))):
        lines[at] = lines[at].decode("cp932", "replace").encode(encoding, "replace")
    return b"\n".join(lines)


MUTATIONS: Mapping[str, Callable[[bytes, Generator], bytes]] = {
    "bytes flipped": flip_bytes,
    "cut off": cut_off,
    "piece lost": lose_a_piece,
    "pieces inserted": insert_pieces,
    "fields moved": move_columns,
    "column moved": move_a_column,
    "lines mixed": mix_lines,
    "other encoding": change_encoding,
}
FORMATS = ("csv", "csv", "csv", "exchange", "exchange", "workbook", "zip")
"""How often each format is taken."""


def make_town(folder: Path) -> dict[str, bytes]:
    """The sound files of a small town: three CSV files and an exchange file of the same benefits."""
    synthesize(folder / "care", SynthesisPlan(60, 4, seed=11), csv=True)
    town = {name: (folder / "care/csv" / f"{name}.csv").read_bytes() for name in TABLES}
    persons = {p["insured_number"]: p for p in pq.read_table(folder / "care/persons").to_pylist()}
    levels = {c["insured_number"]: c for c in pq.read_table(folder / "care/certifications").to_pylist()}
    lines = ["1,1,0,{count},111,,990000,,,,202408,,"]
    for line in pq.read_table(folder / "care/benefits").to_pylist():
        number, month = line["insured_number"], f"{line['service_month']:%Y%m}"
        person, level = persons[number], levels[number]
        header = [""] * 91
        for place, value in {
            1: 2, 2: len(lines) + 1, 3: 1111, 5: "H1", 7: line["insurer_number"], 8: number, 9: month,
            11: line["provider_number"], 19: f"{person['birth_date']:%Y%m%d}", 20: person["sex"],
            21: level["care_level"], 23: f"{level['valid_from']:%Y%m%d}", 24: f"{level['valid_to']:%Y%m%d}",
        }.items():  # fmt: skip
            header[place - 1] = str(value)
        detail = [""] * 34
        for place, value in {
            1: 2, 2: len(lines) + 2, 3: 1111, 5: "D1", 6: line["insurer_number"], 7: number, 8: month,
            9: line["provider_number"], 11: line["service_code"][:2], 12: line["service_code"][2:],
            14: line["days"], 18: line["units"],
        }.items():  # fmt: skip
            detail[place - 1] = str(value)
        lines += [",".join(header), ",".join(detail)]
    text = "\r\n".join([*lines, f"3,{len(lines) + 1}"]) + "\r\n"
    town["exchange"] = text.format(count=len(lines) - 1).encode("cp932")
    return town


def write_workbook(path: Path, data: bytes) -> None:
    """The rows of a CSV file as a workbook of texts."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in csv.reader(io.StringIO(data.decode("cp932", "replace"), newline="")):
        sheet.append(["".join(c for c in cell if c >= " ") for cell in row])
    book.save(path)


def damage_town(folder: Path, town: Mapping[str, bytes], number: int) -> tuple[IntakeSources, str]:
    """Write the town's files with one of them damaged; the sources to read, and what was done."""
    draw = np.random.default_rng([number, 4])
    form = FORMATS[number % len(FORMATS)]
    name = list(MUTATIONS)[number // len(FORMATS) % len(MUTATIONS)]
    table = "exchange" if form == "exchange" else TABLES[int(draw.integers(3))]
    paths = {}
    for other in TABLES:
        paths[other] = folder / f"{other}.csv"
        paths[other].write_bytes(town[other])
    if form == "workbook":
        # The parts of a workbook are guarded by checksums: the rows are damaged first, or the file itself.
        path = folder / f"{table}.xlsx"
        if name in ("bytes flipped", "cut off", "piece lost"):
            write_workbook(path, town[table])
            path.write_bytes(MUTATIONS[name](path.read_bytes(), draw))
        else:
            write_workbook(path, MUTATIONS[name](town[table], draw))
    elif form == "zip":
        path = folder / f"{table}.zip"
        inner = MUTATIONS[name](town[table], draw)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("表.csv", inner)
        if draw.random() < 0.2:
            path.write_bytes(flip_bytes(path.read_bytes(), draw))
    else:
        path = folder / f"{table}.csv"
        path.write_bytes(MUTATIONS[name](town[table], draw))
    if form == "exchange":
        alone = draw.random() < 0.5
        given = {} if alone else {t: paths[t] for t in ("persons", "certifications")}
        return IntakeSources(**given, exchange=path), f"{form}, {name}"
    return IntakeSources(**{**paths, table: path}), f"{form}, {name}"


def check_end(sources: IntakeSources, out: Path) -> Ended:
    """Read the files in and judge the end."""
    try:
        result = run_intake(sources, out)
    except KaigoError as error:
        if out.exists() or not error.remedy:
            return Ended("fault", "refused, but something was left or no remedy given")
        return Ended("refused", error.what)
    accepted: Counter[str] = Counter()
    for entry in result.report["files"]:
        if entry["rows_read"] != entry["rows_accepted"] + entry["rows_quarantined"]:
            return Ended("fault", f"{entry['file']} does not balance")
        if entry["rows_quarantined"] != len(entry["quarantine"]):
            return Ended("fault", f"{entry['file']} lists other rows than it counts")
        lines = [row["line"] for row in entry["quarantine"]]
        if len(set(lines)) != len(lines):
            return Ended("fault", f"{entry['file']} names a line twice")
        if "records" in entry:
            records = entry["records"]
            if entry["rows_read"] != records["H1"] + records["D1"] + records["unknown"]:
                return Ended("fault", f"{entry['file']} lost a record")
        accepted[entry["table"]] += entry["rows_accepted"]
    for table in TABLES:
        if accepted[table] and not accepted["exchange"] and accepted[table] != result.tables.rows(table):
            return Ended("fault", f"{table} holds other rows than were accepted")
    partial = any(entry["rows_quarantined"] for entry in result.report["files"])
    return Ended("partial" if partial else "whole", "")


def run_files(
    files: int, seconds: float = float("inf"), only: str = ""
) -> tuple[Counter[str], dict[str, Counter[str]], list[str]]:
    """Damage and read; ends, ends by kind of damage, and our faults."""
    ends: Counter[str] = Counter()
    by_kind: dict[str, Counter[str]] = {}
    faults: list[str] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kaigo-") as name:
        town = make_town(Path(name))
        for number in range(files):
            if time.monotonic() - started > seconds:
                break
            if only and FORMATS[number % len(FORMATS)] != only:
                continue
            with tempfile.TemporaryDirectory(prefix="kaigo-", dir=name) as folder:
                sources, what = damage_town(Path(folder), town, number)
                try:
                    ended = check_end(sources, Path(folder) / "out")
                except Exception as error:  # any other error is what is looked for
                    ended = Ended("fault", f"{type(error).__name__}: {error}")
            ends[ended.how] += 1
            by_kind.setdefault(what, Counter())[ended.how] += 1
            if ended.how == "fault":
                faults.append(f"{number} ({what}): {ended.detail}")
    return ends, by_kind, faults


def main() -> None:
    """Print how the runs ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--only", choices=sorted(set(FORMATS)), default="", help="one format of the run")
    arguments = parser.parse_args()
    before = os.times()
    ends, by_kind, faults = run_files(arguments.files, only=arguments.only)
    after = os.times()
    total = sum(ends.values())
    for what, counts in sorted(by_kind.items()):
        print(
            f"{what:28} "
            + " ".join(f"{how} {counts[how]:3}" for how in ("whole", "partial", "refused", "fault"))
        )
    print(
        f"{total} files: "
        + ", ".join(f"{how} {ends[how]}" for how in ("whole", "partial", "refused", "fault"))
    )
    print(
        f"CPU {after.user + after.system - before.user - before.system:.0f} s, load average {os.getloadavg()[0]:.2f}"
    )
    print(*faults, sep="\n")
    sys.exit(bool(faults) or ends["partial"] < LEAST_PARTIAL * total)


if __name__ == "__main__":
    main()
