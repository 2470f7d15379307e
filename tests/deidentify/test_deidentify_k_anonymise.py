"""k-anonymising as a rule of a standard: persons counted, types kept where nothing is generalised, the ledger closes."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lattice_oracle import find_best
from rule_runner import Outcome, make_rule, run_rules

from care_factory import build_care_tables
from kaigo.errors import StandardError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
MONTHS = {"1943-02": "1943", "1943-05": "1943", "1951-07": "1951"}
LEVELS = {"21": "軽", "22": "軽", "25": "重"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_hierarchies(tmp_path / "h")
    return tmp_path / "h"


def write_hierarchies(folder: Path) -> None:
    folder.mkdir()
    for name, uppers in (("birth_date", MONTHS), ("care_level", LEVELS)):
        text = "".join(f"{value};{upper};*\n" for value, upper in uppers.items())
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "sex.csv").write_text("1;*\n2;*\n", encoding="utf-8")


def only(folder: Path, *names: str) -> str:
    for path in folder.iterdir():
        if path.stem not in names:
            path.unlink()
    return str(folder)


def run(tables: CareTables, *columns: str, hierarchies: str, k: int = 2, suppression: float = 0.0) -> Outcome:
    month = make_rule("generalise_to_month", "persons.birth_date")
    rule = make_rule("k_anonymise", columns, k=k, suppression=suppression, hierarchies=hierarchies)
    return run_rules(tables, month, rule, table=columns[0].partition(".")[0])


def born(*days: str) -> list[dict[str, object]]:
    return [{"person": number, "birth_date": day} for number, day in enumerate(days, 1)]


def certified(persons: int) -> list[dict[str, object]]:
    return [{"person": number} for number in range(1, persons + 1)]


def test_the_example_of_the_docstring(make_tables: Make, folder: Path) -> None:
    days = ("1943-02-19", "1943-05-01", "1951-07-03")
    tables = make_tables(born(*days), certified(3), certified(3))
    done = run(tables, "persons.birth_date", hierarchies=only(folder, "birth_date"), suppression=0.34)
    assert done.values("birth_date") == ["1943", "1943", None]
    assert (done.entry.cells_changed, done.entry.persons_touched) == (3, 3)
    assert (done.entry.rows_in, done.entry.rows_out) == (3, 3)
    assert "段階 birth_date 1" in done.entry.note
    assert "1人" in done.entry.note


def test_a_column_that_is_not_generalised_keeps_its_type(make_tables: Make, folder: Path) -> None:
    persons = born("1943-02-19", "1943-02-01", "1943-05-03", "1943-05-04", "1951-07-01")
    for person, sex in zip(persons, (1, 1, 2, 2, 2), strict=True):
        person["sex"] = sex
    tables = make_tables(persons, certified(5), certified(5))
    columns = ("persons.birth_date", "persons.sex")
    done = run(tables, *columns, hierarchies=only(folder, "birth_date", "sex"), suppression=0.2)
    assert done.values("birth_date") == ["1943-02", "1943-02", "1943-05", "1943-05", None]
    assert done.values("sex") == [1, 1, 2, 2, None]
    assert (done.entry.cells_changed, done.entry.persons_touched) == (2, 1)


def test_a_person_s_several_certifications_count_once(make_tables: Make, folder: Path) -> None:
    spans = [("2024-01-01", "2024-04-14"), ("2024-04-15", "2025-12-31")]
    certifications = [
        {"person": person, "valid_from": first, "valid_to": last, "care_level": level}
        for person, level in ((1, "25"), (2, "21"), (3, "22"))
        for first, last in spans
    ]
    lines = [{"person": n, "service_month": m} for n in (1, 2, 3) for m in ("2024-03", "2024-04")]
    tables = make_tables([{"person": n} for n in (1, 2, 3)], certifications, lines)
    hierarchies = only(folder, "care_level")
    # 25 stands in two rows of one person: no class of two persons.
    done = run(tables, "certifications.care_level", hierarchies=hierarchies)
    assert set(done.values("care_level")) == {None}
    done = run(tables, "certifications.care_level", hierarchies=hierarchies, suppression=0.34)
    assert done.values("care_level") == [None, None, "軽", "軽", "軽", "軽"]


def test_what_cannot_be_done_is_named(make_tables: Make, folder: Path) -> None:
    tables = make_tables(born("1943-02-19", "1960-01-01"), certified(2), certified(2))
    with pytest.raises(StandardError, match="1つの表の列だけ"):
        run(tables, "persons.sex", "certifications.care_level", hierarchies=str(folder))
    with pytest.raises(StandardError, match="階層のファイルにない値") as refused:
        run(tables, "persons.birth_date", hierarchies=only(folder, "birth_date"))
    assert "1960" not in str(refused.value)
    with pytest.raises(StandardError, match="階層のファイルがない列") as refused:
        run(tables, "persons.birth_date", "persons.sex", hierarchies=str(folder))
    assert "sex.csv" in str(refused.value)


@pytest.mark.slow  # each example writes and reads tables
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(st.tuples(st.sampled_from(sorted(MONTHS)), st.integers(1, 2)), min_size=2, max_size=9))
def test_every_combination_left_has_k_persons_and_no_choice_loses_less(
    people: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        write_hierarchies(Path(place) / "h")
        persons = [
            {"person": number, "birth_date": f"{month}-01", "sex": sex}
            for number, (month, sex) in enumerate(people, 1)
        ]
        tables = build_care_tables(
            Path(place) / "care", persons, certified(len(people)), certified(len(people))
        )
        hierarchies = only(Path(place) / "h", "birth_date", "sex")
        done = run(tables, "persons.birth_date", "persons.sex", hierarchies=hierarchies, suppression=0.25)
    rows = [(month, str(sex)) for month, sex in people]
    best = find_best(
        rows, range(len(rows)), [[(m, y, "*") for m, y in MONTHS.items()], [("1", "*"), ("2", "*")]], 2,
        Fraction(1, 4),
    )  # fmt: skip
    assert best is not None
    assert f"損失 {float(best[0]):.4f}" in done.entry.note
    assert f"birth_date {best[2][0]}、sex {best[2][1]}" in done.entry.note
    groups = defaultdict(int)
    for shown in zip(done.values("birth_date"), done.values("sex"), strict=True):
        groups[shown] += 1
    assert all(number >= 2 for shown, number in groups.items() if shown != (None, None))
