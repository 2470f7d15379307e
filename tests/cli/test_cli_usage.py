"""A mistake on the command line itself: what, what was found, what to do; exit 2; nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Run, assert_refused


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reprot", ("知らないコマンド", "見つかった値: reprot", "report のことですか")),
        ("standard foo", ("知らないコマンド", "見つかった値: foo", "kaigo standard --help")),
        ("--foo", ("知らないオプション", "見つかった値: --foo", "kaigo --help")),
        ("synthesize --person 9 --out out", ("知らないオプション", "--person", "--persons、")),
        ("risk", ("必要な指定がありません: PATH", "kaigo risk --help")),
        ("analyze care", ("必要な指定がありません: --what",)),
        ("deidentify care --standard soumu-2018", ("必要な指定がありません: --out",)),
        (
            "intake --persons p --certifications c --out out",
            ("指定が足りません: 介護給付情報(--benefits)", "--exchange"),
        ),
        ("forget one two", ("余分な引数", "見つかった値: two", "kaigo forget --help")),
        ("lab one two", ("余分な引数", "one two")),
        ("synthesize --out out --persons abc", ("--persons", "見つかった値: abc")),
        ("synthesize --out out --persons 1.5", ("--persons", "見つかった値: 1.5")),
        ("synthesize --out out --seed ''", ("--seed",)),
        ("synthesize --out", ("オプションの値がありません", "見つかった値: --out")),
        ("synthesize --out out --csv=yes", ("このオプションは値をとりません", "見つかった値: --csv")),
        ("analyze care --what plans", ("分析の種類", "見つかった値: plans", "care-plans")),
        ("risk table.csv --fail-on 可", ("--fail-on の値", "見つかった値: 可", "不可 か 要検討")),
        ("deidentify care --standard soumu-2018 --out out --layout wide", ("形の名前", "見つかった値: wide")),
        (
            "deidentify care --standard soumu-2018 --out out --key-file k --forget-key",
            ("--key-file と --forget-key", "どちらか一方"),
        ),
        ("report --set threshold", ("--set の書き方", "見つかった値: threshold", "名前=値")),
        ("report --only 99", ("指定された章がありません", "見つかった値: 99", "40_risk")),
    ],
)
def test_a_mistake_is_answered_in_japanese_and_writes_nothing(
    kaigo: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(kaigo(*(word.strip("'") for word in line.split())), *words)
    assert list(tmp_path.iterdir()) == []


def test_the_message_has_no_english_sentence_of_the_library(kaigo: Run, tmp_path: Path) -> None:
    for line in ("synthesize --out", f"synthesize --out {tmp_path / 'x'} --persons abc", "risk", "risk a b"):
        message = kaigo(*line.split()).err
        for word in ("Option", "argument", "requires", "valid", "Missing", "Try", "integer"):
            assert word not in message
