"""Tables and figures of ①."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaigo.analysis.conditions_result import ConditionNeed, ConditionsResult
from kaigo.analysis.figure_parts import (
    TableForm,
    count_name,
    describe_extremes,
    hidden_words,
    is_small,
    month_words,
    read_rows,
    share_base,
    share_cells,
    share_columns,
    to_percent,
)
from kaigo.analysis.intervals import Share
from kaigo.analysis.rules import CERTIFIED, load_profiles, load_thresholds, needy_name, profile_name
from kaigo.display import Figure, Table
from kaigo.display.suppression import SmallCellRule, choose_rule
from kaigo.tables import level_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ALL, ANY = "全体", "-"
PRESENT, ABSENT, UNKNOWN = "あり", "なし", "回答なし"


def level_table(result: ConditionsResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """区分の構成。少ない区分があるときは、3つにまとめて示す(ほかの表の合計から逆算されないように)。"""
    import pandas as pd

    count, share = count_name(result.unit), f"割合({share_base(result.unit)})"
    counts = dict(result.levels)
    groups = {level_name(level): [level] for level in CERTIFIED}
    if is_small(list(counts.values()), choose_rule(inhabitants)):
        bands = load_thresholds()["need_bands"]
        groups = dict(zip(bands["names"], bands["levels"], strict=True))
    rows = [(name, sum(counts[level] for level in levels)) for name, levels in groups.items()]
    rows.append((ALL, result.total))
    frame = pd.DataFrame(
        [(name, number, to_percent(number / result.total)) for name, number in rows],
        columns=["要介護状態区分", count, share],
    )
    layout = TableForm(
        (count,), {share: count}, {count: result.unit, share: "%"}, source_text, inhabitants, {share: 1}
    )
    shown = read_rows(layout.hide(frame).iloc[:-1], share)
    who = f"{month_words(result.month)}に認定が有効な人" if result.unit == "人" else "最後の月の給付の行"
    found = describe_extremes(shown, "要介護状態区分", share) if shown else hidden_words()
    return layout.build(frame, caption=f"{who}の区分の割合: {found}", note=result.notes[2])


def need_figure(result: ConditionsResult, *, source_text: str, inhabitants: int | None = None) -> Figure:
    """容態の「あり」「なし」別に、要介護3以上の割合を区間とともに示す横棒グラフ。"""
    rule = choose_rule(inhabitants)
    rows = [_need_row(ALL, ANY, result.need)]
    withheld = []
    for need in result.conditions:
        answers = choose_safe_answers(need, rule)
        rows += [_need_row(need.condition.name, answer, share) for answer, share in answers]
        if len(answers) < 2:
            withheld.append(need.condition.name)
    frame = _make_frame(rows)
    layout = _need_layout(result, "容態", source_text, inhabitants)
    name = need_name()
    caption, alt = f"容態別の{name}: {hidden_words()}", f"横棒グラフ。{hidden_words()}。"
    held = read_rows(layout.hide(frame), name)
    present = [row for row in held if row["回答"] == PRESENT]
    if present:
        top = max(present, key=lambda row: row[name])
        caption = f"「{top['容態']}」に当てはまる{_who(result)}の{top[name]:.1f}%が{needy_name()}"
        caption += "".join(f"(全体では{row[name]:.1f}%)" for row in held if row["容態"] == ALL)
        alt = f"横棒グラフ。容態の「あり」「なし」別の{name}。「あり」の中では、{describe_extremes(present, '容態', name)}。"
    words = [
        f"割合は、認定が有効な{_who(result)}のうちの割合で、区間は正確法(Clopper–Pearson)による。",
        *result.notes,
    ]
    if withheld:
        words.append(f"少ない人数を含むため、載せないか片方だけを載せた容態: {'、'.join(withheld)}。")
    if result.unavailable:
        missing = "、".join(condition.name for condition in result.unavailable)
        words.append(f"認定調査の項目が表にないため、求められない容態: {missing}。")
    if result.unit == "行":
        words[0] = ""
    table = layout.build(frame, caption=caption, note="".join(words))
    height = 1.2 + 0.3 * len(frame)
    return Figure(_draw_need, table=table, caption=caption, alt=alt, source=source_text, size=(7.0, height))


def profile_table(result: ConditionsResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """容態像ごとの要介護3以上の割合。容態像は本書の簡単な規則による。"""
    rows = [(profile_name(profile), share) for profile, share in result.profiles]
    return _group_table(
        result, "容態像", rows, source_text, inhabitants, str(load_profiles()["rule"]["text"])
    )


def disease_table(result: ConditionsResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """主たる疾病ごとの要介護3以上の割合。疾患の列がなければ、何が求められないかの表。"""
    import pandas as pd

    if result.diseases is None:
        frame = pd.DataFrame(
            [(row["question"], row["answer"], row["needed"]) for row in result.lost],
            columns=["問い", "この表では", "必要なもの"],
        )
        lost = sum(row["answer"] == "求められない" for row in result.lost)
        caption = f"疾患の列がないため、{len(frame)}つの問いのうち{lost}つに答えられない"
        return Table(frame, caption=caption, source=source_text, note=result.notes[0])
    return _group_table(result, "主たる疾病", list(result.diseases), source_text, inhabitants, "")


def prevalence_table(result: ConditionsResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """容態ごとに、区分のまとまり別の「あり」の割合。"""
    import pandas as pd

    count = count_name(result.unit)
    # The figure above tells the sum of the two lower bands: one small cell would follow from the other two.
    rule = choose_rule(inhabitants)
    small = {
        row.condition.id
        for row in result.by_band
        if rule.threshold is not None and is_small([row.present, row.absent, row.unknown], rule)
    }
    kept = [row for row in result.by_band if row.condition.id not in small]
    frame = pd.DataFrame(
        [
            (
                f"{row.condition.name} / {row.group}",
                row.total,
                row.present,
                row.absent,
                row.unknown,
                to_percent(row.present / row.total if row.total else None),
            )
            for row in kept
        ],
        columns=["容態と区分", count, PRESENT, ABSENT, UNKNOWN, "ありの割合"],
    )
    counted = (count, PRESENT, ABSENT, UNKNOWN)
    layout = TableForm(
        counted,
        {"ありの割合": PRESENT},
        dict.fromkeys(counted, result.unit) | {"ありの割合": "%"},
        source_text,
        inhabitants,
        {"ありの割合": 1},
        totals={"ありの割合": count},
    )
    shown = read_rows(layout.hide(frame), "ありの割合")
    found = describe_extremes(shown, "容態と区分", "ありの割合") if shown else hidden_words()
    caption = f"区分のまとまり別の「あり」の割合: {found}"
    note = (
        "割合は「回答なし」も含めた全員に対するもので、回答が削除された人がいる分だけ低めに出る。"
        + "".join(result.notes[:1])
    )
    if small:
        names = dict.fromkeys(row.condition.name for row in result.by_band if row.condition.id in small)
        note += f"該当者の少ない区分があるため載せない容態: {'、'.join(names)}。"
    return layout.build(frame, caption=caption, note=note)


def choose_safe_answers(need: ConditionNeed, rule: SmallCellRule) -> list[tuple[str, Share]]:
    """「あり」「なし」のうち、載せても少ない人数が引き算で分からないもの。

    Totals are known from other rows: what is left out must be no small count, in either half of the levels.
    """
    answers = ((PRESENT, need.present), (ABSENT, need.absent))
    if rule.threshold is None:
        return list(answers)
    if not is_small(_cells(need.present) + _cells(need.absent) + _cells(need.unknown), rule):
        return list(answers)
    for (answer, share), (_, other) in (answers, answers[::-1]):
        rest = [a + b for a, b in zip(_cells(other), _cells(need.unknown), strict=True)]
        if not is_small(_cells(share) + rest, rule):
            return [(answer, share)]
    return []


def need_name() -> str:
    """要介護3以上の割合."""
    return f"{needy_name()}の割合"


def _cells(share: Share) -> list[int]:
    return [share.count, share.others]


def _who(result: ConditionsResult) -> str:
    return "人" if result.unit == "人" else "給付の行"


def _need_row(group: str, answer: str, share: Share) -> dict[str, Any]:
    return {
        "容態": group,
        "回答": answer,
        "計": share.total,
        needy_name(): share.count,
        f"{needy_name()}でない": share.others,
        **share_cells(share, need_name()),
    }


def _make_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame."""
    import pandas as pd

    return pd.DataFrame(rows)


