"""What can be wrong with values, files and disks: Japanese answer, exit 2, and nothing half-written anywhere."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run, assert_refused, find_half_written, list_files, run_limited

STANDARD = ("--standard", "soumu-2018")


@pytest.fixture
def sources(care: Path, tmp_path: Path) -> Path:
    """A copy of the town's three CSV files (CP932)."""
    return shutil.copytree(care / "csv", tmp_path / "csv")


def name_sources(folder: Path) -> list[object]:
    return [
        part
        for name in ("persons", "certifications", "benefits")
        for part in (f"--{name}", folder / f"{name}.csv")
    ]


def rewrite(path: Path, change: Callable[[str], str], encoding: str = "cp932") -> None:
    path.write_bytes(change(path.read_bytes().decode("cp932")).encode(encoding))


def assert_untouched(folder: Path, before: dict[str, bytes]) -> None:
    assert list_files(folder) == before
    assert find_half_written(folder) == []


# Parameters


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "threshhold=5",
            ("知らないパラメータ", "見つかった値: threshhold", "threshold のことではありませんか"),
        ),
        ("zzz=5", ("知らないパラメータ", "見つかった値: zzz", "使えるのは seed, persons")),
        ("threshold=1", ("パラメータ threshold", "(2〜100)", "見つかった値: '1'", "2〜100 の整数")),
        ("top_percentile=1.5", ("パラメータ top_percentile", "見つかった値: '1.5'", "0.5〜1.0 の小数")),
        ("persons=many", ("パラメータ persons", "見つかった値: 'many'", "整数")),
        ("start=2024-13", ("パラメータ start", "見つかった値: '2024-13'", "YYYY-MM")),
        ("standard=", ("パラメータ standard", "見つかった値: ''")),
    ],
)
def test_a_parameter_that_is_unknown_or_out_of_range_starts_nothing(
    kaigo: Run, tmp_path: Path, setting: str, words: tuple[str, ...]
) -> None:
    assert_refused(kaigo("report", "--set", setting, "--out", tmp_path / "reports"), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("パラメータのファイルが見つかりません", "mine.yaml")),
        (b"threshhold: 5\n", ("見つかった値: threshhold", "threshold のことではありませんか")),
        ("persons: 600 # 人\n".encode("utf-16"), ("パラメータのファイルを読めません", "mine.yaml", "UTF-8")),
        (b"- a\n- b\n", ("パラメータのファイルの形が違います", "名前: 値")),
    ],
    ids=["missing", "unknown name", "UTF-16", "list"],
)
def test_a_parameter_file_that_cannot_be_used_is_answered(
    kaigo: Run, tmp_path: Path, content: bytes | None, words: tuple[str, ...]
) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    assert_refused(kaigo("report", "--params", path, "--out", tmp_path / "reports"), *words)
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--persons", 0, ("persons", "見つかった値: 0", "1以上")),
        ("--months", 0, ("months", "見つかった値: 0")),
        ("--start", "2024-13", ("start", "見つかった値: 2024-13", "2024-04 のように")),
        ("--seed", -1, ("seed", "見つかった値: -1")),
        ("--municipalities", 0, ("municipalities", "見つかった値: 0")),
        ("--processes", 0, ("processes", "見つかった値: 0")),
        ("--engine", "spork", ("エンジンの名前", "見つかった値: spork", "duckdb:memory=4GB")),
        ("--engine", "duckdb:threads=x", ("スレッド数", "見つかった値: x")),
    ],
)
def test_a_value_out_of_range_makes_no_data(
    kaigo: Run, tmp_path: Path, option: str, value: object, words: tuple[str, ...]
) -> None:
    assert_refused(kaigo("synthesize", "--out", tmp_path / "care", option, value), *words)
    assert list(tmp_path.iterdir()) == []


# Files that are not there or are something else


