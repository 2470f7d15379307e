"""One rule on hand-made tables, without the rest of a standard."""

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kaigo.deidentify.key import Key
from kaigo.deidentify.sources import open_sources
from kaigo.deidentify.standard import Layout, Rule
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.workspace import LedgerEntry
from kaigo.engine import open_engine
from kaigo.tables import CareTables


@dataclass(frozen=True)
class Outcome:
    """A table after the rules and the ledger's entries."""

    frame: pd.DataFrame
    entries: list[LedgerEntry]

    @property
    def entry(self) -> LedgerEntry:
        """The last rule's only entry."""
        return self.entries[-1]

    def values(self, column: str) -> list[Any]:
        """Values of a column in the order of persons (and of months), null as None."""
        return [None if pd.isna(value) else value for value in self.frame[column]]


def make_rule(technique: str, columns: str | tuple[str, ...], **parameters: Any) -> Rule:
    """A rule with nothing but its technique."""
    return Rule(
        id=technique,
        number="",
        columns=(columns,) if isinstance(columns, str) else columns,
        technique=technique,
        parameters=parameters,
        clause_2018="規則第11条",
        clause_now="規則第62条",
        reason="試験",
        set_by="本書",
    )


def run_rules(
    tables: CareTables,
    *rules: Rule,
    table: str,
    layout: Layout = "linked",
    order: str = "",
    seed: int = 1,
    span_months: int = 1,
) -> Outcome:
    """Apply rules in order and read one table (ordered by person, month and ``order``); ``seed`` makes the key."""
    entries: list[LedgerEntry] = []
    with tempfile.TemporaryDirectory() as folder, open_engine("duckdb:threads=1") as engine:
        work = open_sources(tables, engine, Path(folder), layout).workspace
        work = dataclasses.replace(work, key=Key.derive(seed), span_months=span_months)
        for rule in rules:
            work, made = TECHNIQUES[rule.technique].apply(work, rule)
            entries += made
        by: Mapping[str, str] = {
            "persons": "person",
            "certifications": "person, certification",
            "benefits": "person, month_number, provider_number",
        }
        columns = work.engine.dialect.columns(["person", "municipality", *work.columns[table]])
        tail = f", {order}" if order else ""
        frame = engine.df(f"select {columns} from {work.relations[table]} order by {by[table]}{tail}")
    return Outcome(frame, entries)
