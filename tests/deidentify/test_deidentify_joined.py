"""Looked up batch by batch or joined by the engine: the same table, the same hash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaigo.deidentify.joined import JoinedParts, hash_joined, pair_heads, stream_joined
from kaigo.deidentify.key import Key
from kaigo.engine import Engine, open_engine
from kaigo.tables import hash_table

COLUMNS = (("born", "sex"), ("answer", "level"), ("month", "units"))
PARTS = JoinedParts("parts_p", "parts_c", "parts_b", COLUMNS)
# Texts that are beginnings of one another, and what the rendering must escape.
TEXTS = st.sampled_from(["", "a", "ab", "a\\", "a\x1f", "a\x1fb", "a\n", "\\N", "\x01", "介", None])
PERSONS = st.lists(st.tuples(TEXTS, st.sampled_from([1, 2, None])), min_size=1, max_size=4)
CERTIFICATIONS = st.lists(st.tuples(st.sampled_from([1, 10, 2, None]), TEXTS), min_size=1, max_size=4)


def write(engine: Engine, folder: Path, name: str, columns: dict[str, pa.Array]) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    engine.scan(name, folder / f"{name}.parquet")


def lay_out(
    engine: Engine,
    folder: Path,
    persons: list[tuple[str | None, int | None]],
    certifications: list[tuple[int | None, str | None]],
    lines: list[tuple[int, int, str | None, int]],
) -> None:
    """Persons and certifications numbered from 1; a line: person, certification, month, units."""
    number = range(1, len(persons) + 1)
    born, sex = zip(*persons, strict=True)
    write(
        engine,
        folder,
        "parts_p",
        {
            "person": pa.array(number, pa.int32()),
            "born": pa.array(born, pa.string()),
            "sex": pa.array(sex, pa.int8()),
        },
    )
    write(
        engine,
        folder,
        "persons_0",
        {
            "person": pa.array(number, pa.int32()),
            "insurer_number": pa.array(["990001"] * len(persons)),
            "insured_number": pa.array([f"{n:010d}" for n in number]),
        },
    )
    answer, level = zip(*certifications, strict=True)
    write(
        engine,
        folder,
        "parts_c",
        {
            "certification": pa.array(range(1, len(certifications) + 1), pa.int32()),
            "answer": pa.array(answer, pa.int8()),
            "level": pa.array(level, pa.string()),
        },
    )
    write(
        engine,
        folder,
        "parts_b",
        {
            "person": pa.array([line[0] for line in lines], pa.int32()),
            "certification": pa.array([line[1] for line in lines], pa.int32()),
            "month": pa.array([line[2] for line in lines], pa.string()),
            "units": pa.array([line[3] for line in lines], pa.int32()),
        },
    )
    engine.view(
        "joined_by_engine",
        "select p.born, p.sex, c.answer, c.level, b.month, b.units, b.person from parts_b as b "
        "join parts_p as p on p.person = b.person join parts_c as c on c.certification = b.certification",
    )
    pair_heads(engine, PARTS, folder)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


@settings(max_examples=12, deadline=None)
@given(PERSONS, CERTIFICATIONS, st.data())
def test_the_hash_by_parts_is_the_hash_of_the_table(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    persons: list[tuple[str | None, int | None]],
    certifications: list[tuple[int | None, str | None]],
    data: st.DataObject,
) -> None:
    line = st.tuples(
        st.integers(1, len(persons)),
        st.integers(1, len(certifications)),
        TEXTS,
        st.sampled_from([2, 10, 100]),
    )
    lines = data.draw(st.lists(line, min_size=1, max_size=8))
    folder = tmp_path_factory.mktemp("parts")
    lay_out(engine, folder, persons, certifications, lines)
    columns = [column for part in COLUMNS for column in part]
    assert hash_joined(engine, PARTS, folder) == hash_table(engine, "joined_by_engine", columns, columns[:1])


def test_heads_are_found_across_batches(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = [(f"{n:03d}", n % 2) for n in range(40)]
    # Every third person has no line, so places have gaps in the lines but none in the heads.
    lines = [(n + 1, 1, f"{m}", m) for n in range(40) if n % 3 for m in range(5)]
    lay_out(engine, tmp_path, persons, [(1, "x")], lines)
    columns = [column for part in COLUMNS for column in part]
    expected = hash_table(engine, "joined_by_engine", columns, columns[:1])
    small = type(engine).batches
    monkeypatch.setattr(type(engine), "batches", lambda self, select, size=7: small(self, select, size))
    assert hash_joined(engine, PARTS, tmp_path) == expected


def test_a_looked_up_table_is_the_engine_s_join_in_a_random_order_and_the_crosswalk_follows(
    engine: Engine, tmp_path: Path
) -> None:
    persons = [("1940-01", 1), ("1950-02", 2), (None, 1)]
    certifications = [(1, "21"), (None, "22")]
    # The last two have no person, no certification: an inner join leaves them out.
    lines = [(1, 1, "a", 5), (2, 2, "b", 4), (3, 1, None, 3), (1, 1, "d", 2), (9, 1, "e", 1), (2, 7, "f", 0)]
    lay_out(engine, tmp_path, persons, certifications, lines)
    rows = stream_joined(engine, PARTS, Key.derive(1), tmp_path, tmp_path / "provide", tmp_path / "crosswalk")
    made = pq.read_table(tmp_path / "provide" / "joined")
    expected = engine.rows("select born, sex, answer, level, month, units, person from joined_by_engine")
    traced = pq.read_table(tmp_path / "crosswalk" / "rows").to_pylist()
    assert rows == 4
    assert [row["row_position"] for row in traced] == [0, 1, 2, 3]
    shown = [tuple(row.values()) for row in made.to_pylist()]
    found = [(*row, trace["person"]) for row, trace in zip(shown, traced, strict=True)]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert made.schema.types == [
        pa.string(), pa.int8(), pa.int8(), pa.string(), pa.string(), pa.int32()
    ]  # fmt: skip
    assert pq.read_table(tmp_path / "crosswalk" / "persons").to_pylist()[1] == {
        "person": 2, "insurer_number": "990001", "insured_number": "0000000002"
    }  # fmt: skip
    stream_joined(engine, PARTS, Key.derive(1), tmp_path, tmp_path / "without", None)
    assert pq.read_table(tmp_path / "without" / "joined").equals(made), "the key fixes the order"


def test_a_line_of_a_person_whom_a_rule_made_up_has_a_place_but_no_trace(
    engine: Engine, tmp_path: Path
) -> None:
    lay_out(engine, tmp_path, [("1940-01", 1), ("1950-02", 2)], [(1, "21")], [(2, 1, "a", 1), (1, 1, "b", 2)])
    engine.view("parts_p", "select person + 1 as person, born, sex from read_parquet("
                f"'{tmp_path}/parts_p.parquet') union all select 1 as person, '1960-03' as born, 1 as sex")  # fmt: skip
    engine.view("persons_0", f"select * from read_parquet('{tmp_path}/persons_0.parquet') where person = 2")
    key, crosswalk = Key.derive(1), tmp_path / "crosswalk"
    pair_heads(engine, PARTS, tmp_path / "again")
    assert stream_joined(engine, PARTS, key, tmp_path, tmp_path / "provide", crosswalk) == 2
    born = pq.read_table(tmp_path / "provide" / "joined")["born"].to_pylist()
    assert sorted(born) == ["1940-01", "1960-03"]
    traced = pq.read_table(crosswalk / "rows").to_pylist()
    assert [(row["row_position"], row["person"]) for row in traced] == [(born.index("1940-01"), 2)]


def test_a_part_without_released_columns_takes_no_place(engine: Engine, tmp_path: Path) -> None:
    lay_out(engine, tmp_path, [("1940-01", 1)], [(1, "21")], [(1, 1, "a", 5), (1, 1, "b", 4)])
    parts = JoinedParts("parts_p", "parts_c", "parts_b", ((), ("level",), ("month",)))
    assert stream_joined(engine, parts, Key.derive(1), tmp_path, tmp_path / "provide", None) == 2
    made = pq.read_table(tmp_path / "provide" / "joined").to_pylist()
    assert sorted(made, key=str) == [{"level": "21", "month": "a"}, {"level": "21", "month": "b"}]


def test_a_value_that_no_line_repeats_is_not_in_the_file(engine: Engine, tmp_path: Path) -> None:
    lay_out(
        engine,
        tmp_path,
        [("1940-01", 1), ("1901-09", 2)],
        [(1, "21"), (1, "25")],
        [(1, 1, "a", 5), (2, 7, "f", 0)],
    )
    stream_joined(engine, PARTS, Key.derive(1), tmp_path, tmp_path / "provide", None)
    file = tmp_path / "provide" / "joined"
    coded = pq.read_table(file, read_dictionary=["born", "level", "month"])
    assert [coded[name].chunk(0).dictionary.to_pylist() for name in ("born", "level", "month")] == [
        ["1940-01"], ["21"], ["a"]
    ]  # fmt: skip
    assert b"1901-09" not in next(file.glob("*.parquet")).read_bytes()
