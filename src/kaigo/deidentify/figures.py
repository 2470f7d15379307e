"""Tables and the verdict of the processing chapter."""

from __future__ import annotations

from typing import Any

from kaigo.deidentify.own_data_words import say_reason
from kaigo.deidentify.release import Release
from kaigo.deidentify.standard import Rule, Standard
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.wording import describe_columns, describe_parameters, label_columns
from kaigo.deidentify.worked_example import count_others, process_example, show_example_source
from kaigo.display import Criterion, Decision, Table, Verdict
from kaigo.tables import load_schemas

LEDGER_SOURCE = "加工の記録(keep/ledger.json)"
DOCUMENT_NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪"
NOT_MEANING = (
    "定めどおりに加工したことを確かめたものです。残る危険の大きさは次の章(40 残る危険)で測ります。"
    "規則第62条第5号の検討が済んだことも意味しません。"
)


def show_standard(standard: Standard) -> Table:
    """加工基準書: どの列を、どの手法で、どの条項により加工するか。"""
    import pandas as pd

    rows = [
        [
            f"{rule.number or '表にない項目'}",
            describe_columns(rule),
            TECHNIQUES[rule.technique].label,
            describe_parameters(rule.parameters),
            rule.clause_2018,
            rule.clause_now,
            rule.set_by,
        ]
        for rule in _in_document_order(standard)
    ]
    rules = len(rows)
    rows += _describe_closing(standard)
    frame = pd.DataFrame(
        rows, columns=["資料の番号", "項目", "手法", "基準値", "当時の条項", "現在の条項", "値を定めた者"]
    )
    ours = sum(rule.set_by != "資料" for rule in standard.rules)
    return Table(
        frame,
        caption=f"加工基準「{standard.title}」は{rules}の定めからなり、うち{ours}は資料が値を示さないため本書か自治体が値を定めました",
        source=f"{standard.source}。条項は{standard.law_as_of}時点",
        note="値を含むこの表は加工の方法に関する情報であり、内部限りです。定めは加工基準(TOML)に書かれた順に行い、資料の番号の順に示しています。",
    )


def _describe_closing(standard: Standard) -> list[list[str]]:
    """Rows for ※1, ※2 and the order of rows."""
    pseudonym, period, shuffle = standard.pseudonym, standard.period, standard.shuffle
    values = {"mode": pseudonym.mode, "rotate_months": pseudonym.rotate_months}
    shown = describe_parameters({name: value for name, value in values.items() if value is not None})
    clauses = [pseudonym.clause_2018, pseudonym.clause_now, pseudonym.set_by]
    rows = [["※1", "仮ID", "仮IDへの置き換え", shown, *clauses]]
    if period:
        months = describe_parameters({"max_months": period.max_months})
        clauses = [period.clause_2018, period.clause_now, period.set_by]
        rows.append(["※2", "提供の期間", "期間の上限", months, *clauses])
    clauses = [shuffle.clause_2018, shuffle.clause_now, "本書"]
    return [*rows, ["表にない項目", "行の順序", "並べ替え", "なし", *clauses]]


def _in_document_order(standard: Standard) -> list[Rule]:
    """Rules by the document's number; those without one last. They are applied in the standard's own order."""
    return sorted(
        standard.rules, key=lambda rule: DOCUMENT_NUMBERS.find(rule.number[0]) if rule.number else 99
    )


def show_document_rules(standard: Standard) -> Table:
    """資料の①〜⑪と、その条項(基準値を含まない、公表できる形)。"""
    import pandas as pd

    numbered = [rule for rule in _in_document_order(standard) if rule.number]
    frame = pd.DataFrame(
        [
            [
                f"{rule.number} {describe_columns(rule)}",
                TECHNIQUES[rule.technique].label,
                rule.clause_2018,
                rule.clause_now,
                rule.set_by,
            ]
            for rule in numbered
        ],
        columns=["資料の項目", "加工", "当時の条項", "現在の条項", "値を定めた者"],
    )
    items = len(set("".join(rule.number for rule in numbered)) & set(DOCUMENT_NUMBERS))
    kept = sum(rule.technique == "keep" for rule in numbered)
    return Table(
        frame,
        caption=f"資料の例は①から⑪までの{items}項目を定め、{kept}項目は加工しません",
        source=f"{standard.source}。条項は{standard.law_as_of}時点",
    )


def show_reasons(standard: Standard, release: Release | None = None) -> Table:
    """定めごとの理由(``release``: その加工に当てはまることだけ)。"""
    import pandas as pd

    frame = pd.DataFrame(
        [
            [rule.id, describe_columns(rule), say_reason(rule.reason, release), rule.record]
            for rule in _in_document_order(standard)
        ],
        columns=["定め", "項目", "理由", "記録のしかた"],
    )
    return Table(frame, caption="どの定めにも、そうする理由があります", source=f"加工基準 {standard.name}")


