"""DuckDB, embedded: the default engine."""

from __future__ import annotations

import contextlib
import errno
import glob
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kaigo.engine.atomic import explain_os_error
from kaigo.engine.dialect import DuckDBDialect
from kaigo.engine.engine import Engine, EngineSpec
from kaigo.engine.held import WorkFolder
from kaigo.errors import EngineError, InputError

_PARQUET = "format parquet, compression zstd, compression_level 1"
"""Level 1 writes our tables as small as the default level, for a sixth less CPU."""


class DuckDBEngine(Engine):
    """組み込みのDuckDBで実行する(既定)。メモリ上限を超える分はディスクに退避する。"""

    def __init__(self, spec: EngineSpec) -> None:
        self.dialect = DuckDBDialect()
        self.spec = spec
        try:
            self._spill = WorkFolder(spec.spill_folder)
        except OSError as error:
            raise explain_os_error(error, spec.spill_folder or Path(tempfile.gettempdir())) from error
        config: dict[str, Any] = {
            "memory_limit": spec.memory_limit,
            "temp_directory": str(self._spill.path),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Spark's order: a row's running number must not depend on the engine.
            "default_null_order": "nulls_first_on_asc_last_on_desc",
        }
        if spec.threads:
            config["threads"] = spec.threads
        self._connection = duckdb.connect(config=config)

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        with self._explained():
            return self._connection.execute(sql)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the engine's failures into messages for people."""
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise EngineError(
                "計算に使うメモリが足りません。",
                found=self.spec.memory_limit,
                remedy="--engine duckdb:memory=8GB のように上限を上げるか、対象の月数を減らしてください。",
            ) from error
        except duckdb.IOException as error:
            text = _first_line(error)
            if "space" in text.lower():
                raise OSError(errno.ENOSPC, text) from error
            if "write" in text or "too large" in text:
                raise OSError(errno.EFBIG, text) from error
            raise _unreadable(text) from error
        except duckdb.Error as error:
            text = _first_line(error)
            # A damaged file surfaces as a bare Error or as an InvalidInputException that names the file.
            damaged = isinstance(error, duckdb.InvalidInputException) and "parquet" in text.lower()
            if damaged or type(error) is duckdb.Error:
                raise _unreadable(text) from error
            raise

    def scan(self, name: str, source: Path) -> None:
        """See :class:`Engine`."""
        self._check_name(name)
        self._run(f"create or replace view {name} as select * from read_parquet({self._files(source)})")

    def scan_positions(self, name: str, source: Path) -> None:
        """See :class:`Engine`."""
        self._check_name(name)
        self._run(
            f"create or replace view {name} as select * exclude (file_row_number), "
            f"file_row_number as row_position from read_parquet({self._files(source)}, file_row_number = true)"
        )

    def _files(self, source: Path) -> str:
        """The files as arguments of ``read_parquet``; a folder's name is never a pattern or a partition."""
        literal = glob.escape(str(source))
        pattern = self.dialect.text(f"{literal}/*.parquet" if source.is_dir() else literal)
        return f"{pattern}, hive_partitioning = false"

    def view(self, name: str, select: str) -> None:
        """See :class:`Engine`."""
        self._check_name(name)
        self._run(f"create or replace view {name} as {select}")

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """See :class:`Engine`."""
        with self._explained():
            return self._connection.execute(select).fetchall()

    def batches(self, select: str, size: int = 122_880) -> Iterator[pa.RecordBatch]:
        """See :class:`Engine`."""
        with self._explained():
            reader = self._connection.cursor().sql(select).to_arrow_reader(size)
        while True:
            with self._explained():
                batch = next(reader, None)
            if batch is None:
                return
            yield batch

    def arrow_schema(self, select: str) -> pa.Schema:
        """See :class:`Engine`."""
        with self._explained():
            empty = self._connection.cursor().sql(f"select * from ({select}) as t limit 0")
            return empty.to_arrow_table().schema

    def _write(self, select: str, folder: Path) -> int:
        target = self.dialect.text(str(folder / "part-00000.parquet"))
        result = self._run(f"copy ({select}) to {target} ({_PARQUET})").fetchone()
        return int(result[0]) if result else 0

    def close(self) -> None:
        """See :class:`Engine`."""
        with contextlib.suppress(duckdb.Error):
            self._connection.close()
        self._spill.remove()


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]


def _unreadable(text: str) -> InputError:
    return InputError(
        "Parquetファイルを読めません。",
        found=text[:200],
        remedy="ファイルが壊れていないか、フォルダの場所が正しいか確かめてください。",
    )
