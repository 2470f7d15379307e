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
    Case,
    Wanted,
    compare_engines,
    compare_techniques,
    list_cases,
    make_synthetic,
)
from equality_report import Summary, render_report
from step_recorder import Compared, Recorder, compare_steps
from technique_equality import list_techniques, make_town

from care_factory import build_care_tables
from kaigo.deidentify import Key, list_standards, load_standard, make_release
from kaigo.deidentify.make import name_creation
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.engine import open_engine
from kaigo.intake import IntakeSources, run_intake
from kaigo.tables import CareTables

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "town"
# Lines without pseudonyms: the rules are those of soumu-2018, to the letter.
SAME_RULES = Case("soumu-2018-linked", "joined")


@dataclass(frozen=True)
class SmallTown:
    """Every standard in its layouts for 1,000 persons on both engines, with everything that was sent to the server."""

    tables: CareTables
    folder: Path
    compared: list[Compared]
    sent: bytes


@pytest.fixture(scope="module")
def small_town(spark_address: str, tmp_path_factory: pytest.TempPathFactory) -> SmallTown:
    folder = tmp_path_factory.mktemp("small-town")
    tables = make_synthetic(folder / "care", 1_000, 12)
    wanted = Wanted(tuple(case for case in list_cases() if case != SAME_RULES), attacks=False)
    with listen_between(spark_address) as (address, sent):
        return SmallTown(tables, folder, compare_engines(tables, folder, address, wanted)[0], bytes(sent))


def test_every_standard_is_compared_in_each_layout_that_it_allows() -> None:
    cases = list_cases()
    assert {case.standard for case in cases} == set(list_standards())
    linked = {case.standard for case in cases if case.layout == "linked"}
    assert {case.standard for case in cases if case.layout == "joined"} - linked == {"open-data"}
    assert load_standard(SAME_RULES.standard).rules == load_standard("soumu-2018").rules


@pytest.mark.slow
def test_every_step_of_every_standard_is_equal_in_a_small_town(small_town: SmallTown) -> None:
    assert [step for step in small_town.compared if not step.equal] == []
    assert len(small_town.compared) > 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "steps"),
    [
        ("soumu-2018 joined", {"code_map_8", "rare_answers_9", "manifest of joined", "types of joined"}),
        ("soumu-2018 linked", {"pseudonyms", "manifest of persons", "manifest of benefits"}),
        ("soumu-2018-linked linked", {"pseudonyms", "manifest of certifications"}),
        ("recommended joined", {"promise_codes", "profiles", "answers_given", "manifest of joined"}),
        ("recommended linked", {"promise_persons", "kind_cells", "answers_given", "pseudonyms"}),
        ("ndb-like joined", {"manifest of joined"}),
        ("ndb-like linked", {"pseudonyms", "types of benefits"}),
        ("open-data joined", {"promise_codes", "kind_cells", "types of joined"}),
    ],
)
def test_the_comparison_leaves_no_stage_out(small_town: SmallTown, case: str, steps: set[str]) -> None:
    names = {step.name for step in small_town.compared}
    steps = steps | {"persons_0", "in_force", "benefits_0", "ledger", "rows with their persons"}
    assert {f"deidentify {case} / {step}" for step in steps} - names == set()
    assert {f"risk {case} / person_months", f"risk {case} / measures"} <= names
    outcome = "refusal" if case == "open-data joined" else "result"
    assert {f"analyze {what} {case} / {outcome}" for what in ("conditions", "service-use")} <= names


@pytest.mark.slow
def test_no_secret_and_no_person_is_sent_to_the_server(small_town: SmallTown) -> None:
    assert small_town.sent.count(b"person") > 1000  # the tap hears the SELECTs
    hidden = [SECRET, SECRET.hex().encode()]
    for case in list_cases():
        own = Key(SECRET).subkey(name_creation(small_town.tables, load_standard(case.standard), case.layout))
        hidden += [own.digest("shuffle", "x").encode(), own._secret, own._secret.hex().encode()]
    persons = pq.read_table(small_town.tables.table("persons")).to_pylist()
    for person in persons[::5]:
        hidden += [str(person[name]).encode() for name in ("insured_number", "name", "address", "birth_date")]
    hidden.append(persons[0]["insurer_number"].encode())
    pseudonyms = [
        name.encode()
        for crosswalk in small_town.folder.glob("spark/*linked/keep/crosswalk/persons")
        for name in pq.read_table(crosswalk)["person_id"].to_pylist()
    ]
    assert len(pseudonyms) > 4 * len(persons) // 2  # they were made, here
    sent = small_town.sent
    found = {
        v: sent[max(at - 80, 0) : at + 80] for v in [*hidden, *pseudonyms[::20]] if (at := sent.find(v)) >= 0
    }
    assert found == {}


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_every_step_is_equal_at_20000_persons(spark_address: str, tmp_path: Path, layout: str) -> None:
    tables = make_synthetic(tmp_path / "care", 20_000, 4)
    assert tables.rows("persons") == 20_000
    wanted = Wanted((Case("soumu-2018", layout),), attacks=False)  # type: ignore[arg-type]
    compared, _ = compare_engines(tables, tmp_path, spark_address, wanted)
    assert [step for step in compared if not step.equal] == []
    assert len(compared) > 30


@pytest.mark.slow
def test_every_technique_is_equal(spark_address: str, tmp_path: Path) -> None:
    town = make_town().write(tmp_path / "care", files=2, shuffle=3)
    compared, _ = compare_techniques(town, spark_address)
    assert [step for step in compared if not step.equal] == []
    tried = {rule.technique for rules in list_techniques(tmp_path / "h").values() for rule in rules}
    shipped = {rule.technique for name in list_standards() for rule in load_standard(name).rules}
    assert tried | shipped == set(TECHNIQUES)


def test_a_different_step_is_told_apart_and_reported() -> None:
    one, other = (1, "x" * 64), (2, "y" * 64)
    steps = compare_steps({"a / b": one, "a / c": one, "a / d": one}, {"a / b": one, "a / c": other})
    assert [(step.name, step.equal) for step in steps] == [
        ("a / b", True),
        ("a / c", False),
        ("a / d", False),
    ]
    text = render_report({"小さな町": [Summary("a", steps, 1.0, 2.0)]}, "pysail")
    assert "3段階のうち1段階が一致" in text and text.count("**不一致**") == 2
    assert "| a | 3 | 1 | 1.0 | 2.0 |" in text


def test_the_digest_sees_every_cell_and_not_the_order(tmp_path: Path) -> None:
    def digest(select: str) -> tuple[int, str]:
        with open_engine() as reader:
            recorder = Recorder(reader)
            reader.view("t", select)
            recorder.add_relation("t", "t")
        return recorder.steps[" / t"]

    rows = "select * from (values ('a', 1, 0), ('b', null, 1)) as v(x, y, row_position)"
    assert digest(rows) == digest(
        f"select x, y, 1 - row_position as row_position from ({rows}) order by x desc"
    )
    others = [
        rows.replace("'b'", "'c'"),
        rows.replace("null", "1"),
        rows.replace("(x, y", "(x, z"),
        f"{rows} union all {rows}",
        rows.replace("('a', 1", "('a', null").replace("('b', null", "('b', 1"),
    ]
    assert len({digest(select) for select in [rows, *others]}) == 1 + len(others)


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
            recorder = Recorder(reader)
            with recorder.run("ties"):
                release = make_release(
                    tables,
                    load_standard("soumu-2018"),
                    tmp_path / engine[:2],
                    key=Key(bytes(32)),
                    layout="linked",
                    engine=engine,
                )
            recorder.add_release(release)
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
