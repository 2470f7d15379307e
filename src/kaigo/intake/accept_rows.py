"""A block of rows as texts to a block of rows as values: what cannot be read is set apart, what is odd is noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.intake.cells import CellReader, choose_reader
from kaigo.intake.checks import Checks
from kaigo.intake.convert import (
    CONTROL_CHARACTERS,
    PRIVATE_USE_CHARACTERS,
    Converted,
    Mask,
    convert_column,
    find_characters,
    to_mask,
)
from kaigo.intake.decoding import UNDECODABLE
from kaigo.intake.findings import WHOLE_ROW, Findings
from kaigo.intake.inputs import RowOrigin
from kaigo.intake.rows import RowBlock
from kaigo.intake.text_columns import spell_out
from kaigo.intake.translated import warn_of_translations
from kaigo.tables.schema import PERSON_KEY

_ODD_CHARACTERS = {
    "encoding_broken": UNDECODABLE,
    "control_character": CONTROL_CHARACTERS,
    "private_use_character": PRIVATE_USE_CHARACTERS,
}
"""Rule to the class of characters that it is about."""


class _Column(NamedTuple):
    """One converted column of a block, with its header and texts as found."""

    name: str
    header: str
    texts: pa.Array
    converted: Converted
    odd: Mapping[str, Mask]


def accept_rows(
    source: RowOrigin, block: RowBlock, constants: Mapping[str, object], checks: Checks
) -> pa.Table:
    """ひとまとまりの行を値に直し、壊れた行を隔離して、残りを返す。

    Parameters
    ----------
    source : RowOrigin
        Its findings and line map grow.
    block : RowBlock
    constants : mapping
        Column to the value of all rows, for columns that the file does not have.
    checks : Checks
        Which odd values are a reason to set the row apart.

    Returns
    -------
    pyarrow.Table
        The accepted rows in the columns of the schema.
    """
    findings = source.findings
    findings.rows_read += len(block.lines) + len(block.broken)
    findings.warn("blank_line", len(block.blank_lines), block.blank_lines)
    for broken in block.broken:
        findings.quarantine_row(broken.line, [(WHOLE_ROW, broken.text, broken.rule)])
    names = source.schema.names
    columns = [
        _apply_checks(_convert(source, block, name), checks) for name in names if name in source.match.sources
    ]
    faulty = np.zeros(len(block.lines), bool)
    for column in columns:
        for mask in column.converted.faults.values():
            faulty |= mask
    reversed_rows = _find_reversed_dates(columns)
    for mask in reversed_rows.values():
        faulty |= mask
    for row in np.flatnonzero(faulty).tolist():
        rules = [rule for rule, mask in reversed_rows.items() if mask[row]]
        findings.quarantine_row(int(block.lines[row]), _list_faults(columns, row, rules))
    _remember_persons(source, columns, faulty, constants)
    keep = ~faulty
    _warn_of_rows(findings, columns, block.lines, keep)
    for target, column in _name_translated(source, columns).items():
        words = source.match.words[target]
        warn_of_translations(findings, column.header, target, column.texts, words, block.lines, keep)
    lines = block.lines[keep]
    source.lines.extend(lines)
    found = {column.name: column.converted.values for column in columns}
    selection = None if keep.all() else pa.array(keep)
    schema = pa.schema([(column.name, column.dtype) for column in source.schema.columns])
    arrays = []
    for field in schema:
        if field.name not in found:
            arrays.append(_repeat(constants.get(field.name), len(lines), field.type))
        elif selection is None:
            arrays.append(found[field.name])
        else:
            arrays.append(found[field.name].filter(selection))
    return pa.Table.from_arrays(arrays, schema=schema)


EXIT_COLUMNS = (*PERSON_KEY, "qualified_on", "disqualified_on")
"""What is remembered of a person whose row is set apart for another fault."""


def _remember_persons(
    source: RowOrigin, columns: list[_Column], faulty: npt.NDArray[np.bool_], constants: Mapping[str, object]
) -> None:
    """Who was in the file is known, and when they left, even where the row has, say, an impossible date of birth."""
    if source.schema.name != "persons" or not faulty.any():
        return
    found = {column.name: column.converted.values for column in columns}
    schema = pa.schema([(name, source.schema.column(name).dtype) for name in EXIT_COLUMNS])
    arrays = [
        found[field.name]
        if field.name in found
        else _repeat(constants.get(field.name), len(faulty), field.type)
        for field in schema
    ]
    rows = pa.Table.from_arrays(arrays, schema=schema).filter(pa.array(faulty))
    source.set_apart.append(rows.filter(pc.and_(*[pc.is_valid(rows[name]) for name in PERSON_KEY])))


def _repeat(value: object, length: int, dtype: pa.DataType) -> pa.Array:
    return pa.nulls(length, dtype) if value is None else pa.repeat(pa.scalar(value, dtype), length)


def _texts_at(source: RowOrigin, block: RowBlock, position: int) -> pa.Array:
    parts = [block.columns[str(place)] for place in source.match.joined.get(position, (position,))]
    if len(parts) > 1:
        trimmed = [pc.utf8_trim_whitespace(spell_out(_one_array(part))) for part in parts]
        return pc.binary_join_element_wise(*trimmed, "")
    return _one_array(parts[0])


def _one_array(texts: pa.ChunkedArray | pa.Array) -> pa.Array:
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(whole, pa.ChunkedArray):
        return pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.string())
    return whole


def _convert(source: RowOrigin, block: RowBlock, name: str) -> _Column:
    position, target = source.match.sources[name]
    column = source.schema.column(name)
    texts = _texts_at(source, block, position)
    reader = choose_reader(column, target)
    words = source.match.words.get(target)
    if words:
        read = reader.read
        # A translated text may look like a final value (1 for 女): nothing is taken in bulk.
        reader = CellReader(lambda text: read(words.get(text.strip(), text)))
    converted = convert_column(texts, reader, column.dtype)
    odd = find_characters(texts, _ODD_CHARACTERS)
    if "encoding_broken" in odd:
        faults = {"encoding_broken": odd.pop("encoding_broken")} | dict(converted.faults)
        converted = Converted(converted.values, faults, converted.notices)
    return _Column(name, source.match.header(position), texts, converted, odd)


def _apply_checks(column: _Column, checks: Checks) -> _Column:
    """Notices that the rules make a reason for quarantine become faults; those switched off are dropped."""
    notices = column.converted.notices
    actions = {rule: checks.action(rule) for rule in notices}
    if all(action == "warn" for action in actions.values()):
        return column
    faults = {rule: mask for rule, mask in notices.items() if actions[rule] == "quarantine"}
    kept = {rule: mask for rule, mask in notices.items() if actions[rule] == "warn"}
    converted = Converted(column.converted.values, {**column.converted.faults, **faults}, kept)
    return column._replace(converted=converted)


_DATES_IN_ORDER = {
    "period_reversed": ("valid_from", "valid_to", "valid_to"),
    "birth_after_qualified": ("birth_date", "qualified_on", "birth_date"),
}
"""Rule to the date that comes first, the one that follows (or is the same), and the one that the report names."""


def _find_reversed_dates(columns: list[_Column]) -> dict[str, npt.NDArray[np.bool_]]:
    values = {column.name: column.converted.values for column in columns}
    return {
        rule: to_mask(pc.less(values[second], values[first]))
        for rule, (first, second, _) in _DATES_IN_ORDER.items()
        if first in values and second in values
    }


def _list_faults(columns: list[_Column], row: int, rules: list[str]) -> list[tuple[str, str, str]]:
    faults = [
        (column.header, column.texts[row].as_py(), rule)
        for column in columns
        for rule, mask in column.converted.faults.items()
        if mask[row]
    ]
    for rule in rules:
        named = next(column for column in columns if column.name == _DATES_IN_ORDER[rule][2])
        faults.append((named.header, named.texts[row].as_py(), rule))
    # The columns of one combined cell fail together.
    return list(dict.fromkeys(faults))


def _name_translated(source: RowOrigin, columns: list[_Column]) -> dict[str, _Column]:
    """Target to the column whose words the user translates; of a combined cell one column stands for all."""
    targets = {column.name: source.match.sources[column.name][1] for column in columns}
    return {targets[c.name]: c for c in columns if source.match.words.get(targets[c.name])}


def _warn_of_rows(
    findings: Findings, columns: list[_Column], lines: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]
) -> None:
    seen: set[str] = set()
    for column in columns:
        for rule, mask in column.converted.notices.items():
            findings.warn_rows(rule, lines[mask & keep], column.header)
        if column.header in seen:
            continue
        seen.add(column.header)
        for rule, mask in column.odd.items():
            findings.warn_rows(rule, lines[mask & keep], column.header)
