"""Every moment beside its published value: how far apart, how far is allowed, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kaigo.engine import Engine
from kaigo.synthetic.calibration.lca import fit_classes, match_classes
from kaigo.synthetic.calibration.measure import Measures, keeps_order, measure_tables
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.parameters import read_synthetic_facts, read_toml
from kaigo.synthetic.profiles import PROFILE_NAMES
from kaigo.synthetic.summary import AGE_BANDS
from kaigo.tables.care_tables import CareTables
from kaigo.tables.codes import level_name
from kaigo.tables.facts import is_printable
from kaigo.tables.survey import find_survey_item

if TYPE_CHECKING:
    import pandas as pd

POINTS, RELATIVE, PERCENT, PLAIN = "ポイント", "%(相対)", "%", ""
HOLDS, FAILS, NOT_COMPARED = "満たす", "満たさない", "比べない"
COLUMNS = ["群", "指標", "単位", "公表", "合成", "差", "許容差", "許容差の単位", "満たすか", "出典"]
SEXES = {1: "男", 2: "女"}


@dataclass(frozen=True)
class Moment:
    """指標1つ。

    Attributes
    ----------
    group, name, unit, source : str
    published, synthetic : float or None
        In percent, or plain (correlations). None where there is no figure.
    tolerance : float or None
        None where the moment is shown, not tested.
    scale : str
        ポイント: largest difference; %(相対): largest difference in percent of the published; empty: ``synthetic``
        must be at least ``published``.
    """

    group: str
    name: str
    unit: str
    published: float | None
    synthetic: float | None
    tolerance: float | None
    scale: str
    source: str

    @property
    def gap(self) -> float | None:
        """The difference on the scale of the tolerance."""
        if self.published is None or self.synthetic is None:
            return None
        gap = self.synthetic - self.published
        return 100 * gap / self.published if self.scale == RELATIVE else gap

    @property
    def verdict(self) -> str:
        """満たす, 満たさない or 比べない."""
        if self.gap is None or self.tolerance is None:
            return NOT_COMPARED
        if self.scale == PLAIN:
            return HOLDS if self.gap >= -1e-9 else FAILS
        return HOLDS if abs(self.gap) <= self.tolerance + 1e-9 else FAILS


def list_moments(measures: Measures) -> list[Moment]:
    """すべての指標を、公表値・許容差・出所とともに並べる。"""
    marks = read_toml("tolerances")
    return [
        *_levels(measures, marks),
        *_rates(measures, marks),
        *_transitions(measures, marks),
        *_items(measures, marks),
        *_profiles(measures, marks),
        *_deaths(measures, marks),
        *_causes(measures, marks),
        *_use(measures, marks),
        *_centenarians(measures, marks),
    ]


def compare_moments(tables: CareTables, engine: Engine) -> pd.DataFrame:
    """合成データのすべての指標を、公表値と並べた表。

    Parameters
    ----------
    tables : CareTables
        At least 12 months for the moments that follow persons; about 50,000 persons, or chance alone exceeds
        the tolerances.
    engine : Engine

    Returns
    -------
    DataFrame
        群, 指標, 単位, 公表, 合成, 差, 許容差, 許容差の単位, 満たすか (満たす, 満たさない, 比べない), 出典.
    """
    import pandas as pd

    newcomers = int(read_toml("tolerances")["profiles"]["persons"])
    moments = list_moments(measure_tables(tables, engine, newcomers))
    rows = [
        [m.group, m.name, m.unit, m.published, m.synthetic, m.gap, m.tolerance, m.scale, m.verdict, m.source]
        for m in moments
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    numbers = ["公表", "合成", "差", "許容差"]
    return frame.astype(dict.fromkeys(numbers, float))


def _levels(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    facts = read_synthetic_facts("published_levels")
    whole = sum(float(row["persons"]) for row in facts)
    counts = {str(k): float(v) for k, v in zip(*_two(measures.summary.levels), strict=True)}
    total = sum(counts.values())
    for row in facts:
        share = 100 * counts.get(row["care_level"], 0.0) / max(total, 1)
        yield Moment(
            "要介護状態区分の構成", level_name(row["care_level"]), PERCENT, 100 * float(row["persons"]) / whole,
            share, float(marks["level_mix"]["points"]), POINTS, row["source"],
        )  # fmt: skip


def _two(frame: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    return frame.iloc[:, 0].tolist(), frame.iloc[:, -1].tolist()


def _rates(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    ages = [first for first, _ in AGE_BANDS]
    counts: dict[tuple[int, int], float] = {}
    for band, sex, persons in measures.summary.age_sex.itertuples(index=False):
        counts[int(sex), ages[band] if band < len(ages) else 90] = (
            counts.get((int(sex), ages[band] if band < len(ages) else 90), 0.0) + persons
        )
    facts = {
        (int(row["sex"]), int(row["age_from"])): row for row in read_synthetic_facts("published_age_sex")
    }
    people = {
        (int(row["sex"]), int(row["age_from"])): float(row["persons"])
        for row in read_synthetic_facts("published_population")
    }
    certified = sum(float(row["persons"]) for row in facts.values())
    mine = sum(persons for (_, age), persons in counts.items() if age >= 65)
    for (sex, age), row in facts.items():
        name = f"{SEXES[sex]} {'90歳以上' if age == 90 else f'{age}〜{age + 4}歳'}"
        scaled = counts.get((sex, age), 0.0) / max(mine, 1) * certified
        yield Moment(
            "性・年齢別の認定率", name, PERCENT, 100 * float(row["persons"]) / people[sex, age],
            100 * scaled / people[sex, age], float(marks["age_sex_rate"]["relative"]), RELATIVE,
            f"{row['source']}(2023年3月末)÷令和2年国勢調査。認定者の総数は公表に合わせて比べる",
        )  # fmt: skip


def _transitions(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    group, facts = "1年間の移り変わり", read_synthetic_facts("published_transitions")
    published = {(row["from_level"], row["to_level"]): 100 * float(row["share"]) for row in facts}
    table = measures.transitions
    source = facts[0]["source"]
    if table is not None:
        gaps = [100 * table[LEVELS.index(a), LEVELS.index(b)] - share for (a, b), share in published.items()]
        mean, most = (float(np.mean(np.abs(gaps))), float(np.max(np.abs(gaps)))) if gaps else (None, None)
        for name, value, mark in (("平均の差", mean, "mean"), ("最大の差", most, "largest")):
            yield Moment(
                group,
                f"{name}(要支援1〜要介護2から)",
                POINTS,
                0.0,
                value,
                float(marks["transition"][mark]),
                POINTS,
                source,
            )
    for start in LEVELS:
        for end in LEVELS:
            here = None if table is None else 100 * float(table[LEVELS.index(start), LEVELS.index(end)])
            known = published.get((start, end))
            yield Moment(
                group, f"{level_name(start)}→{level_name(end)}", PERCENT, known, here,
                None if known is None else float(marks["transition"]["largest"]), POINTS,
                source if known is not None else "公表値が手元に無い",
            )  # fmt: skip


def _items(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    group = "認定調査の項目(新規の認定、65歳以上)"
    rows = [
        row
        for row in read_synthetic_facts("survey_model")
        if row["column"].startswith("survey_") and is_printable(row)
    ]
    found = measures.problems.mean(axis=0) if len(measures.problems) else np.full(len(rows), np.nan)
    published = np.array([float(row["p_problem"]) for row in rows])
    source = rows[0]["source"]
    if len(measures.problems):
        gap = float(np.abs(found - published).mean() * 100)
        ranks = [np.argsort(np.argsort(values, kind="stable")) for values in (found, published)]
        spearman = float(np.corrcoef(ranks[0], ranks[1])[0, 1])
        yield Moment(group, "平均の差", POINTS, 0.0, gap, float(marks["items"]["mean"]), POINTS, source)
        least = float(marks["items"]["spearman"])
        yield Moment(group, "順位の相関(公表の列は下限)", PLAIN, least, spearman, 0.0, PLAIN, source)
    for row, here, there in zip(rows, found, published, strict=True):
        yield Moment(
            group, find_survey_item(row["column"]).label, PERCENT, 100 * float(there),
            None if np.isnan(here) else 100 * float(here), float(marks["items"]["largest"]), POINTS, source,
        )  # fmt: skip


def _profiles(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    facts = read_synthetic_facts("published_profiles")
    published = np.array(
        [[float(row[f"profile_{k + 1}"]) for row in facts] for k in range(len(PROFILE_NAMES))]
    )
    shares = read_toml("parameters")["profiles"]["entry_share"]
    wanted = int(marks["profiles"]["persons"])
    enough = len(measures.problems) >= wanted
    match = match_classes(fit_classes(measures.problems, len(PROFILE_NAMES)), published) if enough else None
    source = facts[0]["source"] if enough else f"新規の認定が{wanted:,}人に満たないため比べない"
    for place, name in enumerate(PROFILE_NAMES):
        least = float(marks["profiles"]["correlation"])
        r = None if match is None else float(match.correlation[place])
        yield Moment(
            "容態像(潜在クラス5つ)", f"{name}の形の相関(公表の列は下限)", PLAIN, least, r, 0.0, PLAIN, source
        )
        share = None if match is None else 100 * float(match.share[place])
        yield Moment(
            "容態像(潜在クラス5つ)", f"{name}の割合", PERCENT, 100 * shares[place], share,
            float(marks["profiles"]["points"]), POINTS, source,
        )  # fmt: skip


def _deaths(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    for row in read_synthetic_facts("published_deaths"):
        low, high = 100 * float(row["low"]), 100 * float(row["high"])
        here = None if measures.deaths is None else measures.deaths.get(row["care_level"])
        yield Moment(
            "1年間の死亡", level_name(row["care_level"]), PERCENT, (low + high) / 2,
            None if here is None else 100 * here, (high - low) / 2 + float(marks["deaths"]["points"]), POINTS,
            row["source"],
        )  # fmt: skip


def _causes(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    facts = read_synthetic_facts("published_causes")
    for row in facts:
        share = 100 * measures.causes.get((row["group"], row["disease"]), 0.0)
        yield Moment(
            "主な原因", f"{row['group']} {row['disease']}", PERCENT, 100 * float(row["share"]), share,
            float(marks["causes"]["points"]), POINTS, row["source"],
        )  # fmt: skip
    for group in ("要支援", "要介護"):
        leading = [row["disease"] for row in facts if row["group"] == group][:3]  # in published order
        shares = {d: s for (g, d), s in measures.causes.items() if g == group and d != "その他"}
        same = keeps_order(shares, leading)
        name = f"{group}の上位3つの順({'、'.join(leading)})が同じ(1が同じ)"
        yield Moment("主な原因", name, PLAIN, 1.0, float(same), 0.0, PLAIN, facts[0]["source"])


def _use(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    idle = {
        str(level): (float(n), float(none))
        for level, n, none in measures.summary.unused.itertuples(index=False)
    }
    for row in read_synthetic_facts("published_unused"):
        n, none = idle.get(row["care_level"], (0.0, 0.0))
        yield Moment(
            "サービスの無い認定者", level_name(row["care_level"]), PERCENT, 100 * float(row["share"]),
            100 * none / n if n else None, float(marks["unused"]["points"]), POINTS, row["source"],
        )  # fmt: skip
    limit_use = measures.summary.limit_use
    use = dict(zip(limit_use["care_level"].astype(str), limit_use["share"].astype(float), strict=True))
    known = {row["care_level"]: row for row in read_synthetic_facts("published_limit_use")}
    for level in LEVELS:
        fact = known.get(level)
        yield Moment(
            "限度額に対する利用", level_name(level), PERCENT, None if fact is None else 100 * float(fact["share"]),
            100 * use[level] if level in use else None,
            None if fact is None else float(marks["limit_use"]["relative"]), RELATIVE,
            "公表値が手元に無い" if fact is None else fact["source"],
        )  # fmt: skip


def _centenarians(measures: Measures, marks: dict[str, Any]) -> Iterator[Moment]:
    fact = read_synthetic_facts("published_centenarians")[0]
    total = float(measures.summary.levels["persons"].sum())
    yield Moment(
        "100歳以上", "認定者のうち100歳以上", PERCENT, 100 * float(fact["persons"]) / float(fact["certified"]),
        100 * measures.summary.rare["centenarians"] / max(total, 1), float(marks["centenarians"]["relative"]),
        RELATIVE, fact["source"],
    )  # fmt: skip
