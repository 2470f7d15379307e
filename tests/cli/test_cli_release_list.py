"""`--release-list`: what was made before is told when something new is made, and its end is noted."""

import json
from pathlib import Path

from commands import Run


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
