"""Parameters mean what a person reads in the file, and a mistake is answered in Japanese."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaigo.errors import InputError, ParameterError
from kaigo.workbook.params import Params, describe_params

ROOT = Path(__file__).parents[2]


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ParameterError) as caught:
        Params.load(None, {"treshold": "10"})
    assert caught.value.found == "treshold"
    assert caught.value.remedy.startswith("threshold のことではありませんか")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("persons", "99", "100〜7000000 の整数"),
        ("persons", "たくさん", "100〜7000000 の整数"),
        ("persons", "600.5", "100〜7000000 の整数"),
        ("top_percentile", "1.01", "0.5〜1.0 の小数"),
        ("top_percentile", "nan", "0.5〜1.0 の小数"),
        ("start", "2024-13", "YYYY-MM の文字"),
        ("start", "2024/04", "YYYY-MM の文字"),
        ("seed", "-1", "0〜2147483647 の整数"),
        ("standard", "", "名前またはTOMLファイル の文字"),
    ],
)
def test_a_wrong_value_is_answered_with_what_was_found_and_what_is_allowed(
    name: str, text: str, words: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        Params.load(None, {name: text})
    assert name in caught.value.what
    assert caught.value.found == repr(text)
    assert words in caught.value.remedy


def test_the_limits_themselves_are_allowed() -> None:
    assert Params.from_values({"persons": 100, "months": "36", "super_aged": 85}).persons == 100


def test_yaml_values_are_read_as_the_text_that_stands_there(tmp_path: Path) -> None:
    # YAML 1.1 would read 010 as 8, 2024-04 as text but 2024-04-01 as a date, and no as false.
    file = tmp_path / "p.yaml"
    file.write_text("threshold: 010\nstandard: no\ndata: 007 # 説明\npersons: 20_000\n", encoding="utf-8")
    params = Params.load(file)
    assert (params.threshold, params.standard, params.data, params.persons) == (10, "no", "007", 20_000)


def test_numbers_may_be_typed_as_people_type_them() -> None:
    assert Params.from_values({"persons": "２０,０００"}).persons == 20_000


def test_what_is_given_on_the_spot_is_stronger_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("persons: 500\nseed: 1\n", encoding="utf-8")
    params = Params.load(file, {"persons": "700"})
    assert (params.persons, params.seed) == (700, 1)
    assert params.changed() == {"persons": 700, "seed": 1}


@pytest.mark.parametrize("content", ["- a\n- b\n", "persons:\n  a: 1\n", "just text"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match="形が違います"):
        Params.load(file)


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="見つかりません"):
        Params.load(tmp_path / "none.yaml")
    (tmp_path / "sjis.yaml").write_bytes("standard: 基準".encode("cp932"))
    with pytest.raises(InputError, match="読めません"):
        Params.load(tmp_path / "sjis.yaml")


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("# 何もない\n", encoding="utf-8")
    assert Params.load(tmp_path / "p.yaml") == Params()


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Params().persons = 5  # type: ignore[misc]


@pytest.mark.parametrize("name", ["default", "quick", "city", "national"])
def test_the_parameter_files_of_the_project_are_valid(name: str) -> None:
    params = Params.load(ROOT / "params" / f"{name}.yaml")
    expected = {"default": 20_000, "quick": 600, "city": 53_000, "national": 7_000_000}
    assert params.persons == expected[name]


def test_the_quick_file_says_the_same_as_the_defaults_and_names_all() -> None:
    file = ROOT / "params" / "quick.yaml"
    assert Params.load(file) == Params()
    assert all(f"\n{name}: " in file.read_text(encoding="utf-8") for name in Params.model_fields)


def test_every_parameter_is_described_with_its_range() -> None:
    rows = {row[0]: row for row in describe_params()}
    assert list(rows) == list(Params.model_fields)
    assert rows["persons"] == ("persons", "int", "600", "認定者数、単位は人(100〜7000000)")
    assert rows["inhabitants"][3] == "自治体の人口(0〜20000000、0は未申告)"
