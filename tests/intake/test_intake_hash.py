"""The content hash of the benefits, taken while they are read where that can be, is that of the written table."""

from pathlib import Path

import pytest
from intake_files import BENEFITS, read_in, rows, write_sources

from hash_oracle import hash_rows
from kaigo.intake import IntakeResult, load_checks, run_intake
from kaigo.intake.decoding import DecodedFile
from kaigo.tables import care_tables, load_schemas
from kaigo.tables.content_hash import key_first

LINES = [f"{line}\n" for line in BENEFITS.splitlines()[1:]]


def hash_written(result: IntakeResult) -> str:
    schema = load_schemas()["benefits"]
    kinds = {c.name: "text" if str(c.dtype) == "string" else str(c.dtype) for c in schema.columns}
    return hash_rows(
        rows(result, "benefits"), {name: kinds[name] for name in key_first(schema.names, schema.key)}
    )


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that are read again for their hash."""
    asked: list[str] = []
    take = care_tables.hash_table

    def note(engine, relation, *of):  # type: ignore[no-untyped-def]
        asked.append(relation)
        return take(engine, relation, *of)

    monkeypatch.setattr(care_tables, "hash_table", note)
    return asked


@pytest.mark.parametrize(
    ("lines", "again"), [(LINES, False), (LINES[::-1], True), ([*LINES, LINES[0]], True)]
)
def test_rows_in_key_order_are_not_read_again(
    tmp_path: Path, hashed: list[str], lines: list[str], again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DecodedFile.__init__, "__defaults__", (97,))
    result = read_in(tmp_path, benefits=BENEFITS.split("\n")[0] + "\n" + "".join(lines))
    assert result.tables.content_sha256["benefits"] == hash_written(result)
    assert ("hashed_benefits" in hashed) == again


def test_hash_is_of_the_rows_that_the_checks_across_tables_leave(tmp_path: Path, hashed: list[str]) -> None:
    (tmp_path / "rules.csv").write_text("rule,action\nperson_unknown,quarantine\n", encoding="utf-8")
    sources = write_sources(tmp_path, benefits=BENEFITS + LINES[-1].replace("0000000002", "0000000009"))
    result = run_intake(sources, tmp_path / "out", checks=load_checks(tmp_path / "rules.csv"))
    assert len(rows(result, "benefits")) == len(LINES)
    assert result.tables.content_sha256["benefits"] == hash_written(result)
    assert "hashed_benefits" in hashed
