"""Spark, named by the address of a Spark Connect server: the same steps on a cluster."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.engine.batch_writer import write_batches
from kaigo.engine.dialect import SparkDialect, is_ordered
from kaigo.engine.engine import Engine, EngineSpec
from kaigo.errors import EngineError, InputError

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

CONNECT_SECONDS = 10.0
"""How long a server may take to answer before it counts as unreachable."""
_BATCH_ROWS = 122_880
_PATTERN = re.compile(r"[*?\[\]{}\\]")
_SHARED = (
    "入力・出力・一時フォルダー(環境変数 TMPDIR)を、サーバーと同じパスで見える共有のファイルシステムに置き、"
    "サーバーを同じ利用者で動かしてください。オブジェクトストレージは、ファイルシステムとして接続した場所を指定してください。"
)


class SparkEngine(Engine):
    """Spark Connectのサーバーで実行する。表は共有のファイルシステムで受け渡す。

    The server reads and writes the Parquet files itself, in parallel. Where order matters (the SELECT ends in
    ``ORDER BY``) the rows come back as a sorted stream and are written here, to one file: a server that writes
    several files promises no order. Secrets never travel: only SELECTs and paths do.

    Parameters
    ----------
    spec : EngineSpec
        With ``remote``.

    Raises
    ------
    EngineError
        If the client is not installed, or nothing answers at the address.
    """

    def __init__(self, spec: EngineSpec) -> None:
        self.dialect = SparkDialect()
        self.spec = spec
        self._session = _connect(spec)
        self._own_folder = Path(tempfile.mkdtemp(prefix="kaigo-", dir=spec.spill_folder))
        self._placed = 0

    def _sql(self, select: str) -> DataFrame:
        return cast("DataFrame", self._session.sql(select))

    def scan(self, name: str, source: Path) -> None:
        """See :class:`Engine`."""
        self._check_name(name)
        # Files by name: a folder's own name is then never hidden (.work) or a partition (a=b) to the server.
        files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
        if not files or not files[0].is_file():
            raise EngineError("Parquetファイルがありません。", found=source, remedy=_SHARED)
        try:
            names = pq.read_schema(files[0]).names
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                "Parquetファイルを読めません。",
                found=files[0],
                remedy="ファイルが壊れていないか、フォルダの場所が正しいか確かめてください。",
            ) from error
        with _explained(source):
            frame = self._session.read.parquet(*(_address(file) for file in files))
            # Of a file that it does not see, one server raises, another makes a table without columns.
            seen = list(frame.columns)
            frame.createOrReplaceTempView(name)
        if seen != names:
            raise EngineError(
                f"Sparkのサーバーから同じファイルが見えません({source})。",
                found=f"{len(seen)}列の表",
                remedy=_SHARED,
            )

    def scan_positions(self, name: str, source: Path) -> None:
        """See :class:`Engine`.

        Servers differ in whether they can tell a row's place in its file, so a copy with the place is made here.
        """
        self._placed += 1
        folder = self._own_folder / f"placed-{self._placed}"
        with pq.ParquetFile(source) as file:
            schema = file.schema_arrow.append(pa.field("row_position", pa.int64()))
            self.store(name, _number_rows(file, schema), schema, folder)

    def view(self, name: str, select: str) -> None:
        """See :class:`Engine`."""
        self._check_name(name)
        with _explained():
            self._sql(select).createOrReplaceTempView(name)

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """See :class:`Engine`."""
        with _explained():
            return [tuple(row) for row in self._sql(select).collect()]

    def batches(self, select: str, size: int = _BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """See :class:`Engine`."""
        with _explained():
            frame = self._sql(select)
            parts = self._session.client.to_table_as_iterator(frame._plan.to_proto(self._session.client), {})
        while True:
            with _explained():
                part = next(parts, None)
            if part is None:
                return
            if isinstance(part, pa.Table):  # the stream also tells the schema, as Spark's own type
                yield from part.cast(_let_be_empty(part.schema)).to_batches(max_chunksize=size)

    def arrow_schema(self, select: str) -> pa.Schema:
        """See :class:`Engine`."""
        with _explained():
            return _let_be_empty(self._sql(f"select * from ({select}) as t limit 0").toArrow().schema)

    def _write(self, select: str, folder: Path) -> int:
        if is_ordered(select):
            return self._write_here(select, folder)
        return self._write_there(select, folder)

    def _write_here(self, select: str, folder: Path) -> int:
        schema = self.arrow_schema(select)
        return write_batches((batch.cast(schema) for batch in self.batches(select)), schema, folder)

    def _write_there(self, select: str, folder: Path) -> int:
        """The server's files, brought under our names; what else it leaves (marks, checksums) is removed."""
        theirs = folder / "server"
        with _explained(folder):
            self._sql(select).write.option("compression", "zstd").parquet(_address(theirs))
        files = sorted(theirs.rglob("*.parquet"))
        if not files:
            # Of an empty result a server may write nothing at all.
            if self.value(f"select count(*) from ({select}) as t"):
                raise EngineError(
                    "サーバーが書いたファイルがこちらから見えません。", found=folder, remedy=_SHARED
                )
            shutil.rmtree(theirs, ignore_errors=True)
            return self._write_here(select, folder)
        for number, file in enumerate(files):
            file.rename(folder / f"part-{number:05d}.parquet")
        shutil.rmtree(theirs)
        return sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))

    def close(self) -> None:
        """See :class:`Engine`."""
        # A server that is gone cannot be told good-bye; the error that matters was raised before.
        with contextlib.suppress(Exception):
            self._session.stop()
        shutil.rmtree(self._own_folder, ignore_errors=True)


