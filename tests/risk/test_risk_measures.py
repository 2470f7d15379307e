"""Measures of class sizes against arithmetic by hand."""

from kaigo.risk import RiskMeasures
from kaigo.tables import ClassCounts

EIGHT = RiskMeasures(ClassCounts({1: 2, 2: 1, 4: 1}, {1: 2, 2: 2, 4: 4}), "行")
"""Eight records in classes of 1, 1, 2 and 4."""


def test_average_risk_is_over_records_not_over_classes() -> None:
    # (1/1 + 1/1 + 2 x 1/2 + 4 x 1/4) / 8; over classes it would be (1 + 1 + .5 + .25) / 4.
    assert EIGHT.prosecutor_average == 4 / 8


def test_smallest_class_and_largest_risk_belong_together() -> None:
    assert (EIGHT.k, EIGHT.prosecutor_max, EIGHT.unique_share) == (1, 1.0, 2 / 8)


def test_at_risk_means_strictly_above_the_threshold() -> None:
    at_risk = EIGHT.to_payload()["risk"]["records_at_risk"]
    # 1/2 is not above 0.5; 1/4 is above 0.2 but not above 0.33.
    assert at_risk == {"0.05": 1.0, "0.09": 1.0, "0.2": 1.0, "0.33": 4 / 8, "0.5": 2 / 8}


def test_an_empty_table_has_no_risk_and_does_not_divide_by_zero() -> None:
    empty = RiskMeasures(ClassCounts({}, {}), "人")
    assert (empty.k, empty.prosecutor_max, empty.prosecutor_average) == (0, 0.0, 0.0)
