"""Real files in, care tables out: the whole intake, which appears on disk complete or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.engine import Engine, atomic_folder, open_engine
from kaigo.errors import ParameterError
from kaigo.intake.checks import Checks, load_checks
from kaigo.intake.constants import assume_insurer, fill_constants, warn_of_columns, warn_of_exchange_columns
from kaigo.intake.exchange_layout import header_schema
from kaigo.intake.exchange_tables import check_exchange_alone, name_what_is_missing, read_exchange
from kaigo.intake.open_inputs import OpenFile, OpenInputs, Reading, open_inputs
from kaigo.intake.previous_list import PREVIOUS_LIST, keep_previous_list
from kaigo.intake.read_table import MonthSpan, Progress, TableWriter, check_accepted, read_source
from kaigo.intake.report import build_report, write_reports
from kaigo.intake.settle_tables import Staged, settle_tables
from kaigo.intake.sources import IntakeSources, check_out_folder
from kaigo.tables.care_tables import CareTables, write_manifest
from kaigo.tables.schema import load_schemas

_STAGING = ".staging"


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
    reading: Reading | None = None,
    checks: Checks | None = None,
) -> IntakeResult:
    """市町村のファイルを検査しながら読み、介護データにする。

    Broken rows are quarantined with line, column, value and reason; what is only odd is a warning. The folder
    appears whole or not at all.

    Parameters
    ----------
    sources : IntakeSources
        A file for each table, or exchange files in their place.
    out : pathlib.Path
        Folder to make (mode 0700): three Parquet tables, ``manifest.json``, and the report as
        ``intake_report.json``, ``intake_report.html`` and ``intake_list.xlsx`` (mode 0600). The list of an
        earlier run into it is kept as ``intake_list_前回.xlsx``.
    insurer : str, optional
        保険者番号 (6 digits) of files without that column. Without it the number of another of the files is
        taken, or ``000000``; a warning says so.
    engine : str
        See :func:`kaigo.engine.open_engine`.
    progress : callable, optional
        Called with (label of the table, bytes read, bytes in all).
    synthetic : bool
        Whether the persons of the files do not exist (the sample that ships with the project).
    reading : Reading, optional
        The user's headers, sheets and layouts.
    checks : Checks, optional
        What is done about odd rows; by default as the rules file that ships with the package says.

    Returns
    -------
    IntakeResult

    Raises
    ------
    ParameterError
        The insurer's number is no number of six digits, or no file gives one of the tables.
    InputError
        A file is missing, empty, of another format or another table's, or lacks a required column.
    EmptyResultError
        No row of a file could be accepted.
    OutputError
        The folder cannot be written, the disk is full, or the folder holds something else.
    """
    out, checks, reading = Path(out), checks or load_checks(), reading or Reading()
    _check_request(sources, insurer)
    check_out_folder(out, sources)
    with atomic_folder(out) as fresh:
        # The tables hold names and addresses.
        fresh.chmod(0o700)
        staging = fresh / _STAGING
        staging.mkdir(mode=0o700)
        inputs = open_inputs(sources, reading, staging / "unpacked")
        given = [table for table, opened in inputs.sources.items() if opened]
        check_exchange_alone(inputs.exchange, given)
        for source in inputs.all_sources():
            warn_of_columns(source)
        warn_of_exchange_columns(inputs)
        numbers = assume_insurer(inputs, insurer)
        staged = Staged(staging)
        span, content = _read_benefits(inputs, staged, numbers, checks, progress)
        _read_others(inputs, staged, numbers, span, checks, progress)
        files = inputs.files()
        for file in files:
            check_accepted(
                file.label, file.findings, may_be_empty=sum(f.table == file.table for f in files) > 1
            )
        with open_engine(engine) as session:
            changed = settle_tables(session, inputs, staged, fresh, span, checks)
            if insurer:
                _warn_of_other_insurers(session, files, insurer)
            shutil.rmtree(staging)
            write_manifest(
                fresh,
                parameters={"source": "intake", "insurer": insurer},
                synthetic=synthetic,
                inputs=_name_inputs(files),
                engine=session,
                content={"benefits": content} if content and not changed else {},
            )
        report = build_report(files)
        if keep_previous_list(out, fresh):
            report["previous_list"] = PREVIOUS_LIST
        write_reports(fresh, report, synthetic=synthetic)
    return IntakeResult(CareTables.open(out), report)


def _check_request(sources: IntakeSources, insurer: str | None) -> None:
    if insurer is not None and not re.fullmatch(r"[0-9]{6}", insurer):
        raise ParameterError(
            "保険者番号が6桁の数字ではありません。",
            found=insurer,
            remedy="131016 のように6桁で指定してください。",
        )
    missing = [table for table in load_schemas() if not sources.of(table)]
    if missing and not sources.of("exchange"):
        raise name_what_is_missing(missing)


def _read_benefits(
    inputs: OpenInputs,
    staged: Staged,
    numbers: Mapping[str, object],
    checks: Checks,
    progress: Progress | None,
) -> tuple[MonthSpan, str | None]:
    """Benefits of all files into one, header records of exchange files beside them; the months and the content hash."""
    with ExitStack() as stack:
        schema = load_schemas()["benefits"]
        benefits = stack.enter_context(TableWriter(schema, staged.path("benefits"), hashed=True))
        for source in inputs.sources["benefits"]:
            read_source(source, benefits, fill_constants(source, numbers), checks, progress)
        if inputs.exchange:
            headers = stack.enter_context(TableWriter(header_schema(), staged.path("exchange_headers")))
            for file in inputs.exchange:
                read_exchange(file, benefits, headers, {}, checks, progress)
    if benefits.span is None:
        # Only files without an accepted benefit line come here: the first of them says why.
        for opened in inputs.files():
            if opened.table in ("benefits", "exchange"):
                check_accepted(opened.label, opened.findings)
        raise name_what_is_missing(["benefits"])
    return benefits.span, benefits.content_sha256


def _read_others(
    inputs: OpenInputs,
    staged: Staged,
    numbers: Mapping[str, object],
    span: MonthSpan,
    checks: Checks,
    progress: Progress | None,
) -> None:
    for table in ("persons", "certifications"):
        if inputs.sources[table]:
            with TableWriter(load_schemas()[table], staged.path(table)) as writer:
                for source in inputs.sources[table]:
                    read_source(source, writer, fill_constants(source, numbers, span), checks, progress)


def _warn_of_other_insurers(engine: Engine, files: Sequence[OpenFile], insurer: str) -> None:
    for file in files:
        table = "benefits" if file.table == "exchange" else file.table
        other = f"select count(*) from {table} where insurer_number <> {engine.dialect.text(insurer)}"
        file.findings.warn("insurer_differs", int(engine.value(other)), columns=["保険者番号"])


def _name_inputs(files: Sequence[OpenFile]) -> dict[str, str]:
    """File name to SHA-256; the table's name goes first where two files have the same name, then a number."""
    names = [file.findings.file_name for file in files]
    inputs: dict[str, str] = {}
    for file, name in zip(files, names, strict=True):
        key = name if names.count(name) == 1 else f"{file.table}/{name}"
        number = 2
        while key in inputs:
            key, number = f"{file.table}/{number}/{name}", number + 1
        inputs[key] = file.sha256
    return inputs
