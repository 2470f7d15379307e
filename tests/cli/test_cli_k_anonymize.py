"""`kaigo k-anonymize`: a table and hierarchies in ARX's form, the generalised table, and what can be wrong."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import Run, assert_refused, find_half_written, list_files, run_limited

TABLE = "番号,年齢,性別,備考\n1,65,女,あ\n2,65,女,い\n3,66,女,\n4,71,男,え\n"
AGES = "65;60代;*\n66;60代;*\n71;70代;*\n"
SEXES = "男;*\n女;*\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A table of four rows and two hierarchies."""
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    folder = tmp_path / "h"
    folder.mkdir()
    (folder / "年齢.csv").write_text(AGES, encoding="utf-8")
    (folder / "性別.csv").write_text(SEXES, encoding="utf-8")
    return tmp_path


def line(place: Path, *more: object) -> tuple[object, ...]:
    return ("k-anonymize", place / "table.csv", "--hierarchies", place / "h", *more)


def answer(kaigo: Run, *arguments: object) -> dict[str, object]:
    done = kaigo(*arguments, "--json", "-")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def read_csv(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    return text.removeprefix("\ufeff").replace('"', "").splitlines()


def test_four_rows_give_the_levels_counted_by_hand(kaigo: Run, place: Path) -> None:
    # 年齢 1: 60代女 × 3 stay, 70代男 suppressed: (3 × (1/2 + 0) + 2) / 8. Without suppression both keys are lost.
    result = answer(kaigo, *line(place, "--k", 3, "--suppression", "0.25", "--out", place / "out.csv"))
    assert result.pop("nodes_checked") <= 6
    assert result == {
        "levels": {"年齢": 1, "性別": 0},
        "suppressed_records": 1,
        "k": 3,
        "loss": 3.5 / 8,
        "lattice_size": 6,
        "records": 4,
        "smallest_class": 3,
        "suppression_limit": 0.25,
        "unit": "行",
        "untouched": ["番号", "備考"],
    }
    assert read_csv(place / "out.csv") == [
        "番号,年齢,性別,備考",
        "1,60代,女,あ",
        "2,60代,女,い",
        "3,60代,女,",
        "4,*,*,え",
    ]
    assert answer(kaigo, *line(place, "--k", 3))["levels"] == {"年齢": 2, "性別": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_tables_and_hierarchies_may_be_in_either_encoding(kaigo: Run, place: Path, encoding: str) -> None:
    (place / "table.csv").write_bytes(TABLE.replace("\n", "\r\n").encode(encoding))
    for path in (place / "h").iterdir():
        path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    result = answer(kaigo, *line(place, "--k", 3, "--suppression", "0.25"))
    assert result["levels"] == {"年齢": 1, "性別": 0}


def test_persons_are_counted_when_they_are_named(kaigo: Run, place: Path) -> None:
    text = "番号,年齢,性別\n1,65,女\n1,65,女\n2,66,女\n3,66,女\n"
    (place / "table.csv").write_text(text, encoding="utf-8")
    assert answer(kaigo, *line(place, "--k", 2))["levels"] == {"年齢": 0, "性別": 0}
    result = answer(kaigo, *line(place, "--k", 2, "--person", "番号"))
    assert (result["levels"], result["persons"], result["unit"]) == ({"年齢": 1, "性別": 0}, 3, "人")
    result = answer(kaigo, *line(place, "--k", 2, "--person", "番号", "--suppression", "0.34"))
    assert result["levels"] == {"年齢": 1, "性別": 0}  # level 0 would lose (2 × 2) / 8, level 1 1/4
    assert result["suppressed_persons"] == 0


def test_parquet_keeps_the_types_of_the_other_columns(kaigo: Run, place: Path) -> None:
    table = pa.table(
        {
            "年齢": pa.array([65, 65, 66, 71], pa.int16()),
            "性別": pa.array(["女", "女", "女", "男"]).dictionary_encode(),
            "単位": pa.array([1.5, 2.5, None, 4.0]),
        }
    )
    pq.write_table(table, place / "table.parquet", row_group_size=3)
    out = place / "out.parquet"
    arguments = ("k-anonymize", place / "table.parquet", "--hierarchies", place / "h", "--k", 3)
    assert answer(kaigo, *arguments, "--suppression", "0.25", "--out", out)["suppressed_records"] == 1
    made = pq.read_table(out)
    assert made["年齢"].to_pylist() == ["60代", "60代", "60代", "*"]
    assert made["性別"].to_pylist() == ["女", "女", "女", "*"]
    assert made["単位"] == table["単位"]


def test_a_missing_cell_is_a_value_that_the_hierarchy_must_name(kaigo: Run, place: Path) -> None:
    (place / "table.csv").write_text(TABLE.replace("66", ""), encoding="utf-8")
    assert_refused(kaigo(*line(place, "--k", 2)), "列「年齢」", "空欄", "1行。最初は見出しを除いて3行目")
    (place / "h" / "年齢.csv").write_text(AGES + ";不明;*\n", encoding="utf-8")
    out = place / "out.csv"
    result = answer(kaigo, *line(place, "--k", 2, "--suppression", "0.5", "--out", out))
    assert (result["levels"], result["suppressed_records"]) == ({"年齢": 0, "性別": 0}, 2)
    assert read_csv(out)[3:] == ["3,*,*,", "4,*,*,え"]


def test_a_file_name_typed_on_another_system_is_the_same_column(kaigo: Run, place: Path) -> None:
    (place / "table.csv").write_text(TABLE.replace("性別", "区分ガ"), encoding="utf-8")
    (place / "h" / "性別.csv").rename(place / "h" / f"{unicodedata.normalize('NFD', '区分ガ')}.csv")
    assert answer(kaigo, *line(place, "--k", 2, "--suppression", 1))["levels"].keys() == {"年齢", "区分ガ"}


def test_a_summary_says_what_was_done_and_what_was_counted(kaigo: Run, place: Path) -> None:
    out = kaigo(*line(place, "--k", 3, "--suppression", "0.25")).out
    assert "年齢 1、性別 0" in out
    assert "抑制 1/4行(25.0%)" in out
    assert "--person を付けてください" in out
    out = kaigo(*line(place, "--k", 3, "--suppression", "0.25", "--person", "番号")).out
    assert "その行のある人 1/4人(25.0%)" in out


def test_columns_that_stay_as_they_are_are_named(kaigo: Run, place: Path) -> None:
    for more in ((), ("--out", place / "out.csv")):
        out = kaigo(*line(place, "--k", 3, "--suppression", "0.25", *more)).out
        assert "そのまま残った列: 番号、備考" in out and "注意" not in out
        out = kaigo(*line(place, "--k", 3, "--suppression", "0.25", "--person", "番号", *more)).out
        assert "注意: 人を表す列「番号」も、そのまま残っています" in out
    (place / "table.csv").write_text("年齢,性別\n65,女\n65,女\n", encoding="utf-8")
    assert "そのまま残った列" not in kaigo(*line(place, "--k", 2)).out


# What can be wrong


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("65;60代;*\n66;*\n", ("年齢.csv、2行目", "1行目は3列、2行目は2列")),
        ("65;60代;*\n66;60代;*\n65;60代;*\n", ("同じ値が2回", "3行目", "1行目と同じ値")),
        ("65;60代;*\n66;60代;全\n", ("最後の段階が * ではありません", "2行目")),
        (
            "65;a;x;*\n66;b;y;*\n71;a;y;*\n",
            ("入れ子になっていません", "1行目と3行目", "段階1(左から2列目)では同じ値"),
        ),
        ("65\n66\n", ("上位の値がありません",)),
        ("65,60代,*\n", ("上位の値がありません", "値;1段階上の値;…;*")),
        ("", ("階層のファイルが空です",)),
        (AGES.replace("66", "67"), ("階層のファイルにない値", "1行。最初は見出しを除いて3行目", "年齢.csv")),
    ],
    ids=["ragged", "repeated", "no star", "not nested", "one column", "commas", "empty", "unknown value"],
)
def test_a_broken_hierarchy_is_named_with_its_line(
    kaigo: Run, place: Path, text: str, words: tuple[str, ...]
) -> None:
    (place / "h" / "年齢.csv").write_text(text, encoding="utf-8")
    before = list_files(place)
    done = kaigo(*line(place, "--k", 2, "--out", place / "out.csv"))
    assert_refused(done, *words)
    assert not any(value in done.err for value in ("65", "66", "71"))
    assert list_files(place) == before


