"""Every file that the user names is opened as what it is: CSV, workbook, archive of such files, exchange file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaigo.errors import InputError
from kaigo.intake.archives import is_workbook, unpack_archive, warn_of_members
from kaigo.intake.csv_file import CsvFile
from kaigo.intake.excel_file import ExcelFile
from kaigo.intake.exchange_file import LABEL as EXCHANGE_LABEL
from kaigo.intake.exchange_file import ExchangeFile
from kaigo.intake.exchange_layout import load_forms
from kaigo.intake.findings import Findings
from kaigo.intake.inputs import RowOrigin, TableGroup, TableSource
from kaigo.intake.mapping import Translations
from kaigo.intake.named_file import NamedFile
from kaigo.intake.sources import IntakeSources
from kaigo.tables.flat_file import ZIP_BEGINNING, check_source
from kaigo.tables.schema import load_schemas


@dataclass(frozen=True)
class Reading:
    """ファイルの読み方の指定。

    Attributes
    ----------
    mapping : Translations, optional
        The user's own headers and words.
    sheets : tuple of str
        Names of sheets to read in workbooks.
    exchange_layout : pathlib.Path, optional
        The user's own layout of exchange files.
    """

    mapping: Translations | None = None
    sheets: tuple[str, ...] = ()
    exchange_layout: Path | None = None


@dataclass(frozen=True)
class OpenFile:
    """報告に1件として載る、1つのファイル。"""

    table: str
    label: str
    findings: Findings
    origin: TableSource | ExchangeFile

    @property
    def encoding(self) -> str:
        """Encoding or format, as read."""
        file = self.origin
        return file.decoded.encoding if isinstance(file, ExchangeFile) else file.encoding

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read."""
        file = self.origin
        return file.decoded.sha256 if isinstance(file, ExchangeFile) else file.sha256


@dataclass(frozen=True)
class OpenInputs:
    """開いた入力のすべて。

    Attributes
    ----------
    sources : mapping of str to sequence of TableSource
    exchange : sequence of ExchangeFile
    """

    sources: dict[str, tuple[TableSource, ...]]
    exchange: tuple[ExchangeFile, ...]

    def files(self) -> list[OpenFile]:
        """One entry a file, in the order of the report."""
        schemas = load_schemas()
        tables = [
            OpenFile(table, schemas[table].label, source.findings, source)
            for table, sources in self.sources.items()
            for source in sources
        ]
        return tables + [OpenFile("exchange", EXCHANGE_LABEL, file.findings, file) for file in self.exchange]

    def all_sources(self) -> Iterator[TableSource]:
        """The sources of all tables."""
        for sources in self.sources.values():
            yield from sources

    def group(self, table: str) -> TableGroup:
        """Where the rows of a table come from, in the order of writing."""
        origins: list[RowOrigin] = list(self.sources[table])
        if table == "benefits":
            origins += [file.detail for file in self.exchange]
        return TableGroup(load_schemas()[table], origins)

    def header_group(self) -> TableGroup:
        """Where the header records of the exchange files come from."""
        return TableGroup(self.exchange[0].header.schema, [file.header for file in self.exchange])


def open_inputs(sources: IntakeSources, reading: Reading, folder: Path) -> OpenInputs:
    """指定されたファイルをすべて開き、見出しを確かめる。

    Parameters
    ----------
    sources : IntakeSources
    reading : Reading
    folder : pathlib.Path
        Where archives are unpacked.

    Raises
    ------
    InputError
        See :func:`kaigo.tables.flat_file.check_source`, :class:`CsvFile`, :class:`ExcelFile`, :class:`ExchangeFile`.
    """
    opened: dict[str, tuple[TableSource, ...]] = {}
    for table, schema in load_schemas().items():
        files = _expand(sources.of(table), schema.label, folder / table)
        opened[table] = tuple(_open_table(table, file, reading) for file in files)
    forms = load_forms(reading.exchange_layout) if sources.of("exchange") else ()
    exchange = []
    for file in _expand(sources.of("exchange"), EXCHANGE_LABEL, folder / "exchange"):
        if _is_zip(file.path):
            raise InputError(
                f"{EXCHANGE_LABEL}のファイル({file.name})はExcelのファイルです。",
                remedy="Excelに開いて保存し直す前の交換ファイルを指定してください。",
            )
        exchange.append(ExchangeFile(file, forms))
        warn_of_members(file, exchange[-1].findings)
    return OpenInputs(opened, tuple(exchange))


def list_files(paths: Sequence[Path], label: str, folder: Path) -> list[NamedFile]:
    """The files themselves, archives unpacked."""
    return _expand(paths, label, folder)


def _expand(paths: Sequence[Path], label: str, folder: Path) -> list[NamedFile]:
    files: list[NamedFile] = []
    for number, path in enumerate(paths):
        check_source(label, path, packed=True)
        file = NamedFile.of(path)
        if _is_zip(path) and not is_workbook(path):
            inner = unpack_archive(file, folder / str(number))
            for member in inner:
                check_source(label, member.path, packed=True, name=member.name)
            files += inner
        else:
            files.append(file)
    return files


def _open_table(table: str, file: NamedFile, reading: Reading) -> TableSource:
    source = (
        ExcelFile(table, file, reading.mapping, reading.sheets)
        if _is_zip(file.path)
        else CsvFile(table, file, reading.mapping)
    )
    warn_of_members(file, source.findings)
    return source


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP_BEGINNING)) == ZIP_BEGINNING
