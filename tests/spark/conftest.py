"""One local Spark Connect server for all tests of this folder."""

import importlib.util
import sys
from collections.abc import Iterator

import pytest
from sail_server import run_server


@pytest.fixture(scope="session")
def spark_address() -> Iterator[str]:
    """Address of a local server; where its package cannot be installed the tests say so and are left out."""
    missing = [name for name in ("pyspark", "pysail") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"Sparkの検査を省きます: {'、'.join(missing)} が入っていません(make setup)")
    _import_client()
    with run_server() as address:
        yield address


def _import_client() -> None:
    """The client takes a main module without a file, as a parallel worker has one, for its own doctests."""
    interactive = hasattr(sys, "ps1")
    sys.ps1 = getattr(sys, "ps1", "")
    try:
        importlib.import_module("pyspark.sql.connect.session")
    finally:
        if not interactive:
            del sys.ps1
