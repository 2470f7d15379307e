"""One CSV file to one Parquet file: accepted rows as values, all others in the findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaigo.errors import EmptyResultError, InputError
from kaigo.intake.cells import choose_reader
from kaigo.intake.convert import (
    CONTROL_CHARACTERS,
    PRIVATE_USE_CHARACTERS,
    Converted,
    convert_column,
    find_characters,
    to_mask,
)
from kaigo.intake.decoding import UNDECODABLE, DecodedFile
from kaigo.intake.findings import WHOLE_ROW, Findings, LineMap
from kaigo.intake.headers import HeaderMatch, match_headers
from kaigo.intake.rows import RowBlock, RowReader, parse_cells
from kaigo.intake.rules import load_rules
from kaigo.tables.schema import TableSchema, load_schemas

HEADER_LINES = 20
"""A header row with line breaks inside its cells may have so many lines."""

Progress = Callable[[str, int, int], None]
"""Called with (label of the table, bytes read, bytes in all)."""


class _Column(NamedTuple):
    """One converted column of a block, with its header and texts as found."""

    name: str
    header: str
    texts: pa.Array
    converted: Converted


class SourceFile:
    """開いたCSVファイル: 見出しは読み終え、データの行はこれから読む。

    Parameters
    ----------
    table : str
    path : pathlib.Path

    Raises
    ------
    InputError
        If the header row is missing or a required column is not in it.
    """

    def __init__(self, table: str, path: Path) -> None:
        self.schema: TableSchema = load_schemas()[table]
        self.decoded = DecodedFile(path, self.schema.label)
        self.findings = Findings(table, path.name)
        self.lines = LineMap()
        self._blocks = self.decoded.blocks()
        headers, self._first_line, self._first_block = self._read_header(path.name)
        self.match: HeaderMatch = match_headers(table, headers, path.name)

    def _read_header(self, name: str) -> tuple[list[str], int, bytes]:
        """Cells of the header, the line of the first data row, and what was read beyond the header."""
        start = b""
        for block in self._blocks:
            start += block
            if start.lstrip(b"\n").count(b"\n") > HEADER_LINES:
                break
        body = start.lstrip(b"\n")
        blank = len(start) - len(body)
        for end in _find_line_ends(body):
            cells = parse_cells(body[:end].decode("utf-8"))
            if cells is not None and len(cells) == 1:
                return cells[0], blank + body[:end].count(b"\n") + 1, body[end:]
        raise InputError(
            f"{self.schema.label}のファイル({name})の見出し行を読めません。",
            found='引用符(")が閉じていません' if body else "空の行だけ",
            remedy="1行目を見出し行にし、引用符の対を確かめてください。",
        )

    def peek(self, column: str) -> str:
        """Text of a column in the first data row ("" where there is no such column or row)."""
        source = self.match.sources.get(column)
        row = parse_cells(self._first_block.lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8"))
        return row[0][source[0]] if source and row and len(row[0]) > source[0] else ""

    def row_blocks(self) -> Iterator[RowBlock]:
        """Data rows, block by block."""
        wanted = [position for position, _ in self.match.sources.values()]
        reader = RowReader(len(self.match.headers), wanted, self._first_line)
        block: bytes | None = self._first_block
        while block is not None:
            yield reader.read(block)
            block = next(self._blocks, None)
        yield reader.read(b"", final=True)


def _find_line_ends(body: bytes) -> Iterator[int]:
    """Ends of the first lines: a header cell may hold a line break."""
    end = 0
    for _ in range(HEADER_LINES if body else 0):
        found = body.find(b"\n", end)
        end = found + 1 if found >= 0 else len(body)
        yield end
        if end == len(body):
            return


@dataclass(frozen=True)
class MonthSpan:
    """読み込んだ給付の最初の月と最後の月(numpyの月)。"""

    first: np.datetime64
    last: np.datetime64


def read_table(
    source: SourceFile,
    target: Path,
    constants: Mapping[str, object],
    progress: Progress | None = None,
) -> MonthSpan | None:
    """CSVファイルを検査しながら読み、受け入れた行をParquetに書く。

    Parameters
    ----------
    source : SourceFile
    target : pathlib.Path
        Parquet file to write; its folder exists.
    constants : mapping
        Column to the value of all rows, for columns that the file does not have.
    progress : callable, optional

    Returns
    -------
    MonthSpan or None
        First and last service month; None for other tables.

    Raises
    ------
    EmptyResultError
        If no row is accepted.
    """
    schema = pa.schema([(column.name, column.dtype) for column in source.schema.columns])
    months: list[np.datetime64] = []
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for block in source.row_blocks():
            accepted = _accept_rows(source, block, schema, constants)
            source.findings.rows_accepted += accepted.num_rows
            if accepted.num_rows:
                writer.write_table(accepted)
            if accepted.num_rows and "service_month" in schema.names:
                ends = pc.min_max(accepted["service_month"]).as_py()
                months += [np.datetime64(ends["min"], "M"), np.datetime64(ends["max"], "M")]
            if progress:
                progress(source.schema.label, source.decoded.bytes_read, source.decoded.size)
    if not source.findings.rows_accepted:
        raise _explain_nothing_accepted(source)
    return MonthSpan(min(months), max(months)) if months else None


def _accept_rows(
    source: SourceFile, block: RowBlock, schema: pa.Schema, constants: Mapping[str, object]
) -> pa.Table:
    """Convert a block, set broken rows apart, return the others."""
    findings = source.findings
    findings.rows_read += len(block.lines) + len(block.broken)
    findings.warn("blank_line", len(block.blank_lines), block.blank_lines)
    for broken in block.broken:
        findings.quarantine_row(broken.line, [(WHOLE_ROW, broken.text, broken.rule)])
    columns = [_convert(source, block, name) for name in schema.names if name in source.match.sources]
    faulty = np.zeros(len(block.lines), bool)
    for column in columns:
        for mask in column.converted.faults.values():
            faulty |= mask
    reversed_rows = _find_reversed_periods(columns)
    if reversed_rows is not None:
        faulty |= reversed_rows
    for row in np.flatnonzero(faulty).tolist():
        is_reversed = reversed_rows is not None and bool(reversed_rows[row])
        findings.quarantine_row(int(block.lines[row]), _list_faults(columns, row, is_reversed))
    keep = ~faulty
    _warn_of_rows(findings, columns, block.lines, keep)
    lines = block.lines[keep]
    source.lines.extend(lines)
    found = {column.name: column.converted.values for column in columns}
    selection = None if keep.all() else pa.array(keep)
    arrays = []
    for field in schema:
        if field.name not in found:
            arrays.append(_repeat(constants.get(field.name), len(lines), field.type))
        elif selection is None:
            arrays.append(found[field.name])
        else:
            arrays.append(found[field.name].filter(selection))
    return pa.Table.from_arrays(arrays, schema=schema)


def _repeat(value: object, length: int, dtype: pa.DataType) -> pa.Array:
    return pa.nulls(length, dtype) if value is None else pa.repeat(pa.scalar(value, dtype), length)


def _convert(source: SourceFile, block: RowBlock, name: str) -> _Column:
    position, target = source.match.sources[name]
    column = source.schema.column(name)
    texts = block.columns[str(position)].combine_chunks()
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.string())
    converted = convert_column(texts, choose_reader(column, target), column.dtype)
    broken = find_characters(texts, UNDECODABLE)
    if broken is not None:
        faults = {"encoding_broken": broken} | dict(converted.faults)
        converted = Converted(converted.values, faults, converted.notices)
    return _Column(name, source.match.headers[position].strip(), texts, converted)


def _find_reversed_periods(columns: list[_Column]) -> npt.NDArray[np.bool_] | None:
    values = {column.name: column.converted.values for column in columns}
    if "valid_from" not in values or "valid_to" not in values:
        return None
    return to_mask(pc.less(values["valid_to"], values["valid_from"]))


def _list_faults(columns: list[_Column], row: int, is_reversed: bool) -> list[tuple[str, str, str]]:
    faults = [
        (column.header, column.texts[row].as_py(), rule)
        for column in columns
        for rule, mask in column.converted.faults.items()
        if mask[row]
    ]
    if is_reversed:
        end = next(column for column in columns if column.name == "valid_to")
        faults.append((end.header, end.texts[row].as_py(), "period_reversed"))
    # The columns of one combined cell fail together.
    return list(dict.fromkeys(faults))


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
        patterns = {"control_character": CONTROL_CHARACTERS, "private_use_character": PRIVATE_USE_CHARACTERS}
        for rule, pattern in patterns.items():
            mask_found = find_characters(column.texts, pattern)
            if mask_found is not None:
                findings.warn_rows(rule, lines[mask_found & keep], column.header)


def _explain_nothing_accepted(source: SourceFile) -> EmptyResultError:
    findings = source.findings
    what = f"{source.schema.label}のファイル({findings.file_name})から、1行も読み込めませんでした。"
    if not findings.rows_read:
        return EmptyResultError(
            what, found="データの行 0行", remedy="見出し行の下にデータの行があるか確かめてください。"
        )
    counts: dict[str, list[int]] = {}
    for row in findings.quarantine:
        counts.setdefault(row["rule"], []).append(row["line"])
    common = sorted(counts.items(), key=lambda item: -len(item[1]))[:3]
    reasons = "、".join(
        f"{load_rules()[rule].label} {len(lines):,}行(最初は{min(lines)}行目)" for rule, lines in common
    )
    return EmptyResultError(
        what,
        found=f"{findings.rows_read:,}行すべてに誤り: {reasons}",
        remedy="列の並びと値の書き方を確かめてください。",
    )
