"""The content hash as its docstring describes it, row by row and without Arrow's buffers."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

WIDTHS = {"int8": "<b", "int16": "<h", "int32": "<i", "int64": "<q", "date32[day]": "<i"}


def hash_rows(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> str:
    """Hash of rows; ``types`` holds the columns in the order of the hash and their types (text: "text")."""
    ordered = sorted(
        rows,
        key=lambda row: [(row[c] is not None, _value(row[c]) if row[c] is not None else 0) for c in types],
    )
    lines = []
    for column, kind in types.items():
        content, lengths, nulls = b"", b"", b""
        for number, row in enumerate(ordered):
            value = row[column]
            if value is None:
                nulls += struct.pack("<q", number)
            if kind == "text":
                text = (value or "").encode()
                content, lengths = content + text, lengths + struct.pack("<i", len(text))
            else:
                content += struct.pack(WIDTHS[kind], _value(value or 0))
        hashes = [hashlib.sha256(part).hexdigest() for part in (content, lengths, nulls)]
        lines.append("\x1f".join([column, kind, *hashes]) + "\n")
    return hashlib.sha256("".join([*lines, f"{len(rows)}\n"]).encode()).hexdigest()


def _value(value: Any) -> Any:
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days
    return value.encode() if isinstance(value, str) else value
