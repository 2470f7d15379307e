"""Real files in, care tables out: the whole intake, which appears on disk complete or not at all."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.engine import Engine, atomic_folder, open_engine
from kaigo.errors import ParameterError
from kaigo.intake.cells import choose_reader
from kaigo.intake.cross_checks import (
    select_persons,
    settle_keys,
    warn_of_equal_lines,
    warn_of_missing_persons,
    warn_of_months_over_limit,
)
from kaigo.intake.read_table import MonthSpan, Progress, SourceFile, read_table
from kaigo.intake.report import build_report, write_report
from kaigo.intake.sources import IntakeSources, check_out_folder, check_source
from kaigo.tables.care_tables import CareTables, write_manifest
from kaigo.tables.schema import load_schemas
from kaigo.tables.survey import load_survey_items

UNKNOWN_INSURER = "000000"
PART = "part-00000.parquet"
_STAGING = ".staging"
_ABSENT_TEXTS = {"name": "", "address": "", "provider_number": ""}


@dataclass(frozen=True)
class IntakeResult:
    """読み込みの結果: 介護データ一式と、読み込みの報告。

    Attributes
    ----------
    tables : CareTables
    report : mapping
        As ``intake_report.json``: it holds values of persons (内部限り).
    """

    tables: CareTables
    report: Mapping[str, Any]


def run_intake(
    sources: IntakeSources,
    out: Path,
    *,
    insurer: str | None = None,
    engine: str = "duckdb",
    progress: Progress | None = None,
    synthetic: bool = False,
) -> IntakeResult:
    """市町村の3つのCSVを検査しながら読み、介護データ一式にする。

    Broken rows are quarantined with line, column, value and reason; what is only odd is a warning. The folder
    appears whole or not at all.

    Parameters
    ----------
    sources : IntakeSources
    out : pathlib.Path
        Folder to make: three Parquet tables, ``manifest.json``, ``intake_report.json`` (mode 0600).
    insurer : str, optional
        保険者番号 (6 digits) of files without that column. Without it the number of another of the files is
        taken, or ``000000``; a warning says so.
    engine : str
        See :func:`kaigo.engine.open_engine`.
    progress : callable, optional
        Called with (label of the table, bytes read, bytes in all).
    synthetic : bool
        Whether the persons of the files do not exist (the sample that ships with the project).

    Returns
    -------
    IntakeResult

    Raises
    ------
    InputError
        A file is missing, empty, of another encoding or another table's, or lacks a required column.
    EmptyResultError
        No row of a file could be accepted.
    OutputError
        The folder cannot be written, the disk is full, or the folder holds something else.
    """
    out = Path(out)
    if insurer is not None and not re.fullmatch(r"[0-9]{6}", insurer):
        raise ParameterError(
            "保険者番号が6桁の数字ではありません。",
            found=insurer,
            remedy="131016 のように6桁で指定してください。",
        )
    for table, path in sources.items():
        check_source(load_schemas()[table].label, path)
    check_out_folder(out, sources)
    with atomic_folder(out) as fresh:
        files = {table: SourceFile(table, path) for table, path in sources.items()}
        for file in files.values():
            _warn_of_columns(file)
        numbers = _assume_insurer(files, insurer)
        span = _read_benefits(files["benefits"], fresh, numbers, progress)
        _read_staged(files, fresh, numbers, span, progress)
        with open_engine(engine) as session:
            _settle_tables(session, files, fresh, span)
            if insurer:
                _warn_of_other_insurers(session, files, insurer)
            shutil.rmtree(fresh / _STAGING)
            write_manifest(
                fresh,
                parameters={"source": "intake", "insurer": insurer},
                synthetic=synthetic,
                inputs=_name_inputs(list(files.values())),
                engine=session,
            )
        report = build_report(list(files.values()))
        write_report(fresh, report)
    return IntakeResult(CareTables.open(out), report)


def _read_benefits(
    file: SourceFile, folder: Path, numbers: Mapping[str, str], progress: Progress | None
) -> MonthSpan:
    (folder / "benefits").mkdir()
    span = read_table(file, folder / "benefits" / PART, {**_ABSENT_TEXTS, **numbers}, progress)
    assert span is not None  # benefits with at least one accepted row have months
    return span


def _read_staged(
    files: Mapping[str, SourceFile],
    folder: Path,
    numbers: Mapping[str, str],
    span: MonthSpan,
    progress: Progress | None,
) -> None:
    """Read persons and certifications, whose rows are settled only when all are known."""
    (folder / _STAGING).mkdir()
    first, last = span.first.astype(dt.date), span.last.astype(dt.date)
    last_day = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    constants = {**_ABSENT_TEXTS, **numbers, "valid_from": first, "valid_to": last_day}
    for table in ("persons", "certifications"):
        read_table(files[table], folder / _STAGING / f"{table}.parquet", constants, progress)


def _settle_tables(engine: Engine, files: Mapping[str, SourceFile], folder: Path, span: MonthSpan) -> None:
    """Quarantine repeated keys, fill in what can be derived, check across the tables."""
    engine.scan_positions("benefits", folder / "benefits" / PART)
    for table in ("persons", "certifications"):
        engine.scan_positions(f"staged_{table}", folder / _STAGING / f"{table}.parquet")
    persons = settle_keys(engine, files["persons"], "staged_persons")
    derived = engine.value(f"select count(*) from ({persons}) as p where insured_category is null")
    files["persons"].findings.warn("category_derived", int(derived))
    first_month = span.first.astype(dt.date)
    engine.materialise("persons", select_persons(engine, persons, first_month), folder / "persons")
    warn_of_missing_persons(engine, files["certifications"], "staged_certifications")
    certifications = settle_keys(engine, files["certifications"], "staged_certifications")
    columns = engine.dialect.columns(load_schemas()["certifications"].names)
    engine.materialise(
        "certifications",
        f"select {columns} from ({certifications}) as c order by row_position",
        folder / "certifications",
    )
    warn_of_missing_persons(engine, files["benefits"], "benefits")
    warn_of_equal_lines(engine, files["benefits"], "benefits")
    warn_of_months_over_limit(engine, files["benefits"], "benefits")


def _warn_of_other_insurers(engine: Engine, files: Mapping[str, SourceFile], insurer: str) -> None:
    for table, file in files.items():
        other = f"select count(*) from {table} where insurer_number <> {engine.dialect.text(insurer)}"
        file.findings.warn("insurer_differs", int(engine.value(other)), columns=["保険者番号"])


def _warn_of_columns(file: SourceFile) -> None:
    """Name the columns that are absent or unknown."""
    absent = [column for column in file.schema.columns if column.name not in file.match.sources]
    survey = {item.column for item in load_survey_items()}
    labels = [c.label for c in absent if c.name in survey]
    file.findings.warn("survey_absent", len(labels), columns=labels)
    elsewhere = {"insurer_number", "insured_category", "valid_from", "valid_to"}
    labels = [c.label for c in absent if c.name not in survey | elsewhere]
    file.findings.warn("column_absent", len(labels), columns=labels)
    if any(column.name == "valid_from" for column in absent):
        file.findings.warn("period_assumed", 1, columns=["認定有効期間開始", "認定有効期間終了"])
    file.findings.warn("column_ignored", len(file.match.ignored), columns=file.match.ignored)


def _assume_insurer(files: Mapping[str, SourceFile], insurer: str | None) -> dict[str, str]:
    """The insurer's number for files without that column."""
    without = [file for file in files.values() if "insurer_number" not in file.match.sources]
    schema = load_schemas()["persons"]
    read = choose_reader(schema.column("insurer_number"), "insurer_number").read
    found = [read(file.peek("insurer_number")).value for file in files.values() if file not in without]
    number = insurer or next((str(value) for value in found if value), UNKNOWN_INSURER)
    for file in without:
        file.findings.warn("insurer_assumed", 1, columns=["保険者番号"])
    return {"insurer_number": number}


def _name_inputs(files: Sequence[SourceFile]) -> dict[str, str]:
    """File name to SHA-256; the table's name goes first where two files have the same name."""
    names = [file.findings.file_name for file in files]
    return {
        name if names.count(name) == 1 else f"{file.schema.name}/{name}": file.decoded.sha256
        for name, file in zip(names, files, strict=True)
    }
