"""The tables of the chapter on the data: what they say for synthetic data, and what they do not say for own data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaigo.display import Figure, Table
from kaigo.synthetic import figures_confounding, figures_limits, figures_moments, figures_rare
from kaigo.synthetic.calibration.compare import COLUMNS, FAILS, HOLDS, NOT_COMPARED
from kaigo.synthetic.figures_confounding import ConfoundingScore, show_confounding
from kaigo.synthetic.judge import judge_levels
from kaigo.synthetic.summary import Summary
from kaigo.synthetic.unique_persons import COMBINATIONS, UniqueCount, count_unique
from kaigo.tables import CareTables

NAN = float("nan")
ROWS = [
    ["構成", "要支援1", "%", 14.0, 14.5, 0.5, 1.0, "ポイント", HOLDS, "統計A"],
    ["構成", "要支援2", "%", 13.0, 16.0, 3.0, 1.0, "ポイント", FAILS, "統計A"],
    ["推移", "要介護3→要介護4", "%", NAN, 9.0, NAN, NAN, "ポイント", NOT_COMPARED, "公表値が手元に無い"],
    *[["項目", f"{n}", "%", 10.0, 10.0 + n, float(n), 8.0, "ポイント", HOLDS, "論文"] for n in range(1, 6)],
]


@pytest.fixture
def moments() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=COLUMNS)


def test_every_moment_stands_in_the_table_with_tolerance_and_source(
    moments: pd.DataFrame, make_tables: Callable[..., CareTables]
) -> None:
    figure = figures_moments.show_moments(moments, make_tables([1]))
    assert isinstance(figure, Figure)
    assert len(figure.table.frame) == len(moments)
    assert {"公表", "このデータ", "許容差", "満たすか", "出典"} <= set(figure.table.frame.columns)
    # 要支援2 is three tolerances away; of seven compared one is outside.
    assert "要支援2" in figure.caption
    assert "7の指標" in figure.alt and "許容差の外は1" in figure.alt and "許容差の3.0倍" in figure.alt
    assert len(figure.to_png()) > 1_000


def test_groups_are_summed_up_with_what_is_missing(
    moments: pd.DataFrame, make_tables: Callable[..., CareTables]
) -> None:
    table = figures_moments.sum_up_moments(moments, make_tables([1]))
    assert table.caption == "公表値と比べた7の指標のうち、6が許容差に収まります"
    assert table.frame.iloc[1].tolist() == ["推移", 1, 0, 0, 0, 1]
    assert "偶然" in table.note


def test_own_data_get_no_verdict_and_no_figure_of_a_few_persons(
    moments: pd.DataFrame, make_tables: Callable[..., CareTables]
) -> None:
    own = make_tables([1], synthetic=False)
    sums, sources = figures_moments.sum_up_moments(moments, own), figures_moments.show_moments(moments, own)
    # Only the group with five figures; its mean difference is (1+2+3+4+5)/5.
    assert sums.frame.to_numpy().tolist() == [["項目", 5, 3.0]]
    assert isinstance(sources, Table)
    assert sources.frame.to_numpy().tolist() == [["構成", "統計A"], ["項目", "論文"]]
    for shown in (sums, sources):
        assert HOLDS not in shown.to_text() and "要支援2" not in shown.to_text()


def test_moments_of_a_small_town_are_counted_and_shown(city: CareTables) -> None:
    frame = figures_moments.read_moments(city)
    assert list(frame.columns) == COLUMNS
    assert {"要介護状態区分の構成", "1年間の死亡", "100歳以上"} <= set(frame["群"])
    assert isinstance(figures_moments.show_moments(frame, city), Figure)


def test_uses_and_approximations_name_what_is_forbidden_and_missing() -> None:
    uses = figures_limits.list_uses()
    forbidden = uses.frame[uses.frame["可否"] == "使ってはいけない"]["使いみち"]
    assert len(forbidden) >= 4 and any("効果" in use for use in forbidden)
    lines = figures_limits.list_approximations()
    assert "近似" in lines.caption
    row = lines.frame.set_index("部分").loc["基準時間「清潔保持」"]
    assert "代わり" in row["近似のしかた"] and row["足りないもの"]


def test_own_data_get_limits_of_the_comparison_and_no_word_of_made_up_data() -> None:
    for show in (figures_limits.list_uses, figures_limits.list_approximations):
        own, made = show(synthetic=False), show()
        assert len(own.frame) >= 4
        assert "合成" not in own.to_text()
        assert not set(own.frame.iloc[:, 1]) & set(made.frame.iloc[:, 1]) - {"使ってよい", "使ってはいけない"}
    assert "使ってはいけない" in figures_limits.list_uses(synthetic=False).to_text()


def test_persons_alone_in_a_combination_are_counted_within_their_insurer(
    make_tables: Callable[..., CareTables],
) -> None:
    births = ["1940-01-15", "1940-01-20", "1940-02-01", "1941-01-15"]
    persons: list[dict[str, Any]] = [
        {"person": n, "birth_date": birth, "sex": 1} for n, birth in enumerate(births, 1)
    ]
    persons.append({"person": 5, "birth_date": "1940-01-15", "sex": 2})
    persons.append({"person": 6, "birth_date": "1940-01-15", "sex": 1, "insurer_number": "990002"})
    counts = {count.combination: count for count in count_unique(make_tables(persons))}
    assert {count.persons for count in counts.values()} == {6}
    # By sex: person 5 and person 6 (another insurer). By year also person 4. By month also person 3. By day all.
    assert [counts[name].unique for name in COMBINATIONS] == [2, 3, 4, 6]


def test_who_has_left_or_is_not_certified_is_not_counted(make_tables: Callable[..., CareTables]) -> None:
    persons = [{"person": 1}, {"person": 2, "disqualified_on": "2024-04-10"}, {"person": 3}]
    certifications = [{"person": 1}, {"person": 2}, {"person": 3, "valid_from": "2024-06-01"}]
    assert count_unique(make_tables(persons, certifications))[0].persons == 1


def test_unique_persons_are_for_the_inside_only() -> None:
    table = figures_rare.list_unique([UniqueCount(name, 200, 7) for name in COMBINATIONS], synthetic=True)
    assert table.internal
    assert "認定者の3.5%が" in table.caption


def test_confounding_is_shown_as_a_distance_only(monkeypatch: pytest.MonkeyPatch) -> None:
    effects = {
        "persons": 900,
        "help": {
            "true": 0.01234,
            "naive": -0.08766,
            "naive_se": 0.02,
            "by_responder": {"軽度": 0.98765},
            "negative_control": {"true": 0.0, "naive": 0.0912, "naive_se": 0.03},
        },
        "rehab": {
            "true": 0.05,
            "naive": None,
            "naive_se": None,
            "by_responder": {},
            "negative_control": {"true": 0.0, "naive": None, "naive_se": None},
        },
    }
    monkeypatch.setattr(figures_confounding, "replay_arms", lambda plan: None)
    monkeypatch.setattr(figures_confounding, "describe_effects", lambda replay: effects)
    table = show_confounding(1, synthetic=True)
    # (0.01234 + 0.08766) / 0.02
    assert table.frame["ずれ"].tolist()[0] == 5.0 and np.isnan(table.frame["ずれ"].tolist()[1])
    # 0.0912 / 0.03
    assert table.frame["負の対照のずれ"].tolist()[0] == 3.0
    assert table.frame["2倍を超えるか"].tolist() == ["超える", "測れない"]
    text = table.to_text()
    assert "仕込んだ値であり、現実の効果ではない" in text
    assert not any(hidden in text for hidden in ("0.01", "0.09", "0.99", "0.05", "900"))


def test_own_data_have_no_score_of_confounding() -> None:
    assert "測れません" in show_confounding(1, synthetic=False).caption


@pytest.mark.slow
def test_a_plain_comparison_is_wrong_by_more_than_two_standard_errors() -> None:
    scores: tuple[ConfoundingScore, ...] = figures_confounding.score_confounding(seed=42)
    assert max(score.standard_errors or 0 for score in scores) > 2


def level_summary(persons: dict[str, int], *, synthetic: bool) -> Summary:
    levels = pd.DataFrame({"care_level": list(persons), "persons": list(persons.values())})
    nothing = pd.DataFrame()
    return Summary(levels, nothing, nothing, nothing, nothing, nothing, {}, synthetic)


PUBLISHED = {"12": 974, "13": 952, "21": 1429, "22": 1162, "23": 918, "24": 874, "25": 586}


def test_the_verdict_allows_for_chance_and_own_data_get_none() -> None:
    shifted = PUBLISHED | {"12": 974 + 138, "22": 1162 - 138}  # 2.0 points of 6,895 persons: chance is 1.0
    small = {level: round(persons / 10) for level, persons in shifted.items()}  # chance is 3.1
    assert judge_levels(level_summary(PUBLISHED, synthetic=True)).verdict == "可"
    assert judge_levels(level_summary(small, synthetic=True)).verdict == "可"
    many = {level: 100 * persons for level, persons in shifted.items()}
    assert judge_levels(level_summary(many, synthetic=True)).verdict == "要検討"
    own = judge_levels(level_summary(many, synthetic=False))
    assert own.verdict == "可" and "判定しません" in own.title
    assert own.figures[0].threshold is None
