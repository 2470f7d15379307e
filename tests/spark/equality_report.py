"""The comparison of the engines as a page for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from step_recorder import Compared


@dataclass(frozen=True)
class Summary:
    """What was run, its steps and the seconds on each engine."""

    part: str
    steps: Sequence[Compared]
    duckdb_seconds: float
    spark_seconds: float

    @property
    def equal(self) -> int:
        return sum(step.equal for step in self.steps)


def summarise(
    compared: Sequence[Compared], duckdb: Mapping[str, float], spark: Mapping[str, float]
) -> list[Summary]:
    """Steps by what was run, with the seconds of each engine."""
    parts = dict.fromkeys(step.part for step in compared)
    return [
        Summary(part, [s for s in compared if s.part == part], duckdb.get(part, 0.0), spark.get(part, 0.0))
        for part in parts
    ]


def render_report(sections: Mapping[str, Sequence[Summary]], server: str) -> str:
    """The table for readers: first what was run, then each step."""
    steps = [step for summaries in sections.values() for each in summaries for step in each.steps]
    lines = [
        "# DuckDBとSparkの結果の比較",
        "",
        "同梱のすべての加工基準を、使えるすべての形(joined・linked)で、両方のエンジンで実行し、段階ごとに行数と内容を比べました。",
        f"サーバー: {server}。作り直すコマンド: `python tests/spark/engine_equality.py`。",
        "",
        "行の並び順は比べません(提供する行は、エンジンが返した順から鍵で並べ替えます)。"
        "秒は参考です(段階ごとに内容を読み直す時間を含み、ほかの処理と同時に測ることがあります)。",
        "",
        f"**{len(steps)}段階のうち{sum(step.equal for step in steps)}段階が一致。**",
    ]
    for title, summaries in sections.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| 実行したもの | 段階 | 一致 | DuckDB(秒) | Spark(秒) |",
            "|---|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {each.part} | {len(each.steps)} | {each.equal} | {each.duckdb_seconds:.1f} | {each.spark_seconds:.1f} |"
            for each in summaries
        ]
    for title, summaries in sections.items():
        lines += [
            "",
            f"## 段階ごと: {title}",
            "",
            "| 段階 | 行数(結果はJSONの文字数) | 内容のハッシュ(先頭12桁) | 一致 |",
            "|---|--:|---|---|",
        ]
        for step in (step for each in summaries for step in each.steps):
            rows, digest = step.duckdb or step.spark or (0, "")
            mark = "一致" if step.equal else "**不一致**"
            lines.append(f"| {step.name} | {rows:,} | `{digest[:12]}` | {mark} |")
    return "\n".join(lines) + "\n"
