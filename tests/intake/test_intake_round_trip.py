"""What the project writes as a municipality's CSV comes back as it was."""

from pathlib import Path

import pytest
from intake_files import BENEFITS, PERSONS, assert_balanced, read_in, write_sources

from kaigo.intake import IntakeSources, run_intake
from kaigo.tables import load_schemas, load_survey_items
from kaigo.tables.municipal_csv import write_municipal_csv

TOWN = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "town"


def full_certifications() -> str:
    """Two certifications with every column given."""
    schema, items = load_schemas()["certifications"], {item.column: item for item in load_survey_items()}
    head = ",".join(f'"{column.label}"' for column in schema.columns)
    lines = []
    for number in (1, 2):
        fixed = {
            "insurer_number": "131016",
            "insured_number": f"{number:010d}",
            "application_kind": "新規",
            "applied_on": "平成29年3月1日",
            "surveyed_on": "平成29年3月8日",
            "valid_from": "平成29年3月1日",
            "valid_to": "平成30年2月28日",
            "care_level": f"要介護{number}",
            "primary_disease": "脳血管疾患",
        }
        options = {name: item.options[number % len(item.options)] for name, item in items.items()}
        lines.append(",".join((fixed | options)[name] for name in schema.names))
    return "\n".join([head, *lines, ""])


def test_tables_written_as_municipal_csv_come_back_with_the_same_content(tmp_path: Path) -> None:
    first = read_in(tmp_path, certifications=full_certifications())
    assert_balanced(first)
    assert [entry["rows_quarantined"] for entry in first.report["files"]] == [0, 0, 0]
    paths = write_municipal_csv(first.tables, tmp_path / "csv")
    second = run_intake(IntakeSources(**paths), tmp_path / "again")
    assert_balanced(second)
    assert second.tables.content_sha256 == first.tables.content_sha256


def test_synthetic_mark_is_given_by_the_caller(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, persons=PERSONS, benefits=BENEFITS)
    assert run_intake(sources, tmp_path / "out", synthetic=True).tables.is_synthetic


def test_progress_tells_table_and_bytes_up_to_the_whole_file(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    sources = write_sources(tmp_path)
    run_intake(sources, tmp_path / "out", progress=lambda *call: calls.append(call))
    size = sources.persons.stat().st_size
    assert ("個人属性情報", size, size) in calls
    assert {label for label, _, _ in calls} == {schema.label for schema in load_schemas().values()}


@pytest.mark.skipif(not (TOWN / "persons.csv").is_file(), reason="the committed town is not there")
def test_committed_town_is_accepted_whole(tmp_path: Path) -> None:
    paths = {table: TOWN / f"{table}.csv" for table in load_schemas()}
    result = run_intake(IntakeSources(**paths), tmp_path / "town", synthetic=True)
    assert_balanced(result)
    assert [entry["rows_quarantined"] for entry in result.report["files"]] == [0, 0, 0]
