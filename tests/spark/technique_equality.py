"""Each technique by itself: what it writes and what it records, on an engine that is named."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from step_recorder import Recorder

from kaigo.deidentify import Key, Rule
from kaigo.deidentify.sources import open_sources
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.workspace import RUNNING
from kaigo.engine import open_engine
from kaigo.tables import CareTables

sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("", "deidentify")]
from made_town import make_town
from technique_rules import RULES, VARIANTS, make_k_anonymous

__all__ = ["add_techniques", "list_techniques", "make_town"]


def list_techniques(folder: Path) -> dict[str, list[Rule]]:
    """Rules by what they try; ``folder`` takes the hierarchies of the k-anonymisation."""
    return RULES | VARIANTS | {"k_anonymise": make_k_anonymous(folder)}


def add_techniques(recorder: Recorder, tables: CareTables, engine: str) -> None:
    """Apply each rule to the tables as they are, write the three tables that come out, and record both."""
    with tempfile.TemporaryDirectory() as folder:
        for name, rules in list_techniques(Path(folder) / "hierarchies").items():
            with recorder.run(f"technique {name}"):
                _apply(recorder, tables, engine, rules, Path(folder) / name)


def _apply(recorder: Recorder, tables: CareTables, engine: str, rules: Sequence[Rule], folder: Path) -> None:
    folder.mkdir()
    with open_engine(engine) as session:
        work = open_sources(tables, session, folder, "linked").workspace
        work = dataclasses.replace(work, key=Key(bytes(32)), span_months=3)
        made = []
        for rule in rules:
            work, entries = TECHNIQUES[rule.technique].apply(work, rule)
            made += [dataclasses.asdict(entry) | {"seconds": 0, "parameters": ""} for entry in entries]
        for table, relation in work.relations.items():
            columns = session.dialect.columns([*RUNNING[table], *work.columns[table]])
            session.materialise(
                f"{table}_afterwards", f"select {columns} from {relation}", folder / f"{table}-after"
            )
    recorder.add_value("entries", made)
