"""Words for rules and ledger entries: what an officer can read out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kaigo.deidentify.standard import Rule
from kaigo.tables import load_schemas

_PARAMETERS = {
    "persons": "{}人",
    "combined": "任意の{}つを加える",
    "age": "{}歳以上",
    "percentile": "{}パーセンタイル",
    "rotate_months": "{}か月ごと",
    "max_months": "{}か月まで",
    "months": "今回{}か月",
    "days_step": "日数は{}刻み",
    "units_step": "点数は{}刻み",
    "ages": "{}で区切る",
    "to": "{}まで",
    "share": "割合{}%",
    "units": "{}点以上",
    "bound": "±{}まで",
    "most": "{}を超える値",
    "least": "{}に満たない値",
    "width": "{}年の幅",
    "oldest": "{}歳以上をまとめる",
    "youngest": "{}歳未満をまとめる",
    "answers": "{}つの回答の組",
    "groups": "選択肢{}をまとめる",
    "values": "値{}",
    "within": "{}の中",
    "by": "{}の組ごと",
    "blank": "{}を空欄にする",
    "value": "{}",
    "mode": "{}",
}
_WORDS = {
    "rotating": "定期的に替える",
    "stable": "替えない",
    "none": "使わない",
    "kind": "種類",
    "category": "分類",
    "base": "基本サービス",
    "month": "年月",
    "quarter": "四半期",
    "year": "年",
    "band": "生年の幅",
    "age": "年齢の幅",
    "group": "群",
    "all": "全体",
    "code": "コード",
    "mean": "平均",
    "median": "中央値",
}


def describe_columns(rule: Rule) -> str:
    """Japanese labels of a rule's columns; the many survey items as one."""
    labels: list[str] = []
    for table, columns in rule.expanded().items():
        schema = load_schemas().get(table)
        survey = [column for column in columns if column.startswith("survey_")]
        many = survey if len(survey) > 4 else []
        if many:
            labels.append(f"認定調査の基本項目({len(many)}項目)")
        labels += [
            schema.column(column).label if schema and column in schema.names else column
            for column in columns
            if column not in many
        ]
    return "、".join(dict.fromkeys(labels))


def describe_parameters(parameters: Mapping[str, Any]) -> str:
    """Values in force, e.g. 10人、99パーセンタイル; なし if there is none."""
    shown = []
    for name, value in parameters.items():
        value = (
            f"{float(value) * 100:g}" if name in {"percentile", "share"} else _WORDS.get(str(value), value)
        )
        if name == "ages":
            value = "、".join(f"{age}歳" for age in str(value).split(","))
        shown.append(_PARAMETERS.get(name, f"{name}={{}}").format(value))
    return "、".join(shown) or "なし"


def label_columns(text: str) -> str:
    """Japanese labels of a ledger's column text: one name, several names, or the first and last of many."""
    return "".join(_label(part) for part in re.split(r"([、〜(])", text))


def label_table(name: str) -> str:
    """Japanese name of a table (or the text itself)."""
    schema = load_schemas().get(name)
    return schema.label if schema else name


def _label(name: str) -> str:
    for schema in load_schemas().values():
        if name in schema.names:
            return schema.column(name).label
    return name


def read_out(entry: Mapping[str, Any], *, seconds: bool = True) -> str:
    """One ledger entry as sentences: what was done, to how much and to how many, why, under which clause.

    ``seconds`` are left out where the text is compared with an earlier run's.

    Examples
    --------
    定め05(性別、加工なし): 個人属性情報の1,800行を見て、何も変えませんでした。…
    """
    rows_in, rows_out, cells, persons = (
        int(entry[name]) for name in ("rows_in", "rows_out", "cells_changed", "persons_touched")
    )
    number = f"、資料の{entry['number']}" if entry["number"] else ""
    head = f"{'定め' if entry['id'][0].isdigit() else ''}{entry['id']}({label_columns(entry['column'])}、{entry['technique']}{number})"
    if entry["table"] == "すべての表":
        done = f"提供する{rows_in:,}行のすべてに当てはめました"
    elif rows_out < rows_in:
        left = str(entry.get("left_as", "")) or "定めによりレコード削除した行"
        verb = "まとめて減らし" if "まとめた" in left else "外し"
        done = f"{label_table(entry['table'])}の{rows_in:,}行のうち{rows_in - rows_out:,}行を{verb}、残る{rows_out:,}行の{cells:,}か所を変えました"
    elif cells:
        done = f"{label_table(entry['table'])}の{rows_in:,}行のうち{cells:,}か所を変えました"
    else:
        done = f"{label_table(entry['table'])}の{rows_in:,}行を見て、何も変えませんでした"
    time = f"、時間は{entry['seconds']}秒" if seconds else ""
    note = f"内訳は、{entry['note']}。" if entry["note"] else ""
    return (
        f"{head}: {done}。対象になった人は{persons:,}人です。{note}基準値は{describe_parameters(entry['parameters'])}"
        f"({entry['set_by']}が定めた)、根拠は{entry['clause']}(当時は{entry['clause_2018']}){time}です。"
    )


def read_out_balance(table: str, part: Mapping[str, Any]) -> str:
    """The balance of one table as a sentence."""
    left_out = "、".join(f"{reason}{number:,}行" for reason, number in part["left_out"].items() if number)
    closes = "合計は一致します" if part["closes"] else "合計が一致しません"
    return (
        f"{label_table(table)}は、入った{part['rows_in']:,}行のうち{part['rows_kept']:,}行が残り、"
        f"{left_out + 'を外しました' if left_out else '外した行はありません'}。{closes}。"
    )


def read_out_pseudonyms(part: Mapping[str, int]) -> str:
    """From persons to rows of ``persons`` as a sentence; the three numbers add up.

    Examples
    --------
    3 persons, 2 periods, 5 rows → 3人 → personsの5行(1人につき、仮IDの期間ごとに1行)。3人×2期間=6のうち、…
    """
    persons, periods, rows = part["persons"], part["periods"], part["rows"]
    absent = persons * periods - rows
    left = (
        f"{absent:,}は、その期間に有効な認定がなく行がない" if absent else "どの人にも、どの期間にも行がある"
    )
    return (
        f"{persons:,}人 → personsの{rows:,}行(1人につき、仮IDの期間ごとに1行)。"
        f"{persons:,}人×{periods:,}期間={persons * periods:,}のうち{left}。"
    )
