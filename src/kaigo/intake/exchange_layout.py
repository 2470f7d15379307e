"""Where the fields of an exchange file stand: data (``exchange_layout.csv``, ``exchange_records.csv``), not code."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from kaigo.errors import InputError
from kaigo.intake.headers import HeaderMatch
from kaigo.intake.rules import PACKAGE
from kaigo.tables.facts import read_facts
from kaigo.tables.schema import Column, TableSchema, load_schemas

CHECKED_ONLY = ("creation_kind", "days_after", "units_after", "record_count")
"""Targets that are looked at, and become no column."""
CARRIED = "header"
"""In place of a position: the value of the header record before."""
HEADER_COLUMNS = {
    "insurer_number": "persons",
    "insured_number": "persons",
    "service_month": "benefits",
    "provider_number": "benefits",
    "birth_date": "persons",
    "sex": "persons",
    "care_level": "certifications",
    "valid_from": "certifications",
    "valid_to": "certifications",
}
"""Columns of a header record, and the table whose column they are."""


@dataclass(frozen=True)
class RecordLayout:
    """交換ファイルの1種類のレコード。

    Attributes
    ----------
    record, role, name : str
        Kind as in the file (``H1``), ``header``, ``detail`` or ``skip``, and Japanese name.
    pattern : str
        RE2 pattern of its lines.
    labels : tuple of str
        Names of the fields by position (from 0); empty where the layout names none.
    places : mapping of str to tuple of int
        Target to positions (from 0).
    carried : tuple of str
        Targets that come from the header record before.
    missing : tuple of str
        Targets whose position is not known.
    """

    record: str
    role: str
    name: str
    pattern: str
    labels: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    carried: tuple[str, ...]
    missing: tuple[str, ...]

    def match(self, width: int) -> HeaderMatch:
        """Columns of a record of that many fields; carried ones and joined ones stand beyond its last field."""
        labels = [*self.labels, *(f"{place + 1}番目の項目" for place in range(len(self.labels), width))]
        headers = [label or f"{place + 1}番目の項目" for place, label in enumerate(labels[:width])]
        sources: dict[str, tuple[int, str]] = {}
        joined: dict[int, tuple[int, ...]] = {}
        for target, places in self.places.items():
            if target in CHECKED_ONLY:
                continue
            at = places[0] if len(places) == 1 else width + len(self.carried) + len(joined)
            if len(places) > 1:
                joined[at] = places
            sources[target] = (at, target)
        schema = header_schema()
        for number, target in enumerate(self.carried):
            sources[target] = (width + number, target)
            headers.append(schema.column(target).label)
        return HeaderMatch(sources, tuple(headers), (), joined)


@dataclass(frozen=True)
class ExchangeForm:
    """交換ファイルの様式: 給付実績(benefit)または請求明細書の様式第二(claim)。"""

    form: str
    records: tuple[RecordLayout, ...]
    count_place: int

    def of_role(self, role: str) -> RecordLayout:
        """The record of that role."""
        return next(record for record in self.records if record.role == role)


@cache
def header_schema() -> TableSchema:
    """Columns of a header record; the certification may be absent (事業対象者)."""
    columns: list[Column] = []
    for name, table in HEADER_COLUMNS.items():
        column = load_schemas()[table].column(name)
        columns.append(replace(column, nullable=True) if name in ("valid_from", "valid_to") else column)
    return TableSchema("exchange_headers", "給付実績の基本情報", tuple(columns), ("insured_number",))


def load_forms(path: Path | None = None) -> tuple[ExchangeForm, ...]:
    """交換ファイルの項目の並びを読む。

    Parameters
    ----------
    path : pathlib.Path, optional
        The user's own layout in the form of ``exchange_layout.csv``.

    Raises
    ------
    InputError
        If the layout cannot be read, or a field that is needed has no position in it.
    """
    rows = read_facts("exchange_layout", PACKAGE) if path is None else _read_rows(path)
    name = path.name if path else "exchange_layout.csv"
    forms = []
    kinds = read_facts("exchange_records", PACKAGE)
    for form in dict.fromkeys(kind["form"] for kind in kinds):
        records = tuple(_make_record(kind, rows, name) for kind in kinds if kind["form"] == form)
        count = [r["position"] for r in rows if r["form"] == form and r["target"] == "record_count"]
        forms.append(ExchangeForm(form, records, int(count[0]) - 1 if count else -1))
    return tuple(forms)


def _make_record(kind: Mapping[str, str], rows: Sequence[Mapping[str, str]], name: str) -> RecordLayout:
    own = [row for row in rows if row["form"] == kind["form"] and row["record"] == kind["record"]]
    fixed = [row for row in own if row["position"].isdigit() and row["position"] != "0"]
    width = max((int(row["position"]) for row in fixed), default=0)
    labels = {int(row["position"]) - 1: row["name_ja"] for row in fixed}
    places: dict[str, tuple[int, ...]] = {}
    for row in fixed:
        if row["target"]:
            places[row["target"]] = (*places.get(row["target"], ()), int(row["position"]) - 1)
    carried = tuple(row["target"] for row in own if row["position"] == CARRIED)
    missing = tuple(row["target"] for row in own if not row["position"] and row["target"])
    if kind["role"] != "skip":
        wanted = HEADER_COLUMNS if kind["role"] == "header" else load_schemas()["benefits"].names
        lost = [column for column in wanted if column not in (*places, *carried, *missing)]
        if lost:
            raise InputError(
                f"交換ファイルの項目の並び({name})に、{kind['record']}の項目がありません。",
                found="、".join(header_schema().column(c).label if c in HEADER_COLUMNS else c for c in lost),
                remedy="位置が分からない項目は、position を空にした行を入れてください。",
            )
    return RecordLayout(
        kind["record"],
        kind["role"],
        kind["name_ja"],
        _line_pattern(kind),
        tuple(labels.get(place, "") for place in range(width)),
        places,
        carried,
        missing,
    )


def _line_pattern(kind: Mapping[str, str]) -> str:
    """Lines of the record: 2, a number, the identifier, and the kind at its place."""
    fields = [r'"?2"?', "[^,]*", f'"?{kind["identifier"]}"?']
    if not kind["kind_position"]:
        return "^" + ",".join(fields) + "(,|$)"
    fields += ["[^,]*"] * (int(kind["kind_position"]) - len(fields) - 1)
    return "^" + ",".join([*fields, f'"?{re.escape(kind["record"])}"?']) + "(,|$)"


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"交換ファイルの項目の並び({path.name})を読めません。",
            found=getattr(error, "strerror", None) or "UTF-8のCSVではありません",
            remedy="同梱の exchange_layout.csv の形のUTF-8のCSVにしてください。",
        ) from error
    columns = ("form", "record", "position", "name_ja", "target")
    if not rows or not set(columns) <= set(rows[0]):
        raise InputError(
            f"交換ファイルの項目の並び({path.name})に、必要な列がありません。",
            found="、".join(rows[0]) if rows else "空のファイル",
            remedy=f"{'、'.join(columns)} の列をもつCSVにしてください。",
        )
    return rows
