"""Tables and figures of ③. Every caption and alt says that these are no effects of services.

Where ③ was refused, each of them shows what can be said in its place (``figures_care_plans_refused``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaigo.analysis.care_plans_display import ShownPatterns, choose_shown_patterns
from kaigo.analysis.care_plans_refused import CarePlansRefused
from kaigo.analysis.care_plans_result import OUTCOMES, CarePlansResult, PatternOutcome
from kaigo.analysis.figure_parts import (
    TableForm,
    counted_unit,
    describe_extremes,
    describe_row,
    hidden_words,
    read_rows,
    say_count,
    share_cells,
    share_columns,
    to_percent,
)
from kaigo.analysis.figures_care_plans_refused import (
    beginnings_table,
    intervals_table,
    needs_table,
    parts_table,
)
from kaigo.analysis.rules import needy_name
from kaigo.display import Figure, Table
from kaigo.display.drawing import COLOURS, MARKERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LABEL, PERSONS, GAP, ALL = "サービス利用パターン", "人数", "差", "全体"
WORSE, KEPT, NOT_KEPT = "悪化", "悪化せず認定継続", "悪化または見えなくなった"


def flow_table(
    result: CarePlansResult | CarePlansRefused, *, source_text: str, inhabitants: int | None = None
) -> Table:
    """比べた人と外した人の数。"""
    import pandas as pd

    if isinstance(result, CarePlansRefused):
        return needs_table(result, source_text=source_text)
    frame = pd.DataFrame(list(result.flow), columns=["段階", PERSONS])
    layout = TableForm((PERSONS,), {}, {PERSONS: counted_unit(result.layout)}, source_text, inhabitants, {})
    shown = layout.hide(frame)[PERSONS].dropna()
    caption = f"比べた人と外した人: {hidden_words()}"
    if {0, len(frame) - 1} <= set(shown.index):
        caption = (
            f"各期間の最初の月に認定が有効な{say_count(int(shown.iloc[0]), result.layout)}のうち、"
            f"{say_count(int(shown.iloc[-1]), result.layout)}を比べた"
        )
    return layout.build(frame, caption=caption, note=_spans(result))


def outcome_figure(
    result: CarePlansResult | CarePlansRefused, *, source_text: str, inhabitants: int | None = None
) -> Figure | Table:
    """パターンごとの改善・維持・悪化の割合と95%区間(Wilson)の、点と区間の図。"""
    if isinstance(result, CarePlansRefused):
        return intervals_table(result, source_text=source_text)
    patterns = choose_shown_patterns(result, inhabitants)
    frame, layout, outcomes = _outcome_frame(result, patterns, source_text, inhabitants)
    share = f"{WORSE if patterns.in_full else KEPT}の割合"
    held = [row for row in read_rows(layout.hide(frame), share) if row[LABEL] != ALL]
    found = describe_extremes(held, LABEL, share) if held else hidden_words()
    caption = f"{share}: {found}({result.warning})"
    alt = f"点と区間の図。パターン別の{'・'.join(outcomes)}の割合。{share}は、{found}。{result.warning}。"
    table = layout.build(
        frame, caption=caption, note="".join([_spans(result), _explain_merging(patterns), *result.notes])
    )
    size = (7.0, 1.6 + 0.65 * len(frame))
    return Figure(_draw_outcomes, table=table, caption=caption, alt=alt, source=source_text, size=size)


def naive_table(
    result: CarePlansResult | CarePlansRefused, *, source_text: str, inhabitants: int | None = None
) -> Table:
    """相手のパターンとの単純な差。調整していないので、効果ではない。"""
    import pandas as pd

    if isinstance(result, CarePlansRefused):
        return parts_table(result, source_text=source_text)
    patterns = choose_shown_patterns(result, inhabitants)
    columns, reference = share_columns(GAP), patterns.reference.pattern.name
    cells = []
    for row, found in patterns.differences:
        values = map(to_percent, (found.estimate, found.low, found.high))
        cells.append(
            {LABEL: row.pattern.name, PERSONS: row.persons, **dict(zip(columns, values, strict=True))}
        )
    layout = TableForm(
        (PERSONS,),
        dict.fromkeys(columns, PERSONS),
        {PERSONS: counted_unit(result.layout)} | dict.fromkeys(columns, "ポイント"),
        source_text,
        inhabitants,
        dict.fromkeys(columns, 1),
    )
    frame = pd.DataFrame(cells, columns=[LABEL, PERSONS, *columns])
    shown = read_rows(layout.hide(frame), GAP)
    caption = f"「{reference}」の人との差: {hidden_words()}"
    if shown:
        clear = sum(row[f"{GAP}の下限"] > 0 or row[f"{GAP}の上限"] < 0 for row in shown)
        far = max(shown, key=lambda row: abs(row[GAP]))
        caption = (
            f"{KEPT}の割合の、「{reference}」の人との単純な差は、{describe_row(far, LABEL, GAP, 'ポイント')}が最も大きい"
            f"({_say_clear(clear, len(shown))})"
        )
    note = f"差 = そのパターンの割合 - 「{reference}」の割合。区間は2つずつの比較ごとの95%で、比較の数に応じた調整はしていない。"
    return layout.build(
        frame,
        caption=f"{caption}({result.warning})",
        note=note + _explain_merging(patterns) + result.notes[0],
    )


def _say_clear(clear: int, shown: int) -> str:
    if clear == 0:
        return f"{shown}パターンのどれも区間が0を含み、差があるとは言えない"
    return f"{shown}パターンのうち{clear}パターンで区間が0を含まない"


def baseline_table(
    result: CarePlansResult | CarePlansRefused, *, source_text: str, inhabitants: int | None = None
) -> Table:
    """最初の月の重さのパターンによる違い: 単純な差が効果でない理由。"""
    import pandas as pd

    if isinstance(result, CarePlansRefused):
        return beginnings_table(result, source_text=source_text, inhabitants=inhabitants)
    patterns = choose_shown_patterns(result, inhabitants)
    name, other, share = needy_name(), f"{needy_name()}でない", f"最初の月に{needy_name()}の割合"
    frame = pd.DataFrame(
        [
            {
                LABEL: row.pattern.name,
                PERSONS: row.persons,
                name: row.needy,
                other: row.persons - row.needy,
                **share_cells(row.needy_share, share),
            }
            for row in _rows(patterns)
        ]
    )
    columns = share_columns(share)
    layout = TableForm(
        (PERSONS, name, other),
        dict.fromkeys(columns, name),
        dict.fromkeys((PERSONS, name, other), counted_unit(result.layout)) | dict.fromkeys(columns, "%"),
        source_text,
        inhabitants,
        dict.fromkeys(columns, 1),
        totals=dict.fromkeys(columns, PERSONS),
    )
    shown = [row for row in read_rows(layout.hide(frame), share) if row[LABEL] != ALL]
    found = describe_extremes(shown, LABEL, share) if shown else hidden_words()
    caption = f"{share}(サービスを比べる前からの違い): {found}({result.warning})"
    return layout.build(frame, caption=caption, note=_explain_merging(patterns) + result.notes[0])


def _spans(result: CarePlansResult) -> str:
    spans = "、".join(f"{first}〜{last}" for first, last in result.coverages)
    return f"追える期間: {spans}。"


def _rows(patterns: ShownPatterns) -> tuple[PatternOutcome, ...]:
    return patterns.rows if patterns.total is None else (*patterns.rows, patterns.total)


def _explain_merging(patterns: ShownPatterns) -> str:
    words = ""
    if patterns.merged:
        what = "まとめた" if patterns.total else "載せない(全体の行も、引き算で分かるため載せない)"
        words = f"人数が少ないため{what}パターン: {'、'.join(patterns.merged)}。"
    if not patterns.in_full:
        words += "人数が少ないため、改善と維持、悪化と見えなくなったをそれぞれ合わせて示す。"
    return words


def _outcome_frame(
    result: CarePlansResult, patterns: ShownPatterns, source: str, inhabitants: int | None
) -> tuple[pd.DataFrame, TableForm, tuple[str, ...]]:
    """The table behind the figure, and the outcomes that it draws."""
    import pandas as pd

    outcomes = OUTCOMES[:3] if patterns.in_full else (KEPT,)
    counted = (PERSONS, *OUTCOMES) if patterns.in_full else (PERSONS, KEPT, NOT_KEPT)
    cells = []
    for row in _rows(patterns):
        cell: dict[str, Any] = {LABEL: row.pattern.name, PERSONS: row.persons}
        if patterns.in_full:
            cell |= row.counts
            shares = {outcome: row.share(outcome) for outcome in outcomes}
        else:
            cell |= {KEPT: row.not_worse.count, NOT_KEPT: row.not_worse.others}
            shares = {KEPT: row.not_worse}
        for outcome, share in shares.items():
            cell |= share_cells(share, f"{outcome}の割合")
        cells.append(cell)
    derived = {column: outcome for outcome in outcomes for column in share_columns(f"{outcome}の割合")}
    layout = TableForm(
        counted,
        derived,
        dict.fromkeys(counted, counted_unit(result.layout)) | dict.fromkeys(derived, "%"),
        source,
        inhabitants,
        dict.fromkeys(derived, 1),
        totals=dict.fromkeys(derived, PERSONS),
    )
    return pd.DataFrame(cells), layout, outcomes


def _draw_outcomes(axes: Axes, frame: pd.DataFrame) -> None:
    outcomes = [outcome for outcome in (*OUTCOMES[:3], KEPT) if f"{outcome}の割合" in frame.columns]
    places = list(range(len(frame)))[::-1]
    for number, outcome in enumerate(outcomes):
        name, low, high = share_columns(f"{outcome}の割合")
        held = frame[name].notna().to_list()
        part = frame[held]
        shift = 0.22 * ((len(outcomes) - 1) / 2 - number)
        axes.errorbar(
            part[name],
            [place + shift for place, keep in zip(places, held, strict=True) if keep],
            xerr=[part[name] - part[low], part[high] - part[name]],
            fmt=MARKERS[number],
            color=COLOURS[number],
            label=outcome,
            capsize=2,
            elinewidth=1.2,
        )
    axes.set_yticks(places, list(frame[LABEL]))
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.set_xlim(0, 100)
    axes.set_xlabel("割合(%)、線は95%区間")
    axes.grid(axis="x")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.15), ncol=3)
