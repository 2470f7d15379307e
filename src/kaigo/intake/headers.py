"""Which column of a file is which column of the schema: labels, aliases, English names, the document's own headers."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from kaigo.errors import InputError
from kaigo.intake.rules import PACKAGE
from kaigo.tables.facts import read_facts
from kaigo.tables.schema import load_schemas
from kaigo.tables.survey import SurveyItem, load_survey_items

COMBINED_COLUMNS = {
    "days_units": ("days", "units"),
    "parts_1_1": tuple(f"survey_1_1_{i}" for i in range(1, 6)),
    "parts_1_2": tuple(f"survey_1_2_{i}" for i in range(1, 5)),
    "parts_6": tuple(f"survey_6_{i}" for i in range(1, 13)),
}
"""One cell that holds several columns: 「15日・25,260点」, 「左上肢・左下肢」."""

REQUIRED_COLUMNS = {
    "persons": ("insured_number", "birth_date", "sex"),
    "certifications": ("insured_number", "care_level"),
    "benefits": ("insured_number", "service_month", "service_code", "days", "units"),
}
"""Without these a table says nothing; any other column may be absent."""

MIN_KNOWN_HEADERS = 2
"""With fewer known headers the first row is taken for data, and no error prints it."""

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


@dataclass(frozen=True)
class HeaderMatch:
    """見出し行の読み取り結果。

    Attributes
    ----------
    sources : mapping of str to (int, str)
        Schema column to (position in the file, target): the target is the column itself or a combined cell.
    headers : tuple of str
        Headers as found, in order.
    ignored : tuple of str
        Headers that no column answers to.
    joined : mapping of int to tuple of int
        Position beyond the last column to the positions whose texts are put together there (サービス種類コード and
        サービス項目コード).
    constants : mapping of str to str
        Column to the text of every row, for columns that the file does not have.
    words : mapping of str to mapping of str to str
        Column to the texts of the file and the words that they stand for.
    """

    sources: Mapping[str, tuple[int, str]]
    headers: tuple[str, ...]
    ignored: tuple[str, ...]
    joined: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def header(self, position: int) -> str:
        """Header at a position; of joined columns all of them."""
        places = self.joined.get(position, (position,))
        return "・".join(self.headers[place].strip() for place in places)

    def header_of(self, column: str) -> str:
        """Header that a schema column is read from."""
        return self.header(self.sources[column][0])

    @property
    def wanted(self) -> list[int]:
        """Positions in the file that are read."""
        return sorted({place for at, _ in self.sources.values() for place in self.joined.get(at, (at,))})


def normalise_header(text: str) -> str:
    """Header for comparison: circled numbers off, NFKC, no white space, one dash, lower case."""
    plain = re.sub(r"^[①-⑳]", "", text.strip().strip("\ufeff"))
    plain = unicodedata.normalize("NFKC", plain).translate(_DASHES)
    plain = re.sub(r"\s+", "", plain).strip("\"'").lower()
    return re.sub(r"^(認定調査票|認定調査|基本調査)[_:・\-]?(?=.)", "", plain)


def _part_headers(item: SurveyItem) -> list[str]:
    """Ways to name one limb or joint of 1-1 and 1-2."""
    short = re.split(r"[（(]", item.part)[0]
    serial = item.column.rsplit("_", 1)[1]
    names = [f"{item.number}-{serial}"]
    for part in dict.fromkeys((item.part, short)):
        for name in (item.name, item.name.removesuffix("の有無"), item.number):
            names += [f"{name}({part})", f"{name}_{part}", f"{name}{part}", f"{name}・{part}"]
    # 「その他」 alone could be of 1-1 or of 1-2.
    return names if short == "その他" else [*names, short]


@cache
def known_headers(table: str) -> dict[str, str]:
    """Normalised header to target (a column of the table or a combined cell)."""
    schema = load_schemas()[table]
    known: dict[str, str] = {}
    for column in schema.columns:
        for header in (column.name, column.label, *column.aliases):
            known.setdefault(normalise_header(header), column.name)
    for item in load_survey_items():
        if item.part and item.column in schema.names:
            for header in _part_headers(item):
                known.setdefault(normalise_header(header), item.column)
    for row in read_facts("header_aliases", PACKAGE):
        if COMBINED_COLUMNS.get(row["target"], (row["target"],))[0] in schema.names:
            known.setdefault(normalise_header(row["header"]), row["target"])
    return known


def match_headers(
    table: str,
    headers: Sequence[str],
    file_name: str,
    given: Mapping[str, tuple[int, ...]] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
    constants: Mapping[str, str] | None = None,
) -> HeaderMatch:
    """見出し行を表の列に対応させる。

    Parameters
    ----------
    table : str
        persons, certifications or benefits.
    headers : sequence of str
        First row of the file.
    file_name : str
        For messages.
    given : mapping of str to tuple of int, optional
        Column (or combined cell) to the positions that the user has named for it.
    words, constants : mappings, optional
        See :class:`HeaderMatch`.

    Raises
    ------
    InputError
        If a required column is missing, a column is named twice, or the file is another table's.
    """
    given = given or {}
    known = known_headers(table)
    taken = {place for places in given.values() for place in places}
    named = {column for target in given for column in COMBINED_COLUMNS.get(target, (target,))}
    positions: dict[str, int] = {}
    ignored: list[str] = []
    label = load_schemas()[table].label
    for position, header in enumerate(headers):
        target = known.get(normalise_header(header))
        if position in taken:
            continue
        if target is None or named & set(COMBINED_COLUMNS.get(target, (target,))):
            ignored.append(header.strip())
        elif target in positions:
            raise InputError(
                f"{label}のファイル({file_name})に、同じ列を指す見出しが2つあります。",
                found=f"「{headers[positions[target]]}」({positions[target] + 1}列目)と「{header}」({position + 1}列目)",
                remedy="使わない方の列を消すか、見出しを変えてください。",
            )
        else:
            positions[target] = position
    joined: dict[int, tuple[int, ...]] = {}
    for target, places in given.items():
        positions[target] = places[0] if len(places) == 1 else len(headers) + len(joined)
        if len(places) > 1:
            joined[positions[target]] = places
    sources = {
        column: (position, target)
        for target, position in positions.items()
        if target in COMBINED_COLUMNS
        for column in COMBINED_COLUMNS[target]
    }
    sources |= {target: (p, target) for target, p in positions.items() if target not in COMBINED_COLUMNS}
    constants = {column: text for column, text in (constants or {}).items() if column not in sources}
    _check_required(table, {**sources, **{c: (0, c) for c in constants}}, headers, file_name)
    return HeaderMatch(
        sources, tuple(headers), tuple(filter(None, ignored)), joined, constants, dict(words or {})
    )


def _check_required(
    table: str, sources: Mapping[str, tuple[int, str]], headers: Sequence[str], file_name: str
) -> None:
    schema = load_schemas()[table]
    required = list(REQUIRED_COLUMNS[table])
    if ("valid_from" in sources) != ("valid_to" in sources):
        required += ["valid_from", "valid_to"]
    missing = [schema.column(name) for name in required if name not in sources]
    if not missing:
        return
    other = _find_other_table(table, headers)
    if other:
        raise InputError(
            f"{schema.label}に指定されたファイル({file_name})は、{load_schemas()[other].label}のファイルのようです。",
            found="、".join(f"「{header}」" for header in headers[:12]),
            remedy="3つのファイルの指定(個人属性情報、認定情報、介護給付情報)が入れ替わっていないか確かめてください。",
        )
    wanted = "、".join(f"「{column.label}」" for column in missing)
    what = f"{schema.label}のファイル({file_name})に、必要な列{wanted}がありません。"
    if len(sources) < MIN_KNOWN_HEADERS:
        # Without a header row the first row is a person's: it must not be printed.
        raise InputError(
            f"{what}1行目が見出し行ではないようです。",
            found=f"{len(headers)}列、うち知っている見出し {len(sources)}列",
            remedy="1行目を見出し行にし、列をカンマで区切ってください。",
        )
    near = _find_nearest([column.label for column in missing], headers)
    hint = f"近い見出し{near}の名前を直すか、" if near else ""
    raise InputError(
        what,
        found="見出し: " + "、".join(f"「{header.strip()}」" for header in headers[:40]),
        remedy=f"{hint}{wanted}の列を加えてください。見出しの読み替えは --draft-mapping FILE で下書きを作れます。",
    )


def _find_other_table(table: str, headers: Sequence[str]) -> str | None:
    for other, required in REQUIRED_COLUMNS.items():
        targets = {known_headers(other).get(normalise_header(header)) for header in headers}
        found = {column for target in targets if target for column in COMBINED_COLUMNS.get(target, (target,))}
        if other != table and found.issuperset(required):
            return other
    return None


def _find_nearest(labels: Sequence[str], headers: Sequence[str]) -> str:
    near = [match for label in labels for match in difflib.get_close_matches(label, headers, n=1, cutoff=0.4)]
    return "".join(f"「{header}」" for header in dict.fromkeys(near))
