"""Looking for secrets in whatever a folder holds: packed, encoded, drawn or written in other letters.

A secret is found in a file's bytes or name, in the cells of a Parquet file, the text chunks of a PNG, the parts
of a zip (xlsx), inside gzip, and inside base64 texts (HTML, notebooks, JSON), each of these inside the others;
in UTF-8, CP932 and UTF-16; half- or full-width; with separators between digits.

``scan_folder`` serves any folder that the project writes: ``provide/``, ``keep/``, ``reports/``, notebooks, logs.
"""

import base64
import binascii
import gzip
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

ENCODINGS = ("utf-8", "cp932", "utf-16-le", "utf-16-be")
DEEPEST = 4
_BASE64 = re.compile(rb"[A-Za-z0-9+/](?:[A-Za-z0-9+/]|\\?\\n|\\/|\s){22,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTITY = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s,.'_\-‐-―−ー・/]+(?=\d)")
_GAPS = re.compile(r"\s+")


@dataclass(frozen=True)
class Hit:
    """A secret that was found: the file, the way into it (e.g. ``zip:xl/sharedStrings.xml``), the secret."""

    path: Path
    inside: str
    secret: str


@dataclass(frozen=True)
class Piece:
    """Bytes somewhere inside a file."""

    inside: str
    content: bytes


def normalise(text: str) -> str:
    """One form for all ways to write a text: NFKC, escapes resolved, lower case, no gaps, plain digits."""
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    text = _ENTITY.sub(lambda match: chr(min(int(match[1] or "0", 16) or int(match[2] or 0), 0x10FFFF)), text)
    text = unicodedata.normalize("NFKC", text)
    return _GAPS.sub("", _BETWEEN_DIGITS.sub("", text)).casefold()


def scan_folder(
    folder: Path, secrets: Iterable[str], *, skip: Callable[[Path], bool] | None = None
) -> list[Hit]:
    """Every occurrence of a secret below a folder (one hit for a secret and place).

    Parameters
    ----------
    folder : pathlib.Path
    secrets : iterable of str
        Names, addresses, numbers, keys (hex). Each is normalised as the files are.
    skip : callable, optional
        Whether a file is left out (e.g. the crosswalk).
    """
    wanted = {normalise(secret): secret for secret in secrets if normalise(secret)}
    hits = []
    for path in sorted(folder.rglob("*")):
        if skip and skip(path):
            continue
        pieces = [Piece("name", path.name.encode())]
        if path.is_file():
            pieces += unpack(Piece("", path.read_bytes()))
        for piece in pieces:
            hits += [Hit(path, piece.inside, secret) for secret in find_secrets(piece.content, wanted)]
    return list(dict.fromkeys(hits))


def scan_cells(folder: Path, secrets: Iterable[str]) -> list[Hit]:
    """Cells of the Parquet files below a folder that are a secret, each in its normal form.

    For towns in which every person is looked for: one look-up a cell, where :func:`scan_folder` reads the whole
    file once for each secret, encoding and container.
    """
    wanted = {normalise(secret): secret for secret in secrets}
    hits = []
    for path in sorted(folder.rglob("*.parquet")):
        table = pq.read_table(path)
        for name in table.column_names:
            cells = {normalise(str(value)) for value in table[name].unique().to_pylist() if value is not None}
            hits += [Hit(path, f"parquet:{name}", wanted[cell]) for cell in cells & wanted.keys()]
    return hits


def list_key_forms(key: bytes) -> list[str]:
    """A key as it may be written: hexadecimal, in both kinds of base64, as Python shows bytes."""
    packed = base64.urlsafe_b64encode(key).decode().rstrip("=")
    return [key.hex(), base64.b64encode(key).decode(), packed, repr(key)[2:-1]]


def find_secrets(content: bytes, wanted: dict[str, str]) -> list[str]:
    """The secrets in some bytes, in any of the encodings."""
    found = []
    # Secrets that stand in Latin letters and digits are the same in UTF-8 and CP932.
    for encoding in ENCODINGS:
        for start in (0, 1) if encoding.startswith("utf-16") else (0,):
            text = normalise(content[start:].decode(encoding, "ignore"))
            found += [secret for plain, secret in wanted.items() if plain in text]
    return list(dict.fromkeys(found))


def unpack(piece: Piece, depth: int = 0) -> Iterator[Piece]:
    """The bytes themselves and everything that is packed in them."""
    yield piece
    if depth == DEEPEST:
        return
    for opened in (_open_parquet, _open_zip, _open_gzip, _open_png, _open_base64):
        for inner in opened(piece.content):
            yield from unpack(Piece(f"{piece.inside}/{inner.inside}".strip("/"), inner.content), depth + 1)


def _open_parquet(content: bytes) -> Iterator[Piece]:
    if content[:4] != b"PAR1":
        return
    table = pq.read_table(io.BytesIO(content))
    metadata = {**(table.schema.metadata or {}), **(pq.read_metadata(io.BytesIO(content)).metadata or {})}
    yield Piece("parquet:metadata", b"\n".join([*metadata.keys(), *metadata.values()]))
    for name in table.column_names:
        values = "\n".join(str(value) for value in table[name].unique().to_pylist() if value is not None)
        yield Piece(f"parquet:{name}", values.encode("utf-8", "surrogatepass"))


def _open_zip(content: bytes) -> Iterator[Piece]:
    if content[:4] != b"PK\x03\x04":
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield Piece(f"zip:{name}", name.encode() + b"\n" + archive.read(name))


def _open_gzip(content: bytes) -> Iterator[Piece]:
    if content[:2] == b"\x1f\x8b":
        yield Piece("gz", gzip.decompress(content))


def _open_png(content: bytes) -> Iterator[Piece]:
    """tEXt, zTXt and iTXt chunks, and eXIf."""
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        return
    place = 8
    while place + 8 <= len(content):
        size, kind = struct.unpack(">I4s", content[place : place + 8])
        data = content[place + 8 : place + 8 + size]
        if kind in {b"tEXt", b"eXIf"}:
            yield Piece(f"png:{kind.decode()}", data)
        elif kind in {b"zTXt", b"iTXt"}:
            yield Piece(f"png:{kind.decode()}", data + b"\n" + _inflate(data))
        place += size + 12


def _inflate(data: bytes) -> bytes:
    """What is compressed somewhere behind a chunk's keyword."""
    for start in (match.start() for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data)):
        try:
            return zlib.decompress(data[start:])
        except zlib.error:
            continue
    return b""


def _open_base64(content: bytes) -> Iterator[Piece]:
    for match in _BASE64.finditer(content):
        packed = re.sub(rb"\\n|\\|\s", b"", match[0]).rstrip(b"=")
        # Words before a packed text look like a part of it: each of the four alignments is tried.
        for start in range(4):
            part = packed[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            try:
                yield Piece("base64", base64.b64decode(part + b"=" * (-len(part) % 4)))
            except binascii.Error:
                continue
