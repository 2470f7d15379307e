"""`kaigo risk` on a flat table: six rows that can be counted by hand, and what a value is."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import Run, assert_refused

# By (生年, 性別): 1940女 × 3, 1950男 × 2, 1950女 × 1. By person: 甲 2 rows, 乙, 丙, 丁, 戊 one each.
ROWS = (
    ("甲", "1940", "女", "12"),
    ("甲", "1940", "女", "13"),
    ("乙", "1940", "女", "12"),
    ("丙", "1950", "男", "12"),
    ("丁", "1950", "男", "21"),
    ("戊", "1950", "女", "25"),
)
HEADER = ("人", "生年", "性別", "区分")


def write_table(path: Path, rows: tuple[tuple[str | None, ...], ...] = ROWS, encoding: str = "utf-8") -> Path:
    if path.suffix == ".parquet":
        columns = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(HEADER))]
        pq.write_table(pa.table(columns, names=list(HEADER)), path)
        return path
    text = "".join(",".join(value or "" for value in row) + "\n" for row in (HEADER, *rows))
    path.write_bytes(text.encode(encoding))
    return path


def measure(kaigo: Run, *arguments: object) -> dict[str, object]:
    done = kaigo("risk", *arguments, "--json", "-")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("table.csv", "utf-8"),
        ("table.csv", "utf-8-sig"),
        ("table.csv", "cp932"),
        ("table.parquet", ""),
    ],
)
def test_six_rows_give_the_figures_counted_by_hand(
    kaigo: Run, tmp_path: Path, name: str, encoding: str
) -> None:
    result = measure(kaigo, write_table(tmp_path / name, encoding=encoding), "--keys", "生年,性別")
    assert result.pop("risk") == {
        "prosecutor_max": 1.0,
        "prosecutor_average": pytest.approx(3 / 6),  # three classes, six rows
        "journalist_max": 1.0,
        "journalist_average": pytest.approx(3 / 6),
        "marketer": pytest.approx(3 / 6),
        # Strictly above: rows in classes of 3 have 1/3 > 0.33, rows in the class of 2 have 1/2, not above 0.5.
        "records_at_risk": {
            "0.05": 1.0,
            "0.09": 1.0,
            "0.2": 1.0,
            "0.33": 1.0,
            "0.5": pytest.approx(1 / 6),
        },
    }
    assert result == {
        "keys": ["生年", "性別"],
        "unit": "行",
        "records": 6,
        "classes": 3,
        "k": 1,
        "unique_records": 1,
        "class_size_histogram": {"1": 1, "2": 1, "3": 1},
    }


def test_at_risk_means_strictly_above_the_threshold(kaigo: Run, tmp_path: Path) -> None:
    """Five equal rows: 1/5 is not above 0.2."""
    table = write_table(tmp_path / "five.csv", (("甲", "1940", "女", "12"),) * 5)
    assert measure(kaigo, table, "--keys", "生年")["risk"]["records_at_risk"] == {
        "0.05": 1.0,
        "0.09": 1.0,
        "0.2": 0.0,
        "0.33": 0.0,
        "0.5": 0.0,
    }


def test_with_a_person_column_persons_are_counted_and_each_once_a_class(kaigo: Run, tmp_path: Path) -> None:
    """甲's two rows stand in one class: 1940女 holds 2 persons, 1950男 2, 1950女 1."""
    result = measure(kaigo, write_table(tmp_path / "table.csv"), "--keys", "生年,性別", "--person", "人")
    assert {name: result[name] for name in ("unit", "records", "persons", "classes", "k")} == {
        "unit": "人",
        "records": 6,
        "persons": 5,
        "classes": 3,
        "k": 1,
    }
    assert (result["unique_persons"], result["unique_records"]) == (1, 1)
    assert result["class_size_histogram"] == {"1": 1, "2": 2}
    assert result["risk"]["prosecutor_average"] == pytest.approx((4 * 0.5 + 1.0) / 5)
    assert result["risk"]["records_at_risk"]["0.5"] == pytest.approx(1 / 5)


