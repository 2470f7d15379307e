"""Where a query runs: steps are named SELECTs, each written to a Parquet folder."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from kaigo.engine.atomic import atomic_folder
from kaigo.engine.batch_writer import write_batches
from kaigo.engine.dialect import Dialect, is_plain_name
from kaigo.errors import EngineError

if TYPE_CHECKING:
    import pandas as pd

SMALL_RESULT_ROWS = 100_000
"""Results beyond this are not given to pandas."""


@dataclass(frozen=True)
class EngineSpec:
    """計算エンジンの指定。

    Attributes
    ----------
    memory_limit : str
        Upper bound of the engine's memory, e.g. ``4GB``.
    threads : int or None
        None: all cores.
    spill_folder : pathlib.Path or None
        Where the engine may spill; None: a temporary folder of the session.
    remote : str or None
        Address of a Spark Connect server, ``sc://host:port``; None: DuckDB, embedded.
    """

    memory_limit: str = "4GB"
    threads: int | None = None
    spill_folder: Path | None = None
    remote: str | None = None

    @property
    def remote_host(self) -> tuple[str, int]:
        """Host and port of the Spark Connect server."""
        found = _REMOTE.fullmatch(self.remote or "")
        assert found is not None  # parse lets nothing else in
        return found["host"].strip("[]"), int(found["port"] or 15002)

    @classmethod
    def parse(cls, text: str) -> EngineSpec:
        """``duckdb``、``duckdb:memory=4GB,threads=2,spill=FOLDER``、``sc://host:port`` を読む。

        Raises
        ------
        EngineError
            If the text names no engine that is available.
        """
        name, _, rest = text.partition(":")
        if name == "sc":
            return cls(remote=_check_remote(text))
        form = "duckdb または duckdb:memory=4GB,threads=2,spill=フォルダ、Sparkは sc://ホスト名:15002 の形で指定してください。"
        if name != "duckdb":
            raise EngineError("エンジンの名前を読めません。", found=text, remedy=form)
        options: dict[str, str] = {}
        for part in filter(None, rest.split(",")):
            key, mark, value = part.partition("=")
            if not mark or key not in {"memory", "threads", "spill"} or not value:
                raise EngineError("エンジンの指定を読めません。", found=part, remedy=form)
            options[key] = value
        memory, threads = options.get("memory", "4GB"), options.get("threads")
        if not re.fullmatch(r"(?=.*[1-9])[0-9]{1,6}(\.[0-9]+)?\s*[KMGT]i?B", memory):
            raise EngineError(
                "エンジンのメモリ上限を読めません。", found=memory, remedy="4GB のように書いてください。"
            )
        if threads is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", threads):
            raise EngineError(
                "エンジンのスレッド数を読めません。",
                found=threads,
                remedy="1から9999までの整数にしてください。",
            )
        spill = options.get("spill")
        return cls(memory, int(threads) if threads else None, Path(spill) if spill else None)


_REMOTE = re.compile(
    r"sc://(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?(;[A-Za-z_-]+=[^;\s]*)*;?"
)


def _check_remote(text: str) -> str:
    """The address of a Spark Connect server; what follows the semicolon (a token, perhaps) is never shown."""
    found = _REMOTE.fullmatch(text)
    if found is None or not 0 < int(found["port"] or 15002) < 65536:
        raise EngineError(
            "Sparkのアドレスを読めません。",
            found=text.partition(";")[0],
            remedy="sc://ホスト名:15002 の形で指定してください。",
        )
    return text


@dataclass(frozen=True)
class Step:
    """処理の1段階: 名前、1つのSELECT、書き出したParquetフォルダ。"""

    name: str
    sql: str
    folder: Path
    rows: int

    def show_sql(self) -> str:
        """The SELECT of the step, for those who want to check it."""
        return f"-- {self.name}\n{self.sql}"


class Engine(ABC):
    """SELECTを実行し、段階ごとにParquetへ書き出す場所。

    A view or a step is known by its name in later SELECTs of the same session.
    """

    dialect: Dialect

    @abstractmethod
    def scan(self, name: str, source: Path) -> None:
        """Make a Parquet file or folder known as a view of that name."""

    @abstractmethod
    def scan_positions(self, name: str, source: Path) -> None:
        """Like :meth:`scan` for one file, with the row's position from 0 as column ``row_position``."""

    @abstractmethod
    def view(self, name: str, select: str) -> None:
        """Give a SELECT a name; nothing is computed yet."""

    @abstractmethod
    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """A small result as tuples."""

    @abstractmethod
    def batches(self, select: str, size: int = 122_880) -> Iterator[pa.RecordBatch]:
        """The result as a stream of Arrow record batches, in the order of the SELECT."""

    @abstractmethod
    def _write(self, select: str, folder: Path) -> int:
        """Write the result to Parquet in an existing folder: to one file in that order if the SELECT has one."""

    def value(self, select: str) -> Any:
        """The single value of a one-row, one-column result."""
        return self.rows(select)[0][0]

    def count(self, relation: str) -> int:
        """Number of rows of a view or step."""
        return int(self.value(f"select count(*) from {relation}"))

    def materialise(self, name: str, select: str, folder: Path) -> Step:
        """SELECTを1つのParquetフォルダに書き出し、以後その名前で使えるようにする。

        Raises
        ------
        OutputError
            If the folder cannot be written (nothing half-written is left).
        """
        self._check_name(name)
        with atomic_folder(folder) as fresh:
            rows = self._write(select, fresh)
        self.scan(name, folder)
        return Step(name, select, folder, rows)

    def materialise_passes(self, name: str, selects: Sequence[str], folder: Path) -> Step:
        """いくつかのSELECTを順に実行し、1つのフォルダに書き出す(一度に並べ替える行数を抑えるため)。

        Files are named in the order of the SELECTs; the folder appears when all of them are written.
        """
        self._check_name(name)
        with atomic_folder(folder) as fresh:
            rows = 0
            for number, select in enumerate(selects):
                own = fresh / "pass"
                own.mkdir()
                rows += self._write(select, own)
                for place, file in enumerate(sorted(own.glob("*.parquet"))):
                    file.rename(fresh / f"part-{number:05d}-{place:05d}.parquet")
                own.rmdir()
        self.scan(name, folder)
        return Step(name, ";\n".join(selects), folder, rows)

    def store(self, name: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema, folder: Path) -> Step:
        """Write a stream of record batches as a step (for what Python must compute, such as pseudonyms)."""
        self._check_name(name)
        with atomic_folder(folder) as fresh:
            rows = write_batches(batches, schema, fresh)
        self.scan(name, folder)
        return Step(name, "", folder, rows)

    def df(self, select: str, max_rows: int = SMALL_RESULT_ROWS) -> pd.DataFrame:
        """小さな結果をpandasの表にする。

        Raises
        ------
        EngineError
            If the result has more than ``max_rows`` rows.
        """
        batches, rows = [], 0
        for batch in self.batches(select):
            rows += batch.num_rows
            if rows > max_rows:
                raise EngineError(
                    "結果が大きすぎるため、pandasの表にしません。",
                    found=f"{max_rows:,}行を超えています",
                    remedy="集計してから受け取るか、Parquetのまま扱ってください。",
                )
            batches.append(batch)
        schema = None if batches else self.arrow_schema(select)
        frame: pd.DataFrame = pa.Table.from_batches(batches, schema).to_pandas()
        return frame

    @abstractmethod
    def arrow_schema(self, select: str) -> pa.Schema:
        """Arrow schema of a SELECT's result."""

    @abstractmethod
    def close(self) -> None:
        """End the session."""

    @staticmethod
    def _check_name(name: str) -> None:
        if not is_plain_name(name):
            raise EngineError(
                "段階の名前に使えない文字があります。", found=name, remedy="英字で始まる名前にしてください。"
            )

    def values_view(
        self, name: str, rows: Sequence[Mapping[str, str | int]], types: Mapping[str, str]
    ) -> None:
        """Make a handful of program-made rows (codes, labels) known as a view. Never for secrets or persons."""
        places = [f"c{number}" for number in range(len(types))]
        named = ", ".join(
            f"cast(v.{place} as {sql_type}) as {self.dialect.quote(column)}"
            for place, (column, sql_type) in zip(places, types.items(), strict=True)
        )
        lines = [", ".join(self.dialect.text(str(row[column])) for column in types) for row in rows]
        values = ", ".join(f"({line})" for line in lines or [", ".join("null" for _ in types)])
        where = "" if rows else " where 1 = 0"
        self.view(name, f"select {named} from (values {values}) as v({', '.join(places)}){where}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
