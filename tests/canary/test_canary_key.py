"""The key of a run by the command line: nowhere but in its own file."""

import logging
import os
from pathlib import Path

import pytest

from canary.scan import list_key_forms, normalise, scan_folder
from care_factory import build_care_tables
from kaigo.cli.app import run

PEOPLE = [{"person": f"90817{n:02d}354", "birth_date": f"19{30 + n % 30}-01-1{n % 9}"} for n in range(12)]


@pytest.mark.parametrize("standard", ["soumu-2018-linked", "recommended"])
def test_the_key_is_in_no_output_log_environment_or_file_of_a_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, standard: str
) -> None:
    care = build_care_tables(tmp_path / "care", PEOPLE)
    arguments = ["deidentify", str(care.folder), "--standard", standard, "--out", str(tmp_path / "out")]
    with caplog.at_level(logging.DEBUG):
        code = run([*arguments, "--key-file", str(tmp_path / "key"), "--csv", "--json", "-"])
    assert code == 0
    key_file = tmp_path / "key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    secrets = list_key_forms(bytes.fromhex(key_file.read_text().strip()))
    said = "\n".join([*capfd.readouterr(), caplog.text, *map(repr, os.environ.items())])
    assert not any(normalise(secret) in normalise(said) for secret in secrets)
    assert scan_folder(tmp_path, secrets, skip=lambda path: path == key_file) == []
    assert {hit.path for hit in scan_folder(tmp_path, secrets[:1])} == {key_file}, (
        "the scanner would have seen it"
    )


def test_forgetting_a_release_destroys_its_key_and_says_so(tmp_path: Path) -> None:
    care = build_care_tables(tmp_path / "care", PEOPLE)
    arguments = [
        "deidentify",
        str(care.folder),
        "--standard",
        "soumu-2018-linked",
        "--out",
        str(tmp_path / "out"),
    ]
    assert run([*arguments, "--key-file", str(tmp_path / "key")]) == 0
    secrets = list_key_forms(bytes.fromhex((tmp_path / "key").read_text().strip()))
    assert run(["forget", str(tmp_path / "out"), "--key-file", str(tmp_path / "key")]) == 0
    assert scan_folder(tmp_path, secrets) == []
    numbers = [person["person"] for person in PEOPLE]
    assert scan_folder(tmp_path / "out", numbers) == []
    assert "key_destroyed" in (tmp_path / "out" / "keep" / "forgotten.json").read_text(encoding="utf-8")
