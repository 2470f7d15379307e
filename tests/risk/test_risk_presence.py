"""δ-presence and k-map against a municipality's population by age and sex."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaigo.errors import EmptyResultError, InputError, ParameterError
from kaigo.risk import Presence, measure_presence

KEYS = ["年齢", "性別"]
RELEASED = [("甲", "65-69", "女"), ("乙", "65-69", "女"), ("丙", "65-69", "男")]
POPULATION = [("65-69", "女", 6), ("65-69", "女", 4), ("65-69", "男", 4), ("70-74", "女", 20)]


def store(path: Path, header: list[str], rows: list[tuple[object, ...]]) -> Path:
    lines = [",".join(map(str, row)) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measure(folder: Path, population: list[tuple[object, ...]], **asked: object) -> Presence:
    release = store(folder / "release.csv", ["人", *KEYS], list(RELEASED))
    whole = store(folder / "population.csv", [*KEYS, "人口"], population)
    return measure_presence(release, whole, KEYS, count="人口", **asked)


def test_the_figures_are_those_counted_by_hand(tmp_path: Path) -> None:
    """2 of 10 women and 1 of 4 men of 65-69, none of 20 women of 70-74."""
    found = measure(tmp_path, list(POPULATION))
    assert (found.delta_min, found.delta_max, found.k_map) == (0.0, 0.25, 4)
    assert found.journalist_max == 0.25
    assert found.journalist_average == pytest.approx((1 / 10 + 1 / 10 + 1 / 4) / 3)
    assert (found.population, found.released) == (34, 3)


def test_a_release_of_everyone_shows_presence_for_certain(tmp_path: Path) -> None:
    found = measure(tmp_path, [("65-69", "女", 2), ("65-69", "男", 1)])
    assert (found.delta_min, found.delta_max, found.k_map) == (1.0, 1.0, 1)


def test_a_person_with_several_rows_counts_once_in_a_class(tmp_path: Path) -> None:
    release = store(tmp_path / "r.csv", ["人", *KEYS], [*RELEASED, *RELEASED])
    whole = store(tmp_path / "p.csv", [*KEYS, "人口"], list(POPULATION))
    assert measure_presence(release, whole, KEYS, count="人口", person="人").delta_max == 0.25
    assert measure_presence(release, whole, KEYS, count="人口").delta_max == 0.5


def test_numbers_match_whatever_the_file_holds_them_as(tmp_path: Path) -> None:
    pq.write_table(pa.table({"年齢": [65, 65, 70]}), tmp_path / "r.parquet")
    whole = store(tmp_path / "p.csv", ["年齢", "人口"], [(65, 4), (70, 10)])
    assert measure_presence(tmp_path / "r.parquet", whole, ["年齢"], count="人口").delta_max == 0.5


@pytest.mark.parametrize(
    ("population", "words"),
    [
        ([("65-69", "女", 10)], "1組"),
        ([("65-69", "女", "十"), ("65-69", "男", 4)], "数でない"),
        ([("65-69", "女", -1), ("65-69", "男", 4)], "負の数"),
        ([("65-69", "女", 1.5), ("65-69", "男", 4)], "小数"),
    ],
)
def test_a_table_that_is_not_the_population_is_refused(
    tmp_path: Path, population: list[tuple[object, ...]], words: str
) -> None:
    with pytest.raises(InputError) as error:
        measure(tmp_path, population)
    assert words in str(error.value)


def test_nobody_is_no_population_and_the_count_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(EmptyResultError):
        measure(tmp_path, [("65-69", "女", 0), ("65-69", "男", 0)])
    release = store(tmp_path / "r.csv", KEYS, [("65-69", "女")])
    with pytest.raises(ParameterError):
        measure_presence(release, release, ["年齢"], count="年齢")
