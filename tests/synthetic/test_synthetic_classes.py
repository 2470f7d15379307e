"""The curve of the criterion by number of classes: right on classes that are known."""

import numpy as np

from kaigo.display import Figure, Table
from kaigo.synthetic.figures_classes import compare_class_counts, draw_newcomers, show_class_counts


def test_two_clear_classes_are_told_from_one_and_from_three() -> None:
    draw = np.random.default_rng(1)
    chance = np.where(draw.random((1_500, 1)) < 0.4, np.repeat([0.9, 0.1], 10), np.repeat([0.1, 0.9], 10))
    gaps = compare_class_counts(draw.random(chance.shape) < chance, most=5)
    assert int(np.argmin(gaps)) == 1
    assert gaps[4] == 0


def test_the_curve_is_drawn_on_as_many_newcomers_as_were_published() -> None:
    answers = draw_newcomers(seed=3)
    assert answers.shape == (3_841, 74)
    assert (draw_newcomers(seed=3) == answers).all()
    figure = show_class_counts(3, synthetic=True)
    assert isinstance(figure, Figure)
    gaps = figure.table.frame["BICの差"].tolist()
    assert len(gaps) == 7 and gaps[4] == 0
    # One class explains the answers far worse than five.
    assert gaps[0] > 10 and gaps[0] > gaps[1] > gaps[2]
    assert "判定には使わない" in figure.table.note


def test_own_data_get_no_curve() -> None:
    assert isinstance(show_class_counts(3, synthetic=False), Table)
