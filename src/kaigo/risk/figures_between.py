"""Tables of what two releases tell together. All are diagnostics for the inside (内部限り)."""

from __future__ import annotations

from kaigo.display import Table
from kaigo.risk.between import TwoReleases
from kaigo.risk.between_trial import BetweenTrial
from kaigo.risk.figures_accumulation import show_percent
from kaigo.tables import format_month


def show_between(trial: BetweenTrial, source: str) -> Table:
    """重なる2つの提供と、2つの提供先への提供を、中身だけで突き合わせた結果。"""
    import pandas as pd

    (first, _), (_, last) = trial.windows
    rows = [
        _describe("甲(前の期間)と乙(後の期間)", trial.overlap),
        _describe("甲(回答を含む)と丙(回答を含まない)", trial.recipients),
    ]
    columns = [
        "突き合わせた提供",
        "両方にいる人",
        "結び付けた組",
        "正しい組",
        "正しく結び付けられた割合",
        "95%区間の下限",
        "95%区間の上限",
        "新たに分かる月",
        "新たに分かる項目",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=say_between_finding(trial),
        source=source,
        units=dict(zip(columns[1:], ["人", "組", "組", "%", "%", "%", "か月", "項目"], strict=True)),
        note=f"{format_month(first)}から{format_month(last)}までの給付から、甲へ{_say(trial.windows[0])}、乙へ{_say(trial.windows[1])}、"
        "丙へ甲と同じ期間を調査の回答なしで、それぞれ別の鍵で加工した。最初の共通の月の値がすべて同じで、両方の提供でただ1人の組だけを結び付けた。"
        "丙と甲の行は、丙が甲の提供を手にして、回答を知る場合。",
        internal=True,
    )


def _say(window: tuple[str, str]) -> str:
    return f"{format_month(window[0])}から{format_month(window[1])}まで"


def _describe(name: str, pair: TwoReleases) -> list[object]:
    return [
        name,
        pair.both,
        pair.joined,
        pair.correct,
        show_percent(pair.share),
        show_percent(pair.low),
        show_percent(pair.high),
        len(pair.added_months),
        len(pair.added_columns),
    ]


def say_between_finding(trial: BetweenTrial) -> str:
    """引用できる1文: 提供を重ねると、何人が結び付くか。"""
    share, months = show_percent(trial.overlap.share), len(trial.overlap.months)
    if share is None:
        return "重なる2つの提供の両方にいる人がなく、突合は測れません"
    return f"鍵も仮IDも別にした2つの提供を、重なる{months}か月の中身だけで突き合わせると、{share}%の人が正しく結び付けられます"


def show_differences(trial: BetweenTrial, source: str) -> Table:
    """公表された統計や別の提供との引き算で、何人の区分が分かるか。"""
    import pandas as pd

    rows = [[one.name, one.cells, one.told, one.persons] for one in trial.differences]
    columns = ["引き算", "比べた区分", "差が1〜9人の区分", "その区分の差の人数"]
    told = sum(one.told for one in trial.differences)
    worst = max(trial.differences, key=lambda one: one.told, default=None)
    caption = (
        f"{worst.name}を引き算すると、{worst.told}の区分で、10人未満の差が分かります"
        if told and worst
        else "引き算をしても、10人未満の差が分かる区分はありませんでした"
    )
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=caption,
        source=source,
        units={"比べた区分": "区分", "差が1〜9人の区分": "区分", "その区分の差の人数": "人"},
        note=f"{format_month(trial.month)}の、性別と要介護状態区分ごとの人数。公表された認定者数は、加工前のデータを同じ区分で数え、"
        "10人未満を伏せたもの。差が1〜9人なら、加工で除いた人や生年を空欄にした人が、どの区分に何人いるかが分かる。期間に1回だけ認定を示す加工では、"
        "途中で区分の変わった人の出入りも差に入るので、差から除いた人を言い当てることはできない。",
        internal=True,
    )


def show_register(trial: BetweenTrial, source: str) -> Table:
    """提供の一覧が、2回目と3回目の作成の前に知らせること。"""
    import pandas as pd

    rows = [text.split(": ", 1) for text in trial.register]
    return Table(
        pd.DataFrame(rows, columns=["作成の前に", "提供の一覧が知らせること"]),
        caption=f"提供の一覧は、乙と丙への作成の前に、{len(rows)}件のことを知らせます"
        if rows
        else "提供の一覧が知らせることはありません",
        source=source,
        row_header="提供の一覧が知らせること",
        note="kaigo deidentify --release-list が残す一覧と突き合わせた文。作成の日は、この章では、その提供の最後の月とした。",
    )
