"""The engine's address: what is understood and what is refused."""

from pathlib import Path

import pytest

from kaigo.engine import EngineSpec, open_engine
from kaigo.errors import EngineError, OutputError


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("duckdb", EngineSpec("4GB", None, None)),
        ("duckdb:", EngineSpec("4GB", None, None)),
        ("duckdb:memory=2.5GB", EngineSpec("2.5GB", None, None)),
        ("duckdb:memory=500MiB,threads=2", EngineSpec("500MiB", 2, None)),
        ("duckdb:threads=1,spill=scratch/a", EngineSpec("4GB", 1, Path("scratch/a"))),
    ],
)
def test_a_specification_is_read(text: str, spec: EngineSpec) -> None:
    assert EngineSpec.parse(text) == spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spark",
        "DuckDB",
        "sc://",
        "sc:localhost",
        "sc://localhost:0",
        "sc://localhost:99999",
        "sc://local host:15002",
        "sc://user@localhost:15002",
        "sc://localhost:15002/path",
        "spark://localhost:7077",
        "duckdb:4GB",
        "duckdb:memory",
        "duckdb:memory=",
        "duckdb:memory=4",
        "duckdb:memory=0GB",
        "duckdb:memory=-1GB",
        "duckdb:memory=99999999999TB",
        "duckdb:memory=4GB; drop",
        "duckdb:threads=0",
        "duckdb:threads=-1",
        "duckdb:threads=two",
        "duckdb:threads=²",
        "duckdb:threads=100000",
        "duckdb:speed=9",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(EngineError, match=r"対処: "):
        EngineSpec.parse(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("sc://localhost:15002", ("localhost", 15002)),
        ("sc://cluster.example.jp", ("cluster.example.jp", 15002)),
        ("sc://[::1]:99/;use_ssl=true;token=a-b=c", ("::1", 99)),
    ],
)
def test_an_address_of_spark_connect_is_read(text: str, host: tuple[str, int]) -> None:
    spec = EngineSpec.parse(text)
    assert (spec.remote, spec.remote_host) == (text, host)


def test_a_token_in_an_address_is_never_shown() -> None:
    with pytest.raises(EngineError) as raised:
        EngineSpec.parse("sc://localhost:0/;token=geheim")
    assert "geheim" not in str(raised.value)


def test_the_limits_reach_the_engine(tmp_path: Path) -> None:
    with open_engine(f"duckdb:memory=300MiB,threads=1,spill={tmp_path}") as engine:
        settings = dict(
            engine.rows(
                "select name, value from duckdb_settings() where name in ('memory_limit', 'threads', 'temp_directory')"
            )
        )
        assert settings["memory_limit"] == "300.0 MiB"
        assert settings["threads"] == "1"
        assert Path(settings["temp_directory"]).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_spill_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="書き込めません"):
        open_engine(f"duckdb:spill={tmp_path / 'none'}")