def test_hierarchies_that_are_missing_or_of_no_column_are_named(kaigo: Run, place: Path) -> None:
    (place / "empty").mkdir()
    for folder, word in (("none", "フォルダがありません"), ("empty", "階層のファイルがありません")):
        assert_refused(
            kaigo("k-anonymize", place / "table.csv", "--hierarchies", place / folder, "--k", 2), word
        )
    (place / "h" / "年齢層.csv").write_text(AGES, encoding="utf-8")
    assert_refused(kaigo(*line(place, "--k", 2)), "年齢層.csv", "「年齢」のことですか")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--k", 1), ("k が小さすぎます", "見つかった値: 1")),
        (("--k", 2, "--suppression", "1.5"), ("割合を読めません", "1.5")),
        (("--k", 2, "--suppression", "x"), ("割合を読めません", "x")),
        (("--k", 2, "--suppression", "nan"), ("割合を読めません", "nan")),
        (("--k", 2, "--person", "氏名"), ("列「氏名」がありません",)),
        (("--k", 2, "--person", "性別"), ("鍵にもなっています",)),
        (("--k", 2, "--person", "備考"), ("空欄", "1行。最初は見出しを除いて3行目")),
        (("--k", 5), ("k = 5 に足りません", "見つかった値: 4")),
        (("--k", 2, "--out", "out.xlsx"), ("書き出す形式", "out.xlsx")),
    ],
)
def test_a_value_that_makes_no_sense_is_answered(
    kaigo: Run, place: Path, more: tuple[object, ...], words: tuple[str, ...]
) -> None:
    before = list_files(place)
    assert_refused(kaigo(*line(place, *more)), *words)
    assert list_files(place) == before


def test_the_table_itself_is_never_overwritten_and_a_folder_is_left_alone(kaigo: Run, place: Path) -> None:
    (place / "mine.csv").mkdir()
    before = list_files(place)
    assert_refused(kaigo(*line(place, "--k", 2, "--out", place / "table.csv")), "もとの表と同じファイル")
    assert_refused(kaigo(*line(place, "--k", 2, "--out", place / "mine.csv")), "同じ名前のフォルダ")
    assert list_files(place) == before
    assert find_half_written(place) == []


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_disk_that_is_full_leaves_the_earlier_file_whole(place: Path, name: str) -> None:
    rows = "".join(f"{number},65,女,{number * 7919 % 10**9}\n" for number in range(3000))
    (place / "table.csv").write_text("番号,年齢,性別,備考\n" + rows, encoding="utf-8")
    (place / name).write_text("earlier", encoding="utf-8")
    before = list_files(place)
    arguments = line(place, "--k", 2, "--out", place / name)
    done = run_limited(2_000, *arguments, cwd=place, temporary=place.parent / "temporary")
    assert_refused(done, "ディスクの空きがなくなりました", "空き容量")
    assert list_files(place) == before
