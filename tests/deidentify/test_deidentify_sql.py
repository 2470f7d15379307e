"""The SQL of a whole run: only the portable subset, and never a secret or a person's value."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from made_town import make_town

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.engine.duckdb_engine import DuckDBEngine
from kaigo.tables import CareTables, count_classes, load_schemas

NOT_PORTABLE = {
    "hash()": r"(?<![\w])hash\s*\(",
    "random()": r"\brandom\s*\(",
    "an ordered list()": r"\b(?:list|array_agg|string_agg)\s*\([^()]*\border\s+by\b",
    "select * after a join": r"\bselect\s+(?:\w+\.)?\*(?![^()]*\bexclude\b)[^()]*\bjoin\b",
    "using ()": r"\bjoin\b[^()]*\busing\s*\(",
    "a natural join": r"\bnatural\s+join\b",
    "a cast by ::": r"::",
    "qualify": r"\bqualify\b",
    "group by all": r"\bgroup\s+by\s+all\b",
    "now()": r"\b(?:now|current_timestamp|today|uuid|gen_random_uuid)\b",
    "a sample": r"\busing\s+sample\b|\btablesample\b",
}
DOCUMENT = ("soumu-2018",)
OTHERS = ("recommended", "ndb-like", "open-data")
STATEMENTS: list[str] = []


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that reaches DuckDB."""
    STATEMENTS.clear()

    class Recording:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *rest: Any) -> Any:
            STATEMENTS.append(sql)
            return self.connection.execute(sql, *rest)

        def sql(self, sql: str) -> Any:
            STATEMENTS.append(sql)
            return self.connection.sql(sql)

        def cursor(self) -> "Recording":
            return Recording(self.connection.cursor())

        def register(self, name: str, batches: Any) -> None:
            self.connection.register(name, batches)

        def close(self) -> None:
            self.connection.close()

    original = DuckDBEngine.__init__

    def record(self: DuckDBEngine, spec: Any) -> None:
        original(self, spec)
        self._connection = Recording(self._connection)

    monkeypatch.setattr(DuckDBEngine, "__init__", record)
    yield STATEMENTS


def run_everything(tables: CareTables, out: Path, key: Key, names: tuple[str, ...]) -> list[Key]:
    """The document's standard in both layouts, or others in their own; the key of each creation."""
    from kaigo.deidentify.make import name_creation
    from kaigo.engine import open_engine

    keys = []
    layouts = ("joined", "linked") if names == DOCUMENT else (None,)
    for name, layout in product(names, layouts):
        standard = load_standard(name).with_parameters({"keep_promise": {"persons": 2}})
        release = make_release(tables, standard, out / f"{name}-{layout}", key=key, layout=layout)  # type: ignore[arg-type]
        layout = release.layout
        keys.append(key.subkey(name_creation(tables, standard, layout)))  # type: ignore[arg-type]
        with open_engine() as engine:
            release.scan(engine)
            release.scan_persons(engine)
            if layout == "joined":
                shown = release.columns("joined")[:2]
                count_classes(engine, "traced", shown, ["insurer_number", "insured_number"])
                count_classes(engine, "released", shown, None)
    return keys


@pytest.mark.parametrize(
    "names", [DOCUMENT, pytest.param(OTHERS, marks=pytest.mark.slow)], ids=["document", "others"]
)
def test_a_whole_run_uses_the_portable_subset_and_names_no_secret(
    statements: list[str], tmp_path: Path, names: tuple[str, ...]
) -> None:
    secret = bytes(range(32, 64))
    town = make_town(persons=60)
    tables = town.write(tmp_path / "care")
    del statements[:]
    keys = run_everything(tables, tmp_path / "out", Key(secret), names)
    assert len(statements) > 100

    for name, pattern in NOT_PORTABLE.items():
        found = [sql for sql in statements if re.search(pattern, sql, re.IGNORECASE)]
        assert found == [], name

    text = "\n".join(statements).replace(str(tmp_path), "")
    secrets = [secret.hex(), secret.decode("latin-1"), *(own.digest("shuffle", "x") for own in keys)]
    for person in town.persons:
        secrets += [f"{person['person']:010d}", person["name"], person["address"], person["birth_date"]]
        message = f"{person['insurer_number']}/{person['person']:010d}"
        purposes = ("shuffle", "pseudonym/2024-04+0x6", "pseudonym/2024-04+0x1")
        secrets += [own.subkey(purpose).sign(message) for own in keys for purpose in purposes]
    secrets += ["990001", "990002"]
    assert [value for value in secrets if value in text] == []


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select hash(x) from t", "hash()"),
        ("select random() from t", "random()"),
        ("select list(x order by y) from t", "an ordered list()"),
        ("select t.* from t join u on t.a = u.a", "select * after a join"),
        ("select * from t as t join u on t.a = u.a", "select * after a join"),
        ("select a from t join u using (a)", "using ()"),
        ("select a::int from t", "a cast by ::"),
    ],
)
def test_the_guard_sees_what_it_guards_against(sql: str, name: str) -> None:
    assert re.search(NOT_PORTABLE[name], sql, re.IGNORECASE)


@pytest.mark.parametrize(
    "sql", ["select sha256(x) from t", "select * from (select a from t) as s where a in (1)"]
)
def test_the_guard_lets_portable_sql_pass(sql: str) -> None:
    assert not any(re.search(pattern, sql, re.IGNORECASE) for pattern in NOT_PORTABLE.values())


def test_the_recorder_sees_the_tables_read(statements: list[str], tmp_path: Path) -> None:
    make_town(persons=5).write(tmp_path / "care")
    assert all(any(f"{name}/*.parquet" in sql for sql in statements) for name in load_schemas())
