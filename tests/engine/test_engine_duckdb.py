"""DuckDB behind the engine: guarded results, order, quoting, messages."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaigo.engine import Engine, open_engine
from kaigo.errors import EngineError, InputError


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb:threads=2") as session:
        yield session


def test_a_step_can_be_read_by_its_name_and_shows_its_select(engine: Engine, tmp_path: Path) -> None:
    step = engine.materialise("numbers", "select i from range(3) as t(i)", tmp_path / "numbers")
    assert (step.rows, step.folder) == (3, tmp_path / "numbers")
    assert step.show_sql() == "-- numbers\nselect i from range(3) as t(i)"
    assert engine.count("numbers") == 3
    assert pq.read_table(step.folder)["i"].to_pylist() == [0, 1, 2]


def test_the_order_of_a_select_survives_many_row_groups_and_threads(engine: Engine, tmp_path: Path) -> None:
    # 300,000 rows are three row groups: the file, a second step from it and a stream must keep the order.
    select = "select i, sha256(cast(i as varchar)) as h from range(300000) as t(i) order by h"
    step = engine.materialise("ordered", select, tmp_path / "ordered")
    written = pq.read_table(step.folder)["h"].to_pylist()
    assert written == sorted(written)
    again = engine.materialise("ordered_again", "select h from ordered", tmp_path / "again")
    assert pq.read_table(again.folder)["h"].to_pylist() == written
    streamed = [h for batch in engine.batches("select h from ordered") for h in batch.column(0).to_pylist()]
    assert streamed == written


def test_positions_count_the_rows_of_a_file_from_0(engine: Engine, tmp_path: Path) -> None:
    step = engine.materialise("letters", "select * from (values ('c'), ('a'), ('b')) as v(x)", tmp_path / "l")
    engine.scan_positions("placed", step.folder / "part-00000.parquet")
    assert engine.rows("select x, row_position from placed order by row_position") == [
        ("c", 0),
        ("a", 1),
        ("b", 2),
    ]


def test_a_small_result_becomes_a_data_frame_and_a_large_one_is_refused(engine: Engine) -> None:
    assert engine.df("select i from range(5) as t(i)", max_rows=5)["i"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(EngineError, match=r"結果が大きすぎる[\s\S]*5行を超えています[\s\S]*集計してから"):
        engine.df("select i from range(6) as t(i)", max_rows=5)
    with pytest.raises(EngineError, match="100,000行"):
        engine.df("select i from range(100001) as t(i)")


def test_an_empty_result_keeps_its_columns(engine: Engine) -> None:
    frame = engine.df("select 1 as a, 'x' as b where 1 = 0")
    assert list(frame.columns) == ["a", "b"] and len(frame) == 0


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", 'a"b', "a;b", "a.b", "a--", "a\n"])
def test_a_name_that_is_no_plain_word_is_refused(engine: Engine, tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineError, match="段階の名前"):
        engine.view(name, "select 1 as x")
    with pytest.raises(EngineError, match="段階の名前"):
        engine.materialise(name, "select 1 as x", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ['"', '""; drop view x; --', "a\nb", "'", "é 表", "select"])
def test_a_hostile_identifier_stays_an_identifier(engine: Engine, name: str) -> None:
    quoted = engine.dialect.quote(name)
    engine.view("hostile", f"select 7 as {quoted}")
    assert engine.rows(f"select h.{quoted} from hostile as h") == [(7,)]
    assert engine.arrow_schema("select * from hostile").names == [name]
    assert engine.dialect.columns([name, name], "h") == f"h.{quoted}, h.{quoted}"


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_literal_is_that_text(engine: Engine, text: str) -> None:
    assert engine.value(f"select {engine.dialect.text(text)}") == text


@pytest.mark.parametrize("folder", ["a[1]", "b*", "c?", "year=2024", "it's", "{1,2}", "介護 データ"])
def test_a_folder_name_is_neither_pattern_nor_partition(engine: Engine, tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    engine.materialise("placed_step", "select 1 as x", place)
    assert engine.arrow_schema("select * from placed_step").names == ["x"]
    engine.scan_positions("placed_file", place / "part-00000.parquet")
    assert engine.rows("select x, row_position from placed_file") == [(1, 0)]


def test_a_folder_scan_reads_only_its_own_files(engine: Engine, tmp_path: Path) -> None:
    for name in ("a1", "a[1]"):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table({"x": [name]}), tmp_path / name / "p.parquet")
    engine.scan("own", tmp_path / "a[1]")
    assert engine.rows("select x from own") == [("a[1]",)]


def test_a_missing_or_damaged_file_is_explained(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "short.parquet").write_bytes(b"PAR1")
    for place in (tmp_path / "none.parquet", tmp_path / "empty", tmp_path / "short.parquet"):
        with pytest.raises(InputError, match=r"Parquetファイルを読めません。[\s\S]*壊れていないか"):
            engine.scan("broken", place)


def test_a_file_damaged_inside_is_explained_or_read_never_a_traceback(engine: Engine, tmp_path: Path) -> None:
    table = pa.table({"x": list(range(5000)), "s": [str(i) * 3 for i in range(5000)]})
    pq.write_table(table, tmp_path / "whole.parquet", compression="zstd")
    whole = (tmp_path / "whole.parquet").read_bytes()
    refused = 0
    for start in range(0, len(whole) - 64, len(whole) // 25):
        damaged = bytearray(whole)
        damaged[start : start + 64] = bytes(64)
        (tmp_path / "d.parquet").write_bytes(damaged)
        try:
            engine.scan("damaged", tmp_path / "d.parquet")
            engine.rows("select sum(x), max(s) from damaged")
        except InputError:
            refused += 1
    assert refused > 0


def test_too_little_memory_is_explained(tmp_path: Path) -> None:
    with open_engine(f"duckdb:memory=20MB,threads=1,spill={tmp_path}") as engine:
        with pytest.raises(EngineError, match=r"メモリが足りません[\s\S]*20MB[\s\S]*memory=8GB"):
            engine.rows("select i, sha256(cast(i as varchar)) as s from range(3000000) as t(i) order by s")
        assert engine.value("select 1") == 1


def test_a_handful_of_rows_becomes_a_view_even_when_there_are_none(engine: Engine) -> None:
    types = {"code": "varchar", "n": "integer"}
    engine.values_view("codes", [{"code": "a'b", "n": 1}, {"code": "c", "n": 2}], types)
    assert engine.rows("select code, n from codes order by n") == [("a'b", 1), ("c", 2)]
    engine.values_view("no_codes", [], types)
    assert engine.rows("select * from no_codes") == []
    assert engine.arrow_schema("select * from no_codes").names == ["code", "n"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=120),
    st.sampled_from(["0.5", "0.9", "0.95", "0.99", "1.0"]),
)
def test_the_quantile_is_the_smallest_value_with_that_share_at_or_below(
    engine: Engine, values: list[int], share: str
) -> None:
    place = -(-Fraction(share) * len(values) // 1)
    rows = ", ".join(f"({value})" for value in values)
    sql = f"select {engine.dialect.quantile('x', float(share), 'integer')} from (values {rows}) as v(x)"
    assert engine.value(sql) == sorted(values)[int(place) - 1]


def test_the_other_pieces_of_the_dialect_do_what_they_say(engine: Engine) -> None:
    dialect = engine.dialect
    assert engine.value(f"select {dialect.integer_division('7', '2')}") == 3
    assert engine.value(f"select {dialect.sha256(dialect.text('a'))}").startswith("ca978112")
    values = "(values ('b'), ('a'), ('b'), (null)) as v(x)"
    assert engine.value(f"select {dialect.sorted_set('x')} from {values}") == "a,b"


def test_the_spill_folder_is_gone_after_the_session(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_engine(f"duckdb:spill={tmp_path}"):
        assert len(list(tmp_path.iterdir())) == 1
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
