"""Tables about standards: side by side, the deliberation, the ledger in words, what a promise needs."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_town import make_town

from kaigo.deidentify import Key, Release, list_standards, load_standard, make_release
from kaigo.deidentify.figures import show_reasons, show_standard
from kaigo.deidentify.figures_promise import show_small_classes
from kaigo.deidentify.figures_standards import (
    compare_standards,
    show_deliberations,
    show_exclusions,
    show_ledger_in_words,
)
from kaigo.deidentify.own_data_words import say_measured, say_reason
from kaigo.deidentify.pages import render_deliberation_page, render_ledger_page
from kaigo.deidentify.wording import read_out, read_out_pseudonyms
from kaigo.tables import CareTables

Make = Callable[..., CareTables]


@pytest.fixture(scope="module")
def care(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    return make_town(persons=120).write(tmp_path_factory.mktemp("town") / "care")


@pytest.fixture(scope="module")
def release(care: CareTables) -> Release:
    return make_release(care, load_standard("soumu-2018-linked"), care.folder.parent / "r", key=Key.derive(1))


def test_standards_stand_side_by_side_with_what_their_ledgers_say(care: CareTables, release: Release) -> None:
    frame = compare_standards(care, ["soumu-2018-linked", "recommended"], seed=1).frame.set_index("加工基準")
    row = frame.loc[load_standard("soumu-2018-linked").title]
    ledger = release.ledger()
    assert row["仮IDの月数"] == 6 and row["約束"] == "なし"
    assert row["提供する人"] == ledger["balance"]["persons"]["rows_kept"]
    assert row["提供する行"] == sum(ledger["released_rows"].values())
    assert row["変わったセル"] == sum(entry["cells_changed"] for entry in ledger["rules"])
    promised = frame.loc[load_standard("recommended").title]
    assert promised["約束"] == "10人以上" and promised["生年"] <= 3
    assert promised["1人の回答"] < row["1人の回答"]


def test_the_deliberation_names_each_difference_measure_and_what_it_did(release: Release) -> None:
    standard = load_standard("soumu-2018-linked")
    frame = show_deliberations(standard, release).frame
    assert list(frame["考えた差異"]) == [part.difference for part in standard.deliberations]
    rare = frame[frame["考えた差異"].str.contains("利用の少ないサービスコード")].iloc[0]
    assert rare["措置"].startswith("措置をとる: 定め09(サービスコード)")
    own = [entry for entry in release.ledger()["rules"] if entry["id"] in {"06", "09", "10"}]
    assert f"{sum(entry['cells_changed'] for entry in own):,}セル" in rare["この加工での結果"]
    none = frame[frame["措置"] == "措置をとらない"].iloc[0]
    assert none["理由"] and none["この加工での結果"] == "なし"


@pytest.mark.parametrize("name", list_standards())
def test_a_page_of_own_data_quotes_no_figure_of_synthetic_data(release: Release, name: str) -> None:
    own = dataclasses.replace(release, manifest={**release.manifest, "synthetic": False})
    standard = load_standard(name)
    page = render_deliberation_page(standard, own).replace("市町村", "")
    shown = re.sub(r"\(合成データで測った値を含む文は[^)]*\)", "", page)
    assert not re.findall(
        r"合成データの町|町[でのは]|例示の|1,800人、12か月|人規模|[1-9][0-9]*\.[0-9]%", shown
    )
    assert "このデータでは測っていません" in shown and f"kaigo risk {release.folder}" in shown
    synthetic = render_deliberation_page(standard, release)
    assert "町" in synthetic.replace("市町村", "") and "測っていません" not in synthetic


def test_the_command_may_call_a_release_otherwise_than_its_folder(release: Release) -> None:
    own = dataclasses.replace(release, manifest={**release.manifest, "synthetic": False})
    shown = show_deliberations(load_standard("soumu-2018"), own, place="加工したデータ").to_text()
    assert "kaigo risk 加工したデータ" in shown and str(release.folder) not in shown


def test_what_was_published_or_measured_on_own_data_is_quoted(release: Release) -> None:
    own = dataclasses.replace(release, manifest={**release.manifest, "synthetic": False})
    part = load_standard("soumu-2018").deliberations[0]
    for measured_on, quoted in {"合成データ": False, "公表資料": True, "自治体のデータ": True}.items():
        said = say_measured(part.model_copy(update={"measured_on": measured_on}), own)
        assert (said == part.measured) is quoted
    assert say_reason("85歳で区切る。町で60.5%が残る。", own).startswith("85歳で区切る。(合成データで")
    assert say_reason("少ないコードの0.1%。", own) == "少ないコードの0.1%。"


def test_columns_that_are_not_counted_carry_their_reason() -> None:
    frame = show_exclusions(load_standard("soumu-2018")).frame
    assert set(frame["準識別子に"]) == {"数える", "数えない"}
    assert frame["理由"].str.len().min() > 5


def test_the_standard_s_table_has_every_rule_and_what_stands_beside_them() -> None:
    standard = load_standard("recommended")
    numbers = list(show_standard(standard).frame["資料の番号"])
    assert len(numbers) == len(standard.rules) + 3 and {"※1", "※2"} <= set(numbers)
    assert (show_reasons(standard).frame["記録のしかた"].str.len() > 5).all()


def test_persons_and_rows_of_pseudonyms_balance_in_the_page_and_the_recipient_is_not_told(
    release: Release,
) -> None:
    part = release.ledger()["pseudonyms"]
    crosswalk = pq.read_table(release.keep / "crosswalk" / "persons").to_pandas()
    assert part["persons"] == crosswalk[["insurer_number", "insured_number"]].drop_duplicates().shape[0]
    assert part["rows"] == len(crosswalk) == release.manifest["tables"]["persons"]["rows"]
    line = f"{part['persons']:,}人 → personsの{part['rows']:,}行(1人につき、仮IDの期間ごとに1行)"
    assert line in render_ledger_page(release)
    readme = (release.provide / "README.txt").read_text(encoding="utf-8")
    assert f"{part['persons']:,}人" not in readme and "仮IDの期間ごとに1行" in readme
    said = read_out_pseudonyms({"persons": 3, "periods": 2, "rows": 5})
    assert said.endswith("3人×2期間=6のうち1は、その期間に有効な認定がなく行がない。")
    assert "どの期間にも行がある" in read_out_pseudonyms({"persons": 3, "periods": 2, "rows": 6})


def test_the_ledger_is_read_out_rule_by_rule(release: Release) -> None:
    ledger = release.ledger()
    frame = show_ledger_in_words(release).frame
    assert len(frame) == len(ledger["rules"]) + len(ledger["balance"])
    entry = {
        "id": "09",
        "number": "⑨",
        "table": "benefits",
        "column": "service_code",
        "technique": "一般化(サービスコード)",
        "parameters": {"persons": 10},
        "clause": "規則第62条第4号",
        "clause_2018": "規則第11条第4号(※2)",
        "set_by": "本書",
        "rows_in": 1200,
        "rows_out": 1190,
        "cells_changed": 34,
        "persons_touched": 7,
        "note": "3種を置き換え",
        "seconds": 0.1,
    }
    assert read_out(entry) == (
        "定め09(サービスコード、一般化(サービスコード)、資料の⑨): 介護給付情報の1,200行のうち10行を外し、残る1,190行の34か所を変えました。"
        "対象になった人は7人です。内訳は、3種を置き換え。基準値は10人(本書が定めた)、"
        "根拠は規則第62条第4号(当時は規則第11条第4号(※2))、時間は0.1秒です。"
    )


def test_persons_among_few_are_counted_by_band_and_by_history(make_tables: Make, tmp_path: Path) -> None:
    """Three men of 85 and older, one of them in another level from May on; two men under 85."""
    persons = [{"person": n, "birth_date": "1930-01-01" if n <= 3 else "1950-01-01"} for n in range(1, 6)]
    spans = [{"person": n, "care_level": "21"} for n in (1, 2, 4, 5)]
    spans += [
        {"person": 3, "valid_from": "2024-04-01", "valid_to": "2024-04-30", "care_level": "21"},
        {"person": 3, "valid_from": "2024-05-01", "valid_to": "2025-04-30", "care_level": "23"},
    ]
    lines = [{"person": n, "service_month": month} for n in range(1, 6) for month in ("2024-04", "2024-05")]
    table = show_small_classes(make_tables(persons, spans, lines), least=3, bands=("85", "60"))
    frame: pd.DataFrame = table.frame.set_index("生年を区切る年齢")
    assert frame.loc["85", "期間に1回"] == pytest.approx(100 * 2 / 5)
    assert frame.loc["85", "月ごとの経過"] == pytest.approx(100), "two and one, and the two younger"
    assert frame.loc["60", "期間に1回"] == 0 and frame.loc["60", "最も少ない組"] == 5
    assert frame.loc["60", "月ごとの経過"] == pytest.approx(100 * 1 / 5)
    assert Counter(frame["最も少ない組"]) == {2: 1, 5: 1}


def test_the_deliberation_says_whether_each_difference_has_a_measure() -> None:
    all_taken = show_deliberations(load_standard("recommended")).caption
    assert all_taken == "規則第62条第5号について9つの差異を検討し、すべてに措置をとりました"
    assert (
        "6の差異を検討し、5に措置をとり、1にはとらない理由"
        in show_deliberations(load_standard("soumu-2018")).caption
    )
