"""Any headers and words through a mapping file, and the draft that intake proposes from a file."""

from pathlib import Path

import pytest
from excel_files import cells, write_book
from intake_files import CERTIFICATIONS, PERSONS, assert_balanced, file_report, rows, warnings, write_sources

from kaigo.errors import InputError, KaigoError, ParameterError
from kaigo.intake import IntakeResult, IntakeSources, Reading, load_mapping, run_intake, summarise_report
from kaigo.intake.draft_mapping import draft_mapping

OWN_PERSONS = (
    "被保番,氏名カナ漢字,現住所,誕生日,性別コード区分\n"
    "0000000001,山田 花子,架空市１－１,昭和10年１月２日,F:女\n"
    "0000000002,鈴木 一,架空市１－２,昭和30年12月31日,M:男\n"
)
OWN_BENEFITS = (
    "被保番,提供月,種類,項目,回数計,単位計,事業所\n"
    "0000000001,平成29年6月,11,1111,3,732,1300000001\n"
    "0000000001,平成29年7月,11,1111,4,976,1300000001\n"
    "0000000002,平成29年6月,11,1111,1,244,1300000001\n"
)
MAP = """
[persons.columns]
insured_number = "被保番"
"氏名" = "氏名カナ漢字"
address = "現住所"
birth_date = "誕生日"
sex = "性別コード区分"
[persons.values.sex]
"F:女" = "女"
"M:男" = "男"
[persons.constants]
insurer_number = "131016"
["介護給付情報".columns]
insured_number = "被保番"
service_month = "提供月"
service_code = ["種類", "項目"]
days = "回数計"
units = "単位計"
provider_number = "事業所"
"""


def read(folder: Path, text: str) -> IntakeResult:
    (folder / "map.toml").write_text(text, encoding="utf-8")
    sources = write_sources(folder, persons=OWN_PERSONS, benefits=OWN_BENEFITS)
    return run_intake(sources, folder / "out", reading=Reading(load_mapping(folder / "map.toml")))


