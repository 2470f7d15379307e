"""What ③ needs of a table, held against the standard and the months at hand (③に要るもの)."""

from __future__ import annotations

from dataclasses import dataclass

from kaigo.analysis.rules import load_statements, load_thresholds
from kaigo.analysis.source import Coverage, Terms


@dataclass(frozen=True)
class Need:
    """③に要るものの1つと、この加工基準とデータでの値。

    Attributes
    ----------
    name, needed, found : str
        What it is, what ③ needs, what the standard and the data give.
    met : bool
    remedy : str
        What to change where it is not met.
    """

    name: str
    needed: str
    found: str
    met: bool
    remedy: str


def list_needs(layout: str, terms: Terms, coverages: tuple[Coverage, ...]) -> tuple[Need, ...]:
    """③に要るものを、1つずつ加工基準とデータの月に照らす。

    Parameters
    ----------
    layout : {"care", "linked", "joined"}
    terms : Terms
    coverages : tuple of Coverage
        Months that can be followed; none for ``joined``.

    Returns
    -------
    tuple of Need
        Pseudonyms, months under one of them, benefits by month, levels by month, months that can be followed.
    """
    least = int(load_thresholds()["coverage_months"]["value"])
    named = layout != "joined"
    under = months_under_one(terms, terms.rotate_months) if named else 0
    shown = max((len(coverage.months) for coverage in coverages), default=0)
    averaged = f"期間に1回の月平均だけを示す(定め{terms.averaged})"
    fixed = f"期間の初めの1回だけを示す(定め{terms.fixed})"
    return (
        make_need("identity", _describe_identity(layout, terms), named),
        make_need("months", f"{under}か月" if named else "仮IDがない", under >= least),
        make_need("benefits", averaged if terms.averaged else "月ごとに示す", not terms.averaged),
        make_need("levels", fixed if terms.fixed else "月ごとに示す", not terms.fixed),
        make_need("followed", f"{shown}か月", shown >= least),
    )


def make_need(key: str, found: str, met: bool) -> Need:
    """One need by its entry in ``statements.toml``."""
    thresholds = load_thresholds()
    words = load_statements("care_plans")["needs"][key]
    numbers = {
        "least": thresholds["coverage_months"]["value"],
        "early": thresholds["pattern_months"]["value"],
    }
    needed, remedy = (str(words[part]).format(**numbers) for part in ("needed", "remedy"))
    return Need(str(words["name"]), needed, found, met, remedy)


def months_under_one(terms: Terms, rotate_months: int | None) -> int:
    """Months that one pseudonym covers at most: its interval, or the window where that is shorter.

    Examples
    --------
    A window of 12 months: 6 with an interval of 6, 12 with one of 24 or with a pseudonym that stays (None).
    """
    return min(rotate_months or terms.window, terms.window)


def say_remedies(needs: tuple[Need, ...]) -> str:
    """What would have to change, in one sentence; the last need follows from the others, where one of them is not met."""
    missing = [need.remedy for need in needs if not need.met]
    return f"次のことが必要です: {'、'.join(missing[:-1] or missing)}。"


def _describe_identity(layout: str, terms: Terms) -> str:
    if layout == "care":
        return "もとの介護データ(被保険者番号)"
    if layout == "joined":
        return "ない(1行1給付の表)"
    return f"ある({terms.rotate_months}か月ごとに替わる)" if terms.rotate_months else "ある(替わらない)"
