"""The original values of the persons in a release: the register that an attack starts from and is judged by."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.deidentify import Release
from kaigo.engine import Engine, open_engine
from kaigo.risk.numbering import Array, fetch_integers
from kaigo.risk.released_history import number_persons
from kaigo.tables import CareTables, load_care_levels, load_service_kinds, survey_columns
from kaigo.tables.in_force import select_in_force

MISSING = -1
FACILITY = "施設"


@dataclass(frozen=True)
class RegisterHistory:
    """もとの台帳での、提供された1人ずつの値。人の番号は ``ReleasedHistory`` と同じ。

    Attributes
    ----------
    birth : ndarray of shape (n,), int64
        Month of birth, year × 12 + month - 1.
    sex, category : ndarray of shape (n,), int64
    level : ndarray of shape (n, m), int64
        Severity (order) of the level in force in each month; -1 where there is none.
    answers : ndarray of shape (certifications, 74), int64
        Answers of each certification in force in some month; -1 where not given.
    certification_of : ndarray of shape (n, m), int64
        Row of ``answers`` in force; -1 where there is none.
    person, month, kind, units : ndarray of shape (points,), int64
        Services used: one entry for each person, month and kind, in this order.
    kinds : tuple of str
    """

    birth: Array
    sex: Array
    category: Array
    level: Array
    answers: Array
    certification_of: Array
    person: Array
    month: Array
    kind: Array
    units: Array
    kinds: tuple[str, ...]

    @property
    def persons(self) -> int:
        """Number of persons."""
        return len(self.birth)

    def in_facility(self) -> npt.NDArray[np.bool_]:
        """Whether the person used a facility service in any month."""
        known = load_service_kinds()
        facility = [
            place
            for place, code in enumerate(self.kinds)
            if code in known and known[code].category == FACILITY
        ]
        flags = np.zeros(self.persons, dtype=bool)
        flags[self.person[np.isin(self.kind, facility)]] = True
        return flags


def read_register(
    release: Release, tables: CareTables, months: tuple[str, ...], *, engine: str = "duckdb"
) -> RegisterHistory:
    """もとの介護データから、提供された人の値を、提供の番号にそろえて読む。

    Parameters
    ----------
    release : Release
        ``linked``, with its crosswalk.
    tables : CareTables
        The care tables that the release was made from.
    months : tuple of str
        ``YYYY-MM`` of the release.

    Raises
    ------
    InputError
        If the crosswalk is missing.
    """
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        release.scan(session)
        release.scan_persons(session)
        number_persons(session, Path(folder))
        tables.scan(session)
        _view_originals(session, months)
        persons = session.count("numbered")
        who = fetch_integers(
            session,
            "select n.person, year(p.birth_date) * 12 + month(p.birth_date) - 1 as birth, p.sex, p.insured_category "
            "from persons as p join numbered as n "
            "on n.insurer_number = p.insurer_number and n.insured_number = p.insured_number",
            4,
        )
        of_person = np.full((persons, 3), MISSING, dtype=np.int64)
        of_person[who[:, 0]] = who[:, 1:]
        level, answers, certification_of = _read_certifications(session, (persons, len(months)))
        points, kinds = _read_services(session)
    return RegisterHistory(
        of_person[:, 0], of_person[:, 1], of_person[:, 2], level, answers, certification_of, *points, kinds
    )


def _view_originals(engine: Engine, months: tuple[str, ...]) -> None:
    text = engine.dialect.text_type
    engine.values_view(
        "register_months",
        [{"first": f"{month}-01", "number": number} for number, month in enumerate(months)],
        {"first": text, "number": "integer"},
    )
    engine.view(
        "register_spans",
        "select cast(m.first as date) as service_month, "
        "cast(m.first as date) + interval 1 month - interval 1 day as last_day, m.number from register_months as m",
    )
    engine.view(
        "register_certifications",
        "select n.person, row_number() over (order by n.person, c.valid_from, c.valid_to, c.care_level) as certification, "
        f"c.valid_from, c.valid_to, c.care_level, {engine.dialect.columns(survey_columns(), 'c')} "
        "from certifications as c join numbered as n "
        "on n.insurer_number = c.insurer_number and n.insured_number = c.insured_number",
    )


def _read_certifications(engine: Engine, shape: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Level of each person and month, the certification in force, and the answers of each certification."""
    in_force = select_in_force("register_certifications", "register_spans", carried=("number",))
    engine.view("register_in_force", in_force)
    months = pa.Table.from_batches(
        engine.batches(
            "select f.person, f.number, f.certification, c.care_level from register_in_force as f "
            "join register_certifications as c on c.certification = f.certification"
        )
    )
    person, month = months.column("person").to_numpy(), months.column("number").to_numpy()
    severity = {code: entry.severity for code, entry in load_care_levels().items()}
    level = np.full(shape, MISSING, dtype=np.int64)
    level[person, month] = [severity.get(code, MISSING) for code in months.column("care_level").to_pylist()]
    used, row = np.unique(months.column("certification").to_numpy(), return_inverse=True)
    certification_of = np.full(shape, MISSING, dtype=np.int64)
    certification_of[person, month] = row
    table = pa.Table.from_batches(
        engine.batches(
            f"select c.certification, {engine.dialect.columns(survey_columns(), 'c')} from register_certifications as c "
            "where c.certification in (select f.certification from register_in_force as f)"
        )
    )
    answers = np.full((len(used), len(survey_columns())), MISSING, dtype=np.int64)
    place = np.searchsorted(used, table.column("certification").to_numpy())
    for item, name in enumerate(survey_columns()):
        answers[place, item] = table.column(name).fill_null(MISSING).to_numpy()
    return level, answers, certification_of


def _read_services(engine: Engine) -> tuple[tuple[Array, Array, Array, Array], tuple[str, ...]]:
    engine.view(
        "register_kinds",
        "select n.person, m.number, substr(b.service_code, 1, 2) as kind, sum(b.units) as units "
        "from benefits as b join numbered as n "
        "on n.insurer_number = b.insurer_number and n.insured_number = b.insured_number "
        "join register_spans as m on m.service_month = b.service_month "
        "where b.service_code is not null group by n.person, m.number, substr(b.service_code, 1, 2)",
    )
    kinds = tuple(str(k) for (k,) in engine.rows("select distinct kind from register_kinds order by kind"))
    engine.values_view(
        "register_kind_numbers",
        [{"kind": kind, "place": place} for place, kind in enumerate(kinds)],
        {"kind": engine.dialect.text_type, "place": "integer"},
    )
    rows = fetch_integers(
        engine,
        "select k.person, k.number, n.place, coalesce(k.units, 0) as units from register_kinds as k "
        "join register_kind_numbers as n on n.kind = k.kind order by k.person, k.number, n.place",
        4,
    )
    return (rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy(), rows[:, 3].copy()), kinds
