"""Between releases: what somebody who holds two of them, or one and a published table, can do (差分、突合)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kaigo.deidentify import Release
from kaigo.engine import open_engine
from kaigo.errors import InputError
from kaigo.risk.known_points import wilson
from kaigo.risk.numbering import Array
from kaigo.risk.released_history import NO_CERTIFICATION, ReleasedHistory, number_persons, read_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

SMALL = 10
"""Differences below this many persons are told: the publication threshold of the 介護DB, 準用."""


@dataclass(frozen=True)
class TwoReleases:
    """2つの提供を手にした者が、同じ人を結べる割合。

    Attributes
    ----------
    months : tuple of str
        Months in both.
    columns : tuple of str
        Released columns in both that are compared.
    both : int
        Persons in both releases in the first common month.
    joined, correct : int
        Pairs that agree in every common value of person and certification in that month and are alone in that in both
        releases; of the rest those that are alone once the kinds of service of the month are compared, too; those that are
        right.
    share, low, high : float
        ``correct`` / ``both``, with a 95 % Wilson interval.
    added_columns, added_months : tuple of str
        What the second release tells of a joined person beyond the first.
    """

    months: tuple[str, ...]
    columns: tuple[str, ...]
    both: int
    joined: int
    correct: int
    share: float
    low: float
    high: float
    added_columns: tuple[str, ...]
    added_months: tuple[str, ...]

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "common_months": list(self.months),
            "common_columns": list(self.columns),
            "persons_in_both": self.both,
            "joined": self.joined,
            "correct": self.correct,
            "share": None if np.isnan(self.share) else self.share,
            "ci": None if np.isnan(self.share) else [self.low, self.high],
            "added_columns": list(self.added_columns),
            "added_months": list(self.added_months),
        }


def compare_releases(first: Release, second: Release, *, engine: str = "duckdb") -> TwoReleases:
    """同じ人を含む2つの提供が、仮IDが違っても中身で結べるかを測る。

    Parameters
    ----------
    first, second : Release
        ``linked``, with their crosswalks (only counts leave).

    Raises
    ------
    InputError
        If a crosswalk is missing, or the releases have no month in common.
    """
    left, right = read_history(first, engine=engine), read_history(second, engine=engine)
    months = tuple(month for month in left.months if month in right.months)
    if not months:
        raise InputError(
            "2つの提供に共通の月がありません。",
            found=f"{left.months[0]}〜{left.months[-1]} と {right.months[0]}〜{right.months[-1]}",
            remedy="月の重なる提供どうしを指定してください。",
        )
    names = tuple(
        name
        for name in (*left.static_names, *left.content_names)
        if name in (*right.static_names, *right.content_names)
    )
    same = _match_persons(first, second, engine)
    a, who_a = _month_values(first, left, months[0], names, engine)
    b, who_b = _month_values(second, right, months[0], names, engine)
    pairs = _join_alone(a, b)
    if _speak_of_the_same_months(left, right):
        used_a, used_b = _month_kinds(left, who_a, months[0]), _month_kinds(right, who_b, months[0])
        pairs += _join_rest(a, b, used_a, used_b, pairs)
    partner = dict(zip(same[:, 0].tolist(), same[:, 1].tolist(), strict=True))
    correct = sum(partner.get(int(who_a[x])) == int(who_b[y]) for x, y in pairs)
    both = int(np.isin([partner.get(int(x), -1) for x in who_a], who_b).sum())
    share = correct / both if both else float("nan")
    low, high = wilson(share, both)
    known = {*left.static_names, *left.content_names}
    return TwoReleases(
        months,
        names,
        both,
        len(pairs),
        correct,
        share,
        low,
        high,
        tuple(n for n in (*right.static_names, *right.content_names) if n not in known),
        tuple(m for m in right.months if m not in left.months),
    )


def _match_persons(first: Release, second: Release, engine: str) -> Array:
    """Numbers of the same person in both histories (both number their persons by insurer and insured number)."""
    numbered = (
        "select insurer_number, insured_number, "
        "row_number() over (order by insurer_number, insured_number) - 1 as person "
        "from (select distinct insurer_number, insured_number from {}) as d"
    )
    with open_engine(engine) as session:
        session.scan("first_ids", first.keep / "crosswalk" / "persons")
        session.scan("second_ids", second.keep / "crosswalk" / "persons")
        rows = session.df(
            f"select a.person as a, b.person as b from ({numbered.format('first_ids')}) as a "
            f"join ({numbered.format('second_ids')}) as b "
            "on a.insurer_number = b.insurer_number and a.insured_number = b.insured_number",
            max_rows=20_000_000,
        )
    return np.asarray(rows.to_numpy(), dtype=np.int64)


def _month_values(
    release: Release, history: ReleasedHistory, month: str, names: Sequence[str], engine: str
) -> tuple[list[tuple[str, ...]], Array]:
    """Values as text (numbers of values differ between releases) of everyone present in a month."""
    static = [name for name in names if name in release.columns("persons")]
    content = [name for name in names if name not in static]
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        release.scan(session)
        release.scan_persons(session)
        number_persons(session, Path(folder))
        text, quote = session.dialect.text_type, session.dialect.quote
        columns = [f"coalesce(cast(p.{quote(n)} as {text}), '')" for n in static]
        columns += [f"coalesce(cast(c.{quote(n)} as {text}), '')" for n in content]
        values = ", ".join(f"{column} as v{place}" for place, column in enumerate(columns))
        literal = session.dialect.text(month)
        rows = session.rows(
            f"select i.person{', ' + values if values else ''} from released_certifications as c "
            "join numbered_ids as i on i.person_id = c.person_id "
            "join released_persons as p on p.person_id = c.person_id "
            f"where c.from_month <= {literal} and c.to_month >= {literal} order by i.person"
        )
    order = [(*static, *content).index(name) for name in names]
    seen = {int(row[0]): tuple(str(row[1 + place]) for place in order) for row in rows}
    present = np.array(sorted(seen), dtype=np.int64)
    at = history.months.index(month)
    present = present[history.content_of[present, at] != NO_CERTIFICATION]
    return [seen[int(person)] for person in present], present


def _join_alone(a: list[tuple[str, ...]], b: list[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Pairs of places whose values stand exactly once on each side."""
    place_a, place_b = _places(a), _places(b)
    return [
        (places[0], place_b[value][0])
        for value, places in place_a.items()
        if len(places) == 1 and len(place_b.get(value, ())) == 1
    ]


