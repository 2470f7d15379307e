"""What a release shows of each person over its months, as arrays: certifications in force and services used.

The attacks on accumulation (※2) and rotation (※1) compare every person with every other many thousand times; that is
bit arithmetic and assignment, not relational work, so the engine gathers and numbers, and numpy compares.
"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.deidentify import Release
from kaigo.engine import Engine, open_engine
from kaigo.risk.numbering import Array, Codes, fetch_integers, find_months, number_rows, number_values
from kaigo.risk.release_calendar import ReleaseCalendar, read_calendar
from kaigo.tables import PERSON_KEY

NO_CERTIFICATION = -1
BIRTH_COLUMNS = ("birth", "age")
"""How the names of released columns begin in which the birth may stand, generalised or not."""


@dataclass(frozen=True)
class ReleasedHistory:
    """加工後に見える、1人ずつの月の履歴。人は加工前の被保険者で数え、番号は並び順だけを表す。

    Attributes
    ----------
    persons : int
        Persons n, numbered 0 … n-1 in an order that says nothing.
    months : tuple of str
        ``YYYY-MM``, in order; m of them.
    static_names, content_names : tuple of str
        Released columns of the person (birth as released, sex, …) and of the certification (answers, level, …).
    static : ndarray of shape (n, static columns), int32
        Running number of each value; equal numbers mean equal values.
    content : ndarray of shape (rows, content columns), int32
        Distinct certifications as released, likewise numbered.
    content_of : ndarray of shape (n, m), int64
        Row of ``content`` in force, -1 where there is none.
    person, month, label, units : ndarray of shape (points,), int64
        One entry for each person, month and label (service kind or code) with the sum of units.
    labels : tuple of str
        Kinds or codes by their number.
    level : ndarray of shape (n,), object
        Care level as released in the last month in force; empty where the release has none.
    step : int
        Months that one released line of the benefits stands for; then the points of all its months are the same.
    units_step : int
        Steps to which averages of units are rounded up; 0 where units are those of the month.
    """

    persons: int
    months: tuple[str, ...]
    static_names: tuple[str, ...]
    content_names: tuple[str, ...]
    static: Codes
    content: Codes
    content_of: Array
    person: Array
    month: Array
    label: Array
    units: Array
    labels: tuple[str, ...]
    level: npt.NDArray[np.object_]
    step: int = 1
    units_step: int = 0

    def without(self, prefix: str) -> ReleasedHistory:
        """The same history as if the certification's columns with this prefix had not been released."""
        kept = [place for place, name in enumerate(self.content_names) if not name.startswith(prefix)]
        content, number = number_rows(np.ascontiguousarray(self.content[:, kept]))
        shorter = np.where(self.content_of == NO_CERTIFICATION, NO_CERTIFICATION, number[self.content_of])
        names = tuple(self.content_names[place] for place in kept)
        return dataclasses.replace(self, content_names=names, content=content, content_of=shorter)

    def main_labels(self) -> list[str]:
        """Label with the most units of each person over all months (the first of equals); empty without any."""
        size = max(len(self.labels), 1)
        key = self.person * size + self.label
        total = np.bincount(key, weights=self.units, minlength=self.persons * size).reshape(-1, size)
        best = total.argmax(axis=1)
        return [self.labels[b] if total[row, b] > 0 else "" for row, b in enumerate(best)]


def read_history(release: Release, *, by: str = "kind", engine: str = "duckdb") -> ReleasedHistory:
    """加工後の履歴を、対応表を使って人ごとに読む。

    Parameters
    ----------
    release : Release
        ``linked``, with its crosswalk.
    by : {"kind", "code"}
        Whether services are told apart by their kind (first two characters) or by the released code.

    Raises
    ------
    InputError
        If the crosswalk is missing.
    ValueError
        If the layout is not ``linked`` (``joined`` has no pseudonym that could rotate).
    """
    if release.layout != "linked":
        raise ValueError("histories are read from the linked layout")
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        release.scan(session)
        release.scan_persons(session)
        number_persons(session, Path(folder))
        shown = session.rows("select distinct service_month as m from released_benefits order by m")
        calendar = read_calendar(release, tuple(str(m) for (m,) in shown))
        months = calendar.months
        persons = session.count("numbered")
        static_names = tuple(c for c in release.columns("persons") if c != "person_id")
        content_names = tuple(
            c for c in release.columns("certifications") if c not in {"person_id", "from_month", "to_month"}
        )
        static = _read_static(session, static_names, persons)
        content, content_of = _read_content(session, content_names, persons, months)
        level = _read_levels(session, content_names, persons)
        points, labels = _read_points(session, by, calendar)
    return ReleasedHistory(
        persons,
        months,
        static_names,
        content_names,
        static,
        content,
        content_of,
        *points,
        labels,
        level,
        calendar.step,
        calendar.units_step,
    )


