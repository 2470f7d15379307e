"""`--release-list`: what was made before is told when something new is made, and its end is noted."""

import json
import shutil
from pathlib import Path

from commands import Run, assert_refused, list_files


def test_a_second_release_of_the_same_months_is_told_and_an_end_is_noted(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    path = tmp_path / "list.json"

    def make(name: str, recipient: str):  # type: ignore[no-untyped-def]
        return kaigo(
            "deidentify", care, "--standard", "soumu-2018-linked", "--out", tmp_path / name,
            "--release-list", path, "--recipient", recipient, "--json", tmp_path / f"{name}.json",
        )  # fmt: skip

    first = make("a", "甲社")
    assert first.code == 0 and "月が重なり" not in first.out
    second = make("b", "乙社")
    assert second.code == 0
    assert (
        "甲社" in second.out and "月が重なり" in second.out and "対応表が、まだ消されていません" in second.out
    )
    assert any("月が重なり" in note for note in json.loads((tmp_path / "b.json").read_text("utf-8"))["notes"])
    assert kaigo("forget", tmp_path / "a", "--release-list", path).code == 0
    listed = json.loads(path.read_text(encoding="utf-8"))["releases"]
    assert [(one["recipient"], one["crosswalk"]) for one in listed] == [
        ("甲社", "destroyed"),
        ("乙社", "kept"),
    ]


def test_a_recipient_needs_a_list(kaigo: Run, care: Path, tmp_path: Path) -> None:
    done = kaigo(
        "deidentify", care, "--standard", "soumu-2018", "--out", tmp_path / "r", "--recipient", "甲社"
    )
    assert done.code == 2 and "--release-list" in done.err
    assert not (tmp_path / "r").exists()


def test_a_release_that_is_replaced_is_told_and_its_destruction_stays_on_record(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r"
    make = ("deidentify", care, "--standard", "soumu-2018", "--out", out)
    assert "置き換えました" not in kaigo(*make).out
    second = kaigo(*make, "--json", tmp_path / "second.json")
    assert f"注意: {out} にあった加工データ(soumu-2018、作成 20" in second.out
    assert "前の対応表もなくなりました" in second.out
    assert "置き換えました" in json.loads((tmp_path / "second.json").read_text("utf-8"))["notes"][0]
    assert not (out / "keep" / "forgotten_earlier.json").exists()

    def forget() -> str:
        assert kaigo("forget", out).code == 0
        return str(json.loads((out / "keep" / "forgotten.json").read_text("utf-8"))[0]["forgotten_at"])

    times = [forget()]
    third = kaigo(*make)
    assert "前の対応表" not in third.out and "keep/forgotten_earlier.json に引き継ぎました" in third.out
    assert not (out / "keep" / "forgotten.json").exists()
    times.append(forget())
    assert kaigo(*make).code == 0
    path = out / "keep" / "forgotten_earlier.json"
    earlier = json.loads(path.read_text("utf-8"))
    assert [entry["forgotten_at"] for entry in earlier] == times
    assert all(entry["standard"] == "soumu-2018" and entry["tables"]["joined"] for entry in earlier)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_that_cannot_be_read_is_not_replaced(kaigo: Run, care: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    make = ("deidentify", care, "--standard", "soumu-2018", "--out", out)
    assert kaigo(*make).code == 0
    assert kaigo("forget", out).code == 0
    whole = (out / "keep" / "forgotten.json").read_bytes()
    (out / "keep" / "forgotten.json").write_text("{", encoding="utf-8")
    before = list_files(out)
    assert_refused(kaigo(*make), "forgotten.json", "新しいフォルダ")
    assert list_files(out) == before
    (out / "keep" / "forgotten.json").write_bytes(whole)
    shutil.rmtree(out / "provide" / "joined")
    assert "壊れていました" in kaigo(*make).out
    assert json.loads((out / "keep" / "forgotten_earlier.json").read_bytes()) == json.loads(whole)
