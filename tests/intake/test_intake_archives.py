"""ZIP archives of input files: names of Windows, several files, and everything that must be refused."""

import zipfile
from pathlib import Path

import pytest
from excel_files import cells, write_book, write_zip
from intake_files import BENEFITS, CERTIFICATIONS, PERSONS, rows, write_sources

from kaigo.errors import InputError
from kaigo.intake import IntakeResult, IntakeSources, run_intake

HEAD, *LINES = BENEFITS.splitlines(keepends=True)


def read(folder: Path, archive: Path) -> IntakeResult:
    sources = write_sources(folder)
    return run_intake(IntakeSources(sources.persons, sources.certifications, archive), folder / "out")


def refuse(folder: Path, archive: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, archive)
    assert not (folder / "out").exists()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    return str(caught.value)


def test_archive_of_windows_with_japanese_names_is_read_file_by_file(tmp_path: Path) -> None:
    book = write_book(tmp_path / "x.xlsx", {"s": cells(HEAD + LINES[2])}).read_bytes()
    members = {
        "給付/４月.csv": (HEAD + LINES[0]).encode("cp932"),
        "給付/５月.csv": (HEAD + LINES[1] + "131016,x\n").encode("utf-8"),
        "給付/６月.xlsx": book,
        "__MACOSX/._x": b"\x00",
    }
    result = read(tmp_path, write_zip(tmp_path / "給付.zip", members, windows=True))
    assert len(rows(result, "benefits")) == 3
    files = {e["file"]: e for e in result.report["files"]}
    assert list(files)[2:] == ["給付.zip/給付/４月.csv", "給付.zip/給付/５月.csv", "給付.zip/給付/６月.xlsx"]
    assert files["給付.zip/給付/５月.csv"]["quarantine"][0]["line"] == 3
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "persons",
        "benefits",
        "intake_report.json",
    }
    assert ".staging" not in {path.name for path in (tmp_path / "out").iterdir()}


def test_names_marked_as_utf8_are_read_as_such(tmp_path: Path) -> None:
    result = read(tmp_path, write_zip(tmp_path / "a.zip", {"給付.csv": BENEFITS.encode("cp932")}))
    assert result.report["files"][2]["file"] == "a.zip/給付.csv"


@pytest.mark.parametrize("name", ["../給付.csv", "/etc/x.csv", "C:\\x.csv", "a/../../x.csv", "..\\x.csv"])
def test_name_that_leads_out_of_the_archive_is_refused(name: str, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as target:
        info = zipfile.ZipInfo("x")
        info.filename = name
        target.writestr(info, BENEFITS.encode("cp932"))
    before = {path.name for path in tmp_path.parent.iterdir()}
    assert "外の場所を指す名前" in refuse(tmp_path, archive)
    assert {path.name for path in tmp_path.parent.iterdir()} == before


def test_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as target:
        info = zipfile.ZipInfo("給付.csv")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        target.writestr(info, "/etc/passwd")
    assert "外の場所を指す名前" in refuse(tmp_path, archive)


def test_archive_within_an_archive_is_refused(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"給付.csv": BENEFITS.encode("cp932")}).read_bytes()
    assert "ZIPの中にZIP" in refuse(tmp_path, write_zip(tmp_path / "a.zip", {"inner.zip": inner}))
    # Whatever its name says.
    assert "ZIPの中にZIP" in refuse(tmp_path, write_zip(tmp_path / "b.zip", {"給付.csv": inner}))


def test_archive_made_to_fill_the_disk_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"給付.csv": b"0" * (80 << 20)})
    assert archive.stat().st_size < 1 << 20
    assert "は開きません" in refuse(tmp_path, archive)


def test_many_members_passwords_damage_and_emptiness_are_refused(tmp_path: Path) -> None:
    many = write_zip(tmp_path / "many.zip", {f"{i}.csv": b"x" for i in range(1001)})
    assert "1,001個" in refuse(tmp_path, many)
    archive = write_zip(tmp_path / "a.zip", {"a.csv": BENEFITS.encode("cp932")})
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(data))
    assert "パスワード" in refuse(tmp_path, tmp_path / "locked.zip")
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:60])
    assert "壊れている" in refuse(tmp_path, tmp_path / "cut.zip")
    spoilt = bytearray(archive.read_bytes())
    spoilt[60] ^= 0xFF
    (tmp_path / "spoilt.zip").write_bytes(bytes(spoilt))
    assert "取り出せません" in refuse(tmp_path, tmp_path / "spoilt.zip")
    assert "読めるファイルがありません" in refuse(tmp_path, write_zip(tmp_path / "none.zip", {"a/": b""}))


def test_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    data = bytearray(write_zip(tmp_path / "a.zip", {"給付.csv": BENEFITS.encode("cp932")}).read_bytes())
    # Only the name before the member itself is spoilt: the directory at the end still names it.
    data[data.index("給付".encode())] = 0xBD
    (tmp_path / "b.zip").write_bytes(bytes(data))
    assert "取り出せません" in refuse(tmp_path, tmp_path / "b.zip")


def test_empty_file_in_an_archive_is_named_by_its_own_name(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"給付.csv": BENEFITS.encode("cp932"), "空.csv": b""})
    assert "a.zip/空.csv" in refuse(tmp_path, archive)


def test_archive_may_hold_any_of_the_tables(tmp_path: Path) -> None:
    made = [
        write_zip(tmp_path / f"{name}.zip", {f"{name}.csv": text.encode("cp932")})
        for name, text in (("p", PERSONS), ("c", CERTIFICATIONS), ("b", BENEFITS))
    ]
    result = run_intake(IntakeSources(*made), tmp_path / "out")
    expected = run_intake(write_sources(tmp_path), tmp_path / "out2")
    assert result.tables.content_sha256 == expected.tables.content_sha256


def test_files_that_are_no_tables_are_left_out_and_named(tmp_path: Path) -> None:
    members = {
        ".DS_Store": b"\x00\x00\x00\x01Bud1",
        "README.TXT": "この中の説明です。\r\n".encode("cp932"),
        "__MACOSX/._給付.csv": b"\x00",
        "仕様.docx": write_zip(tmp_path / "d.zip", {"word/document.xml": b"<w/>"}).read_bytes(),
        "給付.csv": BENEFITS.encode("cp932"),
        "給付2.txt": (HEAD + LINES[0]).encode("cp932"),
    }
    result = read(tmp_path, write_zip(tmp_path / "a.zip", members))
    assert [entry["file"] for entry in result.report["files"][2:]] == ["a.zip/給付.csv", "a.zip/給付2.txt"]
    assert len(rows(result, "benefits")) == 4
    told = [w for e in result.report["files"] for w in e["warnings"] if w["rule"] == "archive_member_skipped"]
    assert [(w["count"], w["message"]) for w in told] == [
        (
            4,
            "ZIPの中の、表でないファイルを読みませんでした: .DS_Store、README.TXT、__MACOSX/._給付.csv、仕様.docx",
        )
    ]


def test_archive_without_any_table_names_what_is_in_it(tmp_path: Path) -> None:
    said = refuse(tmp_path, write_zip(tmp_path / "a.zip", {"説明.txt": b"abc\n", "仕様.pdf": b"%PDF"}))
    assert "説明.txt" in said and "仕様.pdf" in said and "読めるファイルがありません" in said


def test_text_file_that_may_be_a_table_is_never_left_out(tmp_path: Path) -> None:
    members = {"給付.csv": BENEFITS.encode("cp932"), "other.txt": b"a;b;c\n1;2;3\n"}
    assert "other.txt" in refuse(tmp_path, write_zip(tmp_path / "a.zip", members))
