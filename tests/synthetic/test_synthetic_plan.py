import numpy as np
import pytest

from kaigo.errors import ParameterError
from kaigo.synthetic import SynthesisPlan
from kaigo.synthetic.parameters import load_parameters
from kaigo.synthetic.streams import BLOCK_PERSONS, divide_persons, group_blocks, list_blocks


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"persons": 0}, "人数"),
        ({"persons": 1.5}, "整数"),
        ({"persons": True}, "整数"),
        ({"months": 0}, "月数"),
        ({"months": 121}, "月数"),
        ({"municipalities": 0}, "市町村"),
        ({"persons": 3, "municipalities": 4}, "市町村"),
        ({"seed": -1}, "種"),
        ({"start": "2024-4"}, "最初の月"),
        ({"start": "2024-13"}, "最初の月"),
        ({"start": "1999-12"}, "最初の月"),
        ({"start": 202404}, "最初の月"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_japanese_with_the_value_found(values: dict, word: str) -> None:
    with pytest.raises(ParameterError) as caught:
        SynthesisPlan(**({"persons": 100, "months": 12} | values))
    assert word in caught.value.what
    assert caught.value.found is not None
    assert caught.value.remedy.endswith("ください。")


def test_the_months_run_from_the_start_to_the_day_after_the_last() -> None:
    plan = SynthesisPlan(persons=1, months=2, start="2024-12")
    assert [str(day) for day in plan.month_starts] == ["2024-12-01", "2025-01-01", "2025-02-01"]
    assert plan.last_day.isoformat() == "2025-01-31"


@pytest.mark.parametrize("municipalities", [1, 2, 7, 40])
def test_every_person_belongs_to_one_municipality_and_none_is_empty(municipalities: int) -> None:
    plan = SynthesisPlan(persons=1_000, months=1, municipalities=municipalities)
    sizes = divide_persons(plan, load_parameters())
    assert sum(sizes) == 1_000
    assert len(sizes) == municipalities
    assert min(sizes) >= 1


def test_municipalities_differ_in_size_as_real_ones_do() -> None:
    sizes = divide_persons(SynthesisPlan(1_000_000, 1, municipalities=300), load_parameters())
    # Published: the upper quarter begins at more than twice the median.
    assert np.quantile(sizes, 0.75) > 1.8 * np.median(sizes)


def test_blocks_cover_the_persons_once_whatever_the_grouping() -> None:
    plan = SynthesisPlan(persons=3 * BLOCK_PERSONS + 5, months=1)
    blocks = list_blocks(plan, load_parameters())
    assert [block.size for block in blocks] == [BLOCK_PERSONS] * 3 + [5]
    assert [block.first for block in blocks] == [0, 8192, 16384, 24576]
    assert [block for group in group_blocks(blocks, 3) for block in group] == blocks
