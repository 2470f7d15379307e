"""和暦 both ways, in every form that municipal files use."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaigo.tables import format_date, format_month, parse_date, parse_month
from kaigo.tables.wareki import load_eras

DAYS = st.dates(dt.date(1873, 1, 1), dt.date(2099, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "昭和18年2月19日",
        "昭和１８年２月１９日",
        " 昭和18年 2月19日 ",
        "昭和18.2.19",
        "S18.2.19",
        "s18/2/19",
        "Ｓ１８．２．１９",
        "S18-02-19",
        "S180219",
        "3180219",
        "３１８０２１９",
        "1943-02-19",
        "1943/2/19",
        "1943.2.19",
        "1943年2月19日",
        "19430219",
        "1943-02-19 00:00:00",
        "1943/2/19 0:00",
        "1943-02-19T00:00:00",
    ],
)
def test_every_form_of_a_date_is_read(text: str) -> None:
    assert parse_date(text) == dt.date(1943, 2, 19)


@pytest.mark.parametrize(
    "text",
    [
        "平成29年6月",
        "平成２９年６月",
        "H29.6",
        "h29/06",
        "H2906",
        "42906",
        "2017-06",
        "2017/6",
        "201706",
        "2017年6月",
        "2017年6月30日",
        "平成29年6月1日",
        "㍻29年6月",
        "4290615",
    ],
)
def test_every_form_of_a_month_is_read_as_its_first_day(text: str) -> None:
    assert parse_month(text) == dt.date(2017, 6, 1)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("昭和64年1月7日", dt.date(1989, 1, 7)),
        ("平成元年1月8日", dt.date(1989, 1, 8)),
        ("平成1年1月8日", dt.date(1989, 1, 8)),
        ("平成元年1月7日", None),
        ("平成31年4月30日", dt.date(2019, 4, 30)),
        ("令和元年5月1日", dt.date(2019, 5, 1)),
        ("令和元年4月30日", None),
        ("大正15年12月24日", dt.date(1926, 12, 24)),
        ("昭和元年12月25日", dt.date(1926, 12, 25)),
        ("昭和元年12月24日", None),
        ("明治45年7月29日", dt.date(1912, 7, 29)),
        ("大正元年7月30日", dt.date(1912, 7, 30)),
        ("大正元年7月29日", None),
    ],
)
def test_an_era_begins_on_its_first_day(text: str, date: dt.date | None) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("text", "date"), [("平成33年3月31日", dt.date(2021, 3, 31)), ("昭和64年1月8日", dt.date(1989, 1, 8))]
)
def test_a_year_printed_before_the_change_of_era_is_read_on(text: str, date: dt.date) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("令和元年5月", dt.date(2019, 5, 1)),
        ("令和元年4月", None),
        ("平成31年5月", dt.date(2019, 5, 1)),
        ("平成元年1月", dt.date(1989, 1, 1)),
        ("昭和64年1月", dt.date(1989, 1, 1)),
    ],
)
def test_the_month_of_a_change_of_era_belongs_to_both(text: str, month: dt.date | None) -> None:
    assert parse_month(text) == month


@pytest.mark.parametrize(
    "text",
    [
        "",
        "不明",
        "昭和18年2月30日",
        "昭和0年1月1日",
        "平成29年13月1日",
        "2023-02-29",
        "20230229",
        "1943-2",
        "0180219",
        "6180219",
        "昭和18年2月19日生",
        "令和-1年1月1日",
        "S18.2",
        "318021",
    ],
)
def test_what_is_no_possible_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize("text", ["", "2017-13", "平成29年", "H29.0", "2017-6-31", "29.6", "62906"])
def test_what_is_no_possible_month_is_none(text: str) -> None:
    assert parse_month(text) is None


@pytest.mark.parametrize(
    ("date", "text"),
    [
        (dt.date(1943, 2, 19), "昭和18年2月19日"),
        (dt.date(1989, 1, 7), "昭和64年1月7日"),
        (dt.date(1989, 1, 8), "平成元年1月8日"),
        (dt.date(2019, 4, 30), "平成31年4月30日"),
        (dt.date(2019, 5, 1), "令和元年5月1日"),
        (dt.date(2024, 4, 1), "令和6年4月1日"),
        (dt.date(1850, 1, 1), "1850年1月1日"),
    ],
)
def test_a_date_is_written_in_its_era(date: dt.date, text: str) -> None:
    assert format_date(date) == text


@pytest.mark.parametrize(
    ("month", "text"),
    [
        ("2017-06", "平成29年6月"),
        ("1943-02", "昭和18年2月"),
        ("2019-05", "令和元年5月"),
        ("1989-01", "平成元年1月"),
    ],
)
def test_a_month_is_written_in_the_era_of_its_last_day(month: str, text: str) -> None:
    assert format_month(month) == text
    assert format_month(dt.date.fromisoformat(f"{month}-01")) == text


@given(DAYS)
def test_a_date_written_and_read_again_is_the_same(date: dt.date) -> None:
    assert parse_date(format_date(date)) == date
    assert parse_date(date.isoformat()) == parse_date(f"{date:%Y%m%d}") == date


@given(DAYS)
def test_a_month_written_and_read_again_is_the_same(date: dt.date) -> None:
    first = date.replace(day=1)
    assert parse_month(format_month(first)) == first


@given(DAYS)
def test_coded_forms_agree_with_the_written_one(date: dt.date) -> None:
    era = next(era for era in reversed(load_eras()) if date >= era.since)
    year = date.year - era.since.year + 1
    tail = f"{year:02d}{date:%m%d}"
    if year < 100:
        assert parse_date(f"{era.letter}{tail}") == parse_date(f"{era.digit}{tail}") == date


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader(text: str) -> None:
    for found in (parse_date(text), parse_month(text)):
        assert found is None or isinstance(found, dt.date)
