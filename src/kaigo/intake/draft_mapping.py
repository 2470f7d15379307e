"""A first draft of the mapping file: which header may be which column, and which words are not known."""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaigo.errors import ParameterError
from kaigo.intake.cells import choose_reader
from kaigo.intake.headers import COMBINED_COLUMNS, REQUIRED_COLUMNS, known_headers, normalise_header
from kaigo.intake.open_inputs import list_files
from kaigo.intake.samples import Sample, read_sample
from kaigo.intake.sources import IntakeSources
from kaigo.intake.words import accepted_words, normalise_word
from kaigo.tables.codes import load_care_levels, load_service_kinds
from kaigo.tables.schema import load_schemas

MOST_WORDS = 30
"""A column with more unknown words is no column of words; its values (of persons) are not written."""
_MARKS = re.compile(r"[()\[\]「」『』【】〔〕《》〈〉・,、.:;/|_‐–—―-]+")
"""Brackets and marks that say nothing; a question mark or an arrow does."""
_LEAST_LIKENESS = 0.55
_HELD_WHOLE = 0.75
_WORD_COLUMNS = ("sex", "insured_category", "application_kind", "care_level")
_BY_CONTENT = ("insured_number", "service_month", "service_code", "birth_date", "sex", "care_level")
"""Columns whose values tell them from others; numbers such as days and units do not."""
_HEAD = """\
# kaigo intake の読み替えの下書き。「要確認」の行を確かめ、kaigo intake … --mapping このファイル で読み込む。
# columns: 列 = "ファイルの見出し"(["種類","項目"] のように並べると、値をつないで読む)
# values: "ファイルの値" = "読み替える値"(右が空の行は使わない)  constants: 列 = "全行に入れる値"
"""


@dataclass(frozen=True)
class Draft:
    """読み替えの下書き。

    Attributes
    ----------
    text : str
        TOML, as ``--mapping`` reads it.
    open_questions : int
        Lines that a person must look at.
    """

    text: str
    open_questions: int


def draft_mapping(sources: IntakeSources, sheets: Sequence[str] = ()) -> Draft:
    """ファイルの見出しと値から、読み替えの下書きを作る。

    Parameters
    ----------
    sources : IntakeSources
        At least one file of a table; exchange files need no mapping.
    sheets : sequence of str
        Names of sheets to read in workbooks.

    Raises
    ------
    ParameterError
        If no file of a table is given.
    """
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
        for table, schema in load_schemas().items():
            files = list_files(sources.of(table), schema.label, Path(folder) / table)
            if files:
                lines += ["", f"# {schema.label}: {'、'.join(file.name for file in files)}"]
                lines += _draft_table(table, read_sample(table, files[0], sheets))
    if not lines:
        raise ParameterError(
            "読み替えの下書きを作るファイルがありません。",
            remedy="--persons、--certifications、--benefits のどれかを指定してください。",
        )
    text = _HEAD + "\n".join(lines) + "\n"
    return Draft(text, sum("要確認" in line for line in lines))


def _draft_table(table: str, sample: Sample) -> list[str]:
    found, notes = _propose_columns(table, sample)
    schema = load_schemas()[table]
    lines = [f"[{table}.columns]"]
    for target, places in found.items():
        headers = [sample.headers[place] for place in places]
        value = _quote(headers[0]) if len(headers) == 1 else f"[{', '.join(map(_quote, headers))}]"
        note = f" # 要確認: {notes[target]}" if target in notes else ""
        lines.append(f"{target} = {value}{note}")
    covered = {column for target in found for column in COMBINED_COLUMNS.get(target, (target,))}
    lines += [
        f'# {name} = "" # 要確認: {schema.column(name).label}(必要な列)が見つからない'
        for name in REQUIRED_COLUMNS[table]
        if name not in covered
    ]
    used = {place for places in found.values() for place in places}
    rest = [header for place, header in enumerate(sample.headers) if place not in used and header.strip()]
    if rest:
        lines.append("# 使わない見出し: " + "、".join(" ".join(header.split()) for header in rest))
    for target, places in found.items():
        words = _unknown_words(table, target, sample, places)
        if words:
            lines += [f"[{table}.values.{target}]"]
            lines += [f"{_quote(word)} = {_quote(_propose_word(target, word))} # 要確認" for word in words]
    return lines


def _propose_columns(table: str, sample: Sample) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """Target to positions, and why a proposal is uncertain."""
    known = known_headers(table)
    found: dict[str, tuple[int, ...]] = {}
    for place, header in enumerate(sample.headers):
        target = known.get(normalise_header(header))
        if target and target not in found:
            found[target] = (place,)
    notes: dict[str, str] = {}
    if table == "benefits" and "service_code" not in found:
        pair = _find_code_pair(sample, {place for places in found.values() for place in places})
        if pair:
            found["service_code"], notes["service_code"] = pair, "種類(2文字)と項目(4文字)をつなぐ"
    likeness = _rate_pairs(table, sample, found)
    for (target, place), (score, note) in sorted(likeness.items(), key=lambda pair: (-pair[1][0], pair[0])):
        taken = {p for places in found.values() for p in places}
        if score >= _LEAST_LIKENESS and target not in found and place not in taken:
            found[target], notes[target] = (place,), note
    return found, notes


