"""JSON alone on standard output, the three exit codes, and silence where nobody looks."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import KAIGO, Done, Run, find_half_written, run_installed


def assert_json_alone(done: Done) -> dict[str, Any]:
    assert (done.code, done.err) == (0, "")
    payload = json.loads(done.out)
    assert isinstance(payload, dict)
    return payload


def test_json_to_standard_output_is_all_that_stands_there(
    kaigo: Run, care: Path, release: Path, tmp_path: Path
) -> None:
    small = ("--persons", 150, "--months", 1)
    made = assert_json_alone(kaigo("synthesize", "--out", tmp_path / "made", *small, "--json", "-"))
    assert made["tables"]["persons"]["rows"] == 150
    files = [
        part
        for name in ("persons", "certifications", "benefits")
        for part in (f"--{name}", care / "csv" / f"{name}.csv")
    ]
    read = assert_json_alone(kaigo("intake", *files, "--out", tmp_path / "read", "--json", "-"))
    assert read["files"][0]["rows_read"] == 150
    cleaned = assert_json_alone(
        kaigo("deidentify", care, "--standard", "soumu-2018", "--out", tmp_path / "out", "--json", "-")
    )
    assert set(cleaned) == {"layout", "manifest", "ledger", "notes"}
    assert assert_json_alone(kaigo("risk", release, "--json", "-"))["unit"] == "人"
    for what in ("conditions", "service-use"):
        assert_json_alone(kaigo("analyze", release, "--what", what, "--json", "-"))
    assert assert_json_alone(kaigo("standard", "show", "soumu-2018", "--json", "-"))["name"] == "soumu-2018"
    checked = assert_json_alone(kaigo("standard", "check", "soumu-2018", "--json", "-"))
    assert checked == {"standard": "soumu-2018", "findings": []}
    assert assert_json_alone(kaigo("forget", tmp_path / "out", "--json", "-"))["forgotten"] is True
    assert assert_json_alone(kaigo("forget", tmp_path / "out", "--json", "-"))["forgotten"] is False


def test_json_to_a_file_goes_with_a_summary_in_japanese(kaigo: Run, release: Path, tmp_path: Path) -> None:
    done = kaigo("risk", release, "--json", tmp_path / "new" / "risk.json")
    assert done.code == 0
    assert done.out.startswith("判定: 不可")
    payload = json.loads((tmp_path / "new" / "risk.json").read_text(encoding="utf-8"))
    assert payload["verdict"]["verdict"] == "不可"
    assert find_half_written(tmp_path) == []


def test_the_check_that_was_asked_for_fails_with_1_and_only_then(kaigo: Run, release: Path) -> None:
    assert kaigo("risk", release).code == 0
    failed = kaigo("risk", release, "--fail-on", "不可")
    assert failed.code == 1
    assert failed.err == ""
    assert failed.out == kaigo("risk", release).out
    # 不可 is worse than 要検討, too.
    assert kaigo("risk", release, "--fail-on", "要検討").code == 1


def test_a_release_that_only_wants_a_look_does_not_fail_on_the_worst(
    kaigo: Run, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kaigo.risk as room

    judge = room.judge_release
    monkeypatch.setattr(
        room, "judge_release", lambda measured: dataclasses.replace(judge(measured), verdict="要検討")
    )
    assert kaigo("risk", release, "--fail-on", "不可").code == 0
    assert kaigo("risk", release, "--fail-on", "要検討").code == 1


def test_a_standard_with_a_mistake_is_a_failed_check(kaigo: Run, tmp_path: Path) -> None:
    good = kaigo("standard", "show", "soumu-2018", "--json", tmp_path / "standard.json")
    assert good.code == 0
    from kaigo.deidentify import load_standard

    text = load_standard("soumu-2018").to_toml()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('"persons.name"', '"persons.sex"', 1), encoding="utf-8")
    done = kaigo("standard", "check", path)
    assert done.code == 1
    assert "persons.name" in done.out or "氏名" in done.out
    assert done.out.rstrip().endswith("件の誤りがあります。")


def test_the_installed_program_says_nothing_but_its_summary_without_a_terminal(tmp_path: Path) -> None:
    done = run_installed("synthesize", "--out", tmp_path / "care", "--persons", 150, "--months", 1)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == f"合成データを書きました: {tmp_path / 'care'}"
    assert len(done.out.splitlines()) == 3
    assert "\x1b" not in done.out
    assert "\r" not in done.out


def test_the_installed_program_answers_a_mistake_with_2_without_traceback(tmp_path: Path) -> None:
    done = run_installed("risk", "none.csv", "--keys", "性別", cwd=tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("誤り: ")
    assert "Traceback" not in done.err
    assert "none.csv" in done.err


@pytest.mark.parametrize("line", ["standard show soumu-2018", "standard show soumu-2018 --json -"])
def test_a_pipe_whose_reader_went_away_is_no_error(line: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [KAIGO, *line.split()], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupted_command_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    command = [KAIGO, "synthesize", "--out", tmp_path / "care", "--persons", "100000", "--months", "36"]
    # A test run in the background inherits an ignored SIGINT; a person's terminal does not ignore it.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and not list(tmp_path.iterdir()):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "中断しました。書きかけのファイルは残していません。\n"
    assert list(tmp_path.iterdir()) == []
