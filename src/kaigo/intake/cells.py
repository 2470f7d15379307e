"""How the text of one cell becomes a value: numbers, dates, codes, words; each with its rule when it does not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pyarrow as pa

from kaigo.intake.headers import COMBINED_COLUMNS
from kaigo.intake.words import accepted_options, accepted_words, normalise_word, read_parts, tidy
from kaigo.tables.codes import load_service_codes
from kaigo.tables.schema import Column
from kaigo.tables.survey import load_survey_items
from kaigo.tables.wareki import load_eras, parse_date, parse_month

_NUMBER = re.compile(r"([-−△▲]?)(\d+)(?:\.0+)?(?:日|回|月|点|単位|人)?")
# Without 日 or 回 a comma may not part the two: 15,260 is one number.
_DAYS_UNITS = re.compile(r"([-−△▲\d,. ]+)(?:[日回月][・/、,; ]*|[・/、;])([-−△▲\d,. ]+)(?:点|単位)?")
_TRIMMED = r"(?s)^[^\s\pZ](.*[^\s\pZ])?$"
_LARGEST = {pa.int16(): 2**15 - 1, pa.int32(): 2**31 - 1}
_ERA_MARK = re.compile(r"明治|大正|昭和|平成|令和|[MTSHR](?=\d|元)|[1-5](?=\d{4}$|\d{6}$)")


class Cell(NamedTuple):
    """読んだ値、読めなかった理由(規則名)、注意(規則名)。"""

    value: object = None
    rule: str = ""
    notice: str = ""


@dataclass(frozen=True)
class CellReader:
    """1列の読み方。

    Attributes
    ----------
    read : callable
        Text of a cell to :class:`Cell`; called once for each distinct text.
    plain : str
        Pattern (RE2) of texts that are already in their final form and are taken in bulk.
    digits : (int, int) or empty
        Least and most digits, where the pattern is of so many digits and nothing else.
    """

    read: Callable[[str], Cell]
    plain: str = ""
    digits: tuple[int, ...] = ()


@cache
def choose_reader(column: Column, target: str) -> CellReader:
    """列の読み方を選ぶ。

    Parameters
    ----------
    column : Column
    target : str
        The column's name, or the combined cell that holds it.
    """
    if target == "days_units":
        index = COMBINED_COLUMNS[target].index(column.name)
        return CellReader(lambda text: _read_days_units(text, index, column.dtype))
    if target in COMBINED_COLUMNS:
        return CellReader(lambda text: _read_part(text, target, column.name))
    if column.name in {item.column for item in load_survey_items()}:
        return CellReader(lambda text: _read_option(text, column.name))
    if column.name in _BY_NAME:
        return _BY_NAME[column.name]
    if column.dtype == pa.date32():
        return CellReader(lambda text: _read_date(text, nullable=column.nullable))
    if column.dtype in _LARGEST:
        digits = len(str(_LARGEST[column.dtype])) - 1
        return CellReader(
            lambda text: _read_number(text, column.dtype), rf"^[0-9]{{1,{digits}}}$", (1, digits)
        )
    return CellReader(lambda text: Cell(text.strip() or (None if column.nullable else "")), _TRIMMED)


def _read_padded(text: str, width: int, rule: str) -> Cell:
    """A number of fixed width; zeros that a spreadsheet dropped are put back.

    A spreadsheet drops all leading zeros: a shorter number that still begins with 0 lost digits elsewhere.
    """
    plain = tidy(text).replace(",", "").replace(" ", "")
    if not plain:
        return Cell(rule="key_missing")
    if not (plain.isascii() and plain.isdigit()) or len(plain) > width:
        return Cell(rule=rule)
    if len(plain) == width:
        return Cell(plain)
    if plain.startswith("0"):
        return Cell(rule=rule)
    return Cell(plain.zfill(width), notice="number_padded")


def _note_outlived_era(text: str, date: dt.date) -> str:
    mark = _ERA_MARK.match(re.sub(r"\s+", "", tidy(text)).upper())
    if not mark:
        return ""
    eras = load_eras()
    index = next(i for i, era in enumerate(eras) if mark[0] in (era.name, era.letter, era.digit))
    return "era_outlived" if index + 1 < len(eras) and date >= eras[index + 1].since else ""


def _read_date(text: str, *, nullable: bool) -> Cell:
    plain = tidy(text)
    if not plain:
        return Cell() if nullable else Cell(rule="value_missing")
    date = parse_date(plain)
    if date is None or date < load_eras()[0].since:
        return Cell(rule="date_impossible")
    return Cell(date, notice=_note_outlived_era(plain, date))


def _read_birth_date(text: str) -> Cell:
    """平成50年 is a year that an era of two digits allows and that nobody was born in."""
    cell = _read_date(text, nullable=False)
    if isinstance(cell.value, dt.date) and cell.value > dt.date.today():
        return Cell(rule="birth_in_future")
    return cell


def _read_month(text: str) -> Cell:
    plain = tidy(text)
    if not plain:
        return Cell(rule="value_missing")
    month = parse_month(plain)
    if month is None or month < load_eras()[0].since:
        return Cell(rule="month_impossible")
    return Cell(month, notice=_note_outlived_era(plain, month))


def _read_number(text: str, dtype: pa.DataType) -> Cell:
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", tidy(text)).replace(" ", "")
    if not plain:
        return Cell(rule="value_missing")
    match = _NUMBER.fullmatch(plain)
    if not match or not match[2].isascii():
        return Cell(rule="number_unreadable")
    if len(match[2]) > 12 or int(match[2]) > _LARGEST[dtype]:
        return Cell(rule="number_too_large")
    if match[1] and int(match[2]):
        return Cell(rule="number_negative")
    return Cell(int(match[2]))


def _read_days_units(text: str, index: int, dtype: pa.DataType) -> Cell:
    plain = tidy(text)
    if not plain:
        return Cell(rule="value_missing")
    match = _DAYS_UNITS.fullmatch(plain)
    if not match:
        return Cell(rule="days_units_unreadable")
    return _read_number(match[index + 1], dtype)


def _read_word(text: str, column: str, rule: str, *, number: bool, nullable: bool = False) -> Cell:
    word = normalise_word(text)
    if not word:
        return Cell() if nullable else Cell(rule="value_missing")
    value = accepted_words(column).get(word)
    if value is None:
        return Cell(rule=rule)
    return Cell(int(value) if number else value)


def _read_application_kind(text: str) -> Cell:
    # Not worth a certification: the kind is empty, and the report says how often.
    cell = _read_word(text, "application_kind", "", number=False, nullable=True)
    return Cell(notice="application_kind_unknown") if cell.value is None and tidy(text) else cell


def _read_option(text: str, column: str) -> Cell:
    word = normalise_word(text)
    if not word:
        return Cell()
    code = accepted_options(column).get(word)
    return Cell(rule="option_unknown") if code is None else Cell(code)


def _read_part(text: str, target: str, column: str) -> Cell:
    if not tidy(text):
        return Cell()
    parts = read_parts(target, text)
    return Cell(rule="option_unknown") if parts is None else Cell(int(column in parts))


def _read_service_code(text: str) -> Cell:
    plain = tidy(text).upper()
    if not plain:
        return Cell(rule="value_missing")
    if not re.fullmatch(r"[0-9A-Z]{6}", plain, re.ASCII):
        return Cell(rule="service_code_form")
    return Cell(plain, notice="" if plain in load_service_codes() else "service_code_unknown")


def _read_provider(text: str) -> Cell:
    """Kept as found; nine digits are ten that lost the zero of 北海道 to 栃木県 in a spreadsheet."""
    plain = tidy(text)
    if re.fullmatch(r"[1-9]\d{8}", plain, re.ASCII):
        return Cell("0" + plain, notice="number_padded")
    if re.fullmatch(r"[0-9A-Z]{10}", plain, re.ASCII):
        return Cell(plain)
    eight = re.fullmatch(r"\d{8}", plain, re.ASCII)
    return Cell(plain, notice="provider_eight_digits" if eight else "provider_form")


_BY_NAME = {
    "insured_number": CellReader(
        lambda text: _read_padded(text, 10, "insured_number_form"), r"^[0-9]{10}$", (10, 10)
    ),
    "insurer_number": CellReader(
        lambda text: _read_padded(text, 6, "insurer_number_form"), r"^[0-9]{6}$", (6, 6)
    ),
    "birth_date": CellReader(_read_birth_date),
    "sex": CellReader(lambda text: _read_word(text, "sex", "sex_unknown", number=True)),
    "insured_category": CellReader(
        lambda text: _read_word(text, "insured_category", "category_unknown", number=True, nullable=True)
    ),
    "application_kind": CellReader(_read_application_kind),
    "care_level": CellReader(lambda text: _read_word(text, "care_level", "level_unknown", number=False)),
    "service_month": CellReader(_read_month),
    "service_code": CellReader(_read_service_code),
    "provider_number": CellReader(_read_provider, r"^[0-9]{10}$", (10, 10)),
}
