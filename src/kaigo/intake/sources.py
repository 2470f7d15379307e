"""The three files of a municipality, and what can be wrong with them before a single row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaigo.engine import check_replaceable
from kaigo.errors import OutputError
from kaigo.tables.care_tables import MANIFEST
from kaigo.tables.schema import load_schemas


@dataclass(frozen=True)
class IntakeSources:
    """市町村がもつ3つのCSVファイル。

    Attributes
    ----------
    persons, certifications, benefits : pathlib.Path
        個人属性情報、認定情報、介護給付情報。
    """

    persons: Path
    certifications: Path
    benefits: Path

    def items(self) -> Iterator[tuple[str, Path]]:
        """Table name and file, in the order persons, certifications, benefits."""
        for table in load_schemas():
            yield table, Path(getattr(self, table))


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
