"""和暦と西暦: dates and months both ways.

The eras and their first days come from the library ``japanera``; the forms are those that municipal files use.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import japanera

ERA_LETTERS = {"明治": "M", "大正": "T", "昭和": "S", "平成": "H", "令和": "R"}
_SEPARATOR = r"[年./\-・]"


@dataclass(frozen=True)
class Era:
    """元号。``digit`` is the era's number in coded dates (1 明治 … 5 令和)."""

    name: str
    letter: str
    digit: str
    since: dt.date


@cache
def load_eras() -> tuple[Era, ...]:
    """明治から令和までの元号を古い順に返す。"""
    first_days = {era.kanji: era.since for era in japanera.ERA_DATA_GENERAL}
    return tuple(
        Era(name, letter, str(number), first_days[name])
        for number, (name, letter) in enumerate(ERA_LETTERS.items(), start=1)
    )


@cache
def _era_by_mark() -> dict[str, Era]:
    return {mark: era for era in load_eras() for mark in (era.name, era.letter, era.digit)}


_MARK = "|".join([*ERA_LETTERS, *ERA_LETTERS.values()])
_DATE_FORMS = (
    re.compile(
        rf"(?P<era>{_MARK})(?P<y>元|\d{{1,2}}){_SEPARATOR}(?P<m>\d{{1,2}})[月./\-・](?P<d>\d{{1,2}})日?"
    ),
    re.compile(rf"(?P<era>{_MARK})(?P<y>\d{{2}})(?P<m>\d{{2}})(?P<d>\d{{2}})"),
    re.compile(r"(?P<era>[1-5])(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(rf"(?P<y>\d{{4}}){_SEPARATOR}(?P<m>\d{{1,2}})[月./\-・](?P<d>\d{{1,2}})日?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
)
_MONTH_FORMS = (
    re.compile(rf"(?P<era>{_MARK})(?P<y>元|\d{{1,2}}){_SEPARATOR}(?P<m>\d{{1,2}})月?"),
    re.compile(rf"(?P<era>{_MARK})(?P<y>\d{{2}})(?P<m>\d{{2}})"),
    re.compile(r"(?P<era>[1-5])(?P<y>\d{2})(?P<m>\d{2})"),
    re.compile(rf"(?P<y>\d{{4}}){_SEPARATOR}(?P<m>\d{{1,2}})月?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})"),
)


def _tidy(text: str) -> str:
    """Full-width to half-width, spaces out, letters upper case, clock time off."""
    plain = re.sub(r"[ T]0?0:00(:00)?$", "", unicodedata.normalize("NFKC", text).strip())
    return re.sub(r"\s+", "", plain).upper()


def _parse(text: str, forms: tuple[re.Pattern[str], ...]) -> dt.date | None:
    tidy = _tidy(text)
    for form in forms:
        match = form.fullmatch(tidy)
        if not match:
            continue
        parts = match.groupdict()
        month, day = int(parts["m"]), int(parts.get("d") or 1)
        year = 1 if parts["y"] == "元" else int(parts["y"])
        era = _era_by_mark()[parts["era"]] if parts.get("era") else None
        if era:
            year = era.since.year + year - 1 if year else 0
        try:
            date = dt.date(year, month, day)
        except ValueError:
            return None
        starts_with_month = "d" not in parts
        first = era.since.replace(day=1) if era and starts_with_month else (era.since if era else date)
        return date if date >= first else None
    return None


def parse_date(text: str) -> dt.date | None:
    """和暦または西暦の日付を読む。

    Accepts 昭和18年2月19日 (full-width digits and 元年 too), S18.2.19, S180219, 3180219, 1943-02-19,
    1943/2/19, 19430219, 1943年2月19日. A year after the era's end (平成33年) is read on, as certificates
    printed before a change of era carry it; a day before the era's first day is not a date.

    Returns
    -------
    datetime.date or None
        None where the text is not a possible date.
    """
    return _parse(text, _DATE_FORMS)


def parse_month(text: str) -> dt.date | None:
    """年月を読む(その月の1日を返す)。

    Accepts 平成29年6月, H29.6, H2906, 42906, 2017-06, 2017/6, 201706, 2017年6月, and a full date.

    Returns
    -------
    datetime.date or None
    """
    month = _parse(text, _MONTH_FORMS)
    if month:
        return month
    date = parse_date(text)
    return date.replace(day=1) if date else None


def _era_of(date: dt.date) -> Era | None:
    return next((era for era in reversed(load_eras()) if date >= era.since), None)


def _year_text(date: dt.date) -> str:
    era = _era_of(date)
    if era is None:
        return f"{date.year}年"
    number = date.year - era.since.year + 1
    return f"{era.name}{'元' if number == 1 else number}年"


def format_date(date: dt.date) -> str:
    """日付を和暦で書く。

    Examples
    --------
    >>> format_date(dt.date(1943, 2, 19))
    '昭和18年2月19日'
    """
    return f"{_year_text(date)}{date.month}月{date.day}日"


def format_month(month: dt.date | str) -> str:
    """年月を和暦で書く。``month`` is a date or ``YYYY-MM``.

    A month in which the era changes is named by the era of its last day.

    Examples
    --------
    >>> format_month("2017-06")
    '平成29年6月'
    """
    if isinstance(month, str):
        month = dt.date.fromisoformat(f"{month[:7]}-01")
    next_month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    last_day = next_month - dt.timedelta(days=1)
    return f"{_year_text(last_day)}{month.month}月"
