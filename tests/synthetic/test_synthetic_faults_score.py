"""Intake is scored on files with known faults: what it finds, what it names, what it must not reject."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from kaigo.intake import IntakeSources, load_rules, run_intake
from kaigo.synthetic import (
    Fault,
    SynthesisPlan,
    find_rejected_sound_rows,
    read_faults,
    score_intake,
    synthesize,
)
from kaigo.synthetic.faults import load_fault_kinds
from kaigo.tables.wareki import parse_date


class Town(NamedTuple):
    folder: Path
    faults: tuple[Fault, ...]
    report: Mapping[str, Any]


@pytest.fixture(scope="module", params=[0.02, 0.4])
def town(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Town:
    """A small town's files, with one faulty row in fifty and with four in ten, as intake reads them."""
    folder = tmp_path_factory.mktemp("faults")
    synthesize(folder / "care", SynthesisPlan(400, 12, seed=3), csv=True, faults=request.param)
    files = [folder / "care/csv" / f"{name}.csv" for name in ("persons", "certifications", "benefits")]
    report = run_intake(IntakeSources(*files), folder / "own", synthetic=True).report
    return Town(folder / "care", read_faults(folder / "care/truth/faults.csv"), report)


def test_every_rule_that_names_a_fault_is_a_rule_of_intake() -> None:
    named = {rule for kind in load_fault_kinds() for rule in kind.rules}
    assert named <= set(load_rules())


def test_intake_finds_and_names_every_kind_of_single_file_fault(town: Town) -> None:
    score = score_intake(town.faults, town.report)
    single = score[score["scope"] == "single"]
    assert len(single) == sum(kind.scope == "single" for kind in load_fault_kinds())
    assert single["planted"].min() >= 1
    assert single[single["share"] < 0.99].empty, single.to_string()


def test_intake_finds_every_kind_of_cross_file_fault_and_names_it_where_the_person_is_known(
    town: Town,
) -> None:
    score = score_intake(town.faults, town.report)
    cross = score[score["scope"] == "cross"]
    assert len(cross) == sum(kind.scope == "cross" for kind in load_fault_kinds())
    assert cross["planted"].min() >= 1
    assert cross[cross["found"] < 0.99 * cross["planted"]].empty, cross.to_string()
    # When a person left cannot be known where the person's own row was set apart.
    persons = set(pq.read_table(town.folder.parent / "own/persons")["insured_number"].to_pylist())
    lines = (town.folder / "csv/benefits.csv").read_bytes().split(b"\n")
    known = [
        fault
        for fault in town.faults
        if fault.scope == "cross"
        and (
            fault.kind != "benefit_after_exit"
            or lines[fault.line - 1].split(b",")[1].strip(b'"').decode() in persons
        )
    ]
    named = score_intake(known, town.report)
    assert len(named) == len(cross)
    assert named[named["share"] < 0.99].empty, named.to_string()


def test_intake_rejects_no_sound_row(town: Town) -> None:
    assert find_rejected_sound_rows(town.faults, town.report) == []


def test_a_change_of_level_inside_a_month_is_kept(town: Town) -> None:
    planted = {fault.line for fault in town.faults if fault.file == "certifications.csv"}
    entry = next(entry for entry in town.report["files"] if entry["table"] == "certifications")
    rejected = {row["line"] for row in entry["quarantine"]}
    path = town.folder / "csv/certifications.csv"
    rows = [
        [field.strip('"') for field in line.split(",")]
        for line in path.read_text(encoding="cp932", errors="replace").split("\n")[:-1]
    ]
    number, kind, start, end = (
        rows[0].index(name) for name in ("被保険者番号", "申請区分", "認定有効期間開始", "認定有効期間終了")
    )
    sound = [(line, row) for line, row in enumerate(rows, 1) if line > 1 and line not in planted]
    changed = 0
    for (line, row), (later_line, later) in pairwise(sound):
        if row[number] == later[number] and later[kind] == "区分変更":
            closed, begun = parse_date(row[end]), parse_date(later[start])
            assert closed is not None and begun is not None and closed < begun
            changed += closed.replace(day=1) == begun.replace(day=1)
            assert not {line, later_line} & rejected
    assert changed >= 1


def test_a_fault_that_is_missed_or_named_wrongly_lowers_the_score_of_its_kind() -> None:
    def plant(line: int) -> Fault:
        return Fault("benefits.csv", line, "点数", "negative_number", "single", "5", "-5", line)

    faults = (plant(2), plant(3), plant(4))
    quarantine = [
        {"line": 2, "rule": "date_impossible", "also": [{"rule": "number_negative"}]},
        {"line": 3, "rule": "number_unreadable"},
        {"line": 9, "rule": "number_negative"},
    ]
    report = {"files": [{"file": "benefits.csv", "quarantine": quarantine, "warnings": []}]}
    score = score_intake(faults, report).iloc[0]
    assert (score["planted"], score["found"], score["named"]) == (3, 2, 1)
    assert find_rejected_sound_rows(faults, report) == [("benefits.csv", 9)]


def test_either_of_two_equal_lines_may_be_named() -> None:
    fault = Fault("benefits.csv", 5, "", "duplicated_line", "single", "x", "x", 4)
    warning = {"rule": "benefit_line_duplicate", "lines": [4]}
    report = {"files": [{"file": "benefits.csv", "quarantine": [], "warnings": [warning]}]}
    assert score_intake((fault,), report).iloc[0]["named"] == 1
