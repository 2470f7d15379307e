"""A CSV file as a table: its header is matched to the columns, its rows are read block by block."""

from __future__ import annotations

from collections.abc import Iterator

from kaigo.errors import InputError
from kaigo.intake.decoding import DecodedFile, Piece
from kaigo.intake.findings import Findings, LineMap
from kaigo.intake.headers import HeaderMatch
from kaigo.intake.inputs import TableSource
from kaigo.intake.mapping import Translations, match_table
from kaigo.intake.named_file import NamedFile
from kaigo.intake.read_ahead import read_ahead
from kaigo.intake.rows import RowBlock, RowReader, parse_cells
from kaigo.tables.schema import TableSchema, load_schemas

HEADER_LINES = 20
"""A header row with line breaks inside its cells may have so many lines."""


class CsvFile(TableSource):
    """開いたCSVファイル: 見出しは読み終え、データの行はこれから読む。

    Parameters
    ----------
    table : str
    file : NamedFile
    mapping : Translations, optional
        The user's own headers and words.

    Raises
    ------
    InputError
        If the header row is missing or a required column is not in it.
    """

    def __init__(self, table: str, file: NamedFile, mapping: Translations | None = None) -> None:
        super().__init__()
        self.schema: TableSchema = load_schemas()[table]
        self.decoded = DecodedFile(file.path, self.schema.label, name=file.name)
        self.findings = Findings(table, file.name)
        self.lines = LineMap()
        self._pieces = self.decoded.pieces()
        headers, self._first_line, self._first_block = self._read_header(file.name)
        self.match: HeaderMatch = match_table(table, headers, file.name, mapping)

    @property
    def encoding(self) -> str:
        """See :class:`TableSource`."""
        return self.decoded.encoding

    @property
    def sha256(self) -> str:
        """See :class:`TableSource`."""
        return self.decoded.sha256

    @property
    def progress(self) -> tuple[int, int]:
        """See :class:`TableSource`."""
        return self.decoded.bytes_read, self.decoded.size

    def _read_header(self, name: str) -> tuple[list[str], int, bytes]:
        """Cells of the header, the line of the first data row, and what was read beyond the header."""
        start = b""
        for piece in self._pieces:
            start += self.decoded.decode(piece)
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
        """See :class:`TableSource`."""
        source = self.match.sources.get(column)
        row = parse_cells(self._first_block.lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8"))
        return row[0][source[0]] if source and row and len(row[0]) > source[0] else ""

    def row_blocks(self) -> Iterator[RowBlock]:
        """See :class:`TableSource`."""
        reader = RowReader(len(self.match.headers), self.match.wanted, self._first_line)
        is_large = self.decoded.size > self.decoded.block_bytes
        yield reader.read(self._first_block)
        for piece in read_ahead(self._pieces) if is_large else self._pieces:
            yield self._read_piece(reader, piece)
        yield reader.read(b"", final=True)

    def _read_piece(self, reader: RowReader, piece: Piece) -> RowBlock:
        undecoded = self.decoded.leave_undecoded(piece, reader.rest)
        if undecoded is not None:
            try:
                return reader.read_undecoded(
                    undecoded.data, lambda rest: self.decoded.settle(undecoded, rest)
                )
            except UnicodeDecodeError:
                pass  # a byte that is no character: what becomes of its line is decided on decoding
        return reader.read(self.decoded.decode(piece))


def _find_line_ends(body: bytes) -> Iterator[int]:
    """Ends of the first lines: a header cell may hold a line break."""
    end = 0
    for _ in range(HEADER_LINES if body else 0):
        found = body.find(b"\n", end)
        end = found + 1 if found >= 0 else len(body)
        yield end
        if end == len(body):
            return
