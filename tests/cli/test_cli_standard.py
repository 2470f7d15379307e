"""`kaigo standard` and what `kaigo deidentify` says about period, pseudonyms and pages."""

import json
from pathlib import Path

import pytest
from commands import Run

from kaigo.deidentify import list_standards, load_standard
from kaigo.display.texts import measure_width


def write_standard(path: Path, **parts: dict[str, object]) -> Path:
    """soumu-2018-linked with some values replaced (None: left out)."""
    data = load_standard("soumu-2018-linked").model_dump()
    for part, values in parts.items():
        data[part] |= values
    path.write_text(type(load_standard("soumu-2018")).model_validate(data).to_toml(), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list_standards())
def test_a_shipped_standard_is_clean_and_shown_whole(kaigo: Run, name: str) -> None:
    checked = kaigo("standard", "check", name)
    assert (checked.code, checked.err) == (0, "")
    shown = kaigo("standard", "show", name)
    assert shown.code == 0
    for words in ("被保険者番号", "※1", "※2", "規則第62条第5号", "準識別子", "記録のしかた", "考えた差異"):
        assert words in shown.out, words
    # A terminal of 100 columns; one closing mark may stand beyond the limit of 96.
    assert max(measure_width(line) for line in shown.out.splitlines()) <= 100
    words = "".join(shown.out.split())
    for rule in load_standard(name).rules:
        assert "".join(rule.reason.split()) in words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"pseudonym": {"rotate_months": None}}, "仮IDを替える間隔"),
        ({"period": {"max_months": 3}}, "仮IDが替わりません"),
        (
            {"quasi_identifiers": {"linked": ("birth_month", "sex")}},
            "care_level」(要介護状態区分)を準識別子に",
        ),
    ],
)
def test_a_contradiction_ends_with_1_and_its_sentence(
    kaigo: Run, tmp_path: Path, parts: dict[str, dict[str, object]], words: str
) -> None:
    if "quasi_identifiers" in parts:
        parts["quasi_identifiers"]["joined"] = ("birth_month", "sex")
    path = write_standard(tmp_path / "own.toml", **parts)
    done = kaigo("standard", "check", path)
    assert done.code == 1 and words in done.out
    assert kaigo("standard", "check", path, "--json", "-").code == 1


def test_a_file_that_is_no_standard_ends_with_2(kaigo: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("name = ", encoding="utf-8")
    for name in (tmp_path / "own.toml", tmp_path / "none.toml", "soumu-2019"):
        done = kaigo("standard", "check", name)
        assert done.code == 2 and "対処" in done.err and "Traceback" not in done.err


def test_a_release_over_too_many_months_ends_with_2_and_writes_nothing(
    kaigo: Run, care: Path, tmp_path: Path
) -> None:
    path = write_standard(tmp_path / "own.toml", period={"max_months": 2}, pseudonym={"rotate_months": 2})
    done = kaigo("deidentify", care, "--standard", path, "--out", tmp_path / "out")
    assert done.code == 2
    assert "上限(2か月)を超えています" in done.err and "対処" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["own.toml"]


def test_a_stable_pseudonym_is_warned_of(kaigo: Run, care: Path, tmp_path: Path) -> None:
    stable = {"mode": "stable", "rotate_months": None, "stable_reason": "3か月だけを1回提供するため。"}
    path = write_standard(tmp_path / "own.toml", pseudonym=stable)
    assert kaigo("standard", "check", path).code == 0
    done = kaigo("deidentify", care, "--standard", path, "--out", tmp_path / "out")
    assert done.code == 0 and "注意: 仮IDを替えていません(stable)" in done.out
    ledger = json.loads((tmp_path / "out" / "keep" / "ledger.json").read_text(encoding="utf-8"))
    assert len(ledger["warnings"]) == 1


def test_pages_for_the_officer_lie_beside_the_ledger(kaigo: Run, release: Path) -> None:
    for name in ("加工の記録.html", "5号検討書.html"):
        page = release / "keep" / name
        assert page.stat().st_mode & 0o777 == 0o600
        text = page.read_text(encoding="utf-8")
        assert 'lang="ja"' in text and "内部限り" in text and "http" not in text.replace("http-equiv", "")
    assert not list((release / "provide").glob("*.html"))
