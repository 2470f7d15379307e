"""The scanner finds a planted canary in every container, encoding and way of writing."""

import base64
import gzip
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from canary.scan import scan_cells, scan_folder

NAME, NUMBER, KEY = "鵜飼 カナリア", "9081726354", bytes(range(40, 72)).hex()
CANARIES = (NAME, NUMBER, KEY)
PAGE = "説明 " * 30


def png(text: str) -> bytes:
    import io

    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.zeros((2, 2)), metadata={"Description": text}, format="png")
    return buffer.getvalue()


def write_parquet(path: Path, text: str) -> None:
    pq.write_table(pa.table({"n": list(range(500)), "t": ["x"] * 499 + [text]}), path, compression="zstd")


def write_parquet_dictionary(path: Path, text: str) -> None:
    column = pa.array(["x"] * 499 + [text]).dictionary_encode()
    pq.write_table(pa.table({"t": column}), path, compression="zstd", use_dictionary=True)


def write_parquet_metadata(path: Path, text: str) -> None:
    table = pa.table({"t": ["x"]}).replace_schema_metadata({"note": text})
    pq.write_table(table, path, compression="zstd")


def write_xlsx(path: Path, text: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["見出し", text])
    book.save(path)


def write_notebook(path: Path, text: str) -> None:
    image = base64.encodebytes(png(text)).decode()
    path.write_text(json.dumps({"cells": [{"outputs": [{"data": {"image/png": image}}]}]}), encoding="utf-8")


def write_html_download(path: Path, text: str) -> None:
    packed = base64.b64encode(gzip.compress((PAGE + text).encode())).decode()
    path.write_text(f'<a href="data:application/gzip;base64,{packed}">csv</a>', encoding="utf-8")


def write_zip_in_html(path: Path, text: str) -> None:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", PAGE + text)
    path.write_text(f"<p>{base64.b64encode(buffer.getvalue()).decode()}</p>", encoding="utf-8")


CONTAINERS: dict[str, Callable[[Path, str], object]] = {
    "plain.txt": lambda path, text: path.write_text(PAGE + text, encoding="utf-8"),
    "cp932.csv": lambda path, text: path.write_bytes(f"a,{text}\r\n".encode("cp932")),
    "bom.csv": lambda path, text: path.write_bytes(f"a,{text}\r\n".encode("utf-8-sig")),
    "utf16.txt": lambda path, text: path.write_bytes(text.encode("utf-16")),
    "utf16be.txt": lambda path, text: path.write_bytes(b"x" + text.encode("utf-16-be")),
    "escaped.json": lambda path, text: path.write_text(json.dumps({"a": text})),
    "entities.html": lambda path, text: path.write_text("".join(f"&#{ord(letter)};" for letter in text)),
    "hex-entities.html": lambda path, text: path.write_text(
        "".join(f"&#x{ord(letter):x};" for letter in text)
    ),
    "log.gz": lambda path, text: path.write_bytes(gzip.compress((PAGE + text).encode("cp932"))),
    "part.parquet": write_parquet,
    "dictionary.parquet": write_parquet_dictionary,
    "metadata.parquet": write_parquet_metadata,
    "figure.png": lambda path, text: path.write_bytes(png(text)),
    "book.xlsx": write_xlsx,
    "chapter.ipynb": write_notebook,
    "download.html": write_html_download,
    "zip.html": write_zip_in_html,
    "words.txt": lambda path, text: path.write_text(
        "the picture is this " + base64.b64encode((PAGE + text).encode()).decode()
    ),
    "base64.json": lambda path, text: path.write_text(
        base64.b64encode((PAGE + text).encode("cp932")).decode()
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("canary", CANARIES, ids=["name", "number", "key"])
def test_a_canary_is_found_in_every_container(tmp_path: Path, container: str, canary: str) -> None:
    CONTAINERS[container](tmp_path / container, canary)
    hits = scan_folder(tmp_path, CANARIES)
    assert {hit.secret for hit in hits} == {canary}
    assert {hit.path.name for hit in hits} == {container}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_without_a_canary_gives_no_hit(tmp_path: Path, container: str) -> None:
    CONTAINERS[container](tmp_path / container, "鳥のいない文 1234567890")
    assert scan_folder(tmp_path, CANARIES) == []


@pytest.mark.parametrize(
    "written",
    [
        "９０８１７２６３５４",
        "9,081,726,354",
        "908-1726-354",
        "908 1726 354",
        "9081_7263_54",
        "９０８－１７２６－３５４",
        "09081726354",
        "No.9081726354です",
    ],
)
def test_a_number_is_found_however_it_is_written(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.txt").write_text(written, encoding="utf-8")
    assert [hit.secret for hit in scan_folder(tmp_path, [NUMBER])] == [NUMBER]


@pytest.mark.parametrize(
    "written",
    [
        "鵜飼カナリア",
        "鵜飼　カナリア",
        "鵜飼 ｶﾅﾘｱ",
        "鵜飼\nカナリア",
        unicodedata.normalize("NFD", "鵜飼 カナリア"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp932"])
def test_a_name_is_found_half_or_full_width_with_or_without_a_gap(
    tmp_path: Path, written: str, encoding: str
) -> None:
    (tmp_path / "a.txt").write_bytes(written.encode(encoding))
    assert [hit.secret for hit in scan_folder(tmp_path, [NAME])] == [NAME]


def test_a_key_is_found_in_upper_case_and_a_secret_in_a_file_name(tmp_path: Path) -> None:
    (tmp_path / f"{NUMBER}.log").write_text(KEY.upper())
    assert {hit.secret for hit in scan_folder(tmp_path, CANARIES)} == {NUMBER, KEY}


def test_a_hit_says_where_and_skipped_files_are_left_out(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "book.xlsx", NAME)
    (hit,) = scan_folder(tmp_path, CANARIES)
    assert re.fullmatch(r"zip:xl/(sharedStrings|worksheets/sheet1)\.xml", hit.inside)
    assert scan_folder(tmp_path, CANARIES, skip=lambda path: path.suffix == ".xlsx") == []


def test_a_cell_that_is_a_secret_is_found_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "keep").mkdir()
    cells = pa.table(
        {"number": [1, int(NUMBER), None], "text": ["x", "鵜飼　カナリア", "９０８１７２６３５５"]}
    )
    pq.write_table(cells, tmp_path / "keep" / "a.parquet")
    hits = scan_cells(tmp_path, [*CANARIES, "9081726355"])
    found = {(hit.path.name, hit.inside, hit.secret) for hit in hits}
    assert found == {
        ("a.parquet", "parquet:number", NUMBER),
        ("a.parquet", "parquet:text", NAME),
        ("a.parquet", "parquet:text", "9081726355"),
    }
