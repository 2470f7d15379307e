"""Tables and figures of ②."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kaigo.analysis.figure_parts import (
    OTHERS,
    Part,
    TableForm,
    counted_unit,
    describe_extremes,
    hidden_words,
    is_small,
    merge_small_parts,
    month_words,
    read_rows,
    to_percent,
)
from kaigo.analysis.rules import load_profiles, profile_name
from kaigo.analysis.service_use_result import MixRow, ServiceUseResult, UseRow
from kaigo.display import Figure, Table
from kaigo.display.drawing import COLOURS, HATCHES
from kaigo.display.suppression import choose_rule
from kaigo.tables import level_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ALL = "全体"
PERSONS, USERS, NON_USERS = "認定のある人", "利用した人", "利用しなかった人"
USE_SHARE, UNITS, LIMIT_SHARE = (
    "利用した月の割合(認定のある月のうち)",
    "利用した月の平均単位数",
    "支給限度額に対する割合",
)
LINES, UNITS_PER_LINE = "行数", "1行の平均単位数"
SHARE = "単位数の割合"


def profile_use_table(result: ServiceUseResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """容態像ごとの利用した割合、単位数、限度額に対する割合。"""
    rule = str(load_profiles()["rule"]["text"])
    return _use_table(result, "容態像", result.by_profile, profile_name, source_text, inhabitants, rule)


def level_use_table(result: ServiceUseResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """要介護状態区分ごとの利用した割合、単位数、限度額に対する割合。"""
    return _use_table(result, "要介護状態区分", result.by_level, _name_level, source_text, inhabitants, "")


def month_use_table(result: ServiceUseResult, *, source_text: str, inhabitants: int | None = None) -> Table:
    """月ごとの利用した割合と単位数。"""
    return _use_table(
        result, "サービス利用年月", result.by_month, month_words, source_text, inhabitants, "", total=False
    )


def kind_table(
    result: ServiceUseResult, *, source_text: str, inhabitants: int | None = None, most: int = 20
) -> Table:
    """サービス種類ごとの利用者数と、単位数の構成。"""
    users = _users_name(result)
    parts = merge_small_parts(_parts(result, result.by_kind), choose_rule(inhabitants), most)
    frame = _mix_frame([("", part) for part in parts], users, result.total.units).drop(columns="容態像")
    layout = _mix_layout(result, source_text, inhabitants, "サービス")
    shown = [row for row in read_rows(layout.hide(frame), SHARE) if row["サービス"] != OTHERS]
    found = describe_extremes(shown, "サービス", SHARE) if shown else hidden_words()
    caption = f"載せたサービス種類の{SHARE}: {found}"
    note = (
        f"コードが上位の分類に置き換えられたか削除された行は{100 * result.rolled_share:.1f}%。"
        "1人が複数の種類を使うため、利用者数の合計は人数を超える。"
    )
    return layout.build(frame, caption=caption, note=note + "".join(result.notes[:1]))


def category_figure(result: ServiceUseResult, *, source_text: str, inhabitants: int | None = None) -> Figure:
    """容態像ごとの、サービスの分類別の単位数の割合を示す積み上げ横棒グラフ。"""
    rule = choose_rule(inhabitants)
    rows: list[tuple[str, Part]] = []
    left_out, totals = [], {}
    for profile in (row.group for row in result.by_profile):
        found = [row for row in result.by_category if row.profile == profile]
        name = profile_name(profile)
        totals[name] = sum(row.units for row in found)
        parts = merge_small_parts(_parts(result, found), rule)
        rows += [(name, part) for part in parts]
        if found and not parts:
            left_out.append(name)
    frame = _mix_frame(rows, _users_name(result), totals)
    layout = _mix_layout(result, source_text, inhabitants, "容態像")
    shown = read_rows(layout.hide(frame), SHARE)
    caption, alt = f"容態像別のサービスの構成: {hidden_words()}", f"積み上げ横棒グラフ。{hidden_words()}。"
    if shown:
        tops = []
        for profile in dict.fromkeys(row["容態像"] for row in shown):
            own = [row for row in shown if row["容態像"] == profile]
            top = max(own, key=lambda row: (row["サービス"] != OTHERS, row[SHARE]))
            tops.append(f"「{profile}」では{top['サービス']}({top[SHARE]:.1f}%)")
        low = min(shown, key=lambda row: row[SHARE])
        merged = any(row["サービス"] == OTHERS for row in shown)
        caption = f"{'名前を載せた分類のうち、' if merged else ''}単位数が最も多いのは、{'、'.join(tops)}"
        alt = (
            f"積み上げ横棒グラフ。容態像ごとの単位数の構成。{caption}。"
            f"最も小さい部分は「{low['容態像']}」の{low['サービス']}で{low[SHARE]:.1f}%。"
        )
    note = str(load_profiles()["rule"]["text"])
    if left_out:
        note += f"人数が少ないため載せない容態像: {'、'.join(left_out)}。"
    table = layout.build(frame, caption=caption, note=note + "".join(result.notes))
    return Figure(_draw_shares, table=table, caption=caption, alt=alt, source=source_text, size=(7.0, 4.2))


def _name_level(level: str) -> str:
    return level_name(level) if level else "区分なし"


def _users_name(result: ServiceUseResult) -> str:
    return "利用者数" if result.unit == "人" else LINES


def _parts(result: ServiceUseResult, rows: Sequence[MixRow]) -> list[Part]:
    return [Part(row.name, row.users if result.unit == "人" else row.lines, row.units) for row in rows]


def _mix_frame(rows: Sequence[tuple[str, Part]], users: str, total: int | dict[str, int]) -> pd.DataFrame:
    import pandas as pd

    found: list[dict[str, Any]] = []
    for profile, part in rows:
        whole = total if isinstance(total, int) else total[profile]
        share = to_percent(part.units / whole if whole else None)
        found.append({"容態像": profile, "サービス": part.name, users: part.users, SHARE: share})
    return pd.DataFrame(found, columns=["容態像", "サービス", users, SHARE])


def _mix_layout(result: ServiceUseResult, source: str, inhabitants: int | None, row_header: str) -> TableForm:
    users = _users_name(result)
    return TableForm(
        persons=(users,),
        derived={SHARE: users},
        units={users: result.unit, SHARE: "%"},
        source=source,
        inhabitants=inhabitants,
        digits={SHARE: 1},
        row_header=row_header,
    )


def _use_table(
    result: ServiceUseResult,
    label: str,
    rows: Sequence[UseRow],
    name: Callable[[str], str],
    source: str,
    inhabitants: int | None,
    note: str,
    *,
    total: bool = True,
) -> Table:
    """One row a group. Means are left out where fewer persons used a service than may be shown."""
    import pandas as pd

    rule = choose_rule(inhabitants)
    groups = [(name(row.group), row) for row in rows] + ([(ALL, result.total)] if total else [])
    if result.unit == "行":
        frame = pd.DataFrame(
            [(group, row.lines, row.units_per_line) for group, row in groups],
            columns=[label, LINES, UNITS_PER_LINE],
        )
        layout = TableForm(
            (LINES,),
            {UNITS_PER_LINE: LINES},
            {LINES: "行", UNITS_PER_LINE: "単位"},
            source,
            inhabitants,
            {UNITS_PER_LINE: 0},
        )
        return _caption_use(layout, frame, label, UNITS_PER_LINE, result, note)
    cells = []
    for group, row in groups:
        users, persons = row.users or 0, row.persons or 0
        few = rule.threshold is not None and is_small([users], rule)
        units = None if few else row.units_per_user_month
        limit = None if few else row.limit_share
        cells.append(
            (group, persons, users, persons - users, to_percent(row.users_share), units, to_percent(limit))
        )
    frame = pd.DataFrame(cells, columns=[label, PERSONS, USERS, NON_USERS, USE_SHARE, UNITS, LIMIT_SHARE])
    frame[UNITS] = frame[UNITS].astype("float64")
    layout = TableForm(
        persons=(PERSONS, USERS, NON_USERS),
        derived={USE_SHARE: USERS, UNITS: PERSONS, LIMIT_SHARE: PERSONS},
        units=dict.fromkeys((PERSONS, USERS, NON_USERS), counted_unit(result.layout))
        | {USE_SHARE: "%", UNITS: "単位", LIMIT_SHARE: "%"},
        source=source,
        inhabitants=inhabitants,
        digits={USE_SHARE: 1, UNITS: 0, LIMIT_SHARE: 1},
    )
    return _caption_use(layout, frame, label, UNITS, result, note)


def _caption_use(
    layout: TableForm, frame: pd.DataFrame, label: str, measure: str, result: ServiceUseResult, note: str
) -> Table:
    shown = [row for row in read_rows(layout.hide(frame), measure) if row[label] != ALL]
    found = describe_extremes(shown, label, measure, "単位", 0) if shown else hidden_words()
    return layout.build(frame, caption=f"{label}別の{measure}: {found}", note=note + "".join(result.notes))


def _draw_shares(axes: Axes, frame: pd.DataFrame) -> None:
    profiles = list(dict.fromkeys(frame["容態像"]))[::-1]
    services = sorted(dict.fromkeys(frame["サービス"]), key=OTHERS.__eq__)
    starts = dict.fromkeys(profiles, 0.0)
    for number, service in enumerate(services):
        part = frame[(frame["サービス"] == service) & frame[SHARE].notna()]
        left = [starts[profile] for profile in part["容態像"]]
        places = [profiles.index(profile) for profile in part["容態像"]]
        axes.barh(
            places,
            part[SHARE],
            left=left,
            label=service,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[(number + number // len(COLOURS)) % len(HATCHES)],
            edgecolor="white",
        )
        for profile, share in zip(part["容態像"], part[SHARE], strict=True):
            starts[profile] += float(share)
    axes.set_yticks(range(len(profiles)), profiles)
    axes.set_xlim(0, 100)
    axes.set_xlabel("単位数の割合(%)")
    axes.grid(visible=False, axis="y")
    if services:
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.18), ncol=3, fontsize=9)
