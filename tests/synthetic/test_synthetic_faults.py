import json
import re
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kaigo.cli import main
from kaigo.errors import ParameterError
from kaigo.synthetic import SynthesisPlan, read_faults, synthesize
from kaigo.synthetic.faults import Fault, load_fault_kinds, write_faults
from kaigo.synthetic.faults_damage import DAMAGERS, encode_line, split_line
from kaigo.synthetic.faults_plant import divide_faults, plant_faults
from kaigo.tables import CareTables, load_schemas
from kaigo.tables.municipal_csv import write_municipal_csv

PERSON_LINE = '"990000","0000000012","架空 太郎","架空県見本市1丁目","昭和15年1月15日","男",1,,,\r\n'.encode(
    "cp932"
)
BENEFIT_LINE = '"990000","0000000012","令和6年4月","111111",4,1050,"9970000001"\r\n'.encode("cp932")


@pytest.fixture
def sound(tmp_path: Path, make_tables: Callable[..., CareTables]) -> Path:
    """CSV files of 200 persons, every tenth of whom left in June."""
    persons = [{"person": n, "disqualified_on": "2024-06-15" if n % 10 == 0 else None} for n in range(1, 201)]
    benefits = [
        {"person": n, "service_month": f"2024-{month:02d}"} for n in range(1, 201) for month in (4, 5, 6)
    ]
    write_municipal_csv(make_tables(persons, benefits=benefits), tmp_path / "csv")
    return tmp_path / "csv"


def damage(kind: str, line: bytes, table: str, column: str = "", seed: int = 0) -> tuple[str, bytes]:
    made = DAMAGERS[kind](split_line(line, load_schemas()[table]), column, np.random.default_rng(seed))
    return made.after, made.line


def test_every_kind_can_be_made_and_every_maker_has_a_kind() -> None:
    assert {kind.kind for kind in load_fault_kinds()} == set(DAMAGERS)
    columns = {name: set(schema.names) for name, schema in load_schemas().items()}
    assert all(set(kind.columns) <= columns[kind.table] for kind in load_fault_kinds())


@pytest.mark.parametrize(
    ("rows", "kinds", "rate", "numbers"),
    [
        (1000, 4, 0.01, [3, 3, 2, 2]),
        (100, 4, 0.01, [1, 1, 1, 1]),
        (7, 4, 0.01, [0, 0, 0, 0]),
        (7, 4, 0.5, [1, 1, 1, 1]),
        (8, 4, 0.0, [0, 0, 0, 0]),
    ],
)
def test_faults_are_divided_equally_among_the_kinds(
    rows: int, kinds: int, rate: float, numbers: list[int]
) -> None:
    assert divide_faults(rows, kinds, rate) == numbers


def test_a_roman_numeral_without_its_first_byte_is_a_latin_letter() -> None:
    names = load_schemas()["certifications"].names
    tokens = ["1"] * len(names)
    tokens[names.index("dementia_independence")] = "3"
    line = encode_line(tokens)
    assert damage("lead_byte_lost", line, "certifications", "dementia_independence")[0] == "Ua"  # Ⅱa
    tokens[names.index("dementia_independence")] = ""
    line = encode_line(tokens)
    assert damage("lead_byte_lost", line, "certifications", "dementia_independence")[0] == "T"  # Ⅰ


def test_a_cut_character_cannot_be_read_as_another_one() -> None:
    after, line = damage("broken_bytes", PERSON_LINE, "persons", "address")
    assert after == "架空県見本市1丁\\x96"  # 目 is 0x96 0xDA
    with pytest.raises(UnicodeDecodeError):
        line.decode("cp932")
    assert line.replace(b'\x96"', '目"'.encode("cp932")) == PERSON_LINE


@pytest.mark.parametrize("seed", range(8))
def test_damaged_fields_are_what_their_kind_says(seed: int) -> None:
    assert int(damage("negative_number", BENEFIT_LINE, "benefits", "units", seed)[0].lstrip("▲△-")) == 1050
    letters = damage("letter_in_number", BENEFIT_LINE, "benefits", "units", seed)[0]
    assert len(letters) == 4 and not letters.isdigit()
    assert int(damage("number_too_large", BENEFIT_LINE, "benefits", "units", seed)[0]) >= 2**31
    assert damage("lost_zeros", BENEFIT_LINE, "benefits", "insured_number", seed)[0] == "12"
    assert damage("impossible_date", BENEFIT_LINE, "benefits", "service_month", seed)[0] in (
        "令和6年13月",
        "令和6年0月",
    )
    name = damage("private_use", PERSON_LINE, "persons", "name", seed)[0]
    assert sum(0xE000 <= ord(character) <= 0xF8FF for character in name) == 1
    assert damage("open_quote", PERSON_LINE, "persons", seed=seed)[1].count(b'"') % 2 == 1


def test_shifted_columns_are_one_too_few_one_too_many_or_begin_with_another_number() -> None:
    seen = set()
    for seed in range(20):
        fields = damage("shifted_columns", BENEFIT_LINE, "benefits", seed=seed)[1].strip().split(b",")
        assert len(fields) != 7 or fields[1] == '"令和6年4月"'.encode("cp932")
        seen.add(len(fields))
    assert seen == {6, 7, 8}


