"""What was read becomes the three tables: keys settled, gaps filled, checks across the tables run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from kaigo.engine import Engine
from kaigo.errors import EmptyResultError
from kaigo.intake.accept_rows import EXIT_COLUMNS
from kaigo.intake.benefit_checks import BENEFIT_CHECKS, gather_months
from kaigo.intake.checks import Checks
from kaigo.intake.cross_checks import EXITS, certification_checks, person_checks, same_person
from kaigo.intake.cross_run import run_checks, warn_at
from kaigo.intake.exchange_tables import (
    HEADERS,
    select_missing_headers,
    settle_exchange_certifications,
    settle_exchange_persons,
    warn_of_other_persons,
)
from kaigo.intake.open_inputs import OpenInputs
from kaigo.intake.read_table import MonthSpan
from kaigo.intake.settle import select_persons, settle_keys
from kaigo.tables.schema import load_schemas

PART = "part-00000.parquet"


@dataclass(frozen=True)
class Staged:
    """読んだままの行を置く、途中のフォルダ。"""

    folder: Path

    def path(self, name: str) -> Path:
        """Parquet file of a table, or of the header records."""
        return self.folder / f"{name}.parquet"


def settle_tables(
    engine: Engine, inputs: OpenInputs, staged: Staged, folder: Path, span: MonthSpan, checks: Checks
) -> bool:
    """鍵の重複を隔離し、補えるものを補い、表をまたいで確かめて、3つの表を書く。

    Parameters
    ----------
    engine : Engine
    inputs : OpenInputs
        All of them read.
    staged : Staged
    folder : pathlib.Path
        Where the tables are written.
    span : MonthSpan
    checks : Checks

    Returns
    -------
    bool
        Whether benefits were set apart, so that their table is not as it was read.

    Raises
    ------
    EmptyResultError
        If the checks leave no row of a table.
    """
    engine.scan_positions("benefits", staged.path("benefits"))
    for name in ("persons", "certifications"):
        if inputs.sources[name]:
            engine.scan_positions(f"staged_{name}", staged.path(name))
    if inputs.exchange:
        engine.scan_positions(HEADERS, staged.path(HEADERS))
    _settle_persons(engine, inputs, staged, folder, span, checks)
    _store_exits(engine, inputs, staged)
    _settle_certifications(engine, inputs, staged, folder, checks)
    group = inputs.group("benefits")
    changed = run_checks(
        engine,
        group,
        "benefits",
        BENEFIT_CHECKS,
        checks,
        staged.folder,
        prepare=lambda: gather_months(engine, staged.folder),
    )
    if inputs.exchange and checks.action("exchange_header_missing") == "warn":
        start = sum(len(source.lines) for source in inputs.sources["benefits"])
        warn_at(engine, group, "exchange_header_missing", select_missing_headers(start), "insured_number")
    _write_benefits(engine, staged, folder, changed=changed)
    for name, schema in load_schemas().items():
        if not engine.count(name):
            raise EmptyResultError(
                f"表をまたぐ検査ですべての行が隔離され、{schema.label}に1行も残りませんでした。",
                remedy="検査の規則(--checks)を warn にして読み、報告の理由を確かめてください。",
            )
    return changed


def _settle_persons(
    engine: Engine, inputs: OpenInputs, staged: Staged, folder: Path, span: MonthSpan, checks: Checks
) -> None:
    if inputs.sources["persons"]:
        group = inputs.group("persons")
        settled = settle_keys(engine, group, "staged_persons")
        # A start that is assumed for want of the column says nothing about a birth.
        if inputs.sources["certifications"] and all(
            "valid_from" in source.match.sources for source in inputs.sources["certifications"]
        ):
            view = "settled_persons"
            engine.view(view, settled)
            wanted = person_checks(view, "staged_certifications")
            run_checks(engine, group, view, wanted, checks, staged.folder)
            columns = engine.dialect.columns(load_schemas()["persons"].names)
            settled = f"select {columns}, row_position from {view}"
        findings = inputs.sources["persons"][0].findings
    else:
        settled = settle_exchange_persons(engine, inputs.header_group(), staged.folder)
        findings = inputs.exchange[0].findings
    derived = engine.value(f"select count(*) from ({settled}) as p where insured_category is null")
    findings.warn("category_derived", int(derived))
    first_month = span.first.astype(dt.date)
    engine.materialise("persons", select_persons(engine, settled, first_month), folder / "persons")
    if inputs.exchange and inputs.sources["persons"]:
        warn_of_other_persons(engine, inputs.header_group())


def _store_exits(engine: Engine, inputs: OpenInputs, staged: Staged) -> None:
    """Persons that are in a file and not in the table, and their exits: set apart on reading, or by a check since."""
    tables = [table for source in inputs.sources["persons"] for table in source.set_apart]
    person = load_schemas()["persons"]
    schema = pa.schema([(name, person.column(name).dtype) for name in EXIT_COLUMNS])
    batches = (batch for table in tables for batch in table.to_batches())
    engine.store("persons_unread", batches, schema, staged.folder / "persons_unread")
    columns = engine.dialect.columns(schema.names)
    apart = f"select {columns} from persons_unread"
    if inputs.sources["persons"]:
        apart += f" union all select {columns} from staged_persons"
    engine.materialise(
        EXITS,
        f"select distinct {columns} from ({apart}) as t "
        f"where not exists (select 1 from persons as p where {same_person('p', 't')})",
        staged.folder / EXITS,
    )


def _settle_certifications(
    engine: Engine, inputs: OpenInputs, staged: Staged, folder: Path, checks: Checks
) -> None:
    view = "settled_certifications"
    if inputs.sources["certifications"]:
        group = inputs.group("certifications")
        engine.view(view, settle_keys(engine, group, "staged_certifications"))
        wanted = certification_checks(engine, view, staged.folder / "overlaps")
        run_checks(engine, group, view, wanted, checks, staged.folder)
    else:
        engine.view(view, settle_exchange_certifications(engine, inputs.header_group()))
    columns = engine.dialect.columns(load_schemas()["certifications"].names)
    engine.materialise(
        "certifications", f"select {columns} from {view} order by row_position", folder / "certifications"
    )


def _write_benefits(engine: Engine, staged: Staged, folder: Path, *, changed: bool) -> None:
    """As read, unless rows were set apart since."""
    target = folder / "benefits"
    if changed:
        columns = engine.dialect.columns(load_schemas()["benefits"].names)
        engine.materialise(
            "settled_benefits", f"select {columns} from benefits order by row_position", target
        )
    else:
        target.mkdir()
        staged.path("benefits").rename(target / PART)
    engine.scan("benefits", target)
