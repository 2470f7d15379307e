"""Folders given in another's place, and what notebooks leave beside own data."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kaigo.cli.app import run
from kaigo.deidentify import Key, load_standard, make_release
from kaigo.tables import CareTables


def test_risk_of_a_place_where_nothing_is_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["risk", str(tmp_path / "nothing")]) == 2
    assert "指定された場所に、何もありません" in capsys.readouterr().err


def test_risk_of_care_tables_asks_for_a_release(
    make_tables: Callable[..., CareTables], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["risk", str(make_tables([1]).folder)]) == 2
    assert "kaigo deidentify" in capsys.readouterr().err


def test_forget_destroys_releases_that_notebooks_left_beside_own_data(
    make_tables: Callable[..., CareTables], capsys: pytest.CaptureFixture[str]
) -> None:
    tables = make_tables(range(1, 13))
    left = tables.folder / ".kaigo" / "release-joined-0" / "release"
    make_release(tables, load_standard("soumu-2018"), left, key=Key.random())
    assert list(left.rglob("crosswalk/*/*.parquet"))
    assert run(["forget", str(tables.folder)]) == 0
    assert not (tables.folder / ".kaigo").exists()
    assert "1件" in capsys.readouterr().out


def test_forget_says_where_there_is_nothing_to_forget(
    make_tables: Callable[..., CareTables], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_tables([1]).folder
    assert run(["forget", str(folder)]) == 0
    assert "消すものはありません" in capsys.readouterr().out
    assert CareTables.open(folder)
    assert run(["forget", str(folder), "--release-list", str(tmp_path / "list.json")]) == 2
    assert "加工したデータのフォルダとともに" in capsys.readouterr().err
    assert run(["forget", str(tmp_path)]) == 2
    assert "加工したデータ" in capsys.readouterr().err


def test_the_help_of_forget_names_care_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forget", "--help"]) == 0
    out = capsys.readouterr().out
    assert "kaigo forget own" in out and "途中の加工データ" in out
