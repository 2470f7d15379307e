"""Values of columns that a file does not have: the insurer's number, the period, the user's own constants."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping

from kaigo.errors import InputError
from kaigo.intake.cells import choose_reader
from kaigo.intake.inputs import RowOrigin
from kaigo.intake.open_inputs import OpenInputs
from kaigo.intake.read_table import MonthSpan
from kaigo.tables.schema import load_schemas
from kaigo.tables.survey import load_survey_items

UNKNOWN_INSURER = "000000"
_ABSENT_TEXTS = {"name": "", "address": "", "provider_number": ""}


def assume_insurer(inputs: OpenInputs, insurer: str | None) -> dict[str, object]:
    """保険者番号の列がないファイルに入れる番号を決める。

    Parameters
    ----------
    inputs : OpenInputs
    insurer : str, optional
        The number that the user has given.
    """
    sources = list(inputs.all_sources())
    without = [
        source
        for source in sources
        if "insurer_number" not in source.match.sources and "insurer_number" not in source.match.constants
    ]
    read = choose_reader(load_schemas()["persons"].column("insurer_number"), "insurer_number").read
    texts = [source.match.constants.get("insurer_number", "") for source in sources]
    texts += [source.peek("insurer_number") for source in sources if source not in without]
    texts += [file.peek_insurer() for file in inputs.exchange]
    number = insurer or next(
        (str(value) for value in (read(text).value for text in texts) if value), UNKNOWN_INSURER
    )
    for source in without:
        source.findings.warn("insurer_assumed", 1, columns=["保険者番号"])
    return {"insurer_number": number}


def fill_constants(
    origin: RowOrigin, numbers: Mapping[str, object], span: MonthSpan | None = None
) -> dict[str, object]:
    """列のない値を、全行に同じ値で補う。

    Parameters
    ----------
    origin : RowOrigin
    numbers : mapping
        The insurer's number.
    span : MonthSpan, optional
        Months of the benefits, which stand in for a period that no file gives.

    Raises
    ------
    InputError
        If a constant of the user's mapping cannot be read.
    """
    constants: dict[str, object] = {**_ABSENT_TEXTS, **numbers}
    if span:
        first, last = span.first.astype(dt.date), span.last.astype(dt.date)
        last_day = last.replace(day=calendar.monthrange(last.year, last.month)[1])
        constants |= {"valid_from": first, "valid_to": last_day}
    for column, text in origin.match.constants.items():
        cell = choose_reader(origin.schema.column(column), column).read(text)
        if cell.rule:
            raise InputError(
                f"読み替えのファイルの constants の値を、{origin.schema.column(column).label}として読めません。",
                found=text,
                remedy="その列に入る値を書いてください。",
            )
        constants[column] = cell.value
    return constants


def warn_of_columns(origin: RowOrigin) -> None:
    """Name the columns that are absent or unknown."""
    given = {*origin.match.sources, *origin.match.constants}
    absent = [column for column in origin.schema.columns if column.name not in given]
    survey = {item.column for item in load_survey_items()}
    labels = [c.label for c in absent if c.name in survey]
    origin.findings.warn("survey_absent", len(labels), columns=labels)
    elsewhere = {"insurer_number", "insured_category", "valid_from", "valid_to"}
    labels = [c.label for c in absent if c.name not in survey | elsewhere]
    origin.findings.warn("column_absent", len(labels), columns=labels)
    if any(column.name == "valid_from" for column in absent):
        origin.findings.warn("period_assumed", 1, columns=["認定有効期間開始", "認定有効期間終了"])
    origin.findings.warn("column_ignored", len(origin.match.ignored), columns=origin.match.ignored)


def warn_of_exchange_columns(inputs: OpenInputs) -> None:
    """Say what an exchange file alone does not hold."""
    survey = {item.column for item in load_survey_items()}
    given = {
        "persons": ("insurer_number", "insured_number", "birth_date", "sex", "insured_category"),
        "certifications": ("insurer_number", "insured_number", "care_level", "valid_from", "valid_to"),
    }
    for file in inputs.exchange:
        for table, known in given.items():
            if inputs.sources[table]:
                continue
            absent = [c for c in load_schemas()[table].columns if c.name not in known]
            labels = [c.label for c in absent if c.name in survey]
            file.findings.warn("survey_absent", len(labels), columns=labels)
            labels = [c.label for c in absent if c.name not in survey]
            file.findings.warn("column_absent", len(labels), columns=labels)
