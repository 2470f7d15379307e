"""What was written of a released table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WrittenTable:
    """提供する表の1つについて、書いた行数と内容のハッシュ(:func:`kaigo.tables.hash_table`)。"""

    rows: int
    content_sha256: str
