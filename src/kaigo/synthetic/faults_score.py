"""How well intake found the planted faults: by kind, and whether a sound row was set apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaigo.synthetic.faults import Fault, load_fault_kinds

if TYPE_CHECKING:
    import pandas as pd

_REPEATED = "duplicated_line"
"""Either of two equal lines may be named: nothing tells which came first."""
_COLUMNS = ["kind", "label", "file", "scope", "planted", "found", "named", "share"]


def score_intake(faults: Sequence[Fault], report: Mapping[str, Any]) -> pd.DataFrame:
    """読み込みが、入れた誤りを見つけて正しく名づけたかを、種類ごとに数える。

    Parameters
    ----------
    faults : sequence of Fault
    report : mapping
        ``intake_report.json`` of the damaged files.

    Returns
    -------
    DataFrame
        One row a kind and file: ``planted``; ``found`` (its line is set apart or warned of, by any rule);
        ``named`` (by a rule that names the kind); ``share`` = named ÷ planted.
    """
    import pandas as pd

    named_by = {(kind.kind, f"{kind.table}.csv"): kind for kind in load_fault_kinds()}
    rules = {entry["file"]: _rules_by_line(entry) for entry in report["files"]}
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for fault in faults:
        lines = rules[fault.file]
        at_line = lines[fault.line] | (lines[fault.origin_line] if fault.kind == _REPEATED else set())
        count = counts[fault.kind, fault.file]
        count[0] += 1
        count[1] += bool(at_line)
        count[2] += bool(at_line & set(named_by[fault.kind, fault.file].rules))
    rows = [
        [key[0], kind.label, key[1], kind.scope, *counts[key], counts[key][2] / counts[key][0]]
        for key, kind in named_by.items()
        if key in counts
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def find_rejected_sound_rows(faults: Sequence[Fault], report: Mapping[str, Any]) -> list[tuple[str, int]]:
    """誤りを入れていないのに隔離された行を返す(ファイルと行番号)。"""
    planted = {(fault.file, fault.line) for fault in faults}
    return [
        (entry["file"], row["line"])
        for entry in report["files"]
        for row in entry["quarantine"]
        if (entry["file"], row["line"]) not in planted
    ]


def _rules_by_line(entry: Mapping[str, Any]) -> dict[int, set[str]]:
    rules: dict[int, set[str]] = defaultdict(set)
    for row in entry["quarantine"]:
        rules[row["line"]] |= {row["rule"], *(other["rule"] for other in row.get("also", ()))}
    for warning in entry["warnings"]:
        for line in warning["lines"]:
            rules[line].add(warning["rule"])
    return rules
