"""The three files of a municipality, and what can be wrong with them before a single row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaigo.engine import check_replaceable
from kaigo.errors import InputError, OutputError
from kaigo.tables.care_tables import MANIFEST
from kaigo.tables.schema import load_schemas

_FOREIGN_BEGINNINGS = (
    (b"PK\x03\x04", "ExcelまたはZIPのファイルのようです。", "CSV(カンマ区切り)で保存し直してください。"),
    (b"\xd0\xcf\x11\xe0", "古い形式のExcelファイルのようです。", "CSV(カンマ区切り)で保存し直してください。"),
    (b"%PDF", "PDFのファイルのようです。", "CSV(カンマ区切り)のファイルを指定してください。"),
    (b"\xff\xfe", "文字コードがUTF-16のようです。", "UTF-8またはShift_JIS(CP932)で保存し直してください。"),
    (b"\xfe\xff", "文字コードがUTF-16のようです。", "UTF-8またはShift_JIS(CP932)で保存し直してください。"),
)


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


def check_source(label: str, path: Path) -> None:
    """ファイルがあり、空でなく、CSVでありうることを確かめる。

    Raises
    ------
    InputError
        If the file is missing, a folder, empty, not readable, or of another format.
    """
    if path.is_dir() or not path.exists():
        what = "フォルダが指定されました" if path.is_dir() else "ファイルがありません"
        raise InputError(
            f"{label}の{what}。", found=path, remedy="CSVファイルの場所と名前を確かめてください。"
        )
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(
            f"{label}のファイルを開けません({path.name})。",
            found=error.strerror,
            remedy="ファイルを読む権限があるか確かめてください。",
        ) from error
    if not head.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\x1a \t"):
        raise InputError(
            f"{label}のファイルが空です({path.name})。",
            found=f"{path.stat().st_size}バイト",
            remedy="見出し行とデータの行があるCSVファイルを指定してください。",
        )
    for beginning, what, remedy in _FOREIGN_BEGINNINGS:
        if head.startswith(beginning):
            raise InputError(f"{label}のファイル({path.name})を読めません。{what}", remedy=remedy)
    if head.count(0) * 4 > len(head):
        raise InputError(
            f"{label}のファイル({path.name})は文字の並びではないか、UTF-16です。",
            remedy="UTF-8またはShift_JIS(CP932)のCSVで保存し直してください。",
        )


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