def _let_be_empty(schema: pa.Schema) -> pa.Schema:
    """Every column nullable, as DuckDB's are: what a server proves of one plan it does not prove of the next."""
    return pa.schema([field.with_nullable(True) for field in schema], metadata=schema.metadata)


def _number_rows(file: pq.ParquetFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in file.iter_batches(_BATCH_ROWS):
        place = pa.array(range(first, first + batch.num_rows), pa.int64())
        yield pa.RecordBatch.from_arrays([*batch.columns, place], schema=schema)
        first += batch.num_rows


def _address(path: Path) -> str:
    """The path as the server is told it: the shared file system, never the cluster's default one."""
    full = str(path.resolve())
    if _PATTERN.search(full):
        raise EngineError(
            "Sparkに渡せない文字がフォルダーの名前にあります。",
            found=full,
            remedy="* ? [ ] { } \\ を含まない場所に移してください。",
        )
    return f"file://{full}"


def _connect(spec: EngineSpec) -> SparkSession:
    """A session of its own (views of two runs never meet)."""
    try:
        with warnings.catch_warnings():
            # The client warns of pandas 3, which nothing here hands to it or takes from it.
            warnings.simplefilter("ignore", FutureWarning)
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise EngineError(
            "Sparkにつなぐための部品(pyspark-client)が入っていません。",
            found=error.name,
            remedy="pip install pyspark-client を実行してください(kaigo の追加機能 [spark])。",
        ) from error
    host, port = spec.remote_host
    place = f"sc://{host}:{port}"
    remedy = "サーバーが動いているか、アドレスとポート(通常は15002)が正しいか確かめてください。始め方は docs/spark.md にあります。"
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise EngineError("Spark Connectのサーバーにつながりません。", found=place, remedy=remedy) from error
    try:
        session = SparkSession.builder.remote(str(spec.remote)).create()
        session.client.set_retry_policies([])
        _ = session.version
    except Exception as error:
        raise EngineError(
            "アドレスの先がSpark Connectのサーバーとして応答しません。", found=place, remedy=remedy
        ) from error
    return session


@contextlib.contextmanager
def _explained(path: Path | None = None) -> Iterator[None]:
    """Turn the server's failures into messages for people; its own words may hold values, so they stay out."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        found = error.getCondition() or type(error).__name__
        if path is not None:
            raise EngineError(
                f"Sparkのサーバーがファイルを読み書きできません({path})。", found=found, remedy=_SHARED
            ) from error
        raise EngineError(
            "Sparkのサーバーで処理が失敗しました。",
            found=found,
            remedy="サーバーのログを確かめてください。--engine duckdb なら、サーバーなしで同じ結果が得られます。",
        ) from error
