"""What is recorded of a run: rows and digest of each relation that it writes and of each result that a reader gets.

Both engines' files are read by one reader (DuckDB), so that the comparison does not rest on how an engine prints a
value. The order of rows does not count: a release is shuffled, by a key, from whatever order the engine gave. So
``row_position``, which numbers the shuffled rows, is no part of a digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import unittest.mock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaigo.deidentify import Release
from kaigo.engine import Engine, Step

Content = tuple[int, str]
NUMBERS_THE_SHUFFLE = "row_position"


@dataclass(frozen=True)
class Compared:
    """One step: rows and digest on each engine (None: the step does not exist there)."""

    name: str
    duckdb: Content | None
    spark: Content | None

    @property
    def part(self) -> str:
        """What was run: the words before `` / ``."""
        return self.name.partition(" / ")[0]

    @property
    def equal(self) -> bool:
        return self.duckdb is not None and self.duckdb == self.spark


def compare_steps(duckdb: dict[str, Content], spark: dict[str, Content]) -> list[Compared]:
    """Steps of both engines, side by side, in the order in which they are run."""
    names = [*duckdb, *(name for name in spark if name not in duckdb)]
    return [Compared(name, duckdb.get(name), spark.get(name)) for name in names]


def digest_rows(reader: Engine, relation: str, columns: Sequence[str]) -> Content:
    """Rows and a digest that their order does not change: the sum of the rows' MD5 numbers."""
    quote = reader.dialect.quote
    cells = ", ".join(f"coalesce(cast({quote(column)} as varchar), chr(30))" for column in columns) or "''"
    rows, total = reader.rows(
        f"select count(*), coalesce(sum(cast(md5_number_lower(concat_ws(chr(31), {cells})) as hugeint)), 0) "
        f"from {relation}"
    )[0]
    return int(rows), hashlib.sha256(f"{','.join(columns)}:{total}".encode()).hexdigest()


@dataclass
class Recorder:
    """Content of every step that an engine writes, in the order of writing, and the seconds of each part."""

    reader: Engine
    part: str = ""
    steps: dict[str, Content] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def record(self, name: str, folder: Path) -> None:
        if folder.name.startswith("placed-"):  # a row's place in its file, which DuckDB reads without a step
            return
        self.reader.scan("step", folder)
        self.add_relation(name, "step")

    def add_relation(self, name: str, relation: str) -> None:
        columns = self.reader.arrow_schema(f"select * from {relation}").names
        kept = [column for column in columns if column != NUMBERS_THE_SHUFFLE]
        self.add(name, digest_rows(self.reader, relation, kept))

    def add_value(self, name: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        self.add(name, (len(text), hashlib.sha256(text.encode()).hexdigest()))

    def add(self, name: str, content: Content) -> None:
        full = f"{self.part} / {name}"
        times = sum(known == full or known.startswith(f"{full} (") for known in self.steps)
        self.steps[f"{full} ({times + 1})" if times else full] = content

    def add_release(self, release: Release) -> None:
        """What the engine says of its own release, the types that it wrote, and whose rows they are."""
        for name, table in release.manifest["tables"].items():
            self.add(f"manifest of {name}", (table["rows"], table["content_sha256"]))
            self.reader.scan("written", release.provide / name)
            self.add_value(f"types of {name}", str(self.reader.arrow_schema("select * from written")))
        ledger = release.ledger()
        self.add_value("ledger", ledger | {"rules": [{**r, "seconds": 0} for r in ledger["rules"]]})
        release.scan_persons(self.reader)
        traced = "traced" if release.layout == "joined" else "traced_ids"
        self.add_relation("rows with their persons", traced)

    @contextlib.contextmanager
    def run(self, part: str) -> Iterator[None]:
        """Name what follows, record what it writes, take its seconds."""
        self.part = part
        started = time.perf_counter()
        with self._watch():
            yield
        self.seconds[part] = time.perf_counter() - started

    @contextlib.contextmanager
    def _watch(self) -> Iterator[None]:
        materialise, store = Engine.materialise, Engine.store

        def seen(original: Callable[..., Step]) -> Callable[..., Step]:
            def run(engine: Engine, name: str, *rest: Any) -> Step:
                step = original(engine, name, *rest)
                self.record(name, step.folder)
                return step

            return run

        with (
            unittest.mock.patch.object(Engine, "materialise", seen(materialise)),
            unittest.mock.patch.object(Engine, "store", seen(store)),
        ):
            yield