def test_sound_rows_keep_their_order_and_every_byte(sound: Path) -> None:
    before = {path.name: path.read_bytes().splitlines(keepends=True) for path in sound.iterdir()}
    faults = plant_faults(sound, 0.1, seed=7)
    inserted = {kind.kind for kind in load_fault_kinds() if kind.placement == "insert"}
    for name, lines in before.items():
        after = (sound / name).read_bytes().splitlines(keepends=True)
        here = [fault for fault in faults if fault.file == name]
        touched = {fault.line for fault in here}
        assert len(touched) == len(here)
        added = [fault for fault in here if fault.kind in inserted]
        assert len(after) == len(lines) + len(added)
        kept = [line for number, line in enumerate(after, 1) if number not in touched]
        # The line of a replaced row in the sound file: its line less the rows added above it.
        replaced = {
            fault.line - sum(other.line < fault.line for other in added)
            for fault in here
            if fault.kind not in inserted
        }
        assert kept == [line for number, line in enumerate(lines, 1) if number not in replaced]
        for fault in added:
            assert (
                after[fault.origin_line - 1]
                == lines[fault.origin_line - 1 - sum(o.line < fault.line for o in added)]
            )


def test_the_list_tells_what_stands_in_the_file(sound: Path) -> None:
    faults = plant_faults(sound, 0.1, seed=7)
    lines = {path.name: path.read_bytes().splitlines() for path in sound.iterdir()}
    for fault in faults:
        line = lines[fault.file][fault.line - 1].decode("cp932", "backslashreplace")
        assert all(part in line for part in re.split("から|、", fault.after))
        assert fault.before != fault.after or fault.kind == "duplicated_line"


def test_the_number_of_each_kind_is_known_and_the_same_for_the_same_seed(
    sound: Path, tmp_path: Path, make_tables: Callable[..., CareTables]
) -> None:
    original = {path.name: path.read_bytes() for path in sound.iterdir()}

    def plant_again(seed: int) -> tuple[tuple[Fault, ...], dict[str, bytes]]:
        for name, content in original.items():
            (sound / name).write_bytes(content)
        return plant_faults(sound, 0.1, seed), {path.name: path.read_bytes() for path in sound.iterdir()}

    first, second, other = plant_again(7), plant_again(7), plant_again(8)
    assert first == second
    assert first[1] != other[1]
    by_kind = Counter((fault.file, fault.kind) for fault in first[0])
    assert by_kind == Counter((fault.file, fault.kind) for fault in other[0])
    # 600 benefit rows at 0.1 are 60 faults of 13 kinds.
    assert sum(count for (file, _), count in by_kind.items() if file == "benefits.csv") == 60
    assert set(by_kind.values()) <= {1, 2, 3, 4, 5}


def test_benefits_after_exit_are_of_persons_who_left_and_orphans_of_nobody(sound: Path) -> None:
    faults = plant_faults(sound, 0.1, seed=7)
    lines = (sound / "benefits.csv").read_text(encoding="cp932", errors="replace").splitlines()
    numbers = {
        kind: {lines[fault.line - 1].split(",")[1].strip('"') for fault in faults if fault.kind == kind}
        for kind in ("benefit_after_exit", "orphan_benefit")
    }
    months = {fault.after for fault in faults if fault.kind == "benefit_after_exit"}
    assert months <= {"令和6年7月", "令和6年8月", "令和6年9月"}
    assert all(int(number) % 10 == 0 for number in numbers["benefit_after_exit"])
    assert numbers["orphan_benefit"] and all(int(number) > 200 for number in numbers["orphan_benefit"])


def test_the_list_is_read_as_it_was_written_by_its_owner_only(tmp_path: Path) -> None:
    faults = (Fault("persons.csv", 3, "氏名", "private_use", "single", "架空", "架\ue000", 3),)
    write_faults(tmp_path / "faults.csv", faults)
    assert read_faults(tmp_path / "faults.csv") == faults
    assert stat.S_IMODE((tmp_path / "faults.csv").stat().st_mode) == 0o600


def test_no_faults_leave_the_files_as_they_are(sound: Path) -> None:
    before = {path: path.read_bytes() for path in sound.iterdir()}
    assert plant_faults(sound, 0.0, seed=7) == ()
    assert {path: path.read_bytes() for path in sound.iterdir()} == before


@pytest.mark.parametrize(("rate", "csv"), [(-0.1, True), (0.51, True), (float("nan"), True), (0.1, False)])
def test_a_rate_out_of_range_or_without_csv_is_refused_and_nothing_is_written(
    tmp_path: Path, rate: float, csv: bool
) -> None:
    with pytest.raises(ParameterError) as caught:
        synthesize(tmp_path / "care", SynthesisPlan(20, 1), csv=csv, faults=rate)
    assert caught.value.remedy.endswith(("ください。", "。"))
    assert not list(tmp_path.iterdir())


def test_the_command_refuses_faults_without_csv_in_japanese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["synthesize", "--out", str(tmp_path / "care"), "--persons", "20", "--faults", "0.01"])
    assert caught.value.code == 2
    assert "--csv も付けてください" in capsys.readouterr().err
    assert not (tmp_path / "care").exists()


def test_only_the_csv_has_faults_and_the_manifest_tells_their_share(tmp_path: Path) -> None:
    plan = SynthesisPlan(persons=80, months=2)
    clean = synthesize(tmp_path / "clean", plan)
    damaged = synthesize(tmp_path / "damaged", plan, csv=True, faults=0.1)
    assert damaged.content_sha256 == clean.content_sha256
    assert json.loads((tmp_path / "damaged/manifest.json").read_text())["parameters"]["faults"] == 0.1
    assert "faults" not in clean.manifest["parameters"]
    assert read_faults(tmp_path / "damaged/truth/faults.csv")
