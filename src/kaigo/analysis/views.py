"""The three layouts of a source as views of one shape (see `AnalysisSource`)."""

from __future__ import annotations

from kaigo.deidentify import Release
from kaigo.engine import Engine
from kaigo.tables import BIRTH_COLUMNS, CareTables, survey_columns
from kaigo.tables.in_force import select_in_force, select_months

DISEASE = "primary_disease"


def _month_text(engine: Engine, expression: str) -> str:
    return f"substr(cast({expression} as {engine.dialect.text_type}), 1, 7)"


def view_care(engine: Engine, tables: CareTables) -> tuple[str, ...]:
    """Running numbers for persons and certifications; the certification in force a month."""
    tables.scan(engine)
    engine.view(
        "analysis_numbers",
        "select t.insurer_number, t.insured_number, t.birth_date, t.sex, t.disqualified_on, "
        "cast(row_number() over (order by t.insurer_number, t.insured_number) as integer) as person "
        "from persons as t",
    )
    birth, month = _month_text(engine, "birth_date"), _month_text(engine, "t.service_month")
    engine.view("analysis_persons", f"select person, {birth} as birth_month, sex from analysis_numbers")
    same_person = "p.insurer_number = t.insurer_number and p.insured_number = t.insured_number"
    kept = (*survey_columns(), DISEASE)
    listed = engine.dialect.columns(kept, "t")
    engine.view(
        "analysis_certifications",
        # All columns take part in the order: of equal certifications, every reading numbers them alike.
        "select p.person, cast(row_number() over (order by p.person, t.valid_from, t.valid_to, t.care_level, "
        f"{listed}) as integer) as certification, t.valid_from, t.care_level, "
        # A certification ends with the qualification (death, moving away), whatever its written end.
        "case when p.disqualified_on < t.valid_to then p.disqualified_on else t.valid_to end as valid_to, "
        f"{listed} from certifications as t join analysis_numbers as p on {same_person}",
    )
    engine.view("analysis_service_months", select_months("benefits"))
    engine.view("analysis_in_force", select_in_force("analysis_certifications", "analysis_service_months"))
    in_force_month = _month_text(engine, "f.service_month")
    engine.view(
        "analysis_certified",
        f"select f.person, {in_force_month} as month, f.certification, c.care_level, "
        f"{engine.dialect.columns(kept, 'c')} from analysis_in_force as f "
        "join analysis_certifications as c on c.certification = f.certification",
    )
    engine.view(
        "analysis_benefits",
        f"select p.person, {month} as service_month, t.service_code, t.days, t.units from benefits as t "
        f"join analysis_numbers as p on {same_person}",
    )
    return kept


def view_linked(engine: Engine, release: Release) -> tuple[str, ...]:
    """Where the months of two certifications of a pseudonym overlap, the later one counts."""
    release.scan(engine)
    persons = [name for name in (*BIRTH_COLUMNS, "sex") if name in release.columns("persons")]
    engine.view(
        "analysis_persons",
        f"select {', '.join(['t.person_id as person', *(f't.{name}' for name in persons)])} "
        "from released_persons as t",
    )
    engine.view(
        "analysis_benefits",
        "select t.person_id as person, t.service_month, t.service_code, t.days, t.units "
        "from released_benefits as t",
    )
    columns = release.columns("certifications")
    kept = tuple(name for name in (*survey_columns(), DISEASE) if name in columns)
    listed = "".join(f", c.{engine.dialect.quote(name)}" for name in kept)
    engine.view(
        "analysis_numbered",
        f"select c.person_id as person, c.from_month, c.to_month, c.care_level{listed}, "
        "row_number() over (partition by c.person_id order by c.from_month, c.to_month, c.care_level"
        f"{listed}) "
        "as certification from released_certifications as c",
    )
    listed_again = "".join(f", {engine.dialect.quote(name)}" for name in kept)
    engine.view(
        "analysis_certified",
        f"select person, month, certification, care_level{listed_again} from ("
        f"select c.person, m.month, c.certification, c.care_level{listed}, row_number() over ("
        "partition by c.person, m.month order by c.certification desc) as place "
        "from analysis_numbered as c join (select distinct service_month as month from released_benefits) as m "
        "on c.from_month <= m.month and c.to_month >= m.month) as ranked where place = 1",
    )
    return tuple(columns)


def view_joined(engine: Engine, release: Release) -> tuple[str, ...]:
    """One row a benefit line. Nobody is named, and nobody is sought."""
    release.scan(engine)
    columns = release.columns("joined")
    kept = [name for name in (*survey_columns(), DISEASE) if name in columns]
    listed = "".join(f", t.{engine.dialect.quote(name)}" for name in kept)
    engine.view(
        "analysis_certified",
        "select cast(null as integer) as person, t.service_month as month, cast(null as integer) as certification, "
        f"t.care_level, t.service_code, t.units{listed} from released as t",
    )
    return tuple(columns)
