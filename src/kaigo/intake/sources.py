"""The files of a municipality, and what can be wrong with them before a single row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaigo.engine import check_replaceable
from kaigo.errors import OutputError
from kaigo.tables.care_tables import MANIFEST
from kaigo.tables.schema import load_schemas

Paths = Path | Sequence[Path]
"""One file, or several that are read one after the other."""


@dataclass(frozen=True)
class IntakeSources:
    """市町村がもつファイル: CSV、Excel(.xlsx)、それらを入れたZIP、給付実績の交換ファイル。

    Attributes
    ----------
    persons, certifications, benefits : path or sequence of paths
        個人属性情報、認定情報、介護給付情報。
    exchange : path or sequence of paths
        給付実績(または請求明細書)の交換ファイル.
    """

    persons: Paths = ()
    certifications: Paths = ()
    benefits: Paths = ()
    exchange: Paths = ()

    def of(self, table: str) -> tuple[Path, ...]:
        """Files of a table (or of ``exchange``)."""
        given: Paths = getattr(self, table)
        return (Path(given),) if isinstance(given, str | Path) else tuple(Path(path) for path in given)

    def items(self) -> Iterator[tuple[str, Path]]:
        """Table (or ``exchange``) and file, in the order persons, certifications, benefits, exchange."""
        for table in (*load_schemas(), "exchange"):
            for path in self.of(table):
                yield table, path


def check_out_folder(out: Path, sources: IntakeSources) -> None:
    """書き込み先が、利用者の別のファイルを消さない場所であることを確かめる。

    Raises
    ------
    OutputError
        If ``out`` is a file, holds something that is no care-table set, or holds an input file.
    """
    check_replaceable(out, MANIFEST)
    if any(out.resolve() in path.resolve().parents for _, path in sources.items()):
        raise OutputError(
            "書き込み先のフォルダに入力ファイルが入っています。",
            found=out,
            remedy="--out に別のフォルダを指定してください。",
        )