def show_ledger(release: Release) -> Table:
    """加工の記録: 定めごとの行数、変わったセル、対象になった人。"""
    import pandas as pd

    rules = release.ledger()["rules"]
    labels = {name: schema.label for name, schema in load_schemas().items()}
    frame = pd.DataFrame(
        [
            [
                f"{rule['id']} {rule['technique']}" if rule["id"] != rule["technique"] else rule["id"],
                labels.get(rule["table"], rule["table"]),
                label_columns(rule["column"]),
                rule["rows_in"],
                rule["rows_out"],
                rule["cells_changed"],
                rule["persons_touched"],
                rule["note"] or "なし",
            ]
            for rule in rules
        ],
        columns=[
            "定めと手法",
            "表",
            "項目",
            "処理前の行",
            "処理後の行",
            "変わったセル",
            "対象になった人",
            "内訳",
        ],
    )
    cells = int(frame["変わったセル"].sum())
    return Table(
        frame,
        caption=f"{_count_rules(rules)}の定めと行の並べ替えで、のべ{cells:,}セルを変えました",
        source=LEDGER_SOURCE,
        units={"処理前の行": "行", "処理後の行": "行", "変わったセル": "セル", "対象になった人": "人"},
        internal=True,
    )


def show_balance(release: Release) -> Table:
    """収支: 入った行 = 残った行 + 外した行(理由ごと)。"""
    import pandas as pd

    balance = release.ledger()["balance"]
    labels = {name: schema.label for name, schema in load_schemas().items()}
    rows = []
    for table, part in balance.items():
        rows.append([labels[table], "入った行", part["rows_in"]])
        rows += [
            [labels[table], f"外した行: {reason}", number] for reason, number in part["left_out"].items()
        ]
        rows.append([labels[table], "加工の対象として残った行", part["rows_kept"]])
    closes = all(part["closes"] for part in balance.values())
    return Table(
        pd.DataFrame(rows, columns=["表", "区分", "行数"]),
        caption="どの表も、入った行の数と、残った行・外した行の合計が一致します"
        if closes
        else "行の収支が一致していません",
        source=LEDGER_SOURCE,
        units={"行数": "行"},
        internal=True,
    )


def show_pseudonyms(release: Release) -> Table:
    """仮IDのある3つの表の行数と、仮IDを替える間隔。"""
    import pandas as pd

    months = release.manifest["parameters"]["rotate_months"]
    tables = release.manifest["tables"]
    labels = {name: schema.label for name, schema in load_schemas().items()}
    frame = pd.DataFrame(
        [[labels[name], part["rows"], len(part["columns"])] for name, part in sorted(tables.items())],
        columns=["表", "行数", "列数"],
    )
    persons = tables["persons"]["rows"]
    return Table(
        frame,
        caption=f"仮IDは{months}か月ごとに替わり、全部で{persons:,}の仮IDができました",
        source="加工の目録(keep/manifest.json)",
        units={"行数": "行", "列数": "列"},
        note="同じ人でも期間が替わると別の仮IDになる。仮IDは鍵つきのハッシュ(HMAC-SHA256)で、鍵はどこにも書いていない。",
        internal=True,
    )


def show_example_before() -> Table:
    """資料の例(加工前)。"""
    return Table(
        show_example_source(),
        caption="資料の例: 1人の被保険者の、2か月分の利用です(加工前)",
        source="総務省資料(2018年) 介護データに係る加工例のイメージ。実在の人ではない。",
    )


def show_example_after(standard: Standard) -> Table:
    """資料の例(加工後): この加工基準で実際に処理した結果。"""
    frame = process_example(standard)
    return Table(
        frame,
        caption=f"同じ例を実際に加工すると、番号・氏名・住所・事業者番号が消え、{len(frame)}行が残ります"
        if len(frame)
        else "同じ例を実際に加工すると、この人数では約束を守れないため1行も残りません",
        source=f"加工基準 {standard.name}。同じコードと回答をもつ架空の{count_others(standard)}人と一緒に処理した。",
    )


def judge_processing(release: Release) -> Decision:
    """定めどおりに加工できたかの判定。"""
    ledger = release.ledger()
    open_tables = [table for table, part in ledger["balance"].items() if not part["closes"]]
    released = {column for table in release.manifest["tables"].values() for column in table["columns"]}
    forbidden = {
        column.name
        for schema in load_schemas().values()
        for column in schema.columns
        if column.column_class in {"直接識別子", "個人識別符号", "連結符号"}
    }
    leaked = sorted(released & forbidden)
    verdict: Verdict = "不可" if leaked or open_tables else "可"
    reason = (
        f"{_count_rules(ledger['rules'])}の定めと行の並べ替えをすべて行い、行の収支は3つの表で一致し、識別子の列は残っていません(0列)。"
        if verdict == "可"
        else f"収支の合わない表: {'、'.join(open_tables) or 'なし'}。残っている識別子の列: {'、'.join(leaked) or 'なし'}。"
    )
    return Decision(
        verdict,
        title="加工基準の定めをすべて行い、何を何件変えたかを記録しました"
        if verdict == "可"
        else "加工に誤りがあります",
        figures=[
            Criterion("提供する行", sum(ledger["released_rows"].values()), None, "行"),
            Criterion("変わったセル", sum(rule["cells_changed"] for rule in ledger["rules"]), None, "セル"),
        ],
        reason=reason,
        not_meaning=NOT_MEANING,
    )


def _count_rules(entries: list[dict[str, Any]]) -> int:
    """Rules of the standard in a ledger (the shuffling and the pseudonyms of the layout not counted)."""
    return len({entry["id"] for entry in entries if entry["id"][0].isdigit()})
