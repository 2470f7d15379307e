"""The tables of the chapter are the same each time, however many threads count them."""

from collections.abc import Iterator

import pytest

from kaigo.engine import open_engine
from kaigo.synthetic import SynthesisPlan, figures, figures_moments, synthesize
from kaigo.synthetic.calibration.compare import compare_moments, list_moments
from kaigo.synthetic.calibration.measure import Measures, keeps_order, measure_tables
from kaigo.synthetic.summary import summarise
from kaigo.tables import CareTables

THREADS = (1, 2, 4)
TIMES = 3


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    """The 600 persons of the chapter, where equal counts are common, in several files."""
    plan = SynthesisPlan(persons=600, months=12, seed=42, municipalities=3)
    return synthesize(tmp_path_factory.mktemp("stable") / "town", plan, blocks_per_chunk=1)


@pytest.fixture(scope="module")
def measured(town: CareTables) -> list[Measures]:
    found = []
    for threads in THREADS:
        for _ in range(TIMES):
            with open_engine(f"duckdb:threads={threads}") as engine:
                found.append(measure_tables(town, engine, 100))
    return found


def test_moments_are_the_same_to_the_last_bit_for_any_number_of_threads(measured: list[Measures]) -> None:
    texts = {repr(list_moments(each)) for each in measured}
    assert len(measured) == len(THREADS) * TIMES
    assert len(texts) == 1


def test_causes_stand_in_the_same_order_each_time(measured: list[Measures]) -> None:
    assert len({tuple(each.causes.items()) for each in measured}) == 1


def test_the_cells_of_the_chapter_are_the_same_each_time(town: CareTables) -> None:
    def show() -> Iterator[str]:
        for threads in THREADS:
            with open_engine(f"duckdb:threads={threads}") as engine:
                moments, summary = compare_moments(town, engine), summarise(town, engine)
            shown = [
                figures_moments.sum_up_moments(moments, town),
                figures_moments.show_moments(moments, town),
                figures.compare_use(summary),
                figures.show_items(summary),
            ]
            yield repr([each._repr_mimebundle_() for each in shown if not hasattr(each, "to_png")]) + repr(
                [(each.alt, each.caption, each.table.to_text()) for each in shown if hasattr(each, "to_png")]
            )

    assert len(set(show())) == 1


def test_equal_shares_contradict_no_order() -> None:
    leading = ["認知症", "脳血管疾患", "骨折・転倒"]
    shares = {"認知症": 0.3, "脳血管疾患": 0.2, "骨折・転倒": 0.1, "心疾患": 0.1}
    assert keeps_order(shares, leading)
    assert keeps_order(dict(reversed(shares.items())), leading)
    assert not keeps_order(shares | {"心疾患": 0.11}, leading)
    assert not keeps_order(shares | {"認知症": 0.15}, leading)
