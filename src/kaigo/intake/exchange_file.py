"""An exchange file (給付実績, 請求明細書): control, data and end records, read as header and detail rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.errors import InputError
from kaigo.intake.decoding import DecodedFile
from kaigo.intake.exchange_layout import ExchangeForm, RecordLayout, header_schema
from kaigo.intake.findings import WHOLE_ROW, Findings, LineMap
from kaigo.intake.inputs import RowOrigin
from kaigo.intake.named_file import NamedFile
from kaigo.intake.rows import BrokenRow, RowBlock, RowReader, parse_cells
from kaigo.tables.schema import load_schemas

LABEL = "給付実績(交換ファイル)"
TABLE = "exchange"
_CONTROL, _DATA, _END = r'^"?1"?,', r'^"?2"?,', r'^"?3"?(,|$)'
_SAMPLE_ROWS = 200


class ExchangePart(RowOrigin):
    """交換ファイルの1種類のレコードを、表の行として見たもの。"""

    def __init__(self, layout: RecordLayout, findings: Findings) -> None:
        super().__init__()
        self.layout = layout
        self.schema = header_schema() if layout.role == "header" else load_schemas()["benefits"]
        self.findings = findings
        self.lines = LineMap()
        self.width = 0


class _Lines(NamedTuple):
    """Lines of one kind within a block: their numbers in the file and their bytes, line ends included."""

    numbers: npt.NDArray[np.int64]
    body: bytes


class ExchangeFile:
    """開いた交換ファイル。

    Parameters
    ----------
    file : NamedFile
    forms : sequence of ExchangeForm

    Raises
    ------
    InputError
        If no data record of a known form is found in its beginning.
    """

    def __init__(self, file: NamedFile, forms: Sequence[ExchangeForm]) -> None:
        self.decoded = DecodedFile(file.path, LABEL, name=file.name)
        self.findings = Findings(TABLE, file.name)
        self._blocks = self.decoded.blocks()
        self._first = next(self._blocks, b"")
        self.form = self._choose_form(forms)
        self.header = ExchangePart(self.form.of_role("header"), self.findings)
        self.detail = ExchangePart(self.form.of_role("detail"), self.findings)
        self.records: Counter[str] = Counter()
        self.stated_count: int | None = None
        self.creation_kinds: set[str] = set()
        self._line, self._rest = 1, b""
        self._carried: tuple[int, list[str]] | None = None

    def _choose_form(self, forms: Sequence[ExchangeForm]) -> ExchangeForm:
        lines = _as_lines(self._first + b"\n")
        for form in forms:
            readable = [record for record in form.records if record.role != "skip"]
            if any(pc.any(pc.match_substring_regex(lines, record.pattern)).as_py() for record in readable):
                return form
        known = "、".join(
            f"{record.name}({record.record})"
            for form in forms
            for record in form.records
            if record.role != "skip"
        )
        raise InputError(
            f"{LABEL}のファイル({self.findings.file_name})に、読めるデータレコードがありません。",
            found=f"先頭の{len(lines):,}行のうち、データレコード {pc.sum(pc.match_substring_regex(lines, _DATA)).as_py() or 0:,}行",
            remedy=f"給付実績(111x)か請求明細書(7131)の交換ファイルを指定してください。読むのは {known} です。",
        )

    def peek_insurer(self) -> str:
        """Insurer's number of the first header record ("" where there is none in the beginning)."""
        lines = _as_lines(self._first[: self._first.rfind(b"\n") + 1])
        found = lines.filter(pc.match_substring_regex(lines, self.header.layout.pattern))
        cells = (parse_cells(found[0].as_py()) or [[]])[0] if len(found) else []
        place = self.header.layout.places["insurer_number"][0]
        return cells[place] if len(cells) > place else ""

    def blocks(self) -> Iterator[tuple[ExchangePart, RowBlock]]:
        """基本情報と明細の行を、塊ごとに返す。"""
        block: bytes | None = self._first
        while block is not None:
            yield from self._read(block, final=False)
            block = next(self._blocks, None)
        yield from self._read(b"", final=True)

    def _read(self, block: bytes, *, final: bool) -> Iterator[tuple[ExchangePart, RowBlock]]:
        data = self._rest + block
        if final and data and not data.endswith(b"\n"):
            data += b"\n"
        end = data.rfind(b"\n") + 1
        data, self._rest = data[:end], data[end:]
        if not data:
            return
        lines = _as_lines(data)
        first, self._line = self._line, self._line + len(lines)
        free = np.ones(len(lines), bool)

        def take(pattern: str) -> _Lines:
            found = free & pc.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False)
            free[found] = False
            chosen = lines.filter(pa.array(found))
            return _Lines(first + np.flatnonzero(found), _bytes_of(chosen))

        self._note_control(take(_CONTROL))
        self.records["end"] += len(take(_END).numbers)
        blank = take(r"^\s*\x1a?\s*$")
        self.findings.warn("blank_line", len(blank.numbers), blank.numbers[:100].tolist())
        taken = {record.record: take(record.pattern) for record in self.form.records}
        for record in self.form.records:
            self.records[record.record] += len(taken[record.record].numbers)
        for record in (r for r in self.form.records if r.role == "skip"):
            numbers = taken[record.record].numbers
            self.findings.warn_rows("exchange_record_skipped", numbers, f"{record.record} {record.name}")
        header = self._read_part(self.header, taken[self.header.layout.record])
        detail = self._read_part(self.detail, taken[self.detail.layout.record])
        if header is not None and "creation_kind" in self.header.layout.places:
            place = self.header.layout.places["creation_kind"][0]
            self.creation_kinds |= set(pc.unique(header.columns[str(place)]).to_pylist())
        if self.detail.layout.carried:
            detail = self._carry(header, detail, taken[self.header.layout.record].numbers)
        self._set_apart(take("(?s).*"))
        if header is not None:
            yield self.header, header
        if detail is not None:
            self._note_reviewed(detail)
            yield self.detail, detail

    def _note_control(self, control: _Lines) -> None:
        for line in control.body.decode("utf-8").splitlines():
            self.records["control"] += 1
            cells = (parse_cells(line) or [[]])[0]
            place = self.form.count_place
            if self.stated_count is None and 0 <= place < len(cells) and cells[place].strip().isdecimal():
                self.stated_count = int(cells[place])

    def _read_part(self, part: ExchangePart, lines: _Lines) -> RowBlock | None:
        if not len(lines.numbers):
            return None
        if not part.width:
            part.width = self._measure_width(part, lines)
            part.match = part.layout.match(part.width)
        wanted = [place for places in part.layout.places.values() for place in places if place < part.width]
        read = RowReader(part.width, wanted, 1).read(lines.body, final=True)
        at = lines.numbers
        broken = tuple(BrokenRow(int(at[row.line - 1]), row.text, row.rule) for row in read.broken)
        return RowBlock(read.columns, at[read.lines - 1], broken, ())

    def _measure_width(self, part: ExchangePart, lines: _Lines) -> int:
        sample = lines.body.decode("utf-8").split("\n", _SAMPLE_ROWS)[:_SAMPLE_ROWS]
        widths = Counter(len(cells[0]) for cells in map(parse_cells, filter(None, sample)) if cells)
        width = widths.most_common(1)[0][0] if widths else 0
        needed = 1 + max(
            place
            for target, places in part.layout.places.items()
            if target not in ("days_after", "units_after", "creation_kind")
            for place in places
        )
        if width < needed:
            raise InputError(
                f"{LABEL}のファイル({self.findings.file_name})の{part.layout.name}({part.layout.record})の項目の数が足りません。",
                found=f"{width}項目(読むには{needed}項目が要ります)",
                remedy="項目の並びが違う版なら、--exchange-layout で並びのファイルを指定してください。",
            )
        if part.layout.labels and width != len(part.layout.labels) and self.form.form == "benefit":
            self.findings.warn("exchange_width_differs", 1, [int(lines.numbers[0])], [part.layout.record])
        return width

    def _carry(
        self, header: RowBlock | None, detail: RowBlock | None, header_lines: npt.NDArray[np.int64]
    ) -> RowBlock | None:
        """Give each detail row the values of the header record before it; without one it is set apart."""
        targets = ("insured_number", *self.detail.layout.carried)
        places = [self.header.layout.places[target][0] for target in targets]
        known: dict[int, list[str]] = {}
        if header is not None:
            texts = [header.columns[str(place)].to_pylist() for place in places]
            known = {
                int(line): list(row) for line, row in zip(header.lines, zip(*texts, strict=True), strict=True)
            }
        if self._carried:
            known[self._carried[0]] = self._carried[1]
        starts = [self._carried[0]] if self._carried else []
        starts += header_lines.tolist()
        if starts and starts[-1] in known:
            self._carried = (starts[-1], known[starts[-1]])
        elif starts:
            self._carried = (starts[-1], [])
        if detail is None:
            return None
        own = detail.columns[str(self.detail.layout.places["insured_number"][0])].to_pylist()
        nearest = np.searchsorted(np.array(starts, np.int64), detail.lines) - 1
        values = [known.get(starts[i], []) if i >= 0 else [] for i in nearest.tolist()]
        sound = np.array(
            [bool(row) and row[0].strip() == text.strip() for row, text in zip(values, own, strict=True)],
            bool,
        )
        columns = detail.columns.filter(pa.array(sound))
        kept = [row for row, is_sound in zip(values, sound, strict=True) if is_sound]
        for number in range(len(self.detail.layout.carried)):
            carried = pa.array([row[number + 1] for row in kept], pa.string())
            columns = columns.append_column(str(self.detail.width + number), carried)
        lost = [BrokenRow(int(line), "", "exchange_header_lost") for line in detail.lines[~sound]]
        return RowBlock(columns, detail.lines[sound], (*detail.broken, *lost), ())

    def _note_reviewed(self, detail: RowBlock) -> None:
        """Values after the review that differ from those that are read."""
        differs = np.zeros(len(detail.lines), bool)
        for before, after in (("days", "days_after"), ("units", "units_after")):
            places = self.detail.layout.places
            if after not in places or str(places[after][0]) not in detail.columns.column_names:
                continue
            old, new = (detail.columns[str(places[name][0])] for name in (before, after))
            is_given = pc.not_equal(pc.utf8_trim_whitespace(new), "")
            other = pc.and_(
                is_given, pc.not_equal(pc.utf8_trim_whitespace(new), pc.utf8_trim_whitespace(old))
            )
            differs |= other.to_numpy()
        self.findings.warn_rows("exchange_after_review", detail.lines[differs], "後_日数・後_単位数")

    def _set_apart(self, strangers: _Lines) -> None:
        """Quarantine lines that are no record we know."""
        self.records["unknown"] += len(strangers.numbers)
        self.findings.rows_read += len(strangers.numbers)
        texts = strangers.body.decode("utf-8").split("\n")
        for line, text in zip(strangers.numbers.tolist(), texts, strict=False):
            self.findings.quarantine_row(line, [(WHOLE_ROW, text, "exchange_record_unknown")])

    def count_data_records(self) -> int:
        """Data records read, whatever their kind."""
        return sum(count for record, count in self.records.items() if record not in ("control", "end"))


def _as_lines(data: bytes) -> pa.Array:
    """The lines of a text that ends with a line end, without copying it; each keeps its line end."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10) + 1
    offsets = np.concatenate([np.zeros(1, np.int64), ends]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data[: int(offsets[-1])])]
    )


def _bytes_of(lines: pa.Array) -> bytes:
    if not len(lines):
        return b""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(lines.buffers()[2])[offsets[0] : offsets[-1]]
