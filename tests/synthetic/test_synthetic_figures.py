import pandas as pd
import pytest

from kaigo.display import Figure, Table
from kaigo.engine import Engine
from kaigo.errors import EmptyResultError
from kaigo.synthetic import Summary, figures, summarise
from kaigo.tables import CareTables


@pytest.fixture(scope="module")
def summary(city: CareTables, city_engine: Engine) -> Summary:
    return summarise(city, city_engine)


def hand_summary(**changes: object) -> Summary:
    levels = pd.DataFrame({"care_level": ["12", "25"], "persons": [60, 40]})
    values: dict = {
        "levels": levels,
        "age_sex": pd.DataFrame({"band": [5, 5, 8], "sex": [1, 2, 2], "persons": [30, 65, 5]}),
        "kinds": pd.DataFrame({"kind": ["15", "ZZ"], "persons": [50, 3], "lines": [500, 6], "units": [9, 9]}),
        "limit_use": pd.DataFrame({"care_level": ["25"], "persons": [40], "share": [0.5], "over": [0.05]}),
        "unused": levels.assign(unused=[30, 4]),
        "items": pd.DataFrame({"column": ["survey_1_7"], "first_share": [0.25], "share": [0.5]}),
        "rare": {
            "centenarians": 5, "second_category": 12, "codes": 200, "rare_codes": 50, "changed_persons": 20,
            "over_limit_months": 33, "over_limit_persons": 11, "exits": 15,
        },
        "synthetic": False,
    }  # fmt: skip
    return Summary(**(values | changes))


def test_counts_agree_with_each_other(summary: Summary) -> None:
    persons = int(summary.levels["persons"].sum())
    assert int(summary.age_sex["persons"].sum()) == persons
    assert int(summary.unused["persons"].sum()) == persons
    assert summary.rare["centenarians"] == summary.age_sex.loc[summary.age_sex["band"] == 8, "persons"].sum()
    assert 0 < summary.rare["over_limit_persons"] <= summary.rare["over_limit_months"]
    assert summary.synthetic


def test_every_figure_and_table_can_be_shown(summary: Summary) -> None:
    for made in (figures.show_levels, figures.show_age_sex, figures.show_items):
        figure = made(summary)
        assert isinstance(figure, Figure)
        assert len(figure.to_png()) > 1_000
        assert "合成データ" in figure.source
    for listed in (figures.list_kinds, figures.compare_use, figures.list_rare):
        assert isinstance(listed(summary), Table)


def test_levels_state_the_largest_gap_to_the_published_share() -> None:
    # Published: 要支援1 974,328 and 要介護2 1,162,082 of 6,895,735 = 14.1 %, 16.9 %; here 60 % and 0 %.
    figure = figures.show_levels(hand_summary())
    assert "最大45.9ポイント違います(要支援1)" in figure.caption
    assert "要支援1の60.0%(公表14.1%)" in figure.alt


def test_small_counts_of_persons_are_hidden_in_tables_and_their_shares_too() -> None:
    kinds = figures.list_kinds(hand_summary()).to_text()
    assert "x(10未満)" in kinds
    rare = figures.list_rare(hand_summary())
    assert rare.frame.loc[0, "人数"] is pd.NA
    assert int(rare.frame.loc[1, "人数"]) == 12


def test_captions_carry_the_numbers_of_the_summary() -> None:
    assert "70.0%が女性" in figures.show_age_sex(hand_summary()).caption
    assert "25.0%は" in figures.list_rare(hand_summary()).caption
    assert "平均50.0%(要介護5)" in figures.compare_use(hand_summary()).caption


def test_own_data_are_not_called_synthetic_and_missing_answers_do_no_harm() -> None:
    nothing = pd.DataFrame({"column": ["survey_1_7"], "first_share": [float("nan")], "share": [float("nan")]})
    figure = figures.show_items(hand_summary(items=nothing))
    assert "取り込んだ介護データ" in figure.source
    assert "示せません" in figure.caption


def test_tables_without_benefits_are_refused_in_japanese(city: CareTables) -> None:
    class Empty:
        def value(self, select: str) -> None:
            return None

        def scan(self, name: str, source: object) -> None:
            return None

    with pytest.raises(EmptyResultError):
        summarise(city, Empty())  # type: ignore[arg-type]


def test_a_caption_does_not_tell_what_the_table_hides() -> None:
    # 要介護5 is farthest from the published share (9 of 1,009 persons), but its count is hidden.
    few = pd.DataFrame({"care_level": ["21", "22", "25"], "persons": [500, 500, 9]})
    figure = figures.show_levels(hand_summary(levels=few))
    assert "要介護5" not in figure.caption + figure.alt
    nobody = figures.show_levels(hand_summary(), inhabitants=1_500)
    assert "比べられません" in nobody.caption
    assert "表示しない" in nobody.alt
