"""What a release shows of each person in each month, traced through the crosswalk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaigo.deidentify import Release
from kaigo.engine import Engine
from kaigo.tables import survey_columns

SPECIAL_CARE_PREFIX = "survey_6_"


def store_person_months(engine: Engine, release: Release, keys: Sequence[str], folder: Path) -> None:
    """段階 ``person_months`` を作る: 人・期間・月ごとに、加工後に見える値を1行にまとめる。

    Columns: ``person`` (running number), ``period``, ``month`` (YYYY-MM), the quasi-identifiers; and three
    running numbers, equal where the values are equal: ``survey_vector`` (all survey answers that are left),
    ``special_care`` (those of 特別な医療), ``kinds`` (the month's set of service kinds).

    Raises
    ------
    InputError
        If the crosswalk is missing.
    """
    release.scan(engine)
    release.scan_persons(engine)
    select = _select_joined if release.layout == "joined" else _select_linked
    engine.materialise("person_months", select(engine, release, keys, folder), folder / "person_months")


def _number(engine: Engine, name: str, texts: str, alias: str) -> str:
    """Running numbers for the distinct texts of a column (not an order of all rows by long ones); their join to ``alias``."""
    engine.view(
        f"{name}_numbers",
        f"select {name}, row_number() over (order by {name}) as number from (select distinct {name} from {texts}) as d",
    )
    return f"join {name}_numbers as {name}_n on {name}_n.{name} = {alias}.{name}"


_NUMBERED = ", ".join(f"{name}_n.number as {name}" for name in ("survey_vector", "special_care", "kinds"))


def _vector(engine: Engine, columns: Sequence[str], alias: str) -> str:
    if not columns:
        return "''"
    text = engine.dialect.text_type
    values = ", ".join(f"coalesce(cast({alias}.{engine.dialect.quote(c)} as {text}), '-')" for c in columns)
    return f"concat_ws(',', {values})"


def _survey(columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Survey items that are left, and among them those of 特別な医療."""
    left = [column for column in survey_columns() if column in columns]
    return left, [column for column in left if column.startswith(SPECIAL_CARE_PREFIX)]


def _select_joined(engine: Engine, release: Release, keys: Sequence[str], folder: Path) -> str:
    """All lines of a person and month carry the same certification: the first of them stands for all."""
    survey, special = _survey(release.columns("joined"))
    engine.view(
        "kind_lines",
        "select person, service_month as month, substr(service_code, 1, 2) as kind, min(row_position) as row_position "
        "from traced group by person, service_month, substr(service_code, 1, 2)",
    )
    engine.view(
        "first_lines",
        "select person, month, min(row_position) as row_position, "
        f"coalesce({engine.dialect.sorted_set('kind')}, '') as kinds from kind_lines group by person, month",
    )
    engine.materialise(
        "person_month_texts",
        f"select f.person, f.month, {engine.dialect.columns(tuple(keys), 't')}, "
        f"{_vector(engine, survey, 't')} as survey_vector, {_vector(engine, special, 't')} as special_care, f.kinds "
        "from first_lines as f join released_positions as t on t.row_position = f.row_position",
        folder / "person_month_texts",
    )
    joins = [
        _number(engine, name, "person_month_texts", "t")
        for name in ("survey_vector", "special_care", "kinds")
    ]
    return (
        f"select t.person, 0 as period, t.month, {engine.dialect.columns(tuple(keys), 't')}, {_NUMBERED} "
        f"from person_month_texts as t {' '.join(joins)}"
    )


def _select_linked(engine: Engine, release: Release, keys: Sequence[str], folder: Path) -> str:
    """Texts are made once for each certification and each month of use, not for each month in force."""
    quote = engine.dialect.quote
    of_person = release.columns("persons")
    survey, special = _survey(release.columns("certifications"))
    of_certification = [key for key in keys if key not in of_person]
    carried = "".join(f", c.{quote(key)}" for key in of_certification)
    engine.materialise(
        "certification_texts",
        f"select c.person_id, c.from_month, c.to_month{carried}, {_vector(engine, survey, 'c')} as survey_vector, "
        f"{_vector(engine, special, 'c')} as special_care from released_certifications as c",
        folder / "certification_texts",
    )
    engine.view(
        "month_kind_lines",
        "select distinct person_id, service_month as month, substr(service_code, 1, 2) as kind from released_benefits",
    )
    engine.materialise(
        "month_kinds",
        f"select person_id, month, coalesce({engine.dialect.sorted_set('kind')}, '') as kinds from month_kind_lines "
        "group by person_id, month",
        folder / "month_kinds",
    )
    engine.view("release_months", "select distinct month from month_kinds")
    # A month without use has the empty set.
    engine.view("all_kinds", "select distinct kinds from month_kinds union select '' as kinds")
    sources = ", ".join(f"{'p' if key in of_person else 'c'}.{quote(key)}" for key in keys)
    joins = [
        _number(engine, "survey_vector", "certification_texts", "c"),
        _number(engine, "special_care", "certification_texts", "c"),
    ]
    _number(engine, "kinds", "all_kinds", "k")
    return (
        f"select w.person, w.period, m.month, {sources}, {_NUMBERED} from certification_texts as c "
        "join release_months as m on m.month >= c.from_month and m.month <= c.to_month "
        "join released_persons as p on p.person_id = c.person_id join traced_ids as w on w.person_id = c.person_id "
        "left join month_kinds as k on k.person_id = c.person_id and k.month = m.month "
        f"join kinds_numbers as kinds_n on kinds_n.kinds = coalesce(k.kinds, '') {' '.join(joins)}"
    )
