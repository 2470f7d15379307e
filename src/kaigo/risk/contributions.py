"""Which columns carry the risk: leaving each group of columns out, and taking each alone."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from kaigo.risk.numbering import number_rows
from kaigo.risk.released_history import NO_CERTIFICATION, ReleasedHistory
from kaigo.risk.rotation import number_histories

SURVEY_GROUPS = {
    "survey_1_": "調査 第1群(身体機能・起居動作)",
    "survey_2_": "調査 第2群(生活機能)",
    "survey_3_": "調査 第3群(認知機能)",
    "survey_4_": "調査 第4群(精神・行動障害)",
    "survey_5_": "調査 第5群(社会生活への適応)",
    "survey_6_": "特別な医療",
}
OTHER_LABELS = {
    "birth": "生年(加工後)",
    "age": "生年(加工後)",
    "sex": "性別",
    "care_level": "要介護状態区分",
    "primary_disease": "疾患",
    "insured_category": "第1号・第2号の別",
    "disability_independence": "障害高齢者の日常生活自立度",
    "dementia_independence": "認知症高齢者の日常生活自立度",
}
SERVICES = "サービスの種類"


@dataclass(frozen=True)
class Contribution:
    """1つの列の組を除いたとき、その組だけのときに、ただ1人になる人の割合。

    Attributes
    ----------
    label : str
    columns : int
        Released columns in the group.
    without, alone : float
        Share of persons with a history of their own if the group is left out, and on the group alone.
    without_survey : float
        The same as ``without`` on a release that has no survey answers (which else hide every other column's part).
    """

    label: str
    columns: int
    without: float
    alone: float
    without_survey: float


@dataclass(frozen=True)
class Contributions:
    """列の組ごとの寄与。"""

    everything: float
    everything_without_survey: float
    groups: tuple[Contribution, ...]


def measure_contributions(history: ReleasedHistory, period: range) -> Contributions:
    """どの列が、人をただ1人にしているかを、除いてみて測る。

    Parameters
    ----------
    period : range
        Months of one pseudonym; histories (B) within it are compared.
    """
    groups = _group_columns(history)
    everyone = set().union(*groups.values()) if groups else set()
    survey = {name for name in everyone if name.startswith("survey_")}
    rows = tuple(
        Contribution(
            label,
            len(names),
            unique_share(history, period, everyone - names),
            unique_share(history, period, names),
            unique_share(history, period, everyone - survey - names),
        )
        for label, names in groups.items()
    )
    return Contributions(
        unique_share(history, period, everyone), unique_share(history, period, everyone - survey), rows
    )


def unique_share(history: ReleasedHistory, period: range, columns: set[str]) -> float:
    """Share of the persons present whose history on these columns nobody shares (presence itself is always seen)."""
    static = [place for place, name in enumerate(history.static_names) if name in columns]
    content = [place for place, name in enumerate(history.content_names) if name in columns]
    rows, number = number_rows(np.ascontiguousarray(history.content[:, content]))
    content_of = np.where(
        history.content_of == NO_CERTIFICATION, NO_CERTIFICATION, number[history.content_of]
    )
    shown = dataclasses.replace(
        history, static=np.ascontiguousarray(history.static[:, static]), content=rows, content_of=content_of
    )
    if SERVICES not in columns:
        nothing = np.zeros(0, dtype=np.int64)
        shown = dataclasses.replace(shown, person=nothing, month=nothing, label=nothing, units=nothing)
    here = (shown.content_of[:, list(period)] != NO_CERTIFICATION).any(axis=1)
    histories = number_histories(shown, period)[here]
    return float((np.bincount(histories)[histories] == 1).mean()) if here.any() else float("nan")


def _group_columns(history: ReleasedHistory) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for name in (*history.static_names, *history.content_names):
        survey = next((label for prefix, label in SURVEY_GROUPS.items() if name.startswith(prefix)), None)
        other = next((label for prefix, label in OTHER_LABELS.items() if name.startswith(prefix)), name)
        groups.setdefault(survey or other, set()).add(name)
    if history.labels:
        groups[SERVICES] = {SERVICES}
    return groups
