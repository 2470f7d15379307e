"""A flat table of a user's (CSV or Parquet): found out what it is, and read as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kaigo.errors import InputError

_REMEDY = "CSV(UTF-8またはCP932、先頭行が列名)かParquetを指定してください。"

ZIP_BEGINNING = b"PK\x03\x04"
"""How ZIP archives begin, and with them Excel's own files."""
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


def as_parquet(path: Path, folder: Path) -> Path:
    """表のファイルをParquetとして読めるようにする(CSVは ``folder`` にParquetで書く)。

    Parameters
    ----------
    path : pathlib.Path
        As :func:`read_flat_table`.
    folder : pathlib.Path
        Temporary folder of the caller.

    Raises
    ------
    InputError
        As :func:`read_flat_table`.
    """
    if _is_parquet(path):
        return path
    pq.write_table(_read_csv(path), folder / "flat.parquet")
    return folder / "flat.parquet"


def read_flat_table(path: Path) -> pa.Table:
    """表のファイルを丸ごと読む(記憶に入る大きさのもの)。

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8 or CP932, one header row; every value is read as text, an empty cell is missing), a Parquet file,
        or a folder of Parquet files.

    Raises
    ------
    InputError
        If the file cannot be read, a row has another number of cells than the header, or a name stands twice.
    """
    if not _is_parquet(path):
        return _read_csv(path)
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            "Parquetファイルを読めません。",
            found=path,
            remedy="ファイルが壊れていないか、フォルダの場所が正しいか確かめてください。",
        ) from error


def _is_parquet(path: Path) -> bool:
    if path.is_dir():
        if any(path.glob("*.parquet")):
            return True
        raise InputError("フォルダにParquetがありません。", found=path, remedy=_REMEDY)
    return path.suffix.lower() == ".parquet" and path.is_file()


def _read_csv(path: Path) -> pa.Table:
    check_source("表", path)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return _read_text_table(path, encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        "CSVの文字コードを読めません。", found=path, remedy="UTF-8かCP932で保存し直してください。"
    )


def _read_text_table(path: Path, encoding: str) -> pa.Table:
    """Every column as text, so that leading zeros stay; an empty cell is missing."""
    with path.open(encoding=encoding, newline="") as file:
        for _ in iter(lambda: file.read(1 << 20), ""):
            pass
    broken: list[Any] = []

    def keep_broken(row: Any) -> str:
        broken.append(row)
        return "skip"

    # One thread: only then a broken row knows its number.
    read = pa_csv.ReadOptions(encoding="utf-8" if encoding == "utf-8-sig" else encoding, use_threads=False)
    parse = pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_broken)
    try:
        header = pa_csv.open_csv(path, read_options=read, parse_options=parse).schema.names
        names = [name.removeprefix("\ufeff") for name in header]
        _refuse_repeated_names(path, names)
        broken.clear()
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        table = pa_csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid as error:
        # The library's own message would quote the content of a row.
        raise InputError(
            f"CSVを読めません({path.name})。", found="列に分けられない行", remedy=_REMEDY
        ) from error
    if broken:
        first = broken[0]
        raise InputError(
            f"列の数が見出しと合わない行があります({path.name}、{len(broken):,}行)。",
            found=f"最初は{first.number}行目: 見出しは{first.expected_columns}列、この行は{first.actual_columns}列",
            remedy="その行の区切り(カンマ)と引用符を確かめてください。",
        )
    return table


def _refuse_repeated_names(path: Path, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(
            f"同じ名前の列が2つ以上あります({path.name})。",
            found="、".join(repeated),
            remedy="見出しを、列ごとに違う名前にしてください。",
        )
