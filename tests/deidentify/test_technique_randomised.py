"""add_noise and swap_values: what is drawn follows the key, is bounded, and moves no more than it says."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.deidentify.key import Key
from kaigo.deidentify.random_rows import BLOCK, KeyStream
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
BIRTH, UNITS, DAYS = "persons.birth_date", "benefits.units", "benefits.days"


def test_a_stream_does_not_depend_on_how_much_is_taken_at_once() -> None:
    whole = KeyStream(Key.derive(1)).take(BLOCK + 5)
    parts = KeyStream(Key.derive(1))
    assert np.concatenate([parts.take(3), parts.take(BLOCK - 1), parts.take(3)]).tolist() == whole.tolist()
    assert (whole >= 0).all() and len(set(whole.tolist())) == len(whole)
    assert KeyStream(Key.derive(2)).take(5).tolist() != whole[:5].tolist()
    assert abs(float(np.mean(whole / 2.0**63)) - 0.5) < 0.02


def lines(make_tables: Make, count: int, **options: Any) -> CareTables:
    rows = [{"person": n, "units": 100 * n, "days": n % 3} for n in range(1, count + 1)]
    return make_tables([row["person"] for row in rows], benefits=rows, **options)


def test_noise_is_bounded_never_below_zero_and_its_drift_is_recorded(make_tables: Make) -> None:
    done = run_rules(lines(make_tables, 60), make_rule("add_noise", (DAYS, UNITS), bound=2), table="benefits")
    old_days, old_units = [n % 3 for n in range(1, 61)], [100 * n for n in range(1, 61)]
    days, units = done.values("days"), done.values("units")
    assert min(days) == 0 and {a - b for a, b in zip(units, old_units, strict=True)} == {-2, -1, 0, 1, 2}
    assert all(abs(a - b) <= 2 for a, b in zip(days, old_days, strict=True))
    drift = sum(days) - sum(old_days), sum(units) - sum(old_units)
    assert done.entry.note == (
        f"合計のずれ: 日数 {drift[0]:+,}(もと{sum(old_days):,})、点数 {drift[1]:+,}(もと{sum(old_units):,})"
    )
    changed = sum(a != b for a, b in zip([*days, *units], [*old_days, *old_units], strict=True))
    assert (done.entry.rows_in, done.entry.rows_out, done.entry.cells_changed) == (60, 60, changed)


def test_the_same_key_gives_the_same_data_and_another_key_other_data(make_tables: Make) -> None:
    rule = make_rule("add_noise", UNITS, bound=50)
    first = run_rules(lines(make_tables, 30), rule, table="benefits", seed=1).values("units")
    again = run_rules(lines(make_tables, 30, shuffle=3, files=2), rule, table="benefits", seed=1).values(
        "units"
    )
    other = run_rules(lines(make_tables, 30), rule, table="benefits", seed=2).values("units")
    assert first == again != other


def test_two_rules_draw_numbers_of_their_own(make_tables: Make) -> None:
    tables = lines(make_tables, 30)
    one = make_rule("add_noise", UNITS, bound=50)
    other = one.model_copy(update={"id": "second"})
    assert run_rules(tables, one, table="benefits").values("units") != run_rules(
        tables, other, table="benefits"
    ).values("units")


def test_values_change_places_within_the_stratum_only(make_tables: Make) -> None:
    people = [{"person": n, "sex": 1 + n % 2, "birth_date": f"19{30 + n}-01-01"} for n in range(1, 9)]
    rule = make_rule("swap_values", BIRTH, share=1.0, within="sex")
    done = run_rules(make_tables(people), rule, table="persons")
    before = run_rules(make_tables(people), make_rule("keep", BIRTH), table="persons")
    old, new = before.values("birth_date"), done.values("birth_date")
    assert done.entry.cells_changed == done.entry.persons_touched == 8
    assert all(a != b for a, b in zip(old, new, strict=True))
    for sex in (0, 1):
        assert sorted(old[sex::2]) == sorted(new[sex::2])


def test_a_share_of_three_rows_is_one_pair_and_a_single_row_keeps_its_value(make_tables: Make) -> None:
    people = [{"person": n, "sex": 1 if n < 4 else 2, "birth_date": f"19{30 + n}-01-01"} for n in range(1, 5)]
    done = run_rules(
        make_tables(people), make_rule("swap_values", BIRTH, share=1.0, within="sex"), table="persons"
    )
    assert done.entry.cells_changed == 2 and done.entry.note.startswith("1組")
    assert f"{done.values('birth_date')[3]:%Y}" == "1934"


def test_a_stratum_column_must_stand_in_the_same_table_and_not_be_swapped() -> None:
    check = TECHNIQUES["swap_values"].check_rule
    assert "同じ表" in check(make_rule("swap_values", BIRTH, share=0.5, within="care_level"))[0]
    assert "入れ替える列でも" in check(make_rule("swap_values", BIRTH, share=0.5, within="birth_date"))[0]
    assert "1つの表" in check(make_rule("swap_values", (BIRTH, UNITS), share=0.5))[0]


@pytest.mark.slow
@FEW
@given(build.people, st.sampled_from([0.1, 0.5, 1.0]), st.integers(1, 3))
def test_swapping_keeps_every_count_within_the_stratum(people: list[Any], share: float, seed: int) -> None:
    rule = make_rule("swap_values", BIRTH, share=share, within="sex")
    with build.tables(people) as tables:
        done = run_rules(tables, rule, table="persons", seed=seed)
    assert closes(done, "persons")
    old: Counter[Any] = Counter((p["town"], p["sex"], p["birth"]) for p in people)
    new: Counter[Any] = Counter()
    changed = 0
    for person, shown in zip(people, done.values("birth_date"), strict=True):
        new[person["town"], person["sex"], str(shown)[:10]] += 1
        changed += str(shown)[:10] != person["birth"]
    assert new == old and done.entry.cells_changed == changed
    assert changed <= share * len(people)


@pytest.mark.slow
@FEW
@given(build.people, st.integers(1, 100), st.integers(1, 3))
def test_noise_stays_within_its_bound_on_any_lines(people: list[Any], bound: int, seed: int) -> None:
    with build.tables(people) as tables:
        done = run_rules(
            tables, make_rule("add_noise", (DAYS, UNITS), bound=bound), table="benefits", seed=seed
        )
    assert closes(done, "benefits")
    old = [(days, units) for p in people for _, days, units in p["lines"]]
    new = list(zip(done.values("days"), done.values("units"), strict=True))
    moves = [(b - a) for one, two in zip(old, new, strict=True) for a, b in zip(one, two, strict=True)]
    assert all(abs(move) <= bound for move in moves) and min(min(pair) for pair in new) >= 0
    assert done.entry.cells_changed == sum(move != 0 for move in moves)
