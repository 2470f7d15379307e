"""Every shipped standard on a small town and on the presets: sound, written, balanced, no canary; promises kept."""

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from promise_script import fewest

from canary.scan import find_secrets, list_key_forms, normalise, scan_cells, scan_folder
from kaigo.cli.app import run
from kaigo.deidentify import (
    Key,
    Release,
    Standard,
    list_standards,
    load_standard,
    make_release,
    promise_steps,
)
from kaigo.deidentify.pages import write_pages
from kaigo.errors import StandardError
from kaigo.synthetic import plan_from_preset, synthesize
from kaigo.tables import CareTables

SECRET = bytes(range(96, 128))
TOWNS = ["small", pytest.param("town", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=TOWNS)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    """The median insurer (1,800 certified), and one of 300."""
    plan = plan_from_preset("town", persons=None if request.param == "town" else 300)
    return synthesize(tmp_path_factory.mktemp(request.param) / "care", plan)


@pytest.fixture(scope="module")
def recommended(town: CareTables) -> Release:
    return make_release(
        town, load_standard("recommended"), town.folder.parent / "recommended", key=Key(SECRET)
    )


def list_secrets(town: CareTables) -> list[str]:
    """Names, addresses and numbers of every fifteenth person or so, providers, the key."""
    persons = pq.read_table(town.table("persons")).to_pylist()
    providers = pq.read_table(town.table("benefits"), columns=["provider_number"])[0].unique().to_pylist()
    some = persons[:: max(1, len(persons) // 20)]
    own = [str(person[column]) for person in some for column in ("insured_number", "name", "address")]
    return [*own, *map(str, providers[:5]), *list_key_forms(SECRET)]


def list_cases() -> list[tuple[str, str]]:
    """Each standard in each layout that it allows."""
    return [
        (name, layout)
        for name in list_standards()
        for layout in ("joined", "linked")
        if layout == "joined" or load_standard(name).pseudonym.mode != "none"
    ]


@dataclass(frozen=True)
class Made:
    """A release by the command line, and all that it said."""

    release: Release
    said: str


@pytest.fixture
def make(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[CareTables, str, str], Made]:
    """`kaigo standard check`, then `kaigo deidentify` with a key that is known here."""

    def run_both(town: CareTables, name: str, layout: str) -> Made:
        key, out = tmp_path / "key", tmp_path / "r"
        key.write_text(SECRET.hex(), encoding="ascii")
        key.chmod(0o600)
        with caplog.at_level(logging.DEBUG):
            assert run(["standard", "check", name, "--json", str(tmp_path / "check.json")]) == 0
            arguments = ["deidentify", str(town.folder), "--standard", name, "--layout", layout]
            assert run([*arguments, "--out", str(out), "--key-file", str(key)]) == 0
        assert json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))["findings"] == []
        return Made(Release.open(out), "\n".join([*capfd.readouterr(), caplog.text]))

    return run_both


def check_balance(release: Release) -> None:
    """Every row of every table is accounted for, by every rule."""
    ledger, standard = release.ledger(), release.manifest["standard"]
    for table, part in ledger["balance"].items():
        assert part["closes"] and part["rows_in"] == part["rows_kept"] + sum(part["left_out"].values()), table
    lines = "joined" if release.layout == "joined" else "benefits"
    assert ledger["released_rows"][lines] == ledger["balance"]["benefits"]["rows_kept"] > 0
    assert {rule.id for rule in load_standard(standard).rules} <= {entry["id"] for entry in ledger["rules"]}


def check_order_is_told(release: Release) -> None:
    """What the standard says of the order of rows is what was written."""
    (told,) = (
        each.reason
        for each in load_standard(release.manifest["standard"]).deliberations
        if "並べ替え" in each.measures
    )
    assert "ハッシュの順" not in told
    if release.layout == "joined":
        assert "鍵から引いた乱数の順" in told
        return
    assert "仮IDの順" in told
    for table in ("persons", "certifications", "benefits"):
        ids = pq.read_table(release.provide / table, columns=["person_id"])[0].to_pylist()
        assert ids == sorted(ids)


def is_crosswalk(path: Path) -> bool:
    return "crosswalk" in path.parts


@pytest.mark.parametrize(("name", "layout"), list_cases())
def test_a_shipped_standard_is_sound_written_balanced_and_without_canary(
    town: CareTables, name: str, layout: str, make: Callable[[CareTables, str, str], Made]
) -> None:
    made = make(town, name, layout)
    check_balance(made.release)
    check_order_is_told(made.release)
    secrets = list_secrets(town)
    assert scan_folder(made.release.folder, secrets, skip=is_crosswalk) == []
    assert made.said and find_secrets(made.said.encode(), {normalise(each): each for each in secrets}) == []


def test_the_rates_of_the_sample_that_is_followed_are_told_each_with_their_source() -> None:
    standard = load_standard("ndb-like")
    (about,) = (each for each in standard.deliberations if each.topic == "市町村の規模")
    rates = "医科入院とDPCの10%、医科入院外と調剤の1%"
    assert rates in about.measured and "第165回 資料2 8ページ" in about.measured
    assert about.measured_on == "公表資料"
    assert rates in standard.description and "資料2(8ページ" in standard.source
    assert "〜10%" not in standard.to_toml()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    """The report's own size: 20,000 certified persons, 12 months."""
    tables = synthesize(tmp_path_factory.mktemp("demo") / "care", plan_from_preset("demo"))
    assert tables.rows("persons") == 20_000
    return tables


@pytest.mark.slow
@pytest.mark.parametrize(("name", "layout"), list_cases())
def test_a_shipped_standard_is_sound_written_balanced_and_without_canary_in_a_city(
    city: CareTables, name: str, layout: str, make: Callable[[CareTables, str, str], Made]
) -> None:
    made = make(city, name, layout)
    check_balance(made.release)
    secrets = list_secrets(city)
    # Of some persons every file but the tables, packed or not; of all persons every cell that a recipient gets.
    hits = scan_folder(
        made.release.folder, secrets, skip=lambda path: is_crosswalk(path) or path.suffix == ".parquet"
    )
    assert hits == []
    persons = pq.read_table(city.table("persons"), columns=["insured_number", "name", "address"])
    everybody = {str(value) for column in persons.columns for value in column.to_pylist()}
    assert len(everybody) > 20_000
    assert scan_cells(made.release.provide, everybody | set(secrets)) == []
    assert made.said and find_secrets(made.said.encode(), {normalise(each): each for each in secrets}) == []
    if (name, layout) == ("recommended", "linked"):
        check_promise(made.release)


def check_promise(release: Release) -> None:
    """By a script that shares no code, and as the ledger says."""
    found = fewest(release.folder)
    assert min(found.values()) >= 10, found
    ledger = release.ledger()["promise"]
    assert (ledger["smallest_class"], ledger["smallest_with_answers"]) == (found["class"], found["answers"])
    assert ledger["persons"] == 10 and ledger["combined"] == 2


def test_recommended_keeps_its_promise_by_a_script_that_shares_no_code(recommended: Release) -> None:
    check_promise(recommended)


def test_the_script_finds_a_broken_promise(town: CareTables, tmp_path: Path) -> None:
    plain = make_release(town, load_standard("soumu-2018-linked"), tmp_path / "r", key=Key(SECRET))
    found = fewest_of_few(plain)
    assert found == 1


def fewest_of_few(release: Release) -> int:
    """The classes alone: with 62 items the script would look at every pair."""
    import promise_script

    keep = promise_script.pairs
    promise_script.pairs = lambda *args: ()  # type: ignore[assignment]
    try:
        return promise_script.fewest(release.folder)["class"]
    finally:
        promise_script.pairs = keep


def test_open_data_keeps_twenty_persons_in_every_class_and_with_any_two_categories(
    town: CareTables, tmp_path: Path
) -> None:
    release = make_release(town, load_standard("open-data"), tmp_path / "r", key=Key(SECRET))
    rows = pq.read_table(release.provide / "joined").to_pylist()
    who = pq.read_table(release.keep / "crosswalk" / "rows")["person"].to_pylist()
    shown, used = {}, {}
    for person, row in zip(who, rows, strict=True):
        assert set(row) == {"age_band", "sex", "care_level", "service_month", "service_code"}
        shown.setdefault(person, set()).add(
            (row["age_band"], row["sex"], row["care_level"], row["service_month"])
        )
        used.setdefault(person, set()).add(row["service_code"])
    assert all(len(values) == 1 for values in shown.values()), "a person has one class"
    classes: dict[object, list[object]] = {}
    for person, values in shown.items():
        classes.setdefault(frozenset(values), []).append(person)
    for people in classes.values():
        assert len(people) >= 20
        for pair in combinations(sorted(set().union(*(used[p] for p in people))), 2):
            cells = Counter(tuple(code in used[p] for code in pair) for p in people)
            assert min(cells.values()) >= 20


def test_values_do_not_change_within_a_pseudonym(recommended: Release) -> None:
    certifications = pq.read_table(recommended.provide / "certifications").to_pylist()
    assert len({row["person_id"] for row in certifications}) == len(certifications)
    spans = {(row["from_month"], row["to_month"]) for row in certifications}
    assert spans == {("2024-04", "2024-09"), ("2024-10", "2025-03")}, "entry and exit are not shown"
    lines = Counter(
        (row["person_id"], row["service_code"])
        for row in pq.read_table(recommended.provide / "benefits").to_pylist()
    )
    assert set(lines.values()) == {1}


@pytest.mark.parametrize("name", ["recommended", "open-data"])
def test_a_promise_that_does_not_hold_is_not_written(
    town: CareTables, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a search that asks for fewer persons than the standard, the count of what was written refuses."""
    honest = promise_steps.search
    monkeypatch.setattr(
        promise_steps, "search", lambda work, columns, least, pairs: honest(work, columns, 4, pairs=pairs)
    )
    with pytest.raises(StandardError, match=r"約束[\s\S]*満たせないので、書き出しをやめました"):
        make_release(town, load_standard(name), tmp_path / "r", key=Key(SECRET))
    assert list(tmp_path.iterdir()) == []


def test_the_pages_say_it_in_words(recommended: Release) -> None:
    standard = load_standard("recommended")
    ledger_page, deliberation_page = write_pages(recommended, standard)
    words, deliberation = (page.read_text(encoding="utf-8") for page in (ledger_page, deliberation_page))
    assert all(page.stat().st_mode & 0o777 == 0o600 for page in (ledger_page, deliberation_page))
    assert "定め04(" in words and "対象になった人は" in words and "合計は一致します" in words
    assert "法114条の審査結果ではありません" in deliberation
    for part in standard.deliberations:
        assert part.difference in deliberation
    assert json.dumps(recommended.manifest, ensure_ascii=False).count("recommended") >= 1


def test_a_promise_without_any_column_of_a_class_holds_for_all_together(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    """Sex, birth and level are not released: everybody is one class, and only the kinds of service are told apart."""
    standard = drop_class(load_standard("open-data"))
    persons = [{"person": n, "birth_date": "1930-05-05", "sex": 1 + n % 2} for n in range(1, 41)]
    lines = [{"person": n, "service_month": "2024-04", "service_code": "111111"} for n in range(1, 41)]
    rare = [{"person": n, "service_month": "2024-04", "service_code": "151111"} for n in range(1, 4)]
    release = make_release(
        make_tables(persons, None, lines + rare), standard, tmp_path / "r", key=Key(SECRET)
    )
    codes = Counter(pq.read_table(release.provide / "joined")["service_code"].to_pylist())
    assert codes == {"G1": 40}


def drop_class(standard: Standard) -> Standard:
    data = standard.model_dump()
    gone = {"persons.sex", "persons.birth_date", "certifications.care_level"}
    rules = []
    for rule in data["rules"]:
        left = tuple(column for column in rule["columns"] if column not in gone)
        if rule["technique"] == "delete_item" or left:
            rules.append(rule | {"columns": left})
    rules[0]["columns"] = (*rules[0]["columns"], *sorted(gone))
    return Standard.model_validate(data | {"rules": rules, "quasi_identifiers": {"joined": (), "linked": ()}})
