"""ZIP archives of input files, and the guard that archives and workbooks share: names, sizes, nesting."""

from __future__ import annotations

import lzma
import re
import tomllib
import zipfile
import zlib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath

from kaigo.engine.atomic import is_disk_full
from kaigo.errors import InputError
from kaigo.intake.findings import Findings
from kaigo.intake.named_file import NamedFile
from kaigo.intake.rules import PACKAGE, load_rules
from kaigo.tables.flat_file import ZIP_BEGINNING

_COPY_BYTES = 1 << 20
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
)
"""What the library raises on damaged archives; a name that is not UTF-8 surfaces as a ValueError."""
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_WORKBOOK_PART = "xl/workbook.xml"
_UNWANTED = re.compile(r"(^|/)(__MACOSX/|\.|~\$|Thumbs\.db$|desktop\.ini$)")
"""Members that a file manager left, not a person."""
_NO_TABLE = frozenset(
    [
        ".doc",
        ".docx",
        ".docm",
        ".rtf",
        ".odt",
        ".jtd",
        ".xdw",
        ".pdf",
        ".ppt",
        ".pptx",
        ".md",
        ".htm",
        ".html",
        ".url",
        ".lnk",
        ".log",
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".tif",
        ".bmp",
        ".msg",
        ".eml",
    ]
)
"""Endings of what people put beside tables; an .xls or a .zip is not among them, as it may hold rows."""
_HEAD_BYTES = 4096
_MOST_NAMES = 10
SKIPPED = "archive_member_skipped"
_SEPARATOR = re.compile(rb"[,\t;|]")


@cache
def load_limits() -> dict[str, dict[str, int]]:
    """Largest sizes of archives and workbooks (``limits.toml``)."""
    return tomllib.loads(resources.files(PACKAGE).joinpath("data", "limits.toml").read_text(encoding="utf-8"))


def open_guarded(file: NamedFile, kind: str) -> zipfile.ZipFile:
    """ZIPの形のファイルを、展開したときの大きさを確かめてから開く。

    Parameters
    ----------
    file : NamedFile
    kind : str
        ``archive`` or ``workbook``: which limits hold.

    Raises
    ------
    InputError
        If the file is damaged, encrypted, or too large once unpacked.
    """
    limits = load_limits()[kind]
    word = "Excel" if kind == "workbook" else "ZIP"
    try:
        # Windows writes the names in CP932 without a mark; names with the UTF-8 mark are not touched by this.
        archive = zipfile.ZipFile(file.path, metadata_encoding="cp932")
    except _DAMAGE as error:
        raise InputError(
            f"ExcelまたはZIPのファイル({file.name})が壊れているか、途中で切れています。",
            remedy="元のファイルを取り直してください。",
        ) from error
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    found = ""
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        found = "パスワードで保護されています"
    elif len(members) > limits["members"]:
        found = f"中のファイルが{len(members):,}個"
    elif unpacked > limits["bytes"]:
        found = f"展開すると{unpacked:,}バイト"
    elif unpacked > limits["free_bytes"] and unpacked > limits["ratio"] * packed:
        found = f"展開すると{unpacked / packed:,.0f}倍({unpacked:,}バイト)"
    if found:
        archive.close()
        raise InputError(
            f"{word}のファイル({file.name})は開きません。",
            found=found,
            remedy="保護を外すか、ファイルを分けるか、CSVで保存し直してください。",
        )
    return archive


def is_workbook(path: Path) -> bool:
    """Whether a ZIP-shaped file is an Excel workbook (.xlsx, .xlsm)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _WORKBOOK_PART in archive.namelist()
    except _DAMAGE:
        return False


def unpack_archive(file: NamedFile, folder: Path) -> list[NamedFile]:
    """ZIPの中のファイルを、番号の名前で取り出す(中の名前の場所には書かない)。

    Parameters
    ----------
    file : NamedFile
    folder : pathlib.Path
        Folder to make; only its owner can read it.

    Returns
    -------
    list of NamedFile
        In the order of the names; the first of them names the members that are no tables and were left out.

    Raises
    ------
    InputError
        If a name leads out of the archive, an archive is in the archive, or there is nothing to read.
    """
    folder.mkdir(mode=0o700, parents=True)
    unpacked: list[NamedFile] = []
    skipped: list[str] = []
    with open_guarded(file, "archive") as archive:
        members = [
            (member, _check_name(member, file)) for member in archive.infolist() if not member.is_dir()
        ]
        wanted = sorted(
            members,
            key=lambda pair: pair[1],
        )
        for number, (member, name) in enumerate(wanted):
            if _UNWANTED.search(name) or PurePosixPath(name).suffix.lower() in _NO_TABLE:
                skipped.append(name)
                continue
            inner = NamedFile(folder / f"{number:05d}{_suffix(name)}", f"{file.name}/{name}")
            _copy_member(archive, member, inner)
            if _is_prose(inner):
                skipped.append(name)
                continue
            if _is_zip(inner.path) and not is_workbook(inner.path):
                raise InputError(
                    f"ZIPの中にZIPがあります({inner.name})。",
                    remedy="中のZIPを展開してから、1つのZIPにまとめ直すか、ファイルを直接指定してください。",
                )
            unpacked.append(inner)
    if not unpacked:
        raise InputError(
            f"ZIPのファイル({file.name})に、読めるファイルがありません。",
            found="、".join([f"中のファイル {len(members)}個", *skipped[:_MOST_NAMES]]),
            remedy="CSVまたはExcelのファイルを入れたZIPを指定してください。",
        )
    return [replace(unpacked[0], beside=tuple(skipped)), *unpacked[1:]]


def warn_of_members(file: NamedFile, findings: Findings) -> None:
    """ZIPの中にあり、表でないため読まなかったファイルを注意に挙げる。"""
    names = "、".join(file.beside[:_MOST_NAMES]) + ("…" if len(file.beside) > _MOST_NAMES else "")
    message = f"{load_rules()[SKIPPED].text.removesuffix('。')}: {names}"
    findings.warn(SKIPPED, len(file.beside), message=message)


def _is_prose(file: NamedFile) -> bool:
    """Whether a .txt has a first line without any separator; a table has at least two columns."""
    if not file.name.lower().endswith(".txt"):
        return False
    with file.path.open("rb") as content:
        lines = content.read(_HEAD_BYTES).split(b"\n")
    first = next((line for line in lines if line.strip()), b"")
    return bool(first) and not _SEPARATOR.search(first)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP_BEGINNING)) == ZIP_BEGINNING


def _check_name(member: zipfile.ZipInfo, file: NamedFile) -> str:
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    unix_type = member.external_attr >> 28
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or unix_type == 0xA:
        raise InputError(
            f"ZIPのファイル({file.name})の中に、外の場所を指す名前があります。",
            remedy="安全でないため読みません。ファイルだけを入れたZIPを作り直してください。",
        )
    return re.sub(r"[\x00-\x1f\x7f]", "_", name)


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""


def _copy_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: NamedFile) -> None:
    try:
        with archive.open(member) as source, inner.path.open("wb") as target:
            while piece := source.read(_COPY_BYTES):
                target.write(piece)
    except _DAMAGE as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise
        raise InputError(
            f"ZIPの中のファイル({inner.name})を取り出せません。",
            found="壊れているか、読めない圧縮の方式です",
            remedy="元のファイルを取り直すか、展開したファイルを直接指定してください。",
        ) from error