def _rate_pairs(
    table: str, sample: Sample, found: Mapping[str, tuple[int, ...]]
) -> dict[tuple[str, int], tuple[float, str]]:
    """How alike each free header is to each free column: by name, and by values where they tell."""
    taken = {place for places in found.values() for place in places}
    covered = {column for target in found for column in COMBINED_COLUMNS.get(target, (target,))}
    names: dict[str, list[str]] = {}
    for header, target in known_headers(table).items():
        if not covered & set(COMBINED_COLUMNS.get(target, (target,))):
            names.setdefault(target, []).append(header)
    rated: dict[tuple[str, int], tuple[float, str]] = {}
    for place, header in enumerate(sample.headers):
        plain = normalise_header(header)
        if place in taken or not plain:
            continue
        for target, words in names.items():
            name = max(_rate_name(plain, word) for word in words)
            if target in _BY_CONTENT:
                share = _readable_share(table, target, sample.texts(place))
                # A name alone is not enough where the values say otherwise, and values alone are half of it.
                score = name * 0.5 + share * 0.5 if share else 0.0
                rated[target, place] = (score, f"見出しの近さ {name:.2f}、読めた値 {share:.0%}")
            elif name > 0.7:
                rated[target, place] = (name, f"見出しの近さ {name:.2f}")
    return rated


def _rate_name(header: str, word: str) -> float:
    """Share of equal characters; a header that holds the known one whole (性別コード) is nearly it."""
    ratio = difflib.SequenceMatcher(None, header, word).ratio()
    return max(ratio, _HELD_WHOLE) if len(word) > 1 and word in header else ratio


def _readable_share(table: str, target: str, texts: Sequence[str]) -> float:
    filled = [text for text in texts if text.strip()]
    if not filled:
        return 0.0
    reader = choose_reader(load_schemas()[table].column(target), target)
    cells = [reader.read(text) for text in filled]
    # A padded number or a code that is not in the table may be anything.
    good = [
        (not cell.rule and cell.notice in ("", "era_outlived", "number_padded"))
        or _resembles_word(target, text)
        for cell, text in zip(cells, filled, strict=True)
    ]
    return sum(good) / len(filled)


def _find_code_pair(sample: Sample, taken: set[int]) -> tuple[int, int] | None:
    kinds = set(load_service_kinds())
    for place in range(len(sample.headers) - 1):
        if place in taken or place + 1 in taken:
            continue
        first = [text.strip() for text in sample.texts(place) if text.strip()]
        second = [text.strip() for text in sample.texts(place + 1) if text.strip()]
        if first and second and set(first) <= kinds and all(len(text) == 4 for text in second):
            return place, place + 1
    return None


def _unknown_words(table: str, target: str, sample: Sample, places: Sequence[int]) -> list[str]:
    """Distinct texts of a column of words that are not known."""
    if target not in _WORD_COLUMNS and not target.startswith("survey_") and "independence" not in target:
        return []
    reader = choose_reader(load_schemas()[table].column(target), target)
    texts = dict.fromkeys(text.strip() for text in sample.texts(places[0]) if text.strip())
    unknown = [text for text in texts if reader.read(text).rule or reader.read(text).notice]
    return unknown if len(unknown) <= MOST_WORDS else []


def _propose_word(target: str, word: str) -> str:
    """The known word of which this is another spelling; empty where it could be another value.

    Brackets and marks do not count (【要介護3】, 要介護・3), and parts that all stand for one value are that value
    (F:女). What only resembles a known word (要介護6) may be a mistake of the file: a person says what it is.
    """
    if target not in _WORD_COLUMNS:
        return ""
    accepted = accepted_words(target)
    parts = [part for part in _MARKS.split(normalise_word(word)) if part]
    values = {accepted.get(part) for part in parts}
    if None in values or len(values) != 1:
        joined = "".join(parts)
        # Marks between digits part two numbers (2-1 is no 21).
        values = {None if joined.isascii() else accepted.get(joined)}
    value = values.pop()
    return "" if value is None else _name_value(accepted, value)


def _name_value(accepted: Mapping[str, str], value: str) -> str:
    names = [known for known, of in accepted.items() if of == value]
    plain = [name for name in names if not name.isascii() and not name.startswith(value)]
    official = load_care_levels().get(value)
    return official.name if official and official.name in plain else (plain or names)[0]


def _resembles_word(target: str, word: str) -> bool:
    """Whether a text looks like a word of the column (男, 介護3): enough to ask about the column, not to read it."""
    if target not in _WORD_COLUMNS:
        return False
    known = [name for name in accepted_words(target) if not name.isascii()]
    plain = normalise_word(word)
    return any(name in plain for name in known) or bool(
        difflib.get_close_matches(plain, known, n=1, cutoff=0.6)
    )


def _quote(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
