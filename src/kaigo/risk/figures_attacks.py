"""Figures, tables and verdict of the attacks (識別を試みる場面の想定). All are diagnostics for the inside (内部限り)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kaigo.display import Figure, Table
from kaigo.risk.attackers import ABOUT_LABELS, Attacker
from kaigo.risk.contributions import Contributions
from kaigo.risk.criteria import CRITERION_LABELS, CriterionResult
from kaigo.risk.figures_accumulation import show_percent
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.mitigations import Mitigation

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def show_attackers(attackers: Sequence[Attacker]) -> Table:
    """場面の一覧: 誰が、誰について、何を知っているか。"""
    import pandas as pd

    rows = [[a.name, a.story, ABOUT_LABELS[a.about], a.describe_knowledge(), a.effort] for a in attackers]
    return Table(
        pd.DataFrame(rows, columns=["場面", "説明", "対象", "知っていること", "手間"]),
        caption=f"識別を試みる{len(attackers)}つの場面を想定しました",
        source="本書の想定(attackers.toml。自治体が替えられる)",
    )


def show_attacks(results: Sequence[AttackResult], source: str) -> Table:
    """場面ごとの照合の結果。"""
    import pandas as pd

    rows = [
        [
            r.attacker.name,
            r.targets,
            show_percent(r.success),
            show_percent(r.low),
            show_percent(r.high),
            show_percent(r.precision),
            show_percent(r.guess),
            round(r.candidates, 1) if r.targets else None,
        ]
        for r in results
    ]
    columns = [
        "場面",
        "試した人",
        "当てた割合",
        "95%区間の下限",
        "95%区間の上限",
        "名指しの正しさ",
        "残りから選ぶと",
        "残った候補",
    ]
    worst = max((r for r in results if r.targets), key=lambda r: r.success)
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"最も当たるのは「{worst.attacker.name}」の場面で、{show_percent(worst.success)}%の人が正しく名指しされます",
        source=source,
        units=dict(zip(columns[1:], ["人", "%", "%", "%", "%", "%", "人"], strict=True)),
        digits={"残った候補": 1},
        note="1つの仮IDの期間の中で、知っていることと食い違いの最も少ない人が1人だけのときに名指しする。当てた割合は、試した人のうち"
        "正しく名指しされた人。「残りから選ぶと」は、名指しできないときも候補から1人を選んだ場合。残った候補は中央値。"
        f"何も知らずに選べば{100 * worst.base_rate:.3f}%しか当たらない。",
        internal=True,
    )


def plot_attacks(results: Sequence[AttackResult], source: str) -> Figure:
    """場面ごとの、当てた割合と区間。"""
    import pandas as pd

    told = [r for r in results if r.targets]
    columns = ["場面", "当てた割合", "下限", "上限"]
    frame = pd.DataFrame(
        [[r.attacker.name, show_percent(r.success), show_percent(r.low), show_percent(r.high)] for r in told],
        columns=columns,
    )
    worst = max(told, key=lambda r: r.success)
    least = min(told, key=lambda r: r.success)
    return Figure(
        _draw_attacks,
        table=Table(
            frame,
            caption="場面ごとの、正しく名指しされた人の割合",
            source=source,
            units=dict.fromkeys(columns[1:], "%"),
            internal=True,
        ),
        caption=f"正しく名指しされる人は、「{least.attacker.name}」の{show_percent(least.success)}%から"
        f"「{worst.attacker.name}」の{show_percent(worst.success)}%まで、知っていることで大きく変わります",
        alt="横棒グラフ。場面ごとの、正しく名指しされた人の割合。"
        + "、".join(f"{r.attacker.name} {show_percent(r.success)}%" for r in told)
        + "。",
        source=source,
    )


def _draw_attacks(axes: Axes, frame: pd.DataFrame) -> None:
    places = range(len(frame))[::-1]
    errors = [frame["当てた割合"] - frame["下限"], frame["上限"] - frame["当てた割合"]]
    bars = axes.barh(
        list(places), frame["当てた割合"], xerr=errors, color="#0072B2", edgecolor="#333333", capsize=3
    )
    axes.bar_label(bars, fmt="%.1f", fontsize=8, padding=8)
    axes.set_yticks(list(places), frame["場面"])
    axes.set_xlim(0, 115)
    axes.set_xlabel("正しく名指しされた人の割合(%)")


def show_criteria(results: Sequence[CriterionResult], source: str) -> Table:
    """単独化・連結・推定の結果(対照群つき)。"""
    import pandas as pd

    rows = [
        [
            CRITERION_LABELS[r.criterion],
            r.attacks,
            show_percent(r.main),
            show_percent(r.control),
            show_percent(r.risk),
            show_percent(r.risk_ci[0]),
            show_percent(r.risk_ci[1]),
        ]
        for r in results
    ]
    columns = [
        "観点",
        "試した数",
        "成功",
        "対照群での成功",
        "提供による危険",
        "95%区間の下限",
        "95%区間の上限",
    ]
    tried = [r for r in results if r.attacks]
    worst = max(tried, key=lambda r: r.risk) if tried else None
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"{len(results)}つの観点のうち、提供による危険が最も大きいのは{CRITERION_LABELS[worst.criterion]}です({show_percent(worst.risk)}%)"
        if worst
        else "どの観点の攻撃も、試せる組がありませんでした",
        source=source,
        units=dict(zip(columns[1:], ["回", "%", "%", "%", "%", "%"], strict=True)),
        note="対照群は、提供から除いたと仮定した2割の人。提供による危険は、(成功−対照群での成功)÷(1−対照群での成功)。試した数が0の観点は、試せる組(ただ1人になる条件など)がなかった。",
        internal=True,
    )


def show_contributions(found: Contributions, source: str) -> Table:
    """どの列の組が、人をただ1人にしているか。"""
    import pandas as pd

    rows = [
        [g.label, g.columns, show_percent(g.alone), show_percent(g.without), show_percent(g.without_survey)]
        for g in sorted(found.groups, key=lambda g: -g.alone)
    ]
    columns = ["列の組", "列の数", "その組だけ", "その組を除く", "調査の回答とその組を除く"]
    strongest = max(found.groups, key=lambda g: g.alone)
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"それだけで最も多くの人をただ1人にするのは「{strongest.label}」で、{show_percent(strongest.alone)}%です",
        source=source,
        units=dict(zip(columns[1:], ["列", "%", "%", "%"], strict=True)),
        note=f"1つの仮IDの期間の履歴(B)がただ1つである人の割合。すべての列では{show_percent(found.everything)}%、調査の回答を除くと"
        f"{show_percent(found.everything_without_survey)}%。1つの組を除いても下がらないのは、残りの列だけで一意になるため。",
        internal=True,
    )


def show_mitigations(found: Sequence[Mitigation], source: str) -> Table:
    """加工基準をどう変えると、危険がどれだけ減り、何セルを失うか。"""
    import pandas as pd

    rows = [
        [
            m.name,
            m.k,
            show_percent(m.unique_share),
            show_percent(m.unique_on_all),
            None if m.rejoin_rate is None else show_percent(m.rejoin_rate),
            m.cells_changed,
            show_percent(m.cell_share),
            m.costs or "-",
        ]
        for m in found
    ]
    columns = [
        "変更",
        "k",
        "一意な人(準識別子)",
        "一意な人(見える全部)",
        "結び直される人",
        "変わるセル",
        "変わるセルの割合",
        "失うもの",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=_head_mitigations(found),
        source=source,
        units={
            "k": "人",
            "一意な人(準識別子)": "%",
            "一意な人(見える全部)": "%",
            "結び直される人": "%",
            "変わるセル": "セル",
            "変わるセルの割合": "%",
        },
        note="それぞれ加工をやり直して測った。変わるセルの割合は、変更なしで提供される値の数に対する割合。もともと提供しない値と、すでに同じ扱いをしている値は数えない。"
        + _explain_more_unique(found),
        internal=True,
    )


def _head_mitigations(found: Sequence[Mitigation]) -> str:
    before = show_percent(found[0].unique_on_all)
    best = min(found[1:], key=lambda m: (m.unique_on_all, m.cells_changed), default=found[0])
    if show_percent(best.unique_on_all) == before or best.unique_on_all > found[0].unique_on_all:
        return f"見える全部で一意な人は、変更なしで{before}%です。これを減らす変更は、試した{len(found) - 1}つにありません"
    return f"見える全部で一意な人を最も減らす変更は「{best.name}」で、{before}%が{show_percent(best.unique_on_all)}%になります"


def _explain_more_unique(found: Sequence[Mitigation]) -> str:
    """Where a standard promises a number of persons, coarser values in one column let more values of others stay."""
    if all(m.unique_on_all <= found[0].unique_on_all for m in found):
        return ""
    return "見える全部で一意な人が増える変更がある。人数を約束する加工基準では、1つの列を粗くすると、約束を満たしたまま残せるほかの値が増えるためである。"