def test_a_missing_file_or_folder_is_named_with_where_it_comes_from(kaigo: Run, tmp_path: Path) -> None:
    none, out = tmp_path / "none", tmp_path / "out"
    for line, remedy in (
        (("deidentify", none, *STANDARD, "--out", out), "kaigo intake"),
        (("forget", none), "kaigo deidentify"),
        (("analyze", none, "--what", "conditions"), "kaigo intake"),
        (("risk", none, "--keys", "a"), "確かめ"),
        (("report", "--data", none, "--out", out), "kaigo intake"),
        (("intake", *name_sources(none), "--out", out), "確かめ"),
        (("standard", "show", none), "soumu-2018"),
        (("standard", "check", tmp_path / "none.toml"), "soumu-2018"),
    ):
        assert_refused(kaigo(*line), str(none), remedy)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_kind_is_not_taken_for_care_tables(
    kaigo: Run, release: Path, tmp_path: Path
) -> None:
    assert_refused(kaigo("deidentify", release, *STANDARD, "--out", tmp_path / "out"), str(release))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_utf16_is_named_as_such(kaigo: Run, sources: Path, tmp_path: Path) -> None:
    rewrite(sources / "persons.csv", str, "utf-16")
    before = list_files(tmp_path)
    done = kaigo("intake", *name_sources(sources), "--out", tmp_path / "own")
    assert_refused(done, "個人属性情報", "UTF-16", "Shift_JIS(CP932)")
    assert_untouched(tmp_path, before)


def test_a_wrong_column_is_named_with_the_nearest_heading(kaigo: Run, sources: Path, tmp_path: Path) -> None:
    rewrite(sources / "benefits.csv", lambda text: text.replace("サービスコード", "サービス記号", 1))
    before = list_files(tmp_path)
    done = kaigo("intake", *name_sources(sources), "--out", tmp_path / "own")
    assert_refused(done, "サービスコード", "サービス記号")
    assert_untouched(tmp_path, before)


def test_an_empty_table_is_refused(kaigo: Run, sources: Path, tmp_path: Path) -> None:
    rewrite(sources / "certifications.csv", lambda text: text.splitlines(keepends=True)[0])
    before = list_files(tmp_path)
    assert_refused(kaigo("intake", *name_sources(sources), "--out", tmp_path / "own"), "認定情報", "0行")
    assert_untouched(tmp_path, before)


def test_no_persons_value_stands_in_the_answer_to_a_broken_file(
    kaigo: Run, sources: Path, tmp_path: Path
) -> None:
    lines = (sources / "persons.csv").read_bytes().decode("cp932").splitlines()
    names = [line.split(",")[2].strip('"') for line in lines[1:]]
    rewrite(sources / "persons.csv", lambda text: text.replace('"女"', '"雌"').replace('"男"', '"雄"'))
    done = kaigo("intake", *name_sources(sources), "--out", tmp_path / "own")
    assert_refused(done, "性別")
    assert [name for name in names if name in done.err] == []


def test_a_rule_that_leaves_nobody_is_named_and_leaves_no_folder(kaigo: Run, tmp_path: Path) -> None:
    """Five persons: no service code has ten users, so the rule on rare codes removes every line."""
    assert kaigo("synthesize", "--out", tmp_path / "five", "--persons", 5, "--months", 1).code == 0
    before = list_files(tmp_path)
    done = kaigo("deidentify", tmp_path / "five", *STANDARD, "--out", tmp_path / "release")
    assert_refused(done, "定め09", "1件も残りませんでした", "件 → 0件", "基準値を見直して")
    assert_untouched(tmp_path, before)


# Places that cannot be written


def write_commands(care: Path, release: Path, out: Path) -> dict[str, tuple[object, ...]]:
    return {
        "synthesize": ("synthesize", "--out", out, "--persons", 150, "--months", 1),
        "intake": ("intake", *name_sources(care / "csv"), "--out", out),
        "deidentify": ("deidentify", care, *STANDARD, "--out", out),
        "report": ("report", "--set", "persons=150", "--only", "10", "--out", out),
        "risk": ("risk", release, "--json", out),
        "standard show": ("standard", "show", "soumu-2018", "--json", out),
        "key": ("deidentify", care, *STANDARD, "--out", out.parents[1] / "new", "--key-file", out),
    }


