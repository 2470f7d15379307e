"""What a release shows of each person in each month, traced through the crosswalk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaigo.deidentify import Release
from kaigo.engine import Engine
from kaigo.tables import survey_columns

SPECIAL_CARE_PREFIX = "survey_6_"
AT_ONCE = 2_000_000
"""Certifications whose months are laid out at once; of more, month by month, so that memory does not grow with the data."""
BITS = 60
"""Kinds in one whole number."""


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
    target = folder / "person_months"
    if release.layout == "joined":
        engine.materialise("person_months", _select_joined(engine, release, keys, folder), target)
        return
    select = _select_linked(engine, release, keys, folder)
    months = [str(month) for (month,) in engine.rows("select month from release_months order by month")]
    if engine.count("traced_certifications") <= AT_ONCE:
        engine.materialise(
            "person_months", select.format(months="release_months", kinds="month_kinds"), target
        )
        return
    selects = []
    for month in months:
        own = f"where month = {engine.dialect.text(month)}"
        selects.append(
            select.format(
                months=f"(select month from release_months {own})",
                kinds=f"(select person, month, kinds from month_kinds {own})",
            )
        )
    engine.materialise_passes("person_months", selects, target)


def _number(engine: Engine, name: str, texts: str, alias: str) -> str:
    """Running numbers for the distinct texts of a column (not an order of all rows by long ones); their join to ``alias``."""
    engine.view(
        f"{name}_numbers",
        f"select {name}, cast(row_number() over (order by {name}) as integer) as number from (select distinct {name} from {texts}) as d",
    )
    return f"join {name}_numbers as {name}_n on {name}_n.{name} = {alias}.{name}"


_NUMBERED = ", ".join(f"{name}_n.number as {name}" for name in ("survey_vector", "special_care", "kinds"))


def _vector(engine: Engine, columns: Sequence[str], alias: str) -> str:
    if not columns:
        return "''"
    text = engine.dialect.text_type
    values = ", ".join(f"coalesce(cast({alias}.{engine.dialect.quote(c)} as {text}), '-')" for c in columns)
    # 128 bits of a hash in place of 150 letters: ten million of them must find place, and only their equality counts.
    hashed = engine.dialect.sha256(f"concat_ws(',', {values})")
    return f"substr({hashed}, 1, 32)"


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
    """Texts become numbers for each certification and each month of use, before the months in force are laid out.

    One look-up a step, so that memory does not grow with the country. In the SELECT, ``{months}`` and ``{kinds}`` stand for
    ``release_months`` and ``month_kinds``, or for one month of them.
    """
    quote = engine.dialect.quote
    of_person = release.columns("persons")
    survey, special = _survey(release.columns("certifications"))
    own = "".join(f", p.{quote(key)}" for key in keys if key in of_person)
    carried = "".join(f", c.{quote(key)}" for key in keys if key not in of_person)
    steps = {
        "traced_persons": f"select w.person_id, w.person, w.period{own} from traced_ids as w "
        "join released_persons as p on p.person_id = w.person_id",
        "certification_texts": f"select c.person_id, c.from_month, c.to_month{carried}, "
        f"{_vector(engine, survey, 'c')} as survey_vector, {_vector(engine, special, 'c')} as special_care "
        "from released_certifications as c",
    }
    for name, select in steps.items():
        engine.materialise(name, select, folder / name)
    joins = [_number(engine, name, "certification_texts", "c") for name in ("survey_vector", "special_care")]
    numbers = "survey_vector_n.number as survey_vector, special_care_n.number as special_care"
    engine.materialise(
        "certification_numbers",
        f"select c.person_id, c.from_month, c.to_month{carried}, {numbers} from certification_texts as c "
        + " ".join(joins),
        folder / "certification_numbers",
    )
    engine.materialise(
        "traced_certifications",
        f"select p.person, p.period, c.from_month, c.to_month{own}{carried}, c.survey_vector, c.special_care "
        "from certification_numbers as c join traced_persons as p on p.person_id = c.person_id",
        folder / "traced_certifications",
    )
    no_use = _store_month_kinds(engine, folder)
    return (
        f"select c.person, c.period, m.month, {engine.dialect.columns(tuple(keys), 'c')}, c.survey_vector, c.special_care, "
        f"coalesce(k.kinds, {no_use}) as kinds from traced_certifications as c "
        "join (select s.from_month, s.to_month, m.month from "
        # The months of each pair of first and last month: pairs are few, and certifications then join by equality.
        "(select distinct from_month, to_month from traced_certifications) as s "
        "join {months} as m on m.month >= s.from_month and m.month <= s.to_month) as m "
        "on m.from_month = c.from_month and m.to_month = c.to_month "
        "left join {kinds} as k on k.person = c.person and k.month = m.month"
    )


def _store_month_kinds(engine: Engine, folder: Path) -> int:
    """Step ``month_kinds``: the number of the set of service kinds of each person and month with use; that of the empty set.

    A set is one or more whole numbers with a bit for each of its kinds, so that it is added up line by line.
    """
    kind = "substr(b.service_code, 1, 2)"
    found = engine.rows(f"select distinct {kind} as kind from released_benefits as b order by kind")
    kinds = [str(each) for (each,) in found if each is not None]
    parts = max(-(-len(kinds) // BITS), 1)
    engine.values_view(
        "kind_bits",
        [{"kind": each, "part": place // BITS, "bit": 1 << place % BITS} for place, each in enumerate(kinds)],
        {"kind": engine.dialect.text_type, "part": "integer", "bit": "bigint"},
    )
    masks = ", ".join(f"bit_or(case when n.part = {part} then n.bit else 0 end)" for part in range(parts))
    engine.materialise(
        "month_kind_sets",
        f"select p.person, b.service_month as month, concat_ws('-', {masks}) as kinds from released_benefits as b "
        f"join kind_bits as n on n.kind = {kind} join traced_persons as p on p.person_id = b.person_id "
        "group by p.person, b.service_month",
        folder / "month_kind_sets",
    )
    engine.view("release_months", "select distinct service_month as month from released_benefits")
    # A month without use has the empty set.
    empty = engine.dialect.text("-".join(["0"] * parts))
    engine.view("all_kinds", f"select distinct kinds from month_kind_sets union select {empty} as kinds")
    join = _number(engine, "kinds", "all_kinds", "k")
    engine.materialise(
        "month_kinds",
        f"select k.person, k.month, kinds_n.number as kinds from month_kind_sets as k {join}",
        folder / "month_kinds",
    )
    return int(engine.value(f"select number from kinds_numbers where kinds = {empty}"))
