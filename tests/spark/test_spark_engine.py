"""Spark behind the engine: the same promises as DuckDB, and messages where a server cannot keep them."""

import hashlib
import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sail_server import find_free_port, run_server

from kaigo.cli.app import run
from kaigo.engine import Engine, open_engine, spark_engine
from kaigo.engine.dialect import is_ordered
from kaigo.errors import EngineError, InputError
from kaigo.tables import hash_table


@pytest.fixture(scope="module")
def engine(spark_address: str) -> Iterator[Engine]:
    with open_engine(spark_address) as session:
        yield session


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Engine]:
    with open_engine("duckdb:threads=1") as session:
        yield session


def write_numbers(folder: Path, rows: int) -> Path:
    folder.mkdir(parents=True)
    numbers = list(range(rows))
    texts = [hashlib.sha256(str(i).encode()).hexdigest() if i % 7 else None for i in numbers]
    pq.write_table(pa.table({"i": numbers, "h": texts}), folder / "a.parquet")
    return folder


def test_a_step_is_written_by_the_server_and_read_by_its_name(engine: Engine, tmp_path: Path) -> None:
    engine.scan("numbers", write_numbers(tmp_path / "n", 1000))
    step = engine.materialise("half", "select i, h from numbers where i < 500", tmp_path / "half")
    assert (step.rows, engine.count("half")) == (500, 500)
    assert {file.suffix for file in step.folder.iterdir()} == {".parquet"}
    assert sorted(pq.read_table(step.folder)["i"].to_pylist()) == list(range(500))


def test_an_ordered_step_is_one_file_in_that_order(engine: Engine, tmp_path: Path) -> None:
    engine.scan("numbers", write_numbers(tmp_path / "n", 60_000))
    step = engine.materialise("ordered", "select h, i from numbers order by h, i", tmp_path / "ordered")
    (file,) = step.folder.iterdir()
    written = [h or "" for h in pq.read_table(file)["h"].to_pylist()]
    assert len(written) == 60_000 and written == sorted(written)
    streamed = [
        h or "" for part in engine.batches("select h from numbers order by h") for h in part["h"].to_pylist()
    ]
    assert streamed == written


def test_missing_values_stand_at_the_same_end_on_both_engines(engine: Engine, duckdb: Engine) -> None:
    for direction in ("", " desc"):
        select = f"select x from (values (2), (null), (1)) as v(x) order by x{direction}"
        ranked = f"select x, row_number() over (order by x{direction}) as n from ({select}) as t order by n"
        assert engine.rows(ranked) == duckdb.rows(ranked)
        assert engine.rows(select) == duckdb.rows(select)


def test_an_empty_step_keeps_its_columns(engine: Engine, tmp_path: Path) -> None:
    engine.scan("numbers", write_numbers(tmp_path / "n", 3))
    step = engine.materialise("none", "select h, i from numbers where i < 0", tmp_path / "none")
    assert (step.rows, engine.count("none")) == (0, 0)
    assert pq.read_schema(next(step.folder.iterdir())).names == ["h", "i"]
    assert list(engine.df("select h, i from none").columns) == ["h", "i"]


def test_positions_count_the_rows_of_a_file_from_0(engine: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["c", "a", "b"]}), tmp_path / "x.parquet", row_group_size=2)
    engine.scan_positions("placed", tmp_path / "x.parquet")
    assert engine.rows("select x, row_position from placed order by row_position") == [
        ("c", 0),
        ("a", 1),
        ("b", 2),
    ]


def test_a_folder_name_is_never_hidden_or_a_partition(engine: Engine, tmp_path: Path) -> None:
    engine.scan("odd", write_numbers(tmp_path / ".work" / "key=1" / "表 一", 5))
    assert engine.arrow_schema("select * from odd").names == ["i", "h"]
    assert engine.count("odd") == 5


@pytest.mark.parametrize("text", ["it's", "a\\b", "\\'", "''", "\\n", "表;--", '"', "`"])
def test_a_literal_and_an_identifier_are_themselves(engine: Engine, text: str) -> None:
    assert engine.value(f"select {engine.dialect.text(text)} as x") == text
    assert engine.arrow_schema(f"select 1 as {engine.dialect.quote(text)}").names == [text]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.0])
def test_the_dialects_give_equal_values(engine: Engine, duckdb: Engine, tmp_path: Path, share: float) -> None:
    folder = write_numbers(tmp_path / "n", 101)
    results = []
    for session in (engine, duckdb):
        session.scan("numbers", folder)
        d = session.dialect
        results.append(
            session.rows(
                f"select {d.integer_division('i', '10')} as g, {d.quantile('i', share, 'integer')} as q, "
                f"{d.sorted_set('substr(h, 1, 2)')} as s, max({d.sha256('h')}) as x, "
                f"sum(case when substr(h, 1, 1) is distinct from substr(h, 2, 1) then 1 else 0 end) as n "
                f"from numbers group by {d.integer_division('i', '10')} order by g"
            )
        )
    assert results[0] == results[1]
    assert len(results[0]) == 11


