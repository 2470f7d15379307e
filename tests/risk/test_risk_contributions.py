"""What each group of columns adds, on towns where it can be told by eye."""

import numpy as np
import pytest

from kaigo.risk.attackers import load_attackers
from kaigo.risk.contributions import SERVICES, measure_contributions, unique_share
from kaigo.risk.criteria import measure_criteria
from kaigo.risk.figures_attacks import show_attackers, show_attacks, show_contributions, show_criteria
from kaigo.risk.linkage import LinkageAttack
from risk.history_factory import make_history
from risk.planted import MONTHS, plant_town


def test_only_the_column_that_differs_tells_persons_apart() -> None:
    history = make_history([{0: "h"}] * 4, 1, births=[1, 1, 2, 3], answers=[[(7,)]] * 4)
    period = range(1)
    assert unique_share(history, period, {"birth_month"}) == 0.5
    assert unique_share(history, period, {"answer_0"}) == 0.0
    assert unique_share(history, period, {SERVICES}) == 0.0
    assert unique_share(history, period, {"birth_month", "answer_0", SERVICES}) == 0.5


def test_services_count_where_they_are_asked_for() -> None:
    history = make_history([{0: "h"}, {0: "h"}, {0: "d"}], 1)
    assert unique_share(history, range(1), {SERVICES}) == pytest.approx(1 / 3)
    assert unique_share(history, range(1), set()) == 0.0


def test_leaving_out_one_of_two_sufficient_columns_changes_nothing() -> None:
    history = make_history([{0: "h"}] * 3, 1, births=[1, 2, 3], answers=[[(1,)], [(2,)], [(3,)]])
    found = measure_contributions(history, range(1))
    by_label = {group.label: group for group in found.groups}
    assert found.everything == 1.0
    assert by_label["生年(加工後)"].without == 1.0 and by_label["生年(加工後)"].alone == 1.0
    assert by_label[SERVICES].alone == 0.0


def test_tables_say_the_worst_in_their_captions() -> None:
    released, register = plant_town(120, 3)
    attack = LinkageAttack(released, register, MONTHS)
    results = [attack.run(a, np.random.default_rng(0)) for a in load_attackers()]
    assert "%の人が正しく名指しされます" in show_attacks(results, "出典").to_text()
    assert "近所の人" in show_attackers(load_attackers()).to_text()
    criteria = measure_criteria(released, range(MONTHS), np.random.default_rng(0))
    assert "対照群" in show_criteria(criteria, "出典").to_text()
    text = show_contributions(measure_contributions(released, range(MONTHS)), "出典").to_text()
    assert "調査 第1群" in text and "サービスの種類" in text
