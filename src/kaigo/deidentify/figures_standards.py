"""The deliberation of 5号, columns left out of the quasi-identifiers, the ledger in words, standards side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kaigo.deidentify.figures import LEDGER_SOURCE
from kaigo.deidentify.key import Key
from kaigo.deidentify.make import make_release
from kaigo.deidentify.own_data_words import say_measured, say_reason
from kaigo.deidentify.release import Release
from kaigo.deidentify.released_names import released_birth
from kaigo.deidentify.standard import Standard, list_standards, load_standard
from kaigo.deidentify.techniques.sample_persons import LEFT_AS
from kaigo.deidentify.wording import describe_columns, label_table, read_out, read_out_balance
from kaigo.display import Table
from kaigo.engine import Engine, open_engine
from kaigo.tables import BIRTH_COLUMNS, CareTables, load_schemas, survey_columns

NOT_A_LAW = "本書の技術的な検討であり、法114条の審査結果ではありません"


def show_deliberations(standard: Standard, release: Release | None = None, *, place: str = "") -> Table:
    """5号検討書: 考えた差異ごとに、測ったもの、とった措置(またはとらない理由)、この加工での結果。

    Parameters
    ----------
    standard : Standard
    release : Release, optional
        Made by this standard: what the measures changed in it, from its ledger.
    place : str
        What to call the release where its folder will not last, or is nobody's concern; its folder by default.
    """
    import pandas as pd

    entries = release.ledger()["rules"] if release else []
    rows = []
    for part in standard.deliberations:
        measures = "、".join(_name_measure(standard, measure) for measure in part.measures)
        row = [
            part.difference,
            part.topic,
            say_measured(part, release, place),
            f"{part.outcome}: {measures}" if measures else part.outcome,
        ]
        row += [
            say_reason(part.reason, release),
            *([_count_measures(entries, part.measures)] if release else []),
        ]
        rows.append(row)
    columns = ["考えた差異", "区分", "測ったもの", "措置", "理由"] + (["この加工での結果"] if release else [])
    taken = sum(part.outcome == "措置をとる" for part in standard.deliberations)
    found = f"{len(rows)}の差異を検討し、{taken}に措置をとり、{len(rows) - taken}にはとらない理由があります"
    if rows and taken == len(rows):
        found = f"{len(rows)}{'つ' if len(rows) < 10 else ''}の差異を検討し、すべてに措置をとりました"
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"規則第62条第5号について{found}",
        source=f"加工基準 {standard.name}({standard.law_as_of}時点の条項){'と' + LEDGER_SOURCE if release else ''}",
        note=f"{NOT_A_LAW}。基準値を含むこの表は加工の方法に関する情報であり、内部限りです。",
        internal=True,
    )


def _name_measure(standard: Standard, measure: str) -> str:
    rule = next((rule for rule in standard.rules if rule.id == measure), None)
    if rule is None:
        return {"※1": "仮ID(※1)", "※2": "期間の上限(※2)"}.get(measure, measure)
    return f"定め{measure}({describe_columns(rule)})"


def _count_measures(entries: Sequence[Mapping[str, Any]], measures: Sequence[str]) -> str:
    own = [entry for entry in entries if entry["id"] in measures]
    if not own:
        return "なし"
    removed = sum(entry["rows_in"] - entry["rows_out"] for entry in own)
    cells = sum(entry["cells_changed"] for entry in own)
    persons = max(entry["persons_touched"] for entry in own)
    return f"{cells:,}セルを変え、{removed:,}行を外すかまとめた(1つの定めで最大{persons:,}人)"


def show_exclusions(standard: Standard, release: Release | None = None) -> Table:
    """準識別子に数える列と、提供するが数えない列の理由(``release``: その加工に当てはまることだけ)。"""
    import pandas as pd

    labels = {column.name: column.label for schema in load_schemas().values() for column in schema.columns}
    labels |= {name: label for name, (label, _, _) in BIRTH_COLUMNS.items()} | {
        "survey_*": "認定調査の基本項目"
    }
    counted = getattr(standard.quasi_identifiers, standard.layout)
    rows = [[labels.get(name, name), "数える", "組み合わせると人を絞れる"] for name in counted]
    for part in standard.not_quasi_identifiers:
        names = [entry.rpartition(".")[2] for entry in part.columns]
        label = "、".join(dict.fromkeys(labels.get(name, name) for name in names))
        rows.append(
            [
                label if len(names) < 5 else f"認定調査の基本項目({len(names)}項目)",
                "数えない",
                say_reason(part.reason, release),
            ]
        )
    return Table(
        pd.DataFrame(rows, columns=["項目", "準識別子に", "理由"]),
        caption=f"{len(counted)}項目を準識別子に数え、数えない項目にはどれも理由があります",
        source=f"加工基準 {standard.name}",
    )


def show_ledger_in_words(release: Release) -> Table:
    """加工の記録を、読み上げられる文で。"""
    import pandas as pd

    ledger = release.ledger()
    rows = [
        [f"記録{number}", read_out(entry, seconds=False)] for number, entry in enumerate(ledger["rules"], 1)
    ]
    rows += [
        [f"収支 {label_table(name)}", read_out_balance(name, part)]
        for name, part in ledger["balance"].items()
    ]
    rows += [[f"注意{number}", text] for number, text in enumerate(ledger.get("warnings", ()), 1)]
    closes = all(part["closes"] for part in ledger["balance"].values())
    return Table(
        pd.DataFrame(rows, columns=["記録", "読み上げ文"]),
        caption=f"加工の記録{len(ledger['rules'])}件と3つの表の収支({'すべて一致' if closes else '一致しない'})を文にしたものです",
        source=LEDGER_SOURCE,
        internal=True,
    )


def compare_standards(
    tables: CareTables, names: Sequence[str] | None = None, *, seed: int = 0, engine: str = "duckdb"
) -> Table:
    """同梱の加工基準を並べ、同じデータで何が残り、何を失うかを示す。

    Parameters
    ----------
    tables : CareTables
    names : sequence of str, optional
        Default: all that ship.
    seed : int
        Of the key; only the order of rows depends on it.

    Notes
    -----
    Each standard is carried out in a temporary folder that is removed again; own data never stay there.
    """
    import pandas as pd

    rows = []
    for name in names or list_standards():
        standard = load_standard(name)
        with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
            key = Key.derive(seed) if tables.is_synthetic else Key.random()
            release = make_release(tables, standard, Path(folder) / "release", key=key, engine=engine)
            rows.append([standard.title, *_weigh(standard, release, engine)])
    frame = pd.DataFrame(
        rows,
        columns=[
            "加工基準",
            "形",
            "仮IDの月数",
            "提供する人",
            "外した人",
            "生かした給付",
            "提供する行",
            "変わったセル",
            "1人の回答",
            "生年",
            "要介護",
            "サービス",
            "約束",
        ],
    )
    promised = frame[frame["約束"] != "なし"]
    return Table(
        frame,
        caption=f"{len(frame)}つの加工基準のうち、人数の約束をするのは{len(promised)}つで、約束の分だけ回答と給付が減ります",
        source=f"同じ介護データ({tables.content_sha256['benefits'][:12]})を、それぞれの加工基準で加工した記録(keep/ledger.json)",
        units={
            "仮IDの月数": "か月",
            "提供する人": "人",
            "外した人": "人",
            "生かした給付": "%",
            "提供する行": "行",
            "変わったセル": "セル",
            "1人の回答": "項目",
            "生年": "種類",
            "要介護": "種類",
            "サービス": "種類",
        },
        digits={"生かした給付": 1, "1人の回答": 1},
        note="生かした給付: もとの給付の行のうち、削除しなかったもの(まとめた行を含む)。1人の回答: 1つの仮ID(1行1給付の表では1行)に残る調査の回答の平均。仮IDの月数0は、仮IDを付けないこと。",
        internal=True,
    )


def _weigh(standard: Standard, release: Release, engine: str) -> list[object]:
    ledger = release.ledger()
    benefits = ledger["balance"]["benefits"]
    lost = _count_left_out(benefits)
    persons = ledger["balance"]["persons"]
    removed = _count_left_out(persons)
    joined = release.layout == "joined"
    with open_engine(engine) as session:
        release.scan(session)
        birth = _count_values(
            session, release, "released" if joined else "released_persons", released_birth(standard.rules)
        )
        level = _count_values(
            session, release, "released" if joined else "released_certifications", "care_level"
        )
        codes = _count_values(session, release, "released" if joined else "released_benefits", "service_code")
        answers = _average_answers(session, release, "released" if joined else "released_certifications")
    promise = ledger.get("promise")
    return [
        "1行1給付" if joined else "3つの表",
        0 if joined else int(release.manifest["parameters"]["rotate_months"]),
        persons["rows_kept"],
        removed,
        100 * (benefits["rows_in"] - lost) / benefits["rows_in"],
        sum(ledger["released_rows"].values()),
        sum(entry["cells_changed"] for entry in ledger["rules"]),
        answers,
        birth,
        level,
        codes,
        f"{promise['persons']}人以上" if promise else "なし",
    ]


def _count_left_out(part: Mapping[str, Any]) -> int:
    """Rows that rules removed or that were not drawn."""
    return sum(part["left_out"].get(name, 0) for name in ("定めによりレコード削除した行", LEFT_AS))


def _columns_of(release: Release, view: str) -> list[str]:
    return release.columns("joined" if view == "released" else view.removeprefix("released_"))


def _count_values(session: Engine, release: Release, view: str, column: str) -> int:
    if column not in _columns_of(release, view):
        return 0
    return int(session.value(f"select count(distinct {session.dialect.quote(column)}) from {view}"))


def _average_answers(session: Engine, release: Release, view: str) -> float:
    names = [name for name in survey_columns() if name in _columns_of(release, view)]
    if not names:
        return 0.0
    given = " + ".join(f"count({session.dialect.quote(name)})" for name in names)
    return float(session.value(f"select cast({given} as double) / count(*) from {view}"))
