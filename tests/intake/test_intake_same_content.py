"""However the same facts are written, the same tables come out."""

import re
from pathlib import Path

import pytest
from intake_files import BENEFITS, CERTIFICATIONS, PERSONS, assert_balanced, read_in

from kaigo.intake.decoding import DecodedFile
from kaigo.tables import load_schemas

TEXTS = {"persons": PERSONS, "certifications": CERTIFICATIONS, "benefits": BENEFITS}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return read_in(tmp_path_factory.mktemp("reference")).tables.content_sha256


def to_english(table: str, text: str) -> str:
    head, body = text.split("\n", 1)
    schema = load_schemas()[table]
    names = {"歩行": "survey_1_7", "排尿": "survey_2_5"} | {c.label: c.name for c in schema.columns}
    return ",".join(names[header] for header in head.split(",")) + "\n" + body


def to_western(text: str) -> str:
    def year(match: re.Match[str]) -> int:
        return int(match[2]) + {"昭和": 1925, "平成": 1988}[match[1]]

    text = re.sub(
        r"(昭和|平成)([\d１-９]+)年([\d１-９]+)月([\d１-９]+)日",
        lambda m: f"{year(m)}/{int(m[3])}/{int(m[4])}",
        text,
    )
    return re.sub(r"(昭和|平成)(\d+)年(\d+)月", lambda m: f"{year(m)}-{int(m[3]):02d}", text)


WAYS = {
    "utf8": lambda table, text: text.encode(),
    "utf8_bom": lambda table, text: text.encode("utf-8-sig"),
    "cp932_crlf": lambda table, text: text.replace("\n", "\r\n").encode("cp932"),
    "old_mac_line_ends": lambda table, text: text.replace("\n", "\r").encode("cp932"),
    "no_last_line_end": lambda table, text: text.rstrip("\n").encode(),
    "end_of_file_mark": lambda table, text: text.encode("cp932") + b"\x1a",
    "english_headers": lambda table, text: to_english(table, text).encode(),
    "western_dates": lambda table, text: to_western(text).encode(),
    "all_quoted": lambda table, text: re.sub(r"[^,\n]+", r'"\g<0>"', text).encode(),
    "full_width": lambda table, text: text.translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    ).encode(),
    "era_letters": lambda table, text: text.replace("平成", "H").replace("昭和", "S").encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_same_facts_give_the_same_content_hash(way: str, tmp_path: Path, reference: dict[str, str]) -> None:
    if way == "full_width":
        # The address keeps its digits as they are found.
        texts = {table: WAYS[way](table, text) for table, text in TEXTS.items() if table != "persons"}
    else:
        texts = {table: WAYS[way](table, text) for table, text in TEXTS.items()}
    result = read_in(tmp_path, **texts)
    assert_balanced(result)
    assert [entry["quarantine"] for entry in result.report["files"]] == [[], [], []]
    assert result.tables.content_sha256 == reference


def test_another_fact_gives_another_content_hash(tmp_path: Path, reference: dict[str, str]) -> None:
    other = read_in(tmp_path, benefits=BENEFITS.replace("976", "977")).tables.content_sha256
    assert other["benefits"] != reference["benefits"] and other["persons"] == reference["persons"]


def test_blocks_of_a_few_bytes_give_the_same_content(
    tmp_path: Path, reference: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DecodedFile.__init__, "__defaults__", (7,))
    texts = {table: text.replace("\n", "\r\n") for table, text in TEXTS.items()}
    result = read_in(tmp_path, **texts)
    assert result.tables.content_sha256 == reference


def test_days_and_units_of_any_accepted_size_are_read(tmp_path: Path) -> None:
    large = BENEFITS.replace(",3,732,", ",2000,732,").replace(",4,976,", ",30,2147483600,")
    result = read_in(tmp_path, benefits=large)
    assert sum(entry["rows_read"] for entry in result.report["files"] if entry["table"] == "benefits") == 3