def _need_layout(
    result: ConditionsResult, row_header: str, source: str, inhabitants: int | None
) -> TableForm:
    counted = ("計", needy_name(), f"{needy_name()}でない")
    shares = share_columns(need_name())
    return TableForm(
        persons=counted,
        derived=dict.fromkeys(shares, needy_name()),
        units=dict.fromkeys(counted, result.unit) | dict.fromkeys(shares, "%"),
        source=source,
        inhabitants=inhabitants,
        digits=dict.fromkeys(shares, 1),
        row_header=row_header,
        totals=dict.fromkeys(shares, "計"),
    )


def _group_table(
    result: ConditionsResult,
    label: str,
    groups: list[tuple[str, Share]],
    source: str,
    inhabitants: int | None,
    note: str,
) -> Table:
    """要介護3以上の割合 by profile or disease, with the whole in the last row."""
    frame = _make_frame([_need_row(name, "", share) for name, share in [*groups, (ALL, result.need)]])
    frame = frame.drop(columns="回答").rename(columns={"容態": label})
    layout = _need_layout(result, label, source, inhabitants)
    name = need_name()
    shown = read_rows(layout.hide(frame).iloc[:-1], name)
    found = describe_extremes(shown, label, name) if shown else hidden_words()
    return layout.build(frame, caption=f"{label}別の{name}: {found}", note=note + result.notes[0])


def _draw_need(axes: Axes, frame: pd.DataFrame) -> None:
    name, low, high = share_columns(need_name())
    labels = [
        row["容態"] if row["回答"] == ANY else f"{row['容態']}: {row['回答']}" for _, row in frame.iterrows()
    ]
    places = list(range(len(frame)))[::-1]
    for answer in (ANY, PRESENT, ABSENT):
        chosen = [i for i, found in enumerate(frame["回答"]) if found == answer]
        if not chosen:
            continue
        part = frame.iloc[chosen]
        axes.barh([places[i] for i in chosen], part[name], height=0.7)
        bounds = part.dropna(subset=[low, high])
        if len(bounds):
            heights = [places[frame.index.get_loc(i)] for i in bounds.index]
            errors = [bounds[name] - bounds[low], bounds[high] - bounds[name]]
            axes.errorbar(
                bounds[name], heights, xerr=errors, fmt="none", ecolor="#1a1a1c", elinewidth=1, capsize=2
            )
    axes.set_yticks(places, labels)
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"{name}(%)")
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
