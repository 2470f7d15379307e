"""Where a query runs: DuckDB embedded by default, Spark when a server is named; Parquet steps, written whole or not at all."""

from kaigo.engine.atomic import atomic_file, atomic_folder, check_replaceable, write_file
from kaigo.engine.dialect import Dialect
from kaigo.engine.engine import Engine, EngineSpec, Step
from kaigo.engine.held import WorkFolder
from kaigo.engine.opening import open_engine

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