def number_persons(engine: Engine, folder: Path) -> None:
    """Step ``numbered``: the persons of a release (through ``traced_ids``), numbered from 0 by their numbers."""
    person = engine.dialect.columns(PERSON_KEY)
    engine.materialise(
        "numbered",
        f"select {person}, row_number() over (order by {person}) - 1 as person "
        f"from (select distinct {person} from traced_ids) as d",
        folder / "numbered",
    )
    engine.materialise(
        "numbered_ids",
        "select w.person_id, n.person from traced_ids as w join numbered as n "
        "on n.insurer_number = w.insurer_number and n.insured_number = w.insured_number",
        folder / "numbered_ids",
    )


def _read_static(engine: Engine, columns: tuple[str, ...], persons: int) -> Codes:
    """The person's own columns. They are the same under each of the person's pseudonyms."""
    static = np.zeros((persons, len(columns)), dtype=np.int32)
    if not columns:
        return static
    table = pa.Table.from_batches(
        engine.batches(
            f"select i.person, {engine.dialect.columns(columns, 't')} from released_persons as t "
            "join numbered_ids as i on i.person_id = t.person_id"
        )
    )
    who = table.column("person").to_numpy()
    for place, name in enumerate(columns):
        static[who, place] = number_values(table.column(name))
    return static


def _read_content(
    engine: Engine, columns: tuple[str, ...], persons: int, months: tuple[str, ...]
) -> tuple[Codes, Array]:
    """Distinct certifications and which of them is in force for each person and month."""
    content_of = np.full((persons, len(months)), NO_CERTIFICATION, dtype=np.int64)
    table = pa.Table.from_batches(
        engine.batches(
            "select i.person, c.from_month, c.to_month"
            f"{', ' if columns else ''}{engine.dialect.columns(columns, 'c')} "
            "from released_certifications as c join numbered_ids as i on i.person_id = c.person_id"
        )
    )
    values = np.zeros((table.num_rows, len(columns)), dtype=np.int32)
    for place, name in enumerate(columns):
        values[:, place] = number_values(table.column(name))
    distinct, number = number_rows(values)
    first = find_months(table.column("from_month"), months, "left")
    last = find_months(table.column("to_month"), months, "right")
    spans = np.maximum(last - first, 0)
    who = np.repeat(table.column("person").to_numpy(), spans)
    within = np.arange(len(who)) - np.repeat(np.cumsum(spans) - spans, spans)
    content_of[who, np.repeat(first, spans) + within] = np.repeat(number, spans)
    return distinct, content_of


def _read_levels(engine: Engine, columns: tuple[str, ...], persons: int) -> npt.NDArray[np.object_]:
    level = np.full(persons, "", dtype=object)
    if "care_level" in columns:
        select = (
            "select i.person, c.care_level from released_certifications as c "
            "join numbered_ids as i on i.person_id = c.person_id order by i.person, c.to_month, c.from_month"
        )
        table = pa.Table.from_batches(engine.batches(select), engine.arrow_schema(select))
        encoded = table.column("care_level").combine_chunks().dictionary_encode()
        names = np.array([*encoded.dictionary.to_pylist(), ""], dtype=object)
        who = table.column("person").to_numpy()
        last = np.append(who[1:] != who[:-1], True) if len(who) else np.empty(0, dtype=bool)
        shown = names[encoded.indices.fill_null(len(names) - 1).to_numpy()]
        level[who[last]] = shown[last]
    return level


def _read_points(
    engine: Engine, by: str, calendar: ReleaseCalendar
) -> tuple[tuple[Array, Array, Array, Array], tuple[str, ...]]:
    months = calendar.months
    label = "substr(b.service_code, 1, 2)" if by == "kind" else "b.service_code"
    labels = tuple(
        str(v)
        for (v,) in engine.rows(
            f"select distinct {label} as label from released_benefits as b where b.service_code is not null order by label"
        )
    )
    text = engine.dialect.text_type
    engine.values_view(
        "numbered_labels",
        [{"label": label, "number": number} for number, label in enumerate(labels)],
        {"label": text, "number": "integer"},
    )
    engine.values_view(
        "numbered_months",
        [{"month": month, "number": number} for number, month in enumerate(months)],
        {"month": text, "number": "integer"},
    )
    size, width = len(months), max(len(labels), 1)
    # One number for person, month and label: to add up by texts would cost twice as much.
    key = f"(cast(i.person as bigint) * {size} + m.number) * {width} + l.number"
    found = fetch_integers(
        engine,
        f"select {key} as place, cast(coalesce(sum(b.units), 0) as bigint) as units from released_benefits as b "
        "join numbered_ids as i on i.person_id = b.person_id "
        f"join numbered_labels as l on l.label = {label} join numbered_months as m on m.month = b.service_month "
        f"group by {key}",
        2,
    )
    found = found[np.argsort(found[:, 0])]
    rows = np.empty((len(found), 4), dtype=np.int64)
    rest, rows[:, 2] = np.divmod(found[:, 0], width)
    rows[:, 0], rows[:, 1] = np.divmod(rest, size)
    rows[:, 3] = found[:, 1]
    if calendar.step > 1:
        rows = calendar.spread(rows, 1)
        rows = rows[np.argsort((rows[:, 0] * size + rows[:, 1]) * width + rows[:, 2])]
    points = tuple(np.ascontiguousarray(rows[:, place]) for place in range(4))
    return (points[0], points[1], points[2], points[3]), labels
