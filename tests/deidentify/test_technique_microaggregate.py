"""microaggregate: the nearest values of enough persons become one."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.tables import CareTables

Make = Callable[..., CareTables]
UNITS = "benefits.units"


def use(make_tables: Make, *lines: tuple[int, int]) -> CareTables:
    rows = [{"person": p, "units": u, "provider_number": str(n)} for n, (p, u) in enumerate(lines)]
    return make_tables(sorted({p for p, _ in lines}), benefits=rows)


def test_sets_of_two_persons_become_their_mean_rounded_half_up(make_tables: Make) -> None:
    tables = use(make_tables, (1, 10), (2, 13), (3, 20), (4, 30), (5, 31))
    rule = make_rule("microaggregate", UNITS, persons=2)
    done = run_rules(tables, rule, rule, table="benefits")
    assert done.values("units") == [12, 12, 27, 27, 27]
    first, second = done.entries
    assert (first.rows_in, first.rows_out, first.cells_changed, first.persons_touched) == (5, 5, 5, 5)
    assert first.note == "点数: 2組(2人未満0組)、合計のずれ+1"
    assert second.cells_changed == 0


def test_the_median_is_a_value_that_was_there(make_tables: Make) -> None:
    tables = use(make_tables, (1, 10), (2, 13), (3, 20), (4, 30), (5, 31))
    done = run_rules(tables, make_rule("microaggregate", UNITS, persons=2, value="median"), table="benefits")
    assert done.values("units") == [10, 10, 30, 30, 30]


def test_lines_of_one_person_do_not_make_a_set(make_tables: Make) -> None:
    tables = use(make_tables, (1, 10), (1, 12), (1, 14), (2, 20))
    done = run_rules(tables, make_rule("microaggregate", UNITS, persons=2), table="benefits")
    assert done.values("units") == [14, 14, 14, 14]


def test_equal_values_are_not_torn_apart(make_tables: Make) -> None:
    tables = use(make_tables, (1, 10), (2, 20), (3, 20), (4, 30), (5, 40))
    done = run_rules(tables, make_rule("microaggregate", UNITS, persons=2), table="benefits")
    assert done.values("units") == [17, 17, 17, 35, 35]


@pytest.mark.slow
@FEW
@given(
    build.people,
    st.integers(2, 4),
    st.sampled_from(["mean", "median"]),
    st.sampled_from(["code", "kind", "all"]),
)
def test_every_value_belongs_to_enough_persons_and_order_is_kept(
    people: list[Any], k: int, value: str, within: str
) -> None:
    rule = make_rule("microaggregate", ("benefits.days", UNITS), persons=k, value=value, within=within)
    with build.tables(people) as tables:
        keep = run_rules(tables, make_rule("keep", UNITS), table="benefits")
        done = run_rules(tables, rule, rule, table="benefits")
    assert closes(done, "benefits") and done.entries[-1].cells_changed == done.entries[-2].cells_changed == 0
    key = {
        "code": done.frame["service_code"],
        "kind": done.frame["service_code"].str[:2],
        "all": done.frame["units"] * 0,
    }[within]
    for column, entry in zip(("days", "units"), done.entries, strict=False):
        assert entry.cells_changed == (keep.frame[column] != done.frame[column]).sum()
        for _, group in done.frame.groupby(["municipality", key]):
            enough = min(k, group["person"].nunique())
            assert (group.groupby(column)["person"].nunique() >= enough).all()
            order = keep.frame.loc[group.index].sort_values(column).index
            assert done.frame.loc[order, column].is_monotonic_increasing