@pytest.mark.parametrize(
    "verb", ["synthesize", "intake", "deidentify", "report", "risk", "standard show", "key"]
)
def test_a_place_below_a_file_cannot_be_written(
    kaigo: Run, care: Path, release: Path, tmp_path: Path, verb: str
) -> None:
    file = tmp_path / "file"
    file.write_text("人のファイル", encoding="utf-8")
    out = file / "below"
    done = kaigo(*write_commands(care, release, out)[verb])
    assert done.code == 2
    assert done.err.startswith("誤り: ")
    assert str(out) in done.err
    assert "対処: " in done.err
    assert_untouched(tmp_path, {"file": "人のファイル".encode()})


@pytest.mark.parametrize("verb", ["synthesize", "intake", "deidentify"])
def test_a_folder_of_other_things_is_left_alone(
    kaigo: Run, care: Path, release: Path, tmp_path: Path, verb: str
) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("手紙", encoding="utf-8")
    assert_refused(kaigo(*write_commands(care, release, other)[verb]), str(other), "--out")
    assert_untouched(tmp_path, {"mine/letter.txt": "手紙".encode()})


def test_an_earlier_release_stays_as_it_was_when_the_next_one_fails(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    out = tmp_path / "release"
    assert kaigo("deidentify", care, *STANDARD, "--out", out).code == 0
    before = list_files(out)
    assert kaigo("synthesize", "--out", tmp_path / "five", "--persons", 5, "--months", 1).code == 0
    assert_refused(kaigo("deidentify", tmp_path / "five", *STANDARD, "--out", out), "1件も残りません")
    assert list_files(out) == before
    assert find_half_written(tmp_path) == []


# A disk that is full: the limit on a file's size makes real writes fail in the middle


@pytest.mark.parametrize("kilobytes", [2, 20])
@pytest.mark.parametrize("verb", ["synthesize", "intake", "deidentify"])
def test_a_disk_that_is_full_while_a_step_is_written_leaves_nothing(
    care: Path, release: Path, tmp_path: Path, verb: str, kilobytes: int
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    line = write_commands(care, release, place / "out")[verb]
    done = run_limited(kilobytes * 1000, *line, cwd=place, temporary=tmp_path / "temporary")
    assert_refused(done, "ディスクの空きがなくなりました", "空き容量")
    assert list(place.iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_disk_that_is_full_keeps_the_earlier_data_whole(kaigo: Run, tmp_path: Path) -> None:
    out = tmp_path / "care"
    line = ("synthesize", "--out", out, "--persons", 150, "--months", 1)
    assert kaigo(*line).code == 0
    before = list_files(tmp_path)
    done = run_limited(2_000, *line, "--seed", 7, cwd=tmp_path, temporary=tmp_path.parent / "temporary")
    assert_refused(done, "ディスクの空きがなくなりました")
    assert_untouched(tmp_path, before)


def test_a_disk_that_is_full_under_the_work_files_of_a_measurement_is_answered(
    care: Path, release: Path, tmp_path: Path
) -> None:
    done = run_limited(2_000, "risk", release, cwd=tmp_path, temporary=tmp_path / "temporary")
    assert_refused(done, "ディスクの空きがなくなりました", "空き容量")
    assert list((tmp_path / "temporary").iterdir()) == []
    # A flat table is measured in memory.
    table = care / "csv" / "benefits.csv"
    done = run_limited(2_000, "risk", table, "--keys", "点数", cwd=tmp_path, temporary=tmp_path / "temporary")
    assert done.code == 0, done.err
    assert list((tmp_path / "temporary").iterdir()) == []


# The key


def test_a_key_that_others_may_read_or_that_is_no_key_is_refused_and_not_shown(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    for text, mode, word in (
        ("ab" * 32, 0o644, "権限"),
        ("zz" * 32, 0o600, "読めません"),
        ("ab" * 8, 0o600, "短"),
    ):
        key.write_text(text, encoding="ascii")
        key.chmod(mode)
        done = kaigo("deidentify", care, *STANDARD, "--out", tmp_path / "out", "--key-file", key)
        assert_refused(done, word)
        assert text not in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"key"}


def test_a_key_file_that_is_made_can_be_read_by_its_owner_alone(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    line = ("deidentify", care, *STANDARD, "--out", tmp_path / "out", "--key-file", key, "--json", "-")
    done = kaigo(*line)
    assert done.code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text(encoding="ascii").strip()
    assert len(secret) == 64
    assert secret not in done.out
