"""The 74 items of the certification survey and the two independence ranks."""

from collections import Counter

import pytest

from kaigo.tables import find_survey_item, load_schemas, load_survey_items, survey_columns
from kaigo.tables.survey import option_aliases


def test_there_are_74_items_and_two_ranks() -> None:
    items = load_survey_items()
    assert len(survey_columns()) == 74
    assert [item.column for item in items if not item.counts] == [
        "disability_independence",
        "dementia_independence",
    ]
    assert len({item.column for item in items}) == 76


def test_the_groups_have_the_official_numbers_of_items() -> None:
    # Groups 1 to 5 and special medical care: 20 + 12 + 9 + 15 + 6 + 12 = 74.
    groups = Counter(item.column.split("_")[1] for item in load_survey_items() if item.counts)
    assert groups == {"1": 20, "2": 12, "3": 9, "4": 15, "5": 6, "6": 12}


@pytest.mark.parametrize(
    ("column", "code", "text"),
    [
        ("survey_1_1_1", 0, "ない"),
        ("survey_1_1_5", 1, "ある"),
        ("survey_1_7", 2, "何かにつかまればできる"),
        ("survey_1_10", 4, "行っていない"),
        ("survey_1_12", 5, "見えているのか判断不能"),
        ("survey_2_5", 3, "一部介助"),
        ("survey_2_12", 3, "月1回未満"),
        ("survey_4_12", 2, "ときどきある"),
        ("survey_5_3", 2, "特別な場合を除いてできる"),
        ("survey_6_12", 0, "ない"),
        ("disability_independence", 9, "C2"),
        ("dementia_independence", 8, "M"),
    ],
)
def test_an_option_is_found_by_its_code(column: str, code: int, text: str) -> None:
    assert find_survey_item(column).option_text(code) == text


def test_yes_no_marks_count_from_0_and_all_others_from_1() -> None:
    for item in load_survey_items():
        is_mark = item.options == ("ない", "ある")
        assert item.first_option == (0 if is_mark else 1), item.column
        assert len(item.codes) == len(item.options) >= 2


def test_an_unknown_column_is_no_survey_item() -> None:
    with pytest.raises(KeyError):
        find_survey_item("survey_9_9")


def test_short_forms_point_to_options_that_exist() -> None:
    assert option_aliases()["survey_1_7", "つかまれば可"] == 2
    for (column, _), code in option_aliases().items():
        assert code in find_survey_item(column).codes


def test_every_item_names_its_source() -> None:
    assert all(item.source for item in load_survey_items())


def test_no_header_of_a_table_can_be_read_as_two_columns() -> None:
    for schema in load_schemas().values():
        owners: dict[str, set[str]] = {}
        for column in schema.columns:
            for header in (column.name, column.label, *column.aliases):
                owners.setdefault(header, set()).add(column.name)
        assert {header: names for header, names in owners.items() if len(names) > 1} == {}
