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
    engine.materialise("person_month_texts", select(engine, release, keys), folder / "person_month_texts")
    vectors = ("survey_vector", "special_care", "kinds")
    for name in vectors:
        # Numbers for the few distinct texts, not an order of all rows by long ones.
        engine.view(
            f"{name}_numbers",
            f"select {name}, row_number() over (order by {name}) as number "
            f"from (select distinct {name} from person_month_texts) as d",
        )
    joins = " ".join(f"join {name}_numbers as {name[:2]} on {name[:2]}.{name} = t.{name}" for name in vectors)
    numbered = ", ".join(f"{name[:2]}.number as {name}" for name in vectors)
    engine.materialise(
        "person_months",
        f"select {engine.dialect.columns(('person', 'period', 'month', *keys), 't')}, {numbered} "
        f"from person_month_texts as t {joins}",
        folder / "person_months",
    )


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


def _select_joined(engine: Engine, release: Release, keys: Sequence[str]) -> str:
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
    return (
        "select f.person, 0 as period, f.month, "
        f"{engine.dialect.columns(tuple(keys), 't')}, {_vector(engine, survey, 't')} as survey_vector, "
        f"{_vector(engine, special, 't')} as special_care, f.kinds "
        "from first_lines as f join released_positions as t on t.row_position = f.row_position"
    )


def _select_linked(engine: Engine, release: Release, keys: Sequence[str]) -> str:
    quote = engine.dialect.quote
    of_person = release.columns("persons")
    survey, special = _survey(release.columns("certifications"))
    sources = ", ".join(f"{'p' if key in of_person else 'c'}.{quote(key)}" for key in keys)
    engine.view("release_months", "select distinct service_month as month from released_benefits")
    engine.view(
        "month_kinds",
        f"select person_id, service_month as month, {engine.dialect.sorted_set('substr(service_code, 1, 2)')} as kinds "
        "from released_benefits group by person_id, service_month",
    )
    return (
        f"select w.person, w.period, m.month, {sources}, "
        f"{_vector(engine, survey, 'c')} as survey_vector, {_vector(engine, special, 'c')} as special_care, "
        "coalesce(k.kinds, '') as kinds from released_certifications as c "
        "join release_months as m on m.month >= c.from_month and m.month <= c.to_month "
        "join released_persons as p on p.person_id = c.person_id join traced_ids as w on w.person_id = c.person_id "
        "left join month_kinds as k on k.person_id = c.person_id and k.month = m.month"
    )
