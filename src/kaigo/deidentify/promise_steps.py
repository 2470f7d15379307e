"""The promise on a workspace: values as numbers, the search class by class, its result as steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kaigo.deidentify.promise_search import (
    HIDDEN,
    Attribute,
    Flags,
    Ints,
    choose_answers,
    keep_shared_tokens,
    number_classes,
    protect_classes,
    split_classes,
)
from kaigo.deidentify.workspace import Workspace
from kaigo.tables import load_service_kinds

SPECIAL_CARE = "survey_6_"
INDEPENDENCE = ("disability_independence", "dementia_independence")
PERSON_CLASS = ("birth_date", "insured_category")
CERTIFICATION_CLASS = ("care_level", "primary_disease")
MOST_PERIODS = 1024
Texts = NDArray[np.object_]
_LAST = ("primary_disease", "insured_category", "care_level", "birth_date")


def is_promised(column: str) -> bool:
    """Whether a ``table.column`` is part of the promise."""
    table, _, name = column.partition(".")
    if table == "persons":
        return name in {"sex", *PERSON_CLASS}
    if table == "certifications":
        return name in {*CERTIFICATION_CLASS, *INDEPENDENCE} or name.startswith("survey_")
    return column == "benefits.service_code"


def list_answers(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that are answers of the survey (special medical care belongs to the class)."""
    answers = (name for name in columns if name.startswith("survey_") and not name.startswith(SPECIAL_CARE))
    return (*answers, *(name for name in columns if name in INDEPENDENCE))


