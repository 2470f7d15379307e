"""Care tables as a municipality has them: CP932 CSV, Japanese headers, 和暦, words of the trade."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kaigo.engine import atomic_folder
from kaigo.errors import OutputError
from kaigo.tables.care_tables import CareTables
from kaigo.tables.codes import level_name
from kaigo.tables.schema import Column, TableSchema, load_schemas
from kaigo.tables.wareki import format_date, format_month

ENCODING = "cp932"
SEX_WORDS = {1: "男", 2: "女"}
BATCH_ROWS = 65_536
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def _sex_word(code: int) -> str:
    return SEX_WORDS.get(code, str(code))


def _level_word(code: str) -> str:
    """要介護３: full-width, as municipal systems print it."""
    return level_name(code).translate(_FULL_WIDTH)


def _writer_of(column: Column) -> Callable[..., str] | None:
    """How a municipality writes the values of a column; None for plain numbers and texts."""
    words: dict[str, Callable[..., str]] = {
        "sex": _sex_word,
        "care_level": _level_word,
        "service_month": format_month,
    }
    if column.name in words:
        return words[column.name]
    return format_date if column.dtype == pa.date32() else None


def format_column(column: Column, values: pa.Array) -> pa.Array:
    """1列を自治体の書き方の文字にする。

    Each distinct value is written once, so a million lines cost as many calls as there are distinct values.
    """
    writer = _writer_of(column)
    if writer is None:
        return values
    encoded = values.dictionary_encode()
    words = pa.array([writer(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)


def _encode(table: pa.Table, schema: TableSchema) -> bytes:
    text = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    pa_csv.write_csv(table, text, options)
    return _to_cp932(text.getvalue().decode("utf-8"), schema)


def _to_cp932(text: str, schema: TableSchema) -> bytes:
    try:
        return text.replace("\n", "\r\n").encode(ENCODING)
    except UnicodeEncodeError as error:
        raise OutputError(
            f"{schema.label}の表に、CP932(シフトJIS)で書けない文字があります。",
            found=f"U+{ord(error.object[error.start]):04X}",
            remedy="その文字を置き換えるか、Parquetのまま使ってください。",
        ) from error


def write_municipal_csv(tables: CareTables, folder: Path) -> dict[str, Path]:
    """3つの表を自治体の形のCSVに書く。

    CP932, CRLF, Japanese headers (the labels of the schema), 和暦 dates (昭和18年2月19日) and months
    (平成29年6月), 男/女, 要介護３, survey options as numbers; texts in quotes, an empty field where nothing is known.

    Parameters
    ----------
    tables : CareTables
    folder : pathlib.Path
        Appears whole or not at all.

    Returns
    -------
    dict
        Table name to file.

    Raises
    ------
    OutputError
        If the folder cannot be written or a character has no place in CP932.
    """
    with atomic_folder(folder) as fresh:
        for schema in load_schemas().values():
            with (fresh / f"{schema.name}.csv").open("wb") as file:
                file.write(_to_cp932(",".join(column.label for column in schema.columns) + "\n", schema))
                for part in sorted(tables.table(schema.name).glob("*.parquet")):
                    for batch in pq.ParquetFile(part).iter_batches(BATCH_ROWS, columns=list(schema.names)):
                        file.write(_encode(_format_batch(batch, schema), schema))
    return {name: folder / f"{name}.csv" for name in load_schemas()}


def _format_batch(batch: pa.RecordBatch, schema: TableSchema) -> pa.Table:
    columns = [format_column(column, batch.column(column.name)) for column in schema.columns]
    return pa.table(columns, schema.names)
