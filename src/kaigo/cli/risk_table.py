"""`kaigo risk` on any flat table: what is asked, and the summary for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.cli.messages import say, write_json
from kaigo.errors import ParameterError

ESTIMATES = {"zayatz": "Zayatz", "pitman": "Pitman", "snb": "SNB", "dankar": "Dankarの規則"}


@dataclass(frozen=True)
class TableOptions:
    """任意の表だけで使うオプション。"""

    keys: str | None
    sensitive: str | None
    person: str | None
    weight: str | None
    population: int | None
    suda: bool
    attributes: bool
    missing: str

    def used(self) -> list[str]:
        """The options that were given."""
        values = {f"--{name}": value for name, value in vars(self).items() if name != "missing"}
        given = [name for name, value in values.items() if value not in (None, False)]
        return given + (["--missing"] if self.missing != "value" else [])


def measure_flat_table(path: Path, asked: TableOptions, engine: str, json_to: str | None) -> None:
    """Measure, tell, write."""
    from kaigo.risk import measure_table

    if not asked.keys:
        raise ParameterError(
            "鍵の列が指定されていません。", found=path, remedy="--keys 列名,列名 を付けてください。"
        )
    result = measure_table(
        path,
        _split(asked.keys),
        sensitive=_split(asked.sensitive or ""),
        person=asked.person,
        weight=asked.weight,
        population=asked.population,
        suda=asked.suda,
        attributes=asked.attributes,
        missing=asked.missing,
        engine=engine,
    )
    say("\n".join(_summarise(result)), json_to)
    write_json(result, json_to)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _summarise(result: Mapping[str, Any]) -> list[str]:
    unit = result["unit"]
    number = result.get("persons", result["records"])
    unique = result.get("unique_persons", result["unique_records"])
    lines = [
        f"{number:,}{unit}、同値類 {result['classes']:,}、最も小さい同値類 k = {result['k']}{unit}",
        f"一意な{unit} {unique:,}({unique / number:.1%})、平均の再識別確率 {result['risk']['prosecutor_average']:.4f}",
        *_tell_sensitive(result.get("sensitive", {})),
        *_tell_weights(result),
        *_tell_population(result),
        *_tell_suda(result),
        *_tell_key_sets(result.get("attributes", {})),
    ]
    if "missing" in result:
        lines.append("鍵の空欄は、どの値とも合うとみなしました。同値類は重なります。")
    if unit == "行":
        lines.append(
            "行を数えた値です。1人が何行もつ表では、人についての判断には使えません。判定はしません。"
        )
    return lines


def _number(value: float | None) -> str:
    return "求まらない" if value is None else f"{value:.4g}"


def _tell_sensitive(measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        f"「{name}」: l = {figures['l_distinct']}(エントロピー {_number(figures['l_entropy'])}、再帰的c {_number(figures['recursive_c'])})、"
        f"t = {_number(figures['t_equal'])}"
        + ("" if figures["t_ordered"] is None else f"(順序 {_number(figures['t_ordered'])})")
        for name, figures in measured.items()
    ]


def _tell_weights(result: Mapping[str, Any]) -> list[str]:
    if "expected_reidentifications" not in result:
        return []
    lines = [f"再識別される行数の期待値(重みによる) {result['expected_reidentifications']:.2f}"]
    return [*lines, result["individual_reason"]] if "individual_reason" in result else lines


def _tell_population(result: Mapping[str, Any]) -> list[str]:
    if "population" not in result:
        return []
    figures = "、".join(f"{label} {_number(result['population'][name])}" for name, label in ESTIMATES.items())
    reasons: dict[str, list[str]] = {}
    for name, reason in result.get("population_reason", {}).items():
        reasons.setdefault(reason, []).append(ESTIMATES[name])
    told = [f"{'、'.join(names)}: {reason}" for reason, names in reasons.items()]
    return [f"母集団で一意な割合の推定: {figures}", *told]


def _tell_suda(result: Mapping[str, Any]) -> list[str]:
    if "suda" not in result:
        return []
    scored = sum(score > 0 for score in result["suda"]["scores"])
    shares = [(name, share) for name, share in result["suda"]["contribution"].items() if share is not None]
    told = "、".join(f"{name} {share:.1f}%" for name, share in sorted(shares, key=lambda item: -item[1]))
    return [f"少ない鍵で一意になる行(SUDA) {scored:,}行" + (f"。鍵の寄与: {told}" if told else "")]


def _tell_key_sets(measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not measured:
        return []
    single = [(name, figures) for name, figures in measured.items() if "," not in name] or list(
        measured.items()
    )
    name, figures = max(single, key=lambda item: item[1]["distinction"])
    return [
        f"鍵の組 {len(measured):,}通り。1つで最も見分ける鍵は「{name}」(distinction {figures['distinction']:.4g})"
    ]
