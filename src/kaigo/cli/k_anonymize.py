"""`kaigo k-anonymize`: the full-domain generalisation with the least loss that reaches k."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_stages, write_json
from kaigo.cli.options import JsonTo

if TYPE_CHECKING:
    from kaigo.deidentify.k_anonymity import KAnonymised


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("k-anonymize", cls=JapaneseCommand)(k_anonymize)


def k_anonymize(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="表(CSVかParquet)", show_default=False)],
    hierarchies: Annotated[
        Path,
        typer.Option(
            "--hierarchies",
            metavar="DIR",
            help="階層のフォルダ。鍵にする列ごとに「列名.csv」(見出しなし、; 区切り、値;上位の値;…;*)",
            show_default=False,
        ),
    ],
    k: Annotated[
        int, typer.Option("--k", metavar="K", help="同じ組になる最少の人数(または行数)", show_default=False)
    ],
    suppression: Annotated[
        str,
        typer.Option(
            "--suppression",
            metavar="SHARE",
            help="抑制してよい割合の上限。行の割合、--person を付ければ抑制された行のある人の割合",
        ),
    ] = "0.05",
    person: Annotated[
        str | None,
        typer.Option(
            "--person", metavar="COL", help="人を表す列。付けると行ではなく人を数える", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="一般化した表(.csv か .parquet)。抑制した行は鍵をすべて * にして残す",
            show_default=False,
        ),
    ] = None,
    json_to: JsonTo = None,
) -> None:
    """鍵の列を、k人(行)以上が同じ組になるまで、損失が最も小さい段階の組で一般化する。

    損失は、行と鍵についての (g−1)/(D−1) の平均です(D は階層にある値の数、g はそのうち同じ上位の値になる数、抑制した行は1)。

    例: kaigo k-anonymize table.csv --hierarchies hierarchies --k 10 --person 番号 --out generalised.csv
    """
    from kaigo.deidentify.k_anonymity import k_anonymize_table

    with show_stages() as tell:
        done = k_anonymize_table(
            table, hierarchies, k, suppression=suppression, person=person, out=out, progress=tell
        )
    say(_summarise(done, out), json_to)
    write_json(done.to_payload(), json_to)


def _summarise(done: KAnonymised, out: Path | None) -> str:
    found = done.found
    levels = "、".join(f"{key} {level}" for key, level in done.levels.items())
    of_persons = (
        f"、その行のある人 {found.suppressed_units:,}/{done.persons:,}人({found.suppressed_units / done.persons:.1%})"
        if done.person
        else ""
    )
    smallest = "なし(すべて抑制)" if found.smallest_class is None else f"{found.smallest_class:,}{done.unit}"
    lines = [
        f"段階(0はもとの値): {levels}",
        f"損失 {float(found.loss):.4f}、抑制 {found.suppressed_records:,}/{done.records:,}行"
        f"({found.suppressed_records / done.records:.1%}){of_persons}",
        f"残った組のうち最も小さいもの {smallest}(k = {done.k})",
        f"{found.lattice_size:,}通りのうち{found.nodes_checked:,}通りを調べ、ほかに損失のより小さいものがないことを確かめました。",
    ]
    if not done.person:
        lines.append("行を数えた値です。1人が何行もつ表では --person を付けてください。")
    if done.untouched:
        lines.append(
            f"そのまま残った列: {'、'.join(done.untouched)}(鍵ではないので、値を変えず、組にも数えていません)"
        )
    if done.person in done.untouched:
        lines.append(
            f"注意: 人を表す列「{done.person}」も、そのまま残っています。渡す前に削除するか、符号に置き換えてください。"
        )
    if out:
        lines.append(f"書き出し: {out}")
    return "\n".join(lines)
