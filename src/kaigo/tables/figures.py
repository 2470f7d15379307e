"""Tables about the tables: columns, codes, survey items, for the guide."""

from __future__ import annotations

from kaigo.display import Table
from kaigo.tables.codes import load_service_codes, load_service_kinds
from kaigo.tables.schema import load_schemas
from kaigo.tables.survey import load_survey_items

SEED_SOURCE = "総務省「地方公共団体の非識別加工情報の仕組みの導入について」資料(2018年)、本書の項目定義"
SURVEY_SOURCE = "認定調査員テキスト2009改訂版(令和6年4月改訂)"


def list_columns() -> Table:
    """データ項目の一覧: 3つの表の列、資料の番号、識別のしやすさ。"""
    import pandas as pd

    survey = {item.column for item in load_survey_items() if item.counts}
    rows, folded = [], False
    for schema in load_schemas().values():
        for column in schema.columns:
            if column.name in survey:
                if folded:
                    continue
                folded = True
                rows.append(
                    [
                        "survey_1_1_1〜survey_6_12",
                        schema.label,
                        "⑥",
                        f"認定調査 基本調査({len(survey)}項目)",
                        "int8",
                        str(column.column_class),
                    ]
                )
                continue
            rows.append(
                [
                    column.name,
                    schema.label,
                    column.number or "なし",
                    column.label,
                    str(column.dtype),
                    str(column.column_class),
                ]
            )
    frame = pd.DataFrame(rows, columns=["列", "表", "資料の番号", "名称", "型", "区分"])
    numbered = sum(1 for row in rows if row[2] != "なし")
    return Table(
        frame,
        caption=f"3つの表は{len(rows) - 1 + len(survey)}列からなり、資料の①〜⑪に当たる列は{numbered - 1 + len(survey)}列です",
        source=SEED_SOURCE,
        note="区分は本書による。被保険者番号は施行令第1条第8号の個人識別符号である。",
    )


def list_survey_items() -> Table:
    """認定調査の項目の数を群ごとに示す。"""
    import pandas as pd

    groups = {
        "1": "第1群 身体機能・起居動作",
        "2": "第2群 生活機能",
        "3": "第3群 認知機能",
        "4": "第4群 精神・行動障害",
        "5": "第5群 社会生活への適応",
    }
    counts: dict[str, list[str]] = {}
    for item in load_survey_items():
        if item.counts:
            label = groups.get(item.group, "特別な医療")
            counts.setdefault(label, []).append(item.name if not item.part else f"{item.name}({item.part})")
    frame = pd.DataFrame(
        [
            [label, len(items), "、".join(dict.fromkeys(items[:3])) + " など"]
            for label, items in counts.items()
        ],
        columns=["群", "項目数", "項目の例"],
    )
    total = int(frame["項目数"].sum())
    return Table(
        frame,
        caption=f"認定調査の基本調査は{total}項目で、麻痺は5か所、拘縮は4か所をそれぞれ1項目と数えます",
        source=SURVEY_SOURCE,
        units={"項目数": "項目"},
    )


def list_code_levels() -> Table:
    """サービスコードの階層: コード → 基本サービス → 種類 → 分類。"""
    import pandas as pd

    codes = [code for code in load_service_codes().values() if not code.synthetic]
    kinds = load_service_kinds()
    example = load_service_codes()["111112"]
    kind = kinds[example.kind]
    frame = pd.DataFrame(
        [
            ["コード(6文字)", len(codes), f"{example.code} {example.name}"],
            [
                "基本サービス",
                len({code.base_code for code in codes if code.base_code}),
                f"{example.base_code} {example.base_name}",
            ],
            ["サービス種類(2文字)", len(kinds), f"{kind.code} {kind.name}"],
            ["分類", len({k.category_code for k in kinds.values()}), f"{kind.category_code} {kind.category}"],
        ],
        columns=["段階", "本書が名称を知る数", "例"],
    )
    return Table(
        frame,
        caption="利用の少ないコードは、基本サービス、種類、分類の順に上位の概念へ置き換えます",
        source="介護給付費単位数等サービスコード表の抜粋。基本サービスの番号と分類は本書が付けた。",
        units={"本書が名称を知る数": "種"},
        note="全国のコード表の一部である。名称を知らないコードは、種類(先頭2文字)へ置き換える。",
    )