def _join_rest(
    a: list[tuple[str, ...]],
    b: list[tuple[str, ...]],
    used_a: list[tuple[str, ...]],
    used_b: list[tuple[str, ...]],
    taken: list[tuple[int, int]],
) -> list[tuple[int, int]]:
    """Further pairs among the places that are left, with the services used as one more value."""
    gone_a, gone_b = {x for x, _ in taken}, {y for _, y in taken}
    left = [place for place in range(len(a)) if place not in gone_a]
    right = [place for place in range(len(b)) if place not in gone_b]
    found = _join_alone([(*a[x], *used_a[x]) for x in left], [(*b[y], *used_b[y]) for y in right])
    return [(left[x], right[y]) for x, y in found]


def _speak_of_the_same_months(left: ReleasedHistory, right: ReleasedHistory) -> bool:
    """Whether a value of one release and of the other stand for the same months, so that they can be compared."""
    return left.step == right.step == 1 or (left.step == right.step and left.months[0] == right.months[0])


def _month_kinds(history: ReleasedHistory, who: Array, month: str) -> list[tuple[str, ...]]:
    """Labels that each of some persons shows in a month."""
    inside = history.month == history.months.index(month)
    used: dict[int, list[str]] = {}
    for person, label in zip(history.person[inside].tolist(), history.label[inside].tolist(), strict=True):
        used.setdefault(person, []).append(history.labels[label])
    return [tuple(sorted(used.get(int(person), ()))) for person in who]


def _places(values: list[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    return places


def difference_counts(
    first: pd.DataFrame, second: pd.DataFrame, by: Sequence[str], count: str, *, small: int = SMALL
) -> pd.DataFrame:
    """2つの集計(または提供から数えた集計と公表された統計)の差から、少ない人数が分かる区分を挙げる。

    Parameters
    ----------
    first, second : pandas.DataFrame
        One row a cell; columns ``by`` and ``count`` (persons). A cell that is missing counts 0.
    by : sequence of str
        Dimensions that both tables have.
    small : int
        Differences from 1 to this less one are told.

    Returns
    -------
    pandas.DataFrame
        ``by``, ``first``, ``second``, ``difference`` of the cells whose difference is small and not 0.

    Examples
    --------
    All persons by sex and level: 120 in the statistics, 119 in the release → one person was removed, and her sex and
    level are known.
    """
    import pandas as pd

    keys = list(by)
    a = first.groupby(keys)[count].sum().rename("first").reset_index()
    b = second.groupby(keys)[count].sum().rename("second").reset_index()
    merged = pd.merge(a, b, on=keys, how="outer").fillna({"first": 0, "second": 0})
    merged = merged.astype({"first": "int64", "second": "int64"})
    merged["difference"] = merged["first"] - merged["second"]
    told = merged[(merged["difference"] != 0) & (merged["difference"].abs() < small)]
    return told.sort_values(keys, kind="stable").reset_index(drop=True)
