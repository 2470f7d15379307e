"""Papers for the recipient: the data dictionary, the README, and CSV copies of the tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kaigo.deidentify.released_names import GRAINS, source_column
from kaigo.deidentify.released_values import describe_values, list_codes
from kaigo.deidentify.standard import Rule, Standard
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.engine import write_file
from kaigo.tables import BIRTH_COLUMNS, format_month, load_schemas, show_birth

_OWN_COLUMNS = {
    "person_id": (
        "仮ID",
        "text",
        "期間ごとに変わる符号。同じ期間の3つの表を結び付ける。期間をまたいでは結び付かない。",
    ),
    "from_month": ("適用開始年月", "text(YYYY-MM)", "この認定が、仮IDの期間の中で最初に適用される月"),
    "to_month": ("適用終了年月", "text(YYYY-MM)", "この認定が、仮IDの期間の中で最後に適用される月"),
}


def write_papers(
    provide: Path,
    standard: Standard,
    manifest: dict[str, Any],
    *,
    csv: bool,
    births: Sequence[str] = (),
) -> None:
    """提供先に渡す項目一覧(dictionary.csv)と説明(README.txt)を書く。

    Parameters
    ----------
    births : sequence of str
        Bands of births or ages that are released, to be said in words.
    """
    write_file(provide / "dictionary.csv", "\ufeff" + _dictionary(standard, manifest, births))
    write_file(provide / "README.txt", _readme(standard, manifest))
    if csv:
        for name in manifest["tables"]:
            table = pq.read_table(provide / name)
            with (provide / f"{name}.csv").open("wb") as file:
                file.write(b"\xef\xbb\xbf")
                pa_csv.write_csv(table, file)


def _dictionary(standard: Standard, manifest: dict[str, Any], births: Sequence[str]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["表", "列", "名称", "資料の番号", "型", "値・単位", "利用上の注意"])
    for table, described in manifest["tables"].items():
        for name in described["columns"]:
            writer.writerow([table, name, *_describe_column(standard, name, births)])
    if any("service_code" in described["columns"] for described in manifest["tables"].values()):
        for code, label, depth in list_codes(_rules_for(standard, "benefits.service_code")):
            writer.writerow(["(コード)", "service_code", label, "⑨", "text", code, f"上位概念: {depth}"])
    return buffer.getvalue()


def _describe_column(standard: Standard, name: str, births: Sequence[str]) -> tuple[str, str, str, str, str]:
    if name in _OWN_COLUMNS:
        label, dtype, meaning = _OWN_COLUMNS[name]
        if name == "person_id" and standard.pseudonym.mode == "stable":
            meaning = "提供する期間を通して変わらない符号。3つの表を結び付ける。"
        if name != "person_id" and any(rule.technique == "fix_per_period" for rule in standard.rules):
            end = "最初" if name == "from_month" else "最後"
            meaning = f"仮IDの期間の{end}の月。認定そのものの期間ではない"
        return label, "", dtype, meaning, "本書の形式による列"
    source = source_column(name)
    for schema in load_schemas().values():
        if source not in schema.names:
            continue
        column = schema.column(source)
        rules = _rules_for(standard, f"{schema.name}.{source}")
        notes = [TECHNIQUES[rule.technique].note_for_recipient(rule) for rule in rules]
        caution = "、".join(dict.fromkeys(filter(None, notes)))
        if name in BIRTH_COLUMNS:
            label, dtype, meaning = BIRTH_COLUMNS[name]
            if name.endswith("_band") and births:
                meaning += "。" + "|".join(f"{value} {show_birth(name, value)}" for value in births)
            return label, column.number, dtype, meaning, caution
        if source != name:
            grain, dtype = GRAINS[name.rpartition("_")[2]]
            return f"{column.label}({grain})", column.number, dtype, "", caution
        is_month = name == "service_month"
        dtype = "text(YYYY-MM)" if is_month else str(column.dtype)
        meaning = describe_values(name, rules) or ("" if is_month else column.note or column.unit)
        return column.label, column.number, dtype, meaning, caution
    raise KeyError(name)


def _rules_for(standard: Standard, full: str) -> list[Rule]:
    table, _, column = full.partition(".")
    return [rule for rule in standard.rules if column in rule.expanded().get(table, ())]


def _readme(standard: Standard, manifest: dict[str, Any]) -> str:
    parameters = manifest["parameters"]
    rows = "\n".join(f"  {name}: {part['rows']:,}行" for name, part in manifest["tables"].items())
    # How many persons stand behind the rows would help to join periods: that line stays inside.
    counted = (
        "仮ID: personsは1人につき、仮IDの期間ごとに1行です。\n" if manifest["layout"] == "linked" else ""
    )
    synthetic = (
        "合成データから作ったものです。実在の人物・事業所とは関係ありません。\n\n"
        if manifest["synthetic"]
        else ""
    )
    return (
        f"【提供先】介護データを加工した情報\n\n{synthetic}"
        f"対象: {format_month(parameters['first_month'])}から{format_month(parameters['last_month'])}までのサービス利用\n"
        f"加工: {standard.title}\n表:\n{rows}\n{counted}\n"
        "この情報を、本人を識別するためにほかの情報と照合してはなりません。\n"
        "加工の方法に関する情報を取得してはなりません。\n"
        "利用の目的、期間、安全管理の措置は契約のとおりです。\n"
        "列の意味は dictionary.csv にあります。空欄は、もとから値がないか、加工によりセルを削除した(セル削除)ことを示します。加工により行ごと除いた人・給付(レコード削除)や列ごと除いた項目(項目削除)は、表に現れません。\n"
        "問い合わせ先: 要記入\n"
    )
