"""`kaigo intake` with exchange files, mapping, drafts and rules: what an officer types."""

import json
import stat
from pathlib import Path

import pytest
from exchange_files import TOWN, exchange_file
from intake_files import BENEFITS, CERTIFICATIONS, PERSONS

from kaigo.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("p", PERSONS), ("c", CERTIFICATIONS), ("b", BENEFITS)):
        Path(f"{name}.csv").write_text(text, encoding="cp932")
    Path("x.csv").write_bytes(exchange_file(TOWN))
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        raise SystemExit(main(["intake", *arguments]))
    return int(caught.value.code or 0)


def test_exchange_files_alone_and_with_the_other_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--exchange", "x.csv", "--exchange", "x.csv", "--out", "alone") == 0
    said = capsys.readouterr().out
    assert "給付実績(交換ファイル) x.csv: 読んだ行 7" in said
    assert "無い列を空のまま読み込みました。 「氏名」" in said and "0000000" not in said
    assert (
        run(
            "--exchange",
            "x.csv",
            "--persons",
            "p.csv",
            "--certifications",
            "c.csv",
            "--out",
            "both",
            "--json",
            "-",
        )
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert [entry["table"] for entry in report["files"]] == ["persons", "certifications", "exchange"]


def test_draft_needs_no_out_and_is_for_its_owner_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--benefits", "b.csv", "--draft-mapping", "map.toml") == 0
    assert stat.S_IMODE(Path("map.toml").stat().st_mode) == 0o600
    assert "--mapping map.toml" in capsys.readouterr().out
    assert run("--benefits", "b.csv", "--draft-mapping", "-") == 0
    assert capsys.readouterr().out == Path("map.toml").read_text(encoding="utf-8")
    files = ("--persons", "p.csv", "--certifications", "c.csv", "--benefits", "b.csv", "--benefits", "b.csv")
    Path("rules.csv").write_text("rule,action\nbenefit_line_duplicate,quarantine\n", encoding="utf-8")
    assert run(*files, "--mapping", "map.toml", "--checks", "rules.csv", "--out", "own") == 0
    assert "分けた行 3" in capsys.readouterr().out


def test_reading_again_says_where_the_earlier_list_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--persons", "p.csv", "--certifications", "c.csv", "--benefits", "b.csv", "--out", "own")
    assert run(*files) == 0
    assert "前回" not in capsys.readouterr().out
    assert run(*files) == 0
    assert "intake_list_前回.xlsx に残しました" in capsys.readouterr().out


def test_columns_that_were_not_read_are_named_with_the_way_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("p.csv").write_text(PERSONS.replace("住所", "現住 の所在"), encoding="cp932")
    files = ("--persons", "p.csv", "--certifications", "c.csv", "--benefits", "b.csv", "--out", "own")
    assert run(*files) == 0
    said = capsys.readouterr().out
    absent = next(line for line in said.split("\n") if "無い列を空のまま読み込みました" in line)
    assert "「住所」" in absent and "「氏名」" not in absent
    assert "知らない見出しの列は読みませんでした。 「現住 の所在」 (1件)" in said
    assert "--draft-mapping" in said and "山田" not in said
    assert run("--exchange", "x.csv", "--out", "other") == 0
    assert "--draft-mapping" not in capsys.readouterr().out


def test_translated_values_are_said_with_their_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("c.csv").write_text(CERTIFICATIONS.replace("要介護２", "要介護6"), encoding="cp932")
    text = '[certifications.values.care_level]\n"要介護6" = "要介護5"\n'
    Path("map.toml").write_text(text, encoding="utf-8")
    files = ("--persons", "p.csv", "--certifications", "c.csv", "--benefits", "b.csv", "--out", "own")
    assert run(*files, "--mapping", "map.toml") == 0
    assert "値を読み替えました: 要介護状態区分 要介護6→要介護5(1件)" in capsys.readouterr().out


def test_draft_never_writes_over_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("map.toml").write_text("# looked through\n", encoding="utf-8")
    assert run("--benefits", "b.csv", "--draft-mapping", "map.toml") == 2
    assert "すでにあります" in capsys.readouterr().err
    assert Path("map.toml").read_text(encoding="utf-8") == "# looked through\n"


def test_missing_tables_and_missing_out_are_refused_with_exit_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--persons", "p.csv", "--out", "own") == 2
    assert "--benefits" in capsys.readouterr().err
    assert run("--persons", "p.csv") == 2
    assert "--out" in capsys.readouterr().err
    assert not Path("own").exists()
