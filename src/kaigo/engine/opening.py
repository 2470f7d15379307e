"""From the engine's name to an open session."""

from __future__ import annotations

from kaigo.engine.duckdb_engine import DuckDBEngine
from kaigo.engine.engine import Engine, EngineSpec


def open_engine(spec: str | EngineSpec = "duckdb") -> Engine:
    """計算エンジンを開く。

    Parameters
    ----------
    spec : str or EngineSpec
        ``duckdb``, ``duckdb:memory=4GB,threads=2``, or the address of a Spark Connect server, ``sc://host:port``.

    Raises
    ------
    EngineError
        If the name cannot be read, or no Spark Connect server answers there.
    """
    spec = EngineSpec.parse(spec) if isinstance(spec, str) else spec
    if spec.remote is None:
        return DuckDBEngine(spec)
    from kaigo.engine.spark_engine import SparkEngine

    return SparkEngine(spec)
