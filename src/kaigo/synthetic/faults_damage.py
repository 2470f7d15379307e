"""How one line of a municipality's CSV is damaged, kind by kind."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kaigo.tables.codes import load_care_levels, load_service_codes
from kaigo.tables.municipal_csv import ENCODING, format_column
from kaigo.tables.schema import TableSchema
from kaigo.tables.survey import find_survey_item
from kaigo.tables.wareki import format_date, format_month, parse_date

LINE_END = "\r\n"
_TOKEN = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')
_LEAD_BYTE = 0x87
"""First byte of the Roman numerals of CP932 (NEC's special characters)."""
_FIRST_PRIVATE, _PRIVATE_PLACES = 0xE000, 1_880
_LOOK_ALIKE = {
    "0": "O",
    "1": "l",
    "2": "Z",
    "3": "E",
    "4": "A",
    "5": "S",
    "6": "b",
    "7": "T",
    "8": "B",
    "9": "g",
}
_MINUS_SIGNS = ("-", "▲", "△")
_NOT_DAYS = ("2月30日", "6月31日", "13月1日", "4月0日")
_NOT_MONTHS = ("13月", "0月")


@dataclass(frozen=True)
class SoundLine:
    """誤りのない1行: 値を区切りのとおりに分けたもの(引用符を含む)。

    Attributes
    ----------
    tokens : tuple of str
        Fields as they stand in the file, quotes included.
    schema : TableSchema
    exit_month : datetime.date, optional
        First day of the month in which the line's person left, where the kind asks for it.
    """

    tokens: tuple[str, ...]
    schema: TableSchema
    exit_month: dt.date | None = None

    def place(self, column: str) -> int:
        """Position of a column."""
        return self.schema.names.index(column)

    def value(self, column: str) -> str:
        """Value of a column without quotes."""
        return self.tokens[self.place(column)].strip('"')

    def with_value(self, column: str, value: str) -> list[str]:
        """Fields with another value in one column, quoted as before."""
        place = self.place(column)
        mark = '"' if self.tokens[place].startswith('"') else ""
        return [*self.tokens[:place], f"{mark}{value}{mark}", *self.tokens[place + 1 :]]


@dataclass(frozen=True)
class Damage:
    """1行の壊し方の結果。``column`` が空なら行全体。"""

    column: str
    before: str
    after: str
    line: bytes


Damager = Callable[[SoundLine, str, np.random.Generator], Damage]


def split_line(line: bytes, schema: TableSchema) -> SoundLine:
    """誤りのない行を項目に分ける。"""
    text = line.decode(ENCODING).rstrip(LINE_END)
    return SoundLine(tuple(_TOKEN.findall(text)[: len(schema.columns)]), schema)


def encode_line(tokens: list[str] | tuple[str, ...]) -> bytes:
    """項目を1行にする。"""
    return (",".join(tokens) + LINE_END).encode(ENCODING)


def _pick(choices: tuple[str, ...] | list[str], draw: np.random.Generator) -> str:
    return choices[int(draw.integers(len(choices)))]


def _put(line: SoundLine, column: str, value: str) -> Damage:
    return Damage(column, line.value(column), value, encode_line(line.with_value(column, value)))


def _whole(line: SoundLine, damaged: bytes) -> Damage:
    before = ",".join(line.tokens)
    return Damage("", before, damaged.decode(ENCODING).rstrip(LINE_END), damaged)


def _lose_lead_byte(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    """Ⅱa → Ua; ranks without a Roman numeral stand in as Ⅰ → T."""
    item, code = find_survey_item(column), line.value(column)
    known = code.isdigit() and int(code) in item.codes
    text = item.option_text(int(code)) if known else ""
    raw = text.encode(ENCODING)
    if _LEAD_BYTE not in raw:
        raw = "Ⅰ".encode(ENCODING)
    return _put(line, column, raw.replace(bytes([_LEAD_BYTE]), b"").decode(ENCODING))


def _cut_character(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    """Only the first byte of the last two-byte character is left."""
    place = line.place(column)
    text = line.value(column)
    last = text[-1:] if len(text[-1:].encode(ENCODING)) == 2 else "号"
    cut = text.removesuffix(last).encode(ENCODING) + last.encode(ENCODING)[:1]
    head = ",".join([*line.tokens[:place], '"']).encode(ENCODING)
    tail = ",".join(['"', *line.tokens[place + 1 :]]) + LINE_END
    # A lead byte before a quote is no character in CP932, so no decoder can read it as another one.
    return Damage(column, text, cut.decode(ENCODING, "backslashreplace"), head + cut + tail.encode(ENCODING))


def _use_private_character(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    text = line.value(column)
    place = int(draw.integers(max(len(text), 1)))
    private = chr(_FIRST_PRIVATE + int(draw.integers(_PRIVATE_PLACES)))
    return _put(line, column, text[:place] + private + text[place + 1 :])


def _break_date(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    text = line.value(column)
    year = text[: text.index("年") + 1]
    return _put(line, column, year + _pick(_NOT_DAYS if text.endswith("日") else _NOT_MONTHS, draw))


def _repeat_line(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    return _whole(line, encode_line(line.tokens))


def _turn_negative(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    return _put(line, column, _pick(_MINUS_SIGNS, draw) + str(max(int(line.value(column)), 1)))


def _mix_letter(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    text = line.value(column) or "1"
    place = int(draw.integers(len(text)))
    return _put(line, column, text[:place] + _LOOK_ALIKE[text[place]] + text[place + 1 :])


def _join_digits(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    return _put(line, column, f"1{line.value(column)}{int(draw.integers(10**9, 10**10))}")


def _shift(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    """A field too few, a field too many, or all one place to the left with the number lost."""
    tokens, key = list(line.tokens), line.place("insured_number")
    way = int(draw.integers(3))
    place = key + 1 + int(draw.integers(len(tokens) - key - 1))
    if way == 0:
        shifted = tokens[:place] + tokens[place + 1 :]
    elif way == 1:
        shifted = [*tokens[:place], "", *tokens[place:]]
    else:
        shifted = [*tokens[:key], *tokens[key + 1 :], ""]
    return _whole(line, encode_line(shifted))


def _use_unknown_code(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    if column == "service_code":
        codes = [f"98{int(number):04d}" for number in draw.integers(10_000, size=20)]
        return _put(line, column, next(code for code in codes if code not in load_service_codes()))
    return _put(line, column, {"sex": "不詳", "care_level": "要介護９"}.get(column, "9"))


def _drop_key(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    return _put(line, column, "")


def _drop_zeros(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    return _put(line, column, line.value(column).lstrip("0"))


def _reverse_period(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    start, end = line.value("valid_from"), line.value("valid_to")
    tokens = list(line.tokens)
    tokens[line.place("valid_from")], tokens[line.place("valid_to")] = f'"{end}"', f'"{start}"'
    return Damage(column, f"{start}から{end}", f"{end}から{start}", encode_line(tokens))


def _open_quote(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    text = ",".join(line.tokens)
    place = text.rindex('"')
    return _whole(line, (text[:place] + text[place + 1 :] + LINE_END).encode(ENCODING))


def _overlap(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    """A second certification that begins inside the first and outlasts it, with another level."""
    start, end = parse_date(line.value("valid_from")), parse_date(line.value("valid_to"))
    assert start is not None and end is not None  # the line is sound
    begin = format_date(start + (end - start) // 2)
    until = format_date(end + dt.timedelta(days=180))
    names = [_level_word(code) for code in load_care_levels() if code not in ("01", "06")]
    level = _pick([name for name in names if name != line.value("care_level")], draw)
    tokens = list(line.tokens)
    for name, value in (("valid_from", begin), ("valid_to", until), ("care_level", level)):
        tokens[line.place(name)] = f'"{value}"'
    return Damage(column, "", f"{begin}から{until}、{level}", encode_line(tokens))


def _level_word(code: str) -> str:
    import pyarrow as pa

    from kaigo.tables.schema import load_schemas

    column = load_schemas()["certifications"].column("care_level")
    return str(format_column(column, pa.array([code]))[0].as_py())


def _make_orphan(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    # Numbers of synthetic persons begin with 0.
    damage = _put(line, column, f"9{int(draw.integers(10**9)):09d}")
    return Damage(column, "", damage.after, damage.line)


def _serve_after_exit(line: SoundLine, column: str, draw: np.random.Generator) -> Damage:
    assert line.exit_month is not None  # only lines of persons who left are chosen
    months = line.exit_month.year * 12 + line.exit_month.month + int(draw.integers(3))
    damage = _put(line, column, format_month(dt.date(months // 12, months % 12 + 1, 1)))
    return Damage(column, "", damage.after, damage.line)


DAMAGERS: dict[str, Damager] = {
    "lead_byte_lost": _lose_lead_byte,
    "broken_bytes": _cut_character,
    "private_use": _use_private_character,
    "impossible_date": _break_date,
    "duplicated_line": _repeat_line,
    "negative_number": _turn_negative,
    "letter_in_number": _mix_letter,
    "number_too_large": _join_digits,
    "shifted_columns": _shift,
    "unknown_code": _use_unknown_code,
    "missing_key": _drop_key,
    "lost_zeros": _drop_zeros,
    "reversed_period": _reverse_period,
    "open_quote": _open_quote,
    "overlapping_certification": _overlap,
    "orphan_benefit": _make_orphan,
    "benefit_after_exit": _serve_after_exit,
}
"""Kind of fault to the function that makes it. The column is the one drawn for the fault."""