def list_class_columns(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of a certification that are part of the class."""
    return tuple(name for name in columns if name in CERTIFICATION_CLASS or name.startswith(SPECIAL_CARE))


@dataclass(frozen=True)
class Rows:
    """One row a person and period (persons in order, then periods): running numbers and values by number."""

    person: Ints
    certification: Ints
    period: Ints
    values: dict[str, Ints]

    def find(self, person: Ints, period: Ints) -> Ints:
        """Position of the row of each person and period."""
        return np.searchsorted(self.person * MOST_PERIODS + self.period, person * MOST_PERIODS + period)


@dataclass(frozen=True)
class Codes:
    """One entry a person, period and service code: the code, its kind, the row it belongs to."""

    person: Ints
    period: Ints
    code: Texts
    kind: Texts
    row: Ints


@dataclass(frozen=True)
class Found:
    """What is hidden (flags by column over ``rows``), the codes to show, the rows that stay, counts for the ledger."""

    rows: Rows
    hidden: dict[str, Flags]
    codes: Codes
    shown: Texts
    stays: Flags
    counts: dict[str, int]

    def describe(self) -> str:
        """One sentence for the ledger."""
        c = self.counts
        return (
            f"同値類{c['classes']:,}。サービス種類のべ{c['codes']:,}人・種類のうち{c['rolled']:,}を分類に置き換え、"
            f"{c['removed']:,}の行を除いた(レコード削除)。調査の回答{c['cells']:,}のうち{c['answers']:,}を残した。外した人{c['left_out']:,}人"
        )


def search(work: Workspace, columns: Mapping[str, tuple[str, ...]], least: int, *, pairs: bool) -> Found:
    """Find what must be hidden (see :class:`~kaigo.deidentify.techniques.keep_promise.KeepPromise`)."""
    of_person = [name for name in work.columns["persons"] if name in PERSON_CLASS]
    of_class = list_class_columns(work.columns["certifications"])
    answers = [
        name
        for name in columns.get("certifications", ())
        if name in list_answers(work.columns["certifications"])
    ]
    rows, codes = _read(work, of_person, (*of_class, *answers))
    linked = work.layout == "linked"
    unit = rows.person if linked else np.arange(len(rows.person))
    owners = dict.fromkeys(of_person, rows.person) | dict.fromkeys(of_class, rows.certification)
    cascade = [Attribute(name, rows.values[name], owners[name]) for name in _order_cascade(owners)]
    fixed = [rows.period, rows.values["sex"]] if "sex" in rows.values else [rows.period]
    stays = np.ones(len(rows.person), bool)
    while True:
        found = protect_classes(fixed, cascade, unit, stays, least)
        cascade, stays = list(found.attributes), found.stays
        classes = _number(stays, [*fixed, *(each.values for each in cascade)])
        shown = _choose_codes(codes, classes, least, pairs=pairs)
        if linked:
            break
        # Where only lines are provided, a person without a line in a month is not there in that month.
        visible = stays.copy()
        visible[np.setdiff1d(np.arange(len(stays)), codes.row[shown != ""])] = False
        if (visible == stays).all():
            break
        stays = visible
    labels = _number(stays, [*fixed[1:], *(each.values for each in cascade)])
    hidden = {each.name: (each.values == HIDDEN) & (rows.values[each.name] != HIDDEN) for each in cascade}
    hidden |= _choose_answers(rows, labels, answers, least, pairs=pairs)
    shown[~stays[codes.row]] = ""
    cells = [rows.values[name] != HIDDEN for name in answers]
    counts = {
        "classes": len(np.unique(classes[stays])),
        "codes": len(shown),
        "rolled": int(((shown != "") & (shown != codes.code)).sum()),
        "removed": int((shown == "").sum()),
        "cells": int(sum(each.sum() for each in cells)),
        "answers": int(
            sum((each & ~hidden[name] & stays).sum() for each, name in zip(cells, answers, strict=True))
        ),
        "left_out": len(np.unique(rows.person)) - len(np.unique(rows.person[stays])),
    }
    return Found(rows, hidden, codes, shown, stays, counts)


def _order_cascade(names: Iterable[str]) -> list[str]:
    """What is hidden first: special medical care, disease, 第2号, level, birth."""
    return sorted(names, key=lambda name: (_LAST.index(name) if name in _LAST else -1, name))


def _number(stays: Flags, columns: Sequence[Ints]) -> Ints:
    """Class of each row that stays (one for all, without columns); -1 for the others."""
    classes = np.where(stays, 0, -1)
    if stays.any() and columns:
        classes[stays] = number_classes([column[stays] for column in columns])[0]
    return classes


def _choose_codes(codes: Codes, classes: Ints, least: int, *, pairs: bool) -> Texts:
    """The code to show for each entry: itself, its kind's category, or nothing."""
    shown = np.full(len(codes.code), "", dtype=object)
    categories = {kind.code: kind.category_code for kind in load_service_kinds().values()}
    entry_class = classes[codes.row]
    members = {int(classes[rows[0]]): rows for rows in split_classes(classes)}
    for entries in split_classes(entry_class):
        rows = members[int(entry_class[entries[0]])]
        if classes[rows[0]] < 0:
            continue
        place = np.searchsorted(rows, codes.row[entries])
        names, token = np.unique(codes.kind[entries], return_inverse=True)
        kinds = np.zeros((len(rows), len(names)), bool)
        kinds[place, token] = True
        kept = keep_shared_tokens(kinds, np.zeros(len(names), bool), least, pairs=pairs)
        upper = np.array([categories.get(str(name), "") for name in names], dtype=object)
        groups = np.unique(upper[upper != ""].astype(str))
        lost = kinds & ~kept
        rolled = (
            np.stack([(lost & (upper == group)).any(1) for group in groups], 1)
            if len(groups)
            else lost[:, :0]
        )
        both = keep_shared_tokens(
            np.concatenate([kept, rolled], 1),
            np.arange(len(names) + len(groups)) < len(names),
            least,
            pairs=pairs,
        )
        stays = both[:, : len(names)][place, token]
        shown[entries[stays]] = codes.code[entries[stays]]
        for number, group in enumerate(groups):
            moved = ~stays & (upper[token] == group) & both[place, len(names) + number]
            shown[entries[moved]] = group
    return shown


def _choose_answers(
    rows: Rows, labels: Ints, names: Sequence[str], least: int, *, pairs: bool
) -> dict[str, Flags]:
    """For each item the rows in which its answer is hidden: the same items in all periods of a class."""
    released = labels >= 0
    hidden = {name: released.copy() for name in names}
    if not names:
        return hidden
    answers = np.stack([rows.values[name] for name in names], 1)
    for members in split_classes(labels):
        if labels[members[0]] < 0:
            continue
        for item in choose_answers(answers[members], rows.period[members], least, pairs=pairs):
            hidden[names[item]][members] = False
    return hidden


def _read(work: Workspace, of_person: Sequence[str], of_certification: Sequence[str]) -> tuple[Rows, Codes]:
    period = work.period("month_number")
    source = work.in_force if work.layout == "linked" else work.relations["benefits"]
    people = [name for name in ("sex", *of_person) if name in work.columns["persons"]]
    values = [
        *_number_values(work, "persons", "p", people),
        *_number_values(work, "certifications", "c", of_certification),
    ]
    shown = "".join(f", {value}" for value in values)
    table = _fetch(
        work,
        f"select q.person, q.certification, q.period{shown} from "
        f"(select distinct person, certification, {period} as period from {source}) as q "
        f"join {work.relations['persons']} as p on p.person = q.person "
        f"join {work.relations['certifications']} as c on c.certification = q.certification order by q.person, q.period",
    )
    whole = {name: table[name].to_numpy().astype(np.int64) for name in table.column_names}
    rows = Rows(whole.pop("person"), whole.pop("certification"), whole.pop("period"), whole)
    lines = _fetch(
        work,
        f"select person, period, code, coalesce(substr(code, 1, 2), '') as kind from (select distinct person, "
        f"{period} as period, service_code as code from {work.relations['benefits']}) as b order by person, period, code",
    )
    person, month = (lines[name].to_numpy().astype(np.int64) for name in ("person", "period"))
    code, kind = (np.array(lines[name].to_pylist(), dtype=object) for name in ("code", "kind"))
    return rows, Codes(person, month, code, kind.astype(str), rows.find(person, month))


def _number_values(work: Workspace, table: str, alias: str, names: Sequence[str]) -> Iterator[str]:
    """Values as numbers from 1, empty as 0."""
    engine = work.engine
    types = (
        engine.arrow_schema(f"select {engine.dialect.columns(tuple(names))} from {work.relations[table]}")
        if names
        else ()
    )
    for field in types:
        column = f"{alias}.{engine.dialect.quote(field.name)}"
        number = (
            f"{column} + 1" if pa.types.is_integer(field.type) else f"dense_rank() over (order by {column})"
        )
        yield f"cast(case when {column} is null then 0 else {number} end as integer) as {engine.dialect.quote(field.name)}"


def _fetch(work: Workspace, select: str) -> pa.Table:
    return pa.Table.from_batches(work.engine.batches(select), schema=work.engine.arrow_schema(select))


def store(work: Workspace, found: Found) -> None:
    """Write what was found as the steps ``promise_persons``, ``promise_certifications`` and ``promise_codes``."""
    rows, linked = found.rows, work.layout == "linked"
    for name, owner in (("persons", rows.person), ("certifications", rows.certification)):
        columns = [column for column in found.hidden if column in work.columns[name]]
        numbers, first = np.unique(owner, return_index=True)
        data: dict[str, Ints] = {name[:-1]: numbers, "stays": found.stays[first].astype(np.int64)}
        if not linked:
            data["stays"] = np.ones(len(numbers), np.int64)
        for column in columns:
            flags = np.zeros(len(numbers), np.int64)
            np.maximum.at(flags, np.searchsorted(numbers, owner), found.hidden[column].astype(np.int64))
            data[f"hide_{column}"] = flags
        _store(work, f"promise_{name}", pa.table(data))
    codes = pa.table(
        {
            "person": found.codes.person,
            "period": found.codes.period,
            "code": pa.array(found.codes.code.tolist(), pa.string()),
            "shown": pa.array([text or None for text in found.shown.tolist()], pa.string()),
            "stays": (found.shown != "").astype(np.int64),
        }
    )
    _store(work, "promise_codes", codes)


def _store(work: Workspace, name: str, table: pa.Table) -> None:
    work.engine.store(name, iter(table.to_batches()), table.schema, work.folder / name)