def test_own_headers_words_joined_columns_and_constants_give_the_same_tables(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    result = read(tmp_path / "own", MAP)
    assert_balanced(result)
    plain = run_intake(
        write_sources(tmp_path, persons=PERSONS.replace(",第1号", ",").replace(",第2号", ",")),
        tmp_path / "out",
    )
    for table in ("persons", "certifications", "benefits"):
        assert rows(result, table) == rows(plain, table)
    assert "column_ignored" not in warnings(result, "benefits")
    assert "insurer_assumed" not in warnings(result, "persons")


def test_file_with_the_standard_headers_needs_no_entry_of_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    sources = write_sources(tmp_path)
    own = tmp_path / "own.csv"
    own.write_text(OWN_BENEFITS, encoding="cp932")
    both = IntakeSources(sources.persons, sources.certifications, [sources.benefits, own])
    result = run_intake(both, tmp_path / "out", reading=Reading(load_mapping(tmp_path / "map.toml")))
    assert len(rows(result, "benefits")) == 6


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[persons.columns\n", "読めません"),
        ("[person.columns]\nsex='a'\n", "persons のことですか"),
        ("[persons.colums]\nsex='a'\n", "columns のことですか"),
        ("[persons.columns]\nsax='a'\n", "sex のことですか"),
        ("[persons.columns]\nsex=1\n", "文字ではない"),
        ("[persons.values]\nsex='男'\n", "表ではない"),
        ("[persons.constants]\nsex='x'\n", "constants の値"),
    ],
)
def test_mapping_with_a_mistake_is_explained(text: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(KaigoError) as caught:
        (tmp_path / "map.toml").write_text(text, encoding="utf-8")
        sources = write_sources(tmp_path, persons=PERSONS.replace(",性別,", ",性,"))
        run_intake(sources, tmp_path / "out", reading=Reading(load_mapping(tmp_path / "map.toml")))
    assert word in str(caught.value)


def test_headers_that_are_not_known_lead_to_the_draft(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="必要な列") as caught:
        run_intake(
            write_sources(tmp_path, benefits=OWN_BENEFITS.replace("提供月", "サービス利用年月")),
            tmp_path / "out",
        )
    assert "--draft-mapping" in str(caught.value) or "見出し行ではない" in str(caught.value)


def test_draft_finds_columns_by_name_and_by_values_and_asks_about_the_rest(tmp_path: Path) -> None:
    draft = draft_mapping(write_sources(tmp_path, persons=OWN_PERSONS, benefits=OWN_BENEFITS))
    lines = draft.text.split("\n")

    def line(start: str) -> str:
        return next(text for text in lines if text.startswith(start))

    assert line('service_code = ["種類", "項目"]') and line('service_month = "提供月"')
    assert (
        line('birth_date = "誕生日"') and line('insured_number = "被保番"') and line('sex = "性別コード区分"')
    )
    assert line('"F:女" = "女" # 要確認') and line('"M:男" = "男" # 要確認')
    assert line('# units = "" # 要確認') and draft.open_questions >= 5
    # What the certifications' own headers say needs no question.
    assert line('care_level = "要介護状態区分"') and "要確認" not in line('care_level = "要介護状態区分"')
    assert not any(value in draft.text for value in ("山田", "0000000001", "昭和10年", "架空市"))


def test_draft_that_was_looked_through_reads_the_files(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, persons=OWN_PERSONS, benefits=OWN_BENEFITS)
    text = draft_mapping(sources).text
    text = text.replace('# units = ""', 'units = "単位計"')
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    result = run_intake(sources, tmp_path / "out", reading=Reading(load_mapping(tmp_path / "map.toml")))
    assert_balanced(result)
    assert [row["units"] for row in rows(result, "benefits")] == [732, 976, 244]
    assert [row["sex"] for row in rows(result, "persons")] == [2, 1]


def test_draft_of_a_workbook_and_of_nothing(tmp_path: Path) -> None:
    book = write_book(tmp_path / "c.xlsx", {"s": [["認定の一覧"], *cells(CERTIFICATIONS)]})
    text = draft_mapping(IntakeSources(certifications=book)).text
    assert 'survey_1_7 = "歩行"' in text and "[benefits" not in text
    with pytest.raises(ParameterError):
        draft_mapping(IntakeSources())


def test_standard_headers_draft_without_a_question(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    draft = draft_mapping(sources)
    assert draft.open_questions == 0
    (tmp_path / "map.toml").write_text(draft.text, encoding="utf-8")
    with_map = run_intake(sources, tmp_path / "out", reading=Reading(load_mapping(tmp_path / "map.toml")))
    without = run_intake(sources, tmp_path / "out2")
    assert with_map.tables.content_sha256 == without.tables.content_sha256


@pytest.mark.parametrize(
    ("word", "proposed"),
    [
        ("要介護6", ""),
        ("要介護0", ""),
        ("24:要介護6", ""),
        ("要支援5", ""),
        ("2-1", ""),
        ("介護4", ""),
        ("21/22", ""),
        ("要介護3?", ""),
        ("【要介護４】", "要介護4"),
        ("要介護・四", "要介護4"),
        ("要支援(2)", "要支援2"),
    ],
)
def test_draft_proposes_spellings_of_a_level_and_never_another_level(
    word: str, proposed: str, tmp_path: Path
) -> None:
    text = CERTIFICATIONS.replace("要介護２", word)
    draft = draft_mapping(write_sources(tmp_path, certifications=text.encode("utf-8")))
    assert f'"{word}" = "{proposed}" # 要確認' in draft.text.split("\n")


def test_each_translated_code_is_named_with_its_lines_and_other_values_are_not(tmp_path: Path) -> None:
    text = (
        '[certifications.values.care_level]\n"要介護6" = "要介護5"\n"なし" = "自立"\n'
        '[persons.values.insured_number]\n"甲1" = "0000000001"\n[persons.values.sex]\n"F" = "女"\n"M" = "男"\n'
    )
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    sources = write_sources(
        tmp_path,
        certifications=CERTIFICATIONS.replace("要介護２", "要介護6"),
        persons=PERSONS.replace("0000000001", "甲1").replace(",女,", ", F ,").replace(",男,", ",M,")
        + "131016,0000000003,佐藤 二,架空市１－３,昭和30年13月31日,M,第1号\n",
    )
    result = run_intake(sources, tmp_path / "out", reading=Reading(load_mapping(tmp_path / "map.toml")))

    def named(table: str) -> list[tuple[str, int, list[int]]]:
        entries = [w for w in file_report(result, table)["warnings"] if w["rule"] == "value_translated"]
        return [(w["message"], w["count"], w["lines"]) for w in entries]

    assert named("certifications") == [("値を読み替えました: 要介護状態区分 要介護6→要介護5", 1, [2])]
    # The third person is set apart for the date: the translation reached no table.
    assert named("persons") == [
        ("値を読み替えました: 性別 F→女", 1, [2]),
        ("値を読み替えました: 性別 M→男", 1, [3]),
        ("値を読み替えました: 被保険者番号", 1, [2]),
    ]
    parts = {part["table"]: part for part in summarise_report(result.report)["files"]}
    assert parts["persons"]["warnings"]["value_translated"] == 3
    told = [m for m in parts["persons"]["messages"] if m["rule"] == "value_translated"]
    assert (told[0]["message"], told[0]["count"]) == ("値を読み替えました: 性別 F→女", 1)


@pytest.mark.parametrize(("word", "proposed"), [("1:男", "男"), ("1:女", ""), ("男女", ""), ("不明", "")])
def test_draft_proposes_a_sex_only_where_all_parts_agree(word: str, proposed: str, tmp_path: Path) -> None:
    draft = draft_mapping(write_sources(tmp_path, persons=PERSONS.replace(",女,", f",{word},")))
    assert f'"{word}" = "{proposed}" # 要確認' in draft.text.split("\n")
