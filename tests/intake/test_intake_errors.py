"""What a user can get wrong is refused in Japanese, and nothing half-written is left."""

import os
from pathlib import Path

import pytest
from intake_files import BENEFITS, CERTIFICATIONS, PERSONS, read_in, write_sources

from kaigo.errors import EmptyResultError, InputError, KaigoError, OutputError, ParameterError
from kaigo.intake import IntakeSources, run_intake


def assert_nothing_written(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} <= {"persons.csv", "certifications.csv", "benefits.csv"}


def refuse(folder: Path, **texts: str | bytes) -> str:
    with pytest.raises(KaigoError) as caught:
        read_in(folder, **texts)
    assert_nothing_written(folder)
    return str(caught.value)


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="認定情報の"):
            run_intake(IntakeSources(sources.persons, path, sources.benefits), tmp_path / "out")
    assert_nothing_written(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"\x1a"])
def test_empty_file_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "空です" in refuse(tmp_path, benefits=content)


def test_header_without_rows_is_refused(tmp_path: Path) -> None:
    assert "データの行 0行" in refuse(tmp_path, benefits=BENEFITS.split("\n")[0] + "\n")


def test_file_of_broken_rows_only_is_refused_with_reasons_and_without_values(tmp_path: Path) -> None:
    message = refuse(tmp_path, persons=PERSONS.replace("女", "花").replace("男", "月"))
    assert "2行すべてに誤り: 性別 2行(最初は2行目)" in message
    assert "山田" not in message and "花" not in message


def test_byte_that_is_neither_utf8_nor_cp932_is_named_by_position_and_line(tmp_path: Path) -> None:
    good = PERSONS.encode("cp932")
    at = good.index("鈴木".encode("cp932"))
    message = refuse(tmp_path, persons=good[:at] + b"\x81\x0a" + good[at + 2 :])
    assert "UTF-8でもShift_JIS(CP932)でもありません" in message
    assert "3行目" in message and f"{at + 1}バイト目の0x81" in message


def test_broken_byte_in_a_utf8_file_is_not_taken_for_cp932(tmp_path: Path) -> None:
    good = PERSONS.encode()
    at = good.index("鈴木".encode())
    message = refuse(tmp_path, persons=good[:at] + b"\xff" + good[at:])
    assert f"{at + 1}バイト目の0xFF(UTF-8として読んだ場合)" in message


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (PERSONS.encode("utf-16"), "UTF-16"),
        (PERSONS.encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04abc", "Excel"),
        (b"\xd0\xcf\x11\xe0abc", "Excel"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_other_format_is_named(content: bytes, word: str, tmp_path: Path) -> None:
    assert word in refuse(tmp_path, persons=content)


def test_missing_column_is_named_with_the_nearest_header(tmp_path: Path) -> None:
    message = refuse(tmp_path, benefits=BENEFITS.replace("サービスコード", "サービス記号"))
    assert "必要な列「サービスコード」" in message and "近い見出し「サービス記号」" in message


def test_one_end_of_the_period_alone_is_refused(tmp_path: Path) -> None:
    message = refuse(tmp_path, certifications=CERTIFICATIONS.replace("認定有効期間終了", "メモ"))
    assert "「認定有効期間終了」" in message


def test_two_headers_of_one_column_are_refused(tmp_path: Path) -> None:
    message = refuse(tmp_path, persons=PERSONS.replace("住所", "生年 月日"))
    assert "同じ列を指す見出しが2つあります" in message and "4列目" in message and "5列目" in message


@pytest.mark.parametrize(
    ("swapped", "label"),
    [({"benefits": PERSONS}, "個人属性情報"), ({"persons": BENEFITS}, "介護給付情報"), ({"persons": CERTIFICATIONS}, "認定情報")],
)  # fmt: skip
def test_file_in_anothers_place_is_recognised(swapped: dict[str, str], label: str, tmp_path: Path) -> None:
    assert f"{label}のファイルのようです" in refuse(tmp_path, **swapped)


def test_first_row_of_a_file_without_header_is_not_printed(tmp_path: Path) -> None:
    message = refuse(tmp_path, persons=PERSONS.split("\n", 1)[1])
    assert "見出し行ではないようです" in message and "山田" not in message and "0000000001" not in message


def test_open_quote_in_the_header_is_refused(tmp_path: Path) -> None:
    assert "見出し行を読めません" in refuse(tmp_path, persons='"' + PERSONS)


def test_header_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    text = CERTIFICATIONS.replace("要介護状態区分", '"要介護\n状態区分"')
    assert read_in(tmp_path, certifications=text).tables.rows("certifications") == 2


def test_insurer_that_is_no_number_of_six_digits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        read_in(tmp_path, insurer="13101")


def test_folder_of_something_else_and_folder_of_the_inputs_are_not_overwritten(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("x")
    for out in (other, tmp_path, sources.persons):
        with pytest.raises(OutputError):
            run_intake(sources, out)
    assert (other / "letter.txt").read_text() == "x" and sources.persons.is_file()


def test_second_run_takes_the_place_of_the_first_and_a_failed_one_leaves_it(tmp_path: Path) -> None:
    first = read_in(tmp_path).tables.content_sha256
    with pytest.raises(EmptyResultError):
        read_in(tmp_path, benefits=BENEFITS.split("\n")[0] + "\n")
    from kaigo.tables import CareTables

    assert CareTables.open(tmp_path / "out").content_sha256 == first
    second = read_in(tmp_path, benefits=BENEFITS.replace("976", "977"))
    assert CareTables.open(tmp_path / "out").content_sha256 == second.tables.content_sha256 != first


def test_disk_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    sources = write_sources(tmp_path, benefits=BENEFITS + "".join(
        f"131016,{i:010d},2017-06,111111,{i % 30},{i * 7},{i * 13:010d}\n" for i in range(20_000)
    ))  # fmt: skip
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        with pytest.raises(OutputError, match="空き"):
            run_intake(sources, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert_nothing_written(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(OutputError):
        run_intake(sources, locked / "out")


def test_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    with pytest.raises(OutputError):
        run_intake(sources, sources.persons / "out")