def test_a_content_hash_does_not_depend_on_the_engine(engine: Engine, duckdb: Engine, tmp_path: Path) -> None:
    nasty = ["a\\", "b\x1fc", "d\ne", "表", "", None]
    table = pa.table(
        {
            "t": nasty,
            "n": pa.array([1, None, -3, 4, 5, 6], pa.int16()),
            "d": pa.array([0, 1, None, 19_000, 2, 3], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    hashes = []
    for session in (engine, duckdb):
        session.scan("nasty", tmp_path / "t.parquet")
        hashes.append(hash_table(session, "nasty", ["t", "n", "d"], ["n"]))
    assert hashes[0] == hashes[1]


def test_two_sessions_do_not_see_each_other(engine: Engine, spark_address: str) -> None:
    engine.view("mine", "select 1 as x")
    with open_engine(spark_address) as other, pytest.raises(EngineError, match="失敗しました"):
        other.count("mine")


@pytest.mark.parametrize(
    ("select", "ordered"),
    [
        ("select a from t order by a", True),
        ("select a from t\n  ORDER  BY a desc", True),
        ("select row_number() over (order by a) as n from t", False),
        ("select a from (select a from t order by a) as s", False),
        ("with s as (select a from t order by (a)) select a from s", False),
        ("select ' order by ' as a from t", False),
        ("select `order by` from t", False),
        ("select f((a), (b)) from t order by f(a)", True),
    ],
)
def test_the_order_of_a_select_is_recognised(select: str, ordered: bool) -> None:
    assert is_ordered(select) is ordered


def test_a_failure_shows_no_value_of_the_data(engine: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["0000012345"]}), tmp_path / "x.parquet")
    engine.scan("people", tmp_path / "x.parquet")
    with pytest.raises(EngineError) as raised:
        engine.rows("select cast(x || 'a' as date) as d, cast(x || 'a' as int) as i from people")
    assert "0000012345" not in str(raised.value)


def test_a_place_that_the_server_cannot_use_is_explained(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"Parquetファイルがありません"):
        engine.scan("gone", tmp_path / "gone.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(InputError, match=r"Parquetファイルを読めません"):
        engine.scan("torn", tmp_path / "torn.parquet")
    (tmp_path / "torn.parquet").unlink()
    with pytest.raises(EngineError, match=r"Parquetファイルがありません[\s\S]*共有"):
        engine.scan("empty", tmp_path)
    with pytest.raises(EngineError, match=r"渡せない文字"):
        engine.materialise("odd", "select 1 as x", tmp_path / "a[1]")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_the_server_does_not_share_is_explained(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a server on another machine sees: the path is not there; what it writes lands on its own disk.
    folder = write_numbers(tmp_path / "n", 5)
    monkeypatch.setattr(spark_engine, "_address", lambda path: f"file://{tmp_path}/elsewhere/{path.name}")
    with pytest.raises(EngineError, match=r"同じファイルが見えません[\s\S]*共有のファイルシステム"):
        engine.scan("unseen", folder)
    with pytest.raises(EngineError, match=r"こちらから見えません[\s\S]*共有のファイルシステム"):
        engine.materialise("lost", "select 1 as x", tmp_path / "lost")
    assert not (tmp_path / "lost").exists()


def test_an_address_where_nothing_listens_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"sc://127.0.0.1:{find_free_port()}"
    with pytest.raises(EngineError, match=r"つながりません[\s\S]*sc://127.0.0.1[\s\S]*docs/spark.md"):
        open_engine(address)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert run(["risk", str(tmp_path / "t.csv"), "--keys", "a", "--engine", address]) == 2
    shown = capsys.readouterr()
    assert "つながりません" in shown.err and "Traceback" not in shown.err


def test_a_server_of_another_kind_is_refused() -> None:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def log_error(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with pytest.raises(EngineError, match="Spark Connectのサーバーとして応答しません"):
            open_engine(f"sc://127.0.0.1:{web.server_port}")
        web.shutdown()


def test_without_the_client_the_extra_to_install_is_named(
    monkeypatch: pytest.MonkeyPatch, spark_address: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    with pytest.raises(EngineError, match=r"入っていません[\s\S]*pip install pyspark-client"):
        open_engine(spark_address)


def test_the_local_server_leaves_nothing_behind() -> None:
    with run_server() as address:
        port = int(address.rsplit(":", 1)[1])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"--port {port}" not in listed
