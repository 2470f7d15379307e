"""The words that cells may hold: 男, 要介護３, つかまれば可, 左上肢・左下肢."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from kaigo.intake.headers import COMBINED_COLUMNS
from kaigo.intake.rules import PACKAGE
from kaigo.tables.codes import load_care_levels
from kaigo.tables.facts import read_facts
from kaigo.tables.survey import SurveyItem, find_survey_item, load_survey_items, option_aliases

_SPREADSHEET_TEXT = re.compile(r'="(.*)"|\'(.*)', re.DOTALL)
_BRACKETS = re.compile(r"\([^()]*\)")
_NUMBER_MARKS = ("", ".", ":", ")", "・", "_", "-")


def tidy(text: str) -> str:
    """Cell for reading: NFKC (full-width to half-width), outer spaces off, spreadsheet text marks (="01") off."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _SPREADSHEET_TEXT.fullmatch(plain)
    return (match[1] or match[2] or "").strip() if match else plain


def normalise_word(text: str) -> str:
    """Word for comparison: as :func:`tidy`, without white space, letters in one case."""
    return re.sub(r"\s+", "", tidy(text)).casefold()


def _short(word: str) -> str:
    """Word without what stands in brackets."""
    return _BRACKETS.sub("", normalise_word(word))


@cache
def accepted_words(column: str) -> dict[str, str]:
    """列の値として受け付ける語と、そのコード(どちらも文字列)。

    Parameters
    ----------
    column : str
        ``sex``, ``insured_category``, ``application_kind`` or ``care_level``.
    """
    words = {
        normalise_word(row["word"]): row["value"]
        for row in read_facts("words", PACKAGE)
        if row["column"] == column
    }
    if column == "care_level":
        for level in load_care_levels().values():
            words |= {level.code: level.code, normalise_word(level.name): level.code}
            words |= {level.code + mark + normalise_word(level.name): level.code for mark in _NUMBER_MARKS}
    return words


@cache
def accepted_options(column: str) -> dict[str, int]:
    """認定調査の1項目が受け付ける語と、選択肢の番号。

    Official wording in full, without its brackets, the short forms of the document, the option's number, and
    the number followed by the wording (``2.つかまればできる``).
    """
    item = find_survey_item(column)
    options: dict[str, int] = {}
    for (alias_column, alias), code in option_aliases().items():
        if alias_column == column:
            options[normalise_word(alias)] = code
    if item.codes[0] == 0:
        options |= _marks("mark")
    for code in item.codes:
        text = item.option_text(code)
        for word in (normalise_word(text), _short(text)):
            options[word] = code
            options |= {f"{code}{mark}{word}": code for mark in _NUMBER_MARKS}
    return options | {str(code): code for code in item.codes}


@cache
def _marks(kind: str) -> dict[str, int]:
    return {
        normalise_word(row["word"]): int(row["value"])
        for row in read_facts("words", PACKAGE)
        if row["column"] == kind
    }


def _part_words(item: SurveyItem) -> tuple[str, ...]:
    name = item.part or item.name
    return normalise_word(name), _short(name), item.number if not item.part else ""


@cache
def _accepted_parts(target: str) -> dict[str, str]:
    """Word to column for one combined cell of yes/no marks."""
    columns = COMBINED_COLUMNS[target]
    items = [item for item in load_survey_items() if item.column in columns]
    return {word: item.column for item in items for word in _part_words(item) if word}


def read_parts(target: str, text: str) -> frozenset[str] | None:
    """「左上肢・左下肢」を、当てはまる列の集まりとして読む(「ない」は空の集まり)。

    Returns
    -------
    frozenset of str or None
        None where a word is not known.
    """
    word = normalise_word(text)
    if word in _marks("none"):
        return frozenset()
    accepted = _accepted_parts(target)
    if word in accepted:
        return frozenset({accepted[word]})
    pieces = [piece for piece in re.split(r"[・、,/;|+ ]", _BRACKETS.sub("", tidy(text))) if piece.strip()]
    columns = {accepted.get(normalise_word(piece)) for piece in pieces}
    if not columns or None in columns:
        return None
    return frozenset(column for column in columns if column)
