"""Any of the encodings that municipal files come in, as a stream of UTF-8 blocks with plain line ends.

DuckDB and Arrow read UTF-8 only; CP932 is transcoded here, or left as it is for a reader that decodes the distinct cells
only. One pass: the hash of the file is taken on the way.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kaigo.errors import InputError

BLOCK_BYTES = 8 << 20
_RETURN, _LINE_FEED = 13, 10
# CP932 text begins with bytes that are no UTF-8; so many good characters before the first fault mean broken UTF-8.
_CERTAINLY_UTF8 = 4
MOST_BROKEN_LINES = 0.1
"""A file with a larger share of lines that cannot be decoded is of another encoding."""
UNDECODABLE = "\ufdd0"
"""Stands in the text for a byte that is no character: a code point that no text holds."""

CP932 = "cp932"
_MOST_UNSETTLED = 3
"""After so many blocks that could not be read undecoded no other is tried."""


class Piece(NamedTuple):
    """ファイルから読んだままのバイト列。

    Attributes
    ----------
    raw : bytes
    end : int
        Bytes of the file up to the end of the piece.
    final : bool
        Whether it is the empty piece behind the last byte.
    """

    raw: bytes
    end: int
    final: bool = False


class Undecoded(NamedTuple):
    r"""CP932のまま読む塊。

    Attributes
    ----------
    data : bytes
        What was left to read and the piece; line ends are ``\n`` or ``\r\n``.
    lines : int
        Line ends of the piece.
    held_return : bool
        Whether a ``\r`` follows, the first half of a line end for all we know.
    """

    data: bytes
    lines: int
    held_return: bool


class DecodedFile:
    """文字コードを見分けながら、ファイルをUTF-8の塊として読む。

    Parameters
    ----------
    path : pathlib.Path
    label : str
        Japanese name of the table, for messages.
    block_bytes : int
        Bytes read at once; bounds the memory.
    name : str, optional
        Name for messages, if it is not the path's own.

    Attributes
    ----------
    encoding : str
        ``UTF-8``, ``UTF-8(BOM付き)``, ``CP932`` or ``ASCII``; final when all blocks were read.
    bytes_read : int
    """

    def __init__(self, path: Path, label: str, block_bytes: int = BLOCK_BYTES, *, name: str = "") -> None:
        self.path, self.label, self.block_bytes = path, label, block_bytes
        self.name = name or path.name
        self.encoding = "ASCII"
        self.bytes_read = 0
        self.size = path.stat().st_size
        self._digest = hashlib.sha256()
        self._decoder: codecs.IncrementalDecoder | None = None
        self._lines = 0
        self._broken_lines = 0
        self._held_bytes = b""
        self._held_return = False
        self._end = 0
        self._unsettled = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read so far, 64 hex digits."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        r"""UTF-8の塊を順に返す(改行はすべて ``\n``、BOMは除く)。

        Raises
        ------
        InputError
            If the file is neither UTF-8 nor CP932, with the byte's position and line; or cannot be read.
        """
        return map(self.decode, self.pieces())

    def pieces(self) -> Iterator[Piece]:
        """ファイルのバイト列を順に返す。復号とは別のスレッドで進めてよい。

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                while raw := file.read(self.block_bytes):
                    self._digest.update(raw)
                    self.bytes_read += len(raw)
                    yield Piece(raw, self.bytes_read)
                yield Piece(b"", self.bytes_read, final=True)
        except OSError as error:
            raise InputError(
                f"{self.label}のファイルを読めません({self.name})。",
                found=error.strerror,
                remedy="ファイルの場所と権限を確かめてください。",
            ) from error

    def decode(self, piece: Piece) -> bytes:
        """The next piece as :meth:`blocks` gives it."""
        self._end = piece.end
        if piece.end == len(piece.raw) and piece.raw.startswith(codecs.BOM_UTF8):
            self.encoding = "UTF-8(BOM付き)"
            self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        return self._unify_line_ends(self._decode(piece.raw, final=piece.final), final=piece.final)

    def leave_undecoded(self, piece: Piece, rest: bytes) -> Undecoded | None:
        """次の塊を、CP932のまま渡す。文字でないバイトがあれば、その塊は :meth:`decode` で読む。

        Parameters
        ----------
        piece : Piece
        rest : bytes
            What was decoded before and is still to be read.

        Returns
        -------
        Undecoded or None
            None where the piece has to be decoded.
        """
        is_sound = self.encoding == "CP932" and not self._held_bytes and self._unsettled < _MOST_UNSETTLED
        if self._decoder is None or piece.final or not is_sound:
            return None
        try:
            before = rest.decode("utf-8").encode(CP932)
        except UnicodeEncodeError:
            return None
        begun, _ = self._decoder.getstate()  # the first half of a character that the piece's edge cut in two
        data = b"\r" + piece.raw if self._held_return else piece.raw
        held_return = data.endswith(b"\r")
        if held_return:
            data = data[:-1]
        if _has_lone_return(data):
            data = _drop_returns(data)
        self._unsettled += 1
        lines = int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))
        return Undecoded(before + begun + data, lines, held_return)

    def settle(self, undecoded: Undecoded, rest: bytes) -> bytes:
        """Go on behind a piece that was read undecoded, all but the rest; the rest decoded as far as it goes.

        Raises
        ------
        UnicodeDecodeError
            If bytes of the rest are no characters: the piece is to be decoded instead.
        """
        decoder = codecs.getincrementaldecoder(CP932)()
        text = decoder.decode(rest + b"\r" if undecoded.held_return else rest)
        self._decoder, self._held_return = decoder, undecoded.held_return
        self._lines += undecoded.lines
        self._unsettled -= 1
        return text.removesuffix("\r").encode("utf-8")

    def _decode(self, raw: bytes, *, final: bool) -> str:
        raw, self._held_bytes = self._held_bytes + raw, b""
        if self._decoder is None:
            if raw.isascii():
                return raw.decode("ascii")
            self._decoder = self._choose_decoder(raw)
        try:
            return self._decoder.decode(raw, final)
        except UnicodeDecodeError as error:
            return self._decode_by_line(error, len(raw), final=final)

    def _decode_by_line(self, error: UnicodeDecodeError, fed: int, *, final: bool) -> str:
        """Lines that can be decoded as they are, in others a mark for each byte that cannot."""
        # The decoder gives back what it was fed and what it had held of a character cut in two.
        data = bytes(error.object)
        end = len(data) if final else data.rfind(b"\n") + 1
        self._held_bytes = data[end:]
        codec = error.encoding
        self._decoder = codecs.getincrementaldecoder(codec)()
        lines = data[:end].splitlines(keepends=True)
        texts: list[str] = []
        for line in lines:
            try:
                texts.append(line.decode(codec))
            except UnicodeDecodeError:
                self._broken_lines += 1
                texts.append(line.decode(codec, "replace").replace("\ufffd", UNDECODABLE))
        if not lines or self._broken_lines > MOST_BROKEN_LINES * (self._lines + len(lines)):
            raise self._explain(error, fed) from error
        return "".join(texts)

    def _choose_decoder(self, raw: bytes) -> codecs.IncrementalDecoder:
        # Everything before this block was ASCII, the same in both encodings.
        try:
            codecs.getincrementaldecoder("utf-8")().decode(raw)
        except UnicodeDecodeError as error:
            good = raw[: error.start].decode("utf-8")
            if len(good) - len(good.encode("ascii", "ignore")) >= _CERTAINLY_UTF8:
                self.encoding = "UTF-8"
                return codecs.getincrementaldecoder("utf-8")()
            self.encoding = "CP932"
            return codecs.getincrementaldecoder("cp932")()
        self.encoding = "UTF-8"
        return codecs.getincrementaldecoder("utf-8")()

    def _explain(self, error: UnicodeDecodeError, fed: int) -> InputError:
        # The decoder may have held back bytes of a character that a block's edge cut in two.
        position = self._end - fed - (len(error.object) - fed) + error.start
        before = error.object[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line = self._lines + before.count(b"\n") + 1
        guess = "UTF-8" if self.encoding != "CP932" and error.encoding != "cp932" else "Shift_JIS(CP932)"
        return InputError(
            f"{self.label}のファイル({self.name})の文字コードが、UTF-8でもShift_JIS(CP932)でもありません。",
            found=(
                f"{line}行目、先頭から{position + 1:,}バイト目の0x{error.object[error.start]:02X}"
                f"({guess}として読んだ場合)"
            ),
            remedy="UTF-8またはShift_JIS(CP932)で保存し直すか、この行の壊れた文字を直してください。",
        )

    def _unify_line_ends(self, text: str, *, final: bool) -> bytes:
        # On bytes: the same over text of two bytes a character takes three times as long.
        data = text.encode("utf-8")
        if self._held_return:
            data = b"\r" + data
        self._held_return = data.endswith(b"\r") and not final
        if self._held_return:
            data = data[:-1]
        if b"\r" in data:
            data = _drop_returns(data)
        self._lines += data.count(b"\n")
        return data


def _has_lone_return(data: bytes) -> bool:
    if b"\r" not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    return data.endswith(b"\r") or bool(((codes[:-1] == _RETURN) & (codes[1:] != _LINE_FEED)).any())


def _drop_returns(data: bytes) -> bytes:
    """Line ends as plain line feeds; where every return stands before a line feed it is only dropped, which is faster."""
    if _has_lone_return(data):
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.translate(None, b"\r")
