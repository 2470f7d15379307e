"""The content hash: blind to order, files and threads; changed by any one cell."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hash_oracle import hash_rows
from kaigo.engine import open_engine
from kaigo.tables import CareTables, hash_table
from kaigo.tables.content_hash import TableDigest

Make = Callable[..., CareTables]
PERSONS = [{"person": n, "name": f"架空{n}", "birth_date": f"19{30 + n}-02-03"} for n in range(1, 8)]
LINES = [
    {"person": n, "service_month": f"2024-{m:02d}", "units": 100 * n} for n in range(1, 8) for m in (4, 5)
]


def hash_of(tmp_path: Path, columns: dict[str, list[object]], **types: pa.DataType) -> str:
    """The hash of a small table given by columns."""
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    tmp_path.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns, schema=schema), tmp_path / "table.parquet")
    with open_engine() as engine:
        engine.scan("t", tmp_path / "table.parquet")
        return hash_table(engine, "t", list(columns), list(columns)[:1])


@pytest.mark.parametrize("options", [{"shuffle": 1}, {"shuffle": 2, "files": 3}, {"files": 7}])
def test_the_order_of_rows_and_the_split_into_files_do_not_matter(make_tables: Make, options: dict) -> None:
    plain = make_tables(PERSONS, benefits=LINES)
    other = make_tables(PERSONS, benefits=LINES, **options)
    assert other.content_sha256 == plain.content_sha256


def test_the_number_of_threads_does_not_matter(tmp_path: Path) -> None:
    # More than one row group, so that several threads really read.
    numbers = list(range(300_000))
    table = pa.table(
        {"n": pa.array([i * 7919 % 300_007 for i in numbers]), "text": [str(i % 97) for i in numbers]}
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=50_000)
    hashes = set()
    for threads in (1, 2):
        with open_engine(f"duckdb:threads={threads}") as engine:
            engine.scan("t", tmp_path / "t.parquet")
            hashes.add(hash_table(engine, "t", ["n", "text"], ["n"]))
    assert len(hashes) == 1


ROWS = {
    "a": ["y", "x", "", None, "x", "介\n", "x"],
    "n": [2, None, 3, -1, 1, 7, 2],
    "d": [date(2024, 4, 1), None, None, date(1943, 2, 19), date(1960, 1, 1), date(2024, 5, 1), None],
}
TYPES = {"n": pa.int16(), "d": pa.date32()}


@pytest.mark.parametrize("key_order", [False, True])
def test_the_hash_is_that_of_the_rendering_which_the_docstring_names(tmp_path: Path, key_order: bool) -> None:
    rows = [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]
    if key_order:
        rows.sort(key=lambda row: [(value is not None, str(value).zfill(3)) for value in row.values()])
    columns = {name: [row[name] for row in rows] for name in ROWS}
    expected = hash_rows(rows, {"a": "text", "n": "int16", "d": "date32[day]"})
    assert hash_of(tmp_path, columns, **TYPES) == expected


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "ab", "b", "介", None]),
            st.sampled_from([-1, 0, 2, 10, None]),
            st.sampled_from(["", "z", None]),
        ),
        min_size=1,
        max_size=9,
    ),
    st.integers(1, 4),
)
def test_rows_in_any_order_and_batches_of_any_size_have_the_hash_of_the_rendering(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple], size: int
) -> None:
    table = pa.table(
        {
            "a": [r[0] for r in rows],
            "n": pa.array([r[1] for r in rows], pa.int8()),
            "z": [r[2] for r in rows],
        },
        schema=pa.schema([("a", pa.string()), ("n", pa.int8()), ("z", pa.string())]),
    )
    expected = hash_rows(table.to_pylist(), {"a": "text", "n": "int8", "z": "text"})
    folder = tmp_path_factory.mktemp("rows")
    with open_engine("duckdb:threads=1") as engine:
        pq.write_table(table, folder / "t.parquet")
        engine.scan("t", folder / "t.parquet")
        small = type("Small", (), {"__getattr__": lambda self, name: getattr(engine, name)})()
        asked: list[str] = []
        small.batches = lambda select: asked.append(select) or engine.batches(select, size)
        assert hash_table(small, "t", ["a", "n", "z"], ["a"]) == expected
        engine.view("u", "select * from t order by a, n, z")
        asked.clear()
        assert hash_table(small, "u", ["a", "n", "z"], ["a"]) == expected
        assert len(asked) == 1, "rows in order are sorted again"


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from(["1", "2", "3", None]), min_size=1, max_size=20),
        st.lists(st.sampled_from(["介", "護", "", "ab", None]), min_size=1, max_size=20),
    ),
    st.integers(0, 2),
)
def test_texts_given_as_codes_have_the_hash_of_the_texts(texts: list[str | None], skipped: int) -> None:
    plain = pa.array([*["0"] * skipped, *texts], pa.string())
    coded = plain.dictionary_encode()
    digests = []
    for column in (plain, coded):
        digest = TableDigest(pa.schema([("text", column.type)]))
        digest.update([column.slice(skipped)])
        digest.update([column.slice(0, 1)])
        digests.append(digest.hexdigest())
    assert digests[0] == digests[1]


def test_a_table_without_rows_has_the_hash_of_its_columns(tmp_path: Path) -> None:
    assert hash_of(tmp_path, {"a": [], "n": []}, n=pa.int16()) == hash_rows([], {"a": "text", "n": "int16"})


def test_a_change_of_any_one_cell_changes_the_hash(make_tables: Make) -> None:
    person = {"person": 1, "qualified_on": "2020-01-01", "disqualified_on": None}
    plain = make_tables([person]).content_sha256["persons"]
    changes = {
        "insurer_number": "990002",
        "person": 2,
        "name": "架空 花子",
        "address": "架空県架空市1-2",
        "birth_date": "1940-01-16",
        "sex": 2,
        "insured_category": 2,
        "qualified_on": None,
        "disqualified_on": "2024-01-01",
        "disqualified_reason": "死亡",
    }
    hashes = {
        plain,
        *(make_tables([person | {name: value}]).content_sha256["persons"] for name, value in changes.items()),
    }
    assert len(hashes) == 1 + len(changes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [None]}, {"a": ["\\N"]}),
        ({"a": [""]}, {"a": [None]}),
        ({"a": ["x\x1fy"], "b": ["z"]}, {"a": ["x"], "b": ["y\x1fz"]}),
        ({"a": ["x\ny"]}, {"a": ["x", "y"]}),
        ({"a": ["\\n"]}, {"a": ["\n"]}),
        ({"a": ["\\\\N"]}, {"a": ["\\N"]}),
        ({"a": ["x", "x"]}, {"a": ["x"]}),
        ({"a": ["x", "y"], "b": ["1", "2"]}, {"a": ["x", "y"], "b": ["2", "1"]}),
    ],
)
def test_different_tables_never_share_a_rendering(tmp_path: Path, one: dict, other: dict) -> None:
    assert hash_of(tmp_path / "one", one) != hash_of(tmp_path / "other", other)