def test_a_person_in_several_classes_counts_in_each_and_is_judged_by_the_worst(
    kaigo: Run, tmp_path: Path
) -> None:
    """By 区分, 甲 stands in 12 with 乙 and 丙 and alone in 13."""
    result = measure(kaigo, write_table(tmp_path / "table.csv"), "--keys", "区分", "--person", "人")
    assert (result["classes"], result["class_size_histogram"]) == (4, {"1": 3, "3": 1})
    # 甲, 丁, 戊 are unique somewhere; 乙 and 丙 only in the class of three.
    assert result["unique_persons"] == 3
    assert result["risk"]["prosecutor_average"] == pytest.approx((3 * 1.0 + 2 / 3) / 5)


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_text_with_leading_zeros_stays_text(kaigo: Run, tmp_path: Path, name: str) -> None:
    rows = tuple((str(n), code, "女", "12") for n, code in enumerate(("01", "1", "001", "1.0", "1")))
    result = measure(kaigo, write_table(tmp_path / name, rows), "--keys", "生年")
    assert (result["classes"], result["class_size_histogram"]) == (4, {"1": 3, "2": 1})


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_missing_key_is_a_value_of_its_own(kaigo: Run, tmp_path: Path, name: str) -> None:
    rows = (("甲", None, "女", "12"), ("乙", None, "女", "12"), ("丙", "1940", "女", "12"))
    result = measure(kaigo, write_table(tmp_path / name, rows), "--keys", "生年,性別")
    assert (result["records"], result["classes"], result["k"]) == (3, 2, 1)
    assert result["class_size_histogram"] == {"1": 1, "2": 1}


def test_a_quoted_field_may_hold_a_comma_a_quote_and_a_line_break(kaigo: Run, tmp_path: Path) -> None:
    path = tmp_path / "quoted.csv"
    path.write_text('人,生年\n甲,"19,40"\n乙,"19""40"\n丙,"19\n40"\n丁,"19,40"\n', encoding="utf-8")
    assert measure(kaigo, path, "--keys", "生年")["class_size_histogram"] == {"1": 2, "2": 1}


def test_the_summary_says_that_rows_were_counted_and_gives_no_verdict(kaigo: Run, tmp_path: Path) -> None:
    done = kaigo("risk", write_table(tmp_path / "table.csv"), "--keys", "生年,性別")
    assert done.out.splitlines() == [
        "6行、同値類 3、最も小さい同値類 k = 1行",
        "一意な行 1(16.7%)、平均の再識別確率 0.5000",
        "行を数えた値です。1人が何行もつ表では、人についての判断には使えません。判定はしません。",
    ]


def test_no_verdict_stands_in_the_json_of_a_flat_table(kaigo: Run, tmp_path: Path) -> None:
    assert "verdict" not in measure(kaigo, write_table(tmp_path / "table.csv"), "--keys", "生年")


def test_keys_and_persons_are_not_asked_of_a_release(kaigo: Run, release: Path) -> None:
    assert_refused(kaigo("risk", release, "--keys", "sex"), "--keys を使いません")


def test_a_table_wants_keys_and_has_no_verdict_to_fail_on(kaigo: Run, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    assert_refused(kaigo("risk", table), "鍵の列が指定されていません", "--keys")
    done = kaigo("risk", table, "--keys", "生年", "--fail-on", "不可")
    assert_refused(done, "判定がありません", "見つかった値: --fail-on")


def test_care_tables_before_processing_are_no_table_to_measure(kaigo: Run, care: Path) -> None:
    assert_refused(kaigo("risk", care, "--keys", "sex"), str(care), "kaigo deidentify")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("人,生年\n甲,1940\n".encode("utf-16"), ("文字コード", "UTF-8")),
        (b"", ("空",)),
        ("人,生年\n".encode(), ("1行もありません",)),
        (b"PK\x03\x04abc", ("CSV",)),
        ("人,生年,生年\n甲,1940,1941\n".encode(), ("生年", "2つ")),
    ],
    ids=["UTF-16", "no byte", "no row", "Excel", "two columns of one name"],
)
def test_a_file_that_is_no_table_is_answered(
    kaigo: Run, tmp_path: Path, content: bytes, words: tuple[str, ...]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert_refused(kaigo("risk", path, "--keys", "生年"), "table.csv", *words)


def test_a_column_that_is_not_there_is_named_with_the_nearest(kaigo: Run, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    assert_refused(kaigo("risk", table, "--keys", "生年,性"), "列「性」がありません", "「性別」のことですか")
    assert_refused(kaigo("risk", table, "--keys", "生年", "--person", "氏名"), "列「氏名」がありません")


def test_the_content_of_a_broken_row_is_not_printed(kaigo: Run, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("氏名,住所,生年\n佐々木花子,架空市一丁目\n", encoding="utf-8")
    done = kaigo("risk", path, "--keys", "生年")
    assert_refused(done, "2行目")
    assert "佐々木" not in done.err
    assert "架空市" not in done.err
