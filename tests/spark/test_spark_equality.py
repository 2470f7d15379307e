"""Every step gives the same on Spark as on DuckDB; and no secret travels to the server."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from engine_equality import (
    SECRET,
    Compared,
    Recorder,
    add_release,
    compare_engines,
    make_synthetic,
    render_report,
)

from care_factory import build_care_tables
from kaigo.deidentify import Key, load_standard, make_release
from kaigo.engine import open_engine
from kaigo.intake import IntakeSources, run_intake
from kaigo.tables import CareTables

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "town"


@dataclass(frozen=True)
class SmallTown:
    """Both layouts of 120 persons on both engines, with everything that the client sent to the server."""

    tables: CareTables
    compared: list[Compared]
    sent: bytes


@pytest.fixture(scope="module")
def small_town(spark_address: str, tmp_path_factory: pytest.TempPathFactory) -> SmallTown:
    folder = tmp_path_factory.mktemp("small-town")
    tables = make_synthetic(folder / "care", 120, 4)
    with listen_between(spark_address) as (address, sent):
        return SmallTown(tables, compare_engines(tables, folder, address), bytes(sent))


@pytest.mark.slow
def test_every_step_of_a_small_town_is_equal(small_town: SmallTown) -> None:
    assert [step for step in small_town.compared if not step.equal] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "steps"),
    [
        ("joined", {"shuffles", "joined", "row order of provide joined", "row order of crosswalk rows"}),
        ("linked", {"pseudonyms", "linked_benefits", "crosswalk_persons", "row order of provide benefits"}),
    ],
)
def test_the_comparison_leaves_no_stage_out(small_town: SmallTown, layout: str, steps: set[str]) -> None:
    names = {step.name for step in small_town.compared}
    steps |= {"persons_0", "in_force", "benefits_0", "ledger"}
    assert {f"deidentify {layout} / {step}" for step in steps} <= names
    assert {f"risk {layout} / person_months", f"risk {layout} / measures"} <= names
    assert {f"analyze {what} {layout} / result" for what in ("conditions", "service-use")} <= names


@pytest.mark.slow
def test_no_secret_and_no_person_is_sent_to_the_server(small_town: SmallTown) -> None:
    assert small_town.sent.count(b"person") > 1000  # the tap hears the SELECTs
    key = Key(SECRET)
    hidden = [SECRET, SECRET.hex().encode(), key.digest("shuffle", "x").encode()]
    persons = pq.read_table(small_town.tables.table("persons")).to_pylist()
    for person in persons:
        message = f"{person['insurer_number']}/{person['insured_number']}"
        hidden += [key.subkey(use).sign(message).encode() for use in ("shuffle", "pseudonym/2024-04+0x6")]
        hidden += [str(person[name]).encode() for name in ("insured_number", "name", "address", "birth_date")]
    hidden.append(persons[0]["insurer_number"].encode())
    assert [value for value in hidden if value in small_town.sent] == []
    made = {step.name: step for step in small_town.compared}
    assert made["deidentify linked / pseudonyms"].spark[0] >= len(persons) // 2  # they were made, here


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_every_step_is_equal_at_20000_persons(spark_address: str, tmp_path: Path, layout: str) -> None:
    tables = make_synthetic(tmp_path / "care", 20_000, 4)
    assert tables.rows("persons") == 20_000
    compared = compare_engines(tables, tmp_path, spark_address, (layout,))
    assert [step for step in compared if not step.equal] == []
    assert len(compared) > 30


def test_a_different_step_is_told_apart_and_reported(tmp_path: Path) -> None:
    same, other = (
        Compared("a / b", (1, "x" * 64), (1, "x" * 64)),
        Compared("a / c", (1, "x" * 64), (2, "y" * 64)),
    )
    missing = Compared("a / d", (1, "x" * 64), None)
    assert [step.equal for step in (same, other, missing)] == [True, False, False]
    text = render_report([same, other, missing], 120, "pysail")
    assert "3段階のうち1段階が一致" in text and text.count("**不一致**") == 2


def test_ties_and_missing_values_do_not_depend_on_the_engine(spark_address: str, tmp_path: Path) -> None:
    # Certifications that differ in answers alone, one of them missing: the order of nulls decides which is in force.
    persons = range(1, 31)
    certifications = [
        {"person": n, "survey_1_3": answer, "survey_1_4": n % 3 or None}
        for n in persons
        for answer in ((None, 2) if n % 2 else (1, None))
    ]
    benefits = [
        {"person": n, "service_code": "111111" if n % 10 else "ZZ9999", "days": n % 5, "units": 100 * (n % 7)}
        for n in persons
        for _ in range(2)
    ]
    tables = build_care_tables(tmp_path / "care", persons, certifications, benefits, files=3, shuffle=1)
    found = []
    for engine in ("duckdb", spark_address):
        with open_engine() as reader:
            recorder = Recorder(reader, stage="ties")
            with recorder.watch():
                release = make_release(
                    tables,
                    load_standard("soumu-2018"),
                    tmp_path / engine[:2],
                    key=Key(bytes(32)),
                    layout="linked",
                    engine=engine,
                )
            add_release(recorder, release)
        found.append(recorder.steps)
    assert found[0] == found[1]


def test_intake_is_equal(spark_address: str, tmp_path: Path) -> None:
    sources = IntakeSources(*(SAMPLE / f"{name}.csv" for name in ("persons", "certifications", "benefits")))
    made = [run_intake(sources, tmp_path / e[:2], engine=e) for e in ("duckdb", spark_address)]
    assert made[0].tables.content_sha256 == made[1].tables.content_sha256
    assert made[0].report == made[1].report


@contextlib.contextmanager
def listen_between(address: str) -> Iterator[tuple[str, bytearray]]:
    """A wire tap: everything that the client sends goes through here and is kept."""
    port = int(address.rsplit(":", 1)[1])
    sent = bytearray()

    class Tap(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=shovel, args=(server, self.request, None), daemon=True)
                back.start()
                shovel(self.request, server, sent)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tap) as tap:
        tap.daemon_threads = True
        threading.Thread(target=tap.serve_forever, daemon=True).start()
        yield f"sc://127.0.0.1:{tap.server_address[1]}", sent
        tap.shutdown()


def shovel(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if kept is not None:
                kept.extend(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
