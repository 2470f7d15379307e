"""The ledger and the released rows of a town with everything in it, recomputed apart in pandas."""

import dataclasses
from collections import Counter
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_town import make_town
from reference import Reference, process

from kaigo.deidentify import Key, Release, Standard, load_standard, make_release

LAYOUTS = ("joined", "linked")


@dataclasses.dataclass(frozen=True)
class Made:
    release: Release
    expected: Reference
    standard: Standard


@pytest.fixture(scope="module", params=LAYOUTS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp(request.param)
    tables = make_town().write(folder / "care")
    standard = load_standard("soumu-2018").with_parameters({"delete_rare_answers": {"persons": 12}})
    release = make_release(tables, standard, folder / "release", key=Key.derive(1), layout=request.param)
    return Made(release, process(tables, standard, request.param), standard)


def rows_of(frame: pd.DataFrame, columns: list[str]) -> Counter[tuple[Any, ...]]:
    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        return int(value) if isinstance(value, int | float) else str(value)

    return Counter(tuple(plain(value) for value in row) for row in frame[columns].itertuples(index=False))


def test_the_town_gives_every_rule_something_to_do(made: Made) -> None:
    changed = {key: entry for key, entries in made.expected.counts.items() for entry in entries}
    for rule in ("04-1", "04-2", "06", "09", "10"):
        assert any(entry[2] for (rule_id, _), entry in changed.items() if rule_id == rule), rule
    rows_in, rows_out, _, _ = changed["09", "benefits"]
    assert rows_out < rows_in, "some lines are removed"
    balance = made.release.ledger()["balance"]
    assert all(count > 0 for count in balance["benefits"]["left_out"].values())
    assert all(count > 0 for count in balance["certifications"]["left_out"].values())


def test_the_counts_of_every_rule_agree_with_the_tables(made: Made) -> None:
    entries = made.release.ledger()["rules"]
    found: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for entry in entries:
        counts = (entry["rows_in"], entry["rows_out"], entry["cells_changed"], entry["persons_touched"])
        found.setdefault((entry["id"], entry["table"]), []).append(counts)
    closing = {key: found.pop(key) for key in list(found) if key[1] == "すべての表"}
    assert found == dict(made.expected.counts)
    assert {key[0] for key in closing} == (
        {"※1", "※2", "並べ替え"} if made.release.layout == "linked" else {"※2", "並べ替え"}
    )


def test_every_rule_of_the_standard_is_in_the_ledger_with_clause_and_parameters(made: Made) -> None:
    entries = {entry["id"]: entry for entry in made.release.ledger()["rules"]}
    for rule in made.standard.rules:
        entry = entries[rule.id]
        assert (entry["clause"], entry["clause_2018"], entry["reason"]) == (
            rule.clause_now,
            rule.clause_2018,
            rule.reason,
        )
        assert entry["parameters"] == rule.parameters
        assert entry["seconds"] >= 0
    assert entries["06"]["set_by"] == "自治体"
    assert entries["10"]["set_by"] == "本書"


def test_the_balance_of_every_table_closes(made: Made) -> None:
    ledger = made.release.ledger()
    for table, part in ledger["balance"].items():
        assert part["closes"] is True
        assert part["rows_in"] == part["rows_kept"] + sum(part["left_out"].values())
        assert part["rows_kept"] == len(made.expected.tables[table])
        assert all(count >= 0 for count in part["left_out"].values())


def test_the_released_rows_are_those_of_the_reference(made: Made) -> None:
    tables = made.expected.tables
    persons = tables["persons"].rename(columns={"birth_date": "birth_month"})
    benefits = tables["benefits"].assign(
        service_month=[f"{m:%Y-%m}" for m in tables["benefits"]["service_month"]]
    )
    if made.release.layout == "joined":
        lines = benefits.drop(columns=["certification"]).join(
            tables["certifications"].drop(columns=["who"]), on=benefits["certification"]
        )
        expected = lines.drop(columns=["key_0"], errors="ignore").merge(persons, on="who")
        columns = made.release.columns("joined")
        found = pq.read_table(made.release.provide / "joined").to_pandas()
        assert rows_of(found, columns) == rows_of(expected, columns)
        return
    for table, frame in (("persons", persons), ("benefits", benefits)):
        columns = [column for column in made.release.columns(table) if column != "person_id"]
        found = pq.read_table(made.release.provide / table).to_pandas()
        if table == "persons":  # one row a pseudonym period
            found, frame = found.drop_duplicates(columns), frame.drop_duplicates(columns)
            assert set(rows_of(found, columns)) == set(rows_of(frame, columns))
        else:
            assert rows_of(found, columns) == rows_of(frame, columns)


def test_released_rows_are_counted_in_the_ledger(made: Made) -> None:
    counted = made.release.ledger()["released_rows"]
    for table, rows in counted.items():
        assert pq.read_table(made.release.provide / table).num_rows == rows
    lines = "joined" if made.release.layout == "joined" else "benefits"
    assert counted[lines] == len(made.expected.tables["benefits"])


def test_nobody_below_a_threshold_remains_visible(made: Made) -> None:
    """From what a recipient sees, traced back to persons: each answer and code in each municipality."""
    tables = made.expected.tables
    least = {rule.technique: rule.parameters.get("persons") for rule in made.standard.rules}
    seen = tables["certifications"]
    if made.release.layout == "joined":
        seen = seen.loc[sorted(set(tables["benefits"]["certification"]))]
    for column in (name for name in seen if str(name).startswith("survey_")):
        answered = seen[seen[column].notna()]
        people = answered.groupby([answered["who"].str[0], column])["who"].nunique()
        assert (people >= least["delete_rare_answers"]).all(), column
    lines = tables["benefits"].fillna({"service_code": "(削除)"})
    users = lines.groupby([lines["who"].str[0], "service_code"])["who"].nunique()
    assert (users >= least["roll_up_rare_codes"]).all()
    for column in ("days", "units"):
        for _, group in lines.groupby([lines["who"].str[0], "service_code"]):
            top = group[group[column] == group[column].max()]
            assert top["who"].nunique() >= least["top_code"]
