"""Faults on demand: the kinds of fault that a municipality's files can have, and the list of those planted."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

from kaigo.engine import write_file
from kaigo.errors import ParameterError
from kaigo.synthetic.parameters import read_synthetic_facts

MOST_FAULTS = 0.5
FAULTS_FILE = "faults.csv"


@dataclass(frozen=True)
class FaultKind:
    """ある表に入れる、ある種類の誤り。

    Attributes
    ----------
    kind, label, table : str
    scope : str
        ``single``: visible in one file; ``cross``: only in comparison with other rows or files.
    placement : str
        ``replace``: a sound row is damaged; ``insert``: a row is added and all sound ones stay.
    columns : tuple of str
        Columns that may be damaged; empty for the whole row.
    rules : tuple of str
        Rules of intake that name the fault rightly.
    """

    kind: str
    label: str
    table: str
    scope: str
    placement: str
    columns: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    r"""入れた誤り1件。

    Attributes
    ----------
    file, line : str, int
        File and its line (the header is line 1).
    column : str
        Header of the damaged column; empty for the whole row.
    kind, scope : str
    before, after : str
        The field (or row) as it was and as it stands in the file; bytes that are no character as ``\x81``.
    origin_line : int
        Line from which an added row was copied, else the line itself.
    """

    file: str
    line: int
    column: str
    kind: str
    scope: str
    before: str
    after: str
    origin_line: int


@cache
def load_fault_kinds() -> tuple[FaultKind, ...]:
    """誤りの種類を、表ごとに返す。"""
    return tuple(
        FaultKind(
            row["kind"],
            row["label"],
            row["table"],
            row["scope"],
            row["placement"],
            tuple(filter(None, row["columns"].split("|"))),
            tuple(row["rules"].split("|")),
        )
        for row in read_synthetic_facts("faults")
    )


def check_fault_rate(rate: float, *, csv: bool) -> None:
    """誤りの割合が範囲の中にあり、CSVを書くことを確かめる。

    Raises
    ------
    ParameterError
        If the rate is not between 0 and 0.5, or no CSV is written.
    """
    if not (isinstance(rate, int | float) and math.isfinite(rate) and 0 <= rate <= MOST_FAULTS):
        raise ParameterError(
            "誤りの割合(faults)が範囲の外です。",
            found=rate,
            remedy=f"0以上{MOST_FAULTS:g}以下にしてください(0.01 なら100行に1行)。",
        )
    if rate and not csv:
        raise ParameterError(
            "誤りはCSVにだけ入れられます。",
            found=f"--faults {rate:g}",
            remedy="--csv も付けてください。",
        )


def write_faults(path: Path, faults: Sequence[Fault]) -> None:
    """入れた誤りの一覧を、持ち主だけが読めるCSV(BOM付きUTF-8)に書く。"""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([field.name for field in fields(Fault)])
    writer.writerows(astuple(fault) for fault in faults)
    write_file(path, buffer.getvalue().encode("utf-8-sig"), mode=0o600)


def read_faults(path: Path) -> tuple[Fault, ...]:
    """入れた誤りの一覧を読む。"""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Fault(**(row | {"line": int(row["line"]), "origin_line": int(row["origin_line"])}))  # type: ignore[arg-type]  # values are texts but for the two numbers
        for row in rows
    )
