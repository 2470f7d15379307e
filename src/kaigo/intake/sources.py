"""The files of a municipality, and what can be wrong with them before a single row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaigo.engine import check_replaceable
from kaigo.errors import InputError, OutputError
from kaigo.intake.archives import ZIP_BEGINNING
from kaigo.tables.care_tables import MANIFEST
from kaigo.tables.schema import load_schemas

_EXCEL_OR_ZIP = (
    ZIP_BEGINNING,
    "ExcelまたはZIPのファイルのようです。",
    "CSV(カンマ区切り)で保存し直してください。",
)
_FOREIGN_BEGINNINGS = (
    (
        b"\xd0\xcf\x11\xe0",
        "古い形式(.xls)か、パスワード付きのExcelファイルのようです。",
        "Excelの新しい形式(.xlsx)かCSVで保存し直してください。",
    ),
    (b"%PDF", "PDFのファイルのようです。", "CSV(カンマ区切り)のファイルを指定してください。"),
    (b"\xff\xfe", "文字コードがUTF-16のようです。", "UTF-8またはShift_JIS(CP932)で保存し直してください。"),
    (b"\xfe\xff", "文字コードがUTF-16のようです。", "UTF-8またはShift_JIS(CP932)で保存し直してください。"),
)

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


def check_source(label: str, path: Path, *, packed: bool = False, name: str = "") -> None:
    """ファイルがあり、空でなく、CSVでありうることを確かめる。

    Parameters
    ----------
    label : str
    path : pathlib.Path
    packed : bool
        Whether Excel workbooks and ZIP archives will do.
    name : str, optional
        Name for messages, if it is not the path's own.

    Raises
    ------
    InputError
        If the file is missing, a folder, empty, not readable, or of another format.
    """
    name = name or path.name
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
            f"{label}のファイルを開けません({name})。",
            found=error.strerror,
            remedy="ファイルを読む権限があるか確かめてください。",
        ) from error
    if not head.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\x1a \t"):
        raise InputError(
            f"{label}のファイルが空です({name})。",
            found=f"{path.stat().st_size}バイト",
            remedy="見出し行とデータの行があるCSVファイルを指定してください。",
        )
    for beginning, what, remedy in (*(() if packed else (_EXCEL_OR_ZIP,)), *_FOREIGN_BEGINNINGS):
        if head.startswith(beginning):
            raise InputError(f"{label}のファイル({name})を読めません。{what}", remedy=remedy)
    if head.count(0) * 4 > len(head) and not head.startswith(ZIP_BEGINNING):
        raise InputError(
            f"{label}のファイル({name})は文字の並びではないか、UTF-16です。",
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
