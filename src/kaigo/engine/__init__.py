"""Where a query runs: DuckDB embedded by default; Parquet steps, written whole or not at all."""

from kaigo.engine.atomic import atomic_file, atomic_folder, check_replaceable, write_file
from kaigo.engine.dialect import Dialect
from kaigo.engine.duckdb_engine import open_engine
from kaigo.engine.engine import Engine, EngineSpec, Step
from kaigo.engine.held import WorkFolder

__all__ = [
    "Dialect",
    "Engine",
    "EngineSpec",
    "Step",
    "WorkFolder",
    "atomic_file",
    "atomic_folder",
    "check_replaceable",
    "open_engine",
    "write_file",
]
