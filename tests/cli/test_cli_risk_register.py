"""`kaigo risk --register`: the attacks on a release, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.tables import CareTables


@pytest.fixture
def made(make_tables: Callable[..., CareTables], tmp_path: Path) -> tuple[Path, Path]:
    persons = [{"person": n, "birth_date": f"{1930 + n % 5}-{1 + n % 12:02d}-05"} for n in range(1, 61)]
    months = ("2024-04", "2024-05")
    benefits = [{"person": n, "service_month": m} for n in range(1, 61) for m in months]
    tables = make_tables(persons, None, benefits)
    make_release(tables, load_standard("soumu-2018"), tmp_path / "r", key=Key.derive(1), layout="linked")
    return tmp_path / "r", tables.folder


def test_the_attacks_are_run_where_a_register_is_given(
    kaigo: Run, made: tuple[Path, Path], tmp_path: Path
) -> None:
    release, register = made
    out = tmp_path / "risk.json"
    result = kaigo("risk", release, "--register", register, "--json", out)
    assert result.code == 0, result.err
    assert "正しく名指しされます" in result.out and "単独化" in result.out
    found = json.loads(out.read_text(encoding="utf-8"))["attacks"]
    # 60 birth months of one person each: whoever knows birth and sex names everyone.
    by_name = {entry["id"]: entry for entry in found["attackers"]}
    assert by_name["provider_staff"]["success"] == 1.0
    assert by_name["provider_staff"]["targets"] == 60
    assert by_name["journalist"]["success"] is None or by_name["journalist"]["targets"] > 0
    assert found["rotation"]["rejoin_rate"] is None
    assert found["accumulation"]["windows"] == [1, 2]
    again = tmp_path / "again.json"
    kaigo("risk", release, "--register", register, "--json", again)
    assert again.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")


def test_another_register_is_refused(
    kaigo: Run, made: tuple[Path, Path], make_tables: Callable[..., CareTables]
) -> None:
    result = kaigo("risk", made[0], "--register", make_tables([1, 2, 3]).folder)
    assert result.code == 2
    assert "もとになったものではありません" in result.err


def test_attackers_of_ones_own_need_a_register(kaigo: Run, made: tuple[Path, Path], tmp_path: Path) -> None:
    assert kaigo("risk", made[0], "--attackers", tmp_path / "a.toml").code == 2
    own = tmp_path / "a.toml"
    own.write_text("[x]\nname = 1\n", encoding="utf-8")
    result = kaigo("risk", made[0], "--register", made[1], "--attackers", own)
    assert result.code == 2 and "誤りがあります" in result.err


def test_a_flat_table_has_no_register(kaigo: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a\n1\n", encoding="utf-8")
    result = kaigo("risk", table, "--keys", "a", "--register", tmp_path)
    assert result.code == 2 and "--register を使いません" in result.err
