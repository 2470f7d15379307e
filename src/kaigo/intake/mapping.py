"""The user's own headers and words (``--mapping map.toml``), put before the headers that are known anyway."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaigo.errors import InputError
from kaigo.intake.headers import COMBINED_COLUMNS, HeaderMatch, match_headers, normalise_header
from kaigo.tables.schema import load_schemas

_PARTS = ("columns", "values", "constants")


@dataclass(frozen=True)
class TableMapping:
    """1つの表の読み替え。

    Attributes
    ----------
    columns : mapping of str to tuple of str
        Column (or combined cell) to the file's headers; the texts of several headers are put together.
    values : mapping of str to mapping of str to str
        Column to the file's texts and the words that they stand for.
    constants : mapping of str to str
        Column to the text of every row.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


Translations = Mapping[str, TableMapping]
"""Table to its mapping."""


def load_mapping(path: Path) -> Translations:
    """見出しと値の読み替え(TOML)を読む。

    Parameters
    ----------
    path : pathlib.Path
        ``[persons.columns]`` column = "header" or a list of headers, ``[persons.values.sex]`` "text of the file" =
        "word", ``[persons.constants]`` column = "text of every row"; tables and columns by name or by Japanese
        label (which TOML wants in quotes).

    Raises
    ------
    InputError
        If the file cannot be read, or names a table, a part or a column that does not exist.
    """
    remedy = "kaigo intake … --draft-mapping FILE が作る下書きの形に合わせてください。"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"読み替えのファイル({path.name})を読めません。",
            found=getattr(error, "strerror", None) or str(error),
            remedy=remedy,
        ) from error
    tables = {schema.label: name for name, schema in load_schemas().items()}
    mapping: dict[str, TableMapping] = {}
    for word, parts in content.items():
        table = tables.get(word, word)
        if table not in load_schemas() or not isinstance(parts, dict):
            raise _refuse(path, "知らない表", word, list(load_schemas()))
        for part, entries in parts.items():
            if part not in _PARTS or not isinstance(entries, dict):
                raise _refuse(path, f"{word} に知らない項目", part, list(_PARTS))
        read = {
            part: {_find_column(path, table, name): value for name, value in parts.get(part, {}).items()}
            for part in _PARTS
        }
        mapping[table] = TableMapping(
            {name: _read_headers(path, name, value) for name, value in read["columns"].items() if value},
            {name: _read_words(path, name, value) for name, value in read["values"].items()},
            {name: str(value) for name, value in read["constants"].items()},
        )
    return mapping


def match_table(
    table: str, headers: Sequence[str], file_name: str, mapping: Translations | None = None
) -> HeaderMatch:
    """見出し行を、利用者の読み替えと知っている見出しで、表の列に対応させる。

    Raises
    ------
    InputError
        See :func:`kaigo.intake.headers.match_headers`.
    """
    own = (mapping or {}).get(table, TableMapping())
    places: dict[str, int] = {}
    for position, header in enumerate(headers):
        places.setdefault(normalise_header(header), position)
    given: dict[str, tuple[int, ...]] = {}
    for column, wanted in own.columns.items():
        found = [places.get(normalise_header(header)) for header in wanted]
        # A file of the same table with the standard headers needs no mapping.
        if all(position is not None for position in found):
            given[column] = tuple(position for position in found if position is not None)
    return match_headers(table, headers, file_name, given, own.values, own.constants)


def _find_column(path: Path, table: str, word: str) -> str:
    schema = load_schemas()[table]
    labels = {column.label: column.name for column in schema.columns}
    name = labels.get(word, word)
    combined = [key for key, columns in COMBINED_COLUMNS.items() if columns[0] in schema.names]
    if name not in schema.names and name not in combined:
        raise _refuse(path, f"{schema.label}に知らない列", word, [*schema.names, *labels])
    return name


def _read_headers(path: Path, name: str, value: Any) -> tuple[str, ...]:
    headers = value if isinstance(value, list) else [value]
    if not all(isinstance(header, str) and header.strip() for header in headers):
        raise _refuse(path, f"列 {name} の見出しが文字ではない", value, [])
    return tuple(headers)


def _read_words(path: Path, name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _refuse(path, f"列 {name} の値の読み替えが表ではない", value, [])
    # An empty right side of the draft: not filled in.
    return {str(text).strip(): str(word) for text, word in value.items() if str(word).strip()}


def _refuse(path: Path, what: str, found: object, known: list[str]) -> InputError:
    near = difflib.get_close_matches(str(found), known, n=1, cutoff=0.5)
    hint = (
        f"{near[0]} のことですか。"
        if near
        else (f"使えるのは {'、'.join(known[:12])} などです。" if known else "")
    )
    return InputError(
        f"読み替えのファイル({path.name})の{what}があります。"
        if known
        else f"読み替えのファイル({path.name})の{what}です。",
        found=found,
        remedy=f"{hint}表の名前・列の名前・見出しの書き方を確かめてください。",
    )
