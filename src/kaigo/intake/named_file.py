"""A file and the name under which the report speaks of it: a member of an archive keeps the archive's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NamedFile:
    """ファイルの場所と、報告での名前。

    Attributes
    ----------
    path : pathlib.Path
    name : str
        File name; ``書庫.zip/ファイル.csv`` for a member of an archive.
    beside : tuple of str
        Of the first member of an archive: the names of those that were left out, as they are no tables.
    """

    path: Path
    name: str
    beside: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path) -> NamedFile:
        """A file under its own name."""
        return cls(path, path.name)
