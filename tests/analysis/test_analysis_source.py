"""Care tables and releases come into one shape."""

from collections.abc import Callable
from pathlib import Path

import pytest
from release_factory import build_release

from kaigo.analysis import open_source
from kaigo.analysis.rules import load_conditions, load_patterns, load_profiles
from kaigo.engine import open_engine
from kaigo.errors import EmptyResultError, InputError
from kaigo.tables import CareTables, find_survey_item, load_service_kinds, survey_columns

Make = Callable[..., CareTables]
MONTHS = [f"2024-{month:02d}" for month in range(4, 10)]


def _lines(*months: str, person: int = 1, **values: object) -> list[dict[str, object]]:
    return [{"person": person, "service_month": month, **values} for month in months]


def test_level_of_a_month_is_that_of_its_last_day_and_else_of_any_day(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "valid_from": "2024-01-01", "valid_to": "2024-05-10", "care_level": "21"},
        {"person": 1, "valid_from": "2024-05-11", "valid_to": "2024-06-20", "care_level": "23"},
    ]
    tables = make_tables([1], certifications, _lines("2024-04", "2024-05", "2024-06", "2024-07"))
    with open_engine() as engine:
        source = open_source(engine, tables)
        found = engine.rows("select month, care_level from analysis_states order by month")
        assert found == [("2024-04", "21"), ("2024-05", "23"), ("2024-06", "23")]
        assert source.months == ("2024-04", "2024-05", "2024-06", "2024-07")
        assert engine.count("analysis_lines") == 3  # July has no certification in force


def test_a_certification_ends_with_death_whatever_its_written_end(make_tables: Make) -> None:
    people = [{"person": 1, "disqualified_on": "2024-05-03", "disqualified_reason": "死亡"}, 2]
    tables = make_tables(people, None, _lines(*MONTHS, person=2))
    with open_engine() as engine:
        open_source(engine, tables)
        rows = engine.rows("select month from analysis_states where person = 1 order by month")
        assert rows == [("2024-04",), ("2024-05",)]


def test_later_certification_counts_where_months_of_a_pseudonym_overlap(tmp_path: Path) -> None:
    release = build_release(
        tmp_path / "r",
        "linked",
        {
            "persons": [{"person_id": "a", "birth_month": "1940-01", "sex": 1}],
            "certifications": [
                {"person_id": "a", "from_month": "2024-04", "to_month": "2024-06", "care_level": "21"},
                {"person_id": "a", "from_month": "2024-05", "to_month": "2024-05", "care_level": "24"},
            ],
            "benefits": [
                {"person_id": "a", "service_month": m, "service_code": "111111", "days": 1, "units": 1}
                for m in MONTHS[:3]
            ],
        },
    )
    with open_engine() as engine:
        open_source(engine, release)
        rows = engine.rows("select month, care_level from analysis_states order by month")
        assert rows == [("2024-04", "21"), ("2024-05", "24"), ("2024-06", "21")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("111111", ("11", "G1", 1, 0)),
        ("11-03", ("11", "G1", 1, 1)),
        ("11", ("11", "G1", 1, 1)),
        ("G1", ("G1", "G1", None, 1)),  # 訪問 holds kinds inside and outside the limit
        ("G2", ("G2", "G2", 1, 1)),
        ("G5", ("G5", "G5", 0, 1)),
        ("311111", ("31", "G1", 0, 0)),
        ("431111", ("43", "G7", 0, 0)),
        ("ZZ1111", ("ZZ", "X", None, 0)),
        (None, ("", "X", None, 1)),
    ],
)
def test_a_code_finds_its_place_at_every_depth(
    tmp_path: Path, code: str | None, expected: tuple[object, ...]
) -> None:
    line = {"care_level": "21", "service_month": "2024-04", "service_code": code, "days": 1, "units": 5}
    release = build_release(tmp_path / "r", "joined", {"joined": [line]}, rotate_months=None)
    with open_engine() as engine:
        source = open_source(engine, release)
        assert engine.rows("select kind, category, inside, rolled from analysis_lines") == [expected]
        assert source.unit == "行"
        assert source.coverages == ()


def test_periods_of_a_pseudonym_are_counted_from_the_first_month(tmp_path: Path) -> None:
    months = [f"2024-{month:02d}" for month in range(4, 13)]
    release = build_release(
        tmp_path / "r",
        "linked",
        {
            "persons": [{"person_id": "a"}],
            "certifications": [
                {"person_id": "a", "from_month": months[0], "to_month": months[-1], "care_level": "21"}
            ],
            "benefits": [
                {"person_id": "a", "service_month": m, "service_code": "111111", "days": 1, "units": 1}
                for m in months
            ],
        },
        rotate_months=6,
    )
    with open_engine() as engine:
        spans = [(c.first, c.last) for c in open_source(engine, release).coverages]
    assert spans == [("2024-04", "2024-09"), ("2024-10", "2024-12")]


def test_no_benefit_line_is_explained(make_tables: Make) -> None:
    with open_engine() as engine, pytest.raises(EmptyResultError, match="介護給付情報が1件もありません"):
        open_source(engine, make_tables([1], None, []))


def test_rules_name_real_items_options_and_categories() -> None:
    conditions = {condition.id: condition for condition in load_conditions()}
    for condition in conditions.values():
        for column in condition.columns:
            assert column in survey_columns()
            assert set(condition.codes) <= set(find_survey_item(column).codes)
    for axis in load_profiles()["axes"].values():
        assert set(axis) <= set(conditions)
    categories = {kind.category_code for kind in load_service_kinds().values()}
    assert set(load_patterns()) == categories | {"X"}


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_a_release_without_a_needed_column_is_refused_by_name(tmp_path: Path, layout: str) -> None:
    person, month = {"person_id": "a", "sex": 1}, {"service_month": "2024-04", "service_code": "訪問"}
    joined = {"joined": [{"sex": 1, "care_level": "21", **month}]}
    linked = {
        "persons": [person],
        "certifications": [{"person_id": "a", "from_month": "2024-04", "to_month": "2024-04"}],
        "benefits": [{"person_id": "a", **month, "days": 1}],
    }
    release = build_release(tmp_path / "r", layout, joined if layout == "joined" else linked)
    with open_engine() as engine, pytest.raises(InputError) as refusal:
        open_source(engine, release)
    assert "分析に要る列が提供されていません" in refusal.value.what
    assert "点数" in str(refusal.value.found)
    assert ("要介護状態区分" in str(refusal.value.found)) is (layout == "linked")
