import json
from pathlib import Path

import numpy as np
import pytest

from kaigo.cli import main
from kaigo.errors import ParameterError
from kaigo.synthetic import SynthesisPlan, load_presets, plan_from_preset, synthesize
from kaigo.synthetic.municipality_sizes import divide_among_municipalities, draw_elderly
from kaigo.synthetic.parameters import read_synthetic_facts
from kaigo.workbook.params import Params

ROOT = Path(__file__).resolve().parents[2]

CITY_LINES_A_MONTH = 200_000


def test_presets_grow_from_a_town_to_the_nation_and_give_reason_and_source() -> None:
    presets = load_presets()
    assert list(presets) == ["town", "demo", "city", "prefecture", "national"]
    sizes = [preset.plan.persons for preset in presets.values()]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[1], sizes[3], sizes[4]) == (1_800, 20_000, 1_000_000, 7_000_000)
    assert all(preset.reason.endswith("。") and preset.source for preset in presets.values())


def test_what_is_given_explicitly_goes_before_the_preset() -> None:
    assert plan_from_preset("town", seed=0, months=3) == SynthesisPlan(1_800, 3, "2024-04", 1, seed=0)
    assert plan_from_preset("national").municipalities == 1_740


@pytest.mark.parametrize(("name", "file"), [("demo", "default"), ("city", "city"), ("national", "national")])
def test_the_parameter_files_of_the_report_are_the_presets(name: str, file: str) -> None:
    params = Params.load(ROOT / "params" / f"{file}.yaml")
    wanted = SynthesisPlan(params.persons, params.months, params.start, params.municipalities, params.seed)
    assert load_presets()[name].plan == wanted


def test_an_unknown_preset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError) as caught:
        plan_from_preset("twon")
    assert caught.value.found == "twon"
    assert "town のことですか" in caught.value.remedy


def test_the_command_takes_preset_and_options(tmp_path: Path) -> None:
    out, made = tmp_path / "care", tmp_path / "manifest.json"
    main_exits_well(
        "synthesize",
        "--preset",
        "town",
        "--months",
        "1",
        "--seed",
        "9",
        "--out",
        str(out),
        "--json",
        str(made),
    )
    parameters = json.loads(made.read_text(encoding="utf-8"))["parameters"]
    assert parameters["persons"] == 1_800
    assert (parameters["months"], parameters["seed"]) == (1, 9)


def main_exits_well(*arguments: str) -> None:
    try:
        main(list(arguments))
    except SystemExit as ended:
        assert not ended.code


def test_the_city_has_two_hundred_thousand_lines_a_month(tmp_path: Path) -> None:
    city = load_presets()["city"].plan
    tenth = plan_from_preset("city", persons=city.persons // 10)
    a_month = 10 * synthesize(tmp_path / "care", tenth).rows("benefits") / city.months
    assert a_month == pytest.approx(CITY_LINES_A_MONTH, rel=0.1)


@pytest.mark.parametrize(
    ("persons", "municipalities"), [(1, 1), (7, 7), (8, 7), (1_000, 40), (7_000_000, 1_740)]
)
def test_sizes_sum_to_all_persons_and_no_municipality_is_empty(persons: int, municipalities: int) -> None:
    sizes = divide_among_municipalities(persons, municipalities, seed=1)
    assert len(sizes) == municipalities
    assert sum(sizes) == persons
    assert min(sizes) >= 1


def test_sizes_are_the_same_for_the_same_seed_only() -> None:
    first = divide_among_municipalities(100_000, 30, seed=1)
    assert first == divide_among_municipalities(100_000, 30, seed=1)
    assert first != divide_among_municipalities(100_000, 30, seed=2)


@pytest.mark.parametrize("seed", range(5))
def test_each_class_of_municipalities_has_its_published_share_of_the_elderly(seed: int) -> None:
    sizes = draw_elderly(1_740, np.random.default_rng(seed))
    for row in read_synthetic_facts("published_municipality_classes"):
        below = float(row["below_65plus"] or np.inf)
        here = sizes[(sizes >= float(row["from_65plus"])) & (sizes < below)]
        assert len(here) == pytest.approx(int(row["municipalities"]), abs=2)
        share, published = here.sum() / sizes.sum(), int(row["persons_65plus"]) / 35_335_805
        assert share == pytest.approx(published, abs=0.01)


def test_a_few_municipalities_show_the_whole_width() -> None:
    # Published: the upper quarter begins at 19,096, the lower one ends at 2,916.
    for seed in range(20):
        four = np.sort(draw_elderly(4, np.random.default_rng(seed)))
        assert four[0] <= 2_916 <= four[1] <= 8_034 <= four[2] <= 19_096 <= four[3]


def test_content_does_not_depend_on_chunks_with_many_municipalities(tmp_path: Path) -> None:
    plan = SynthesisPlan(persons=300, months=2, municipalities=12)
    alone = synthesize(tmp_path / "a", plan, blocks_per_chunk=1)
    together = synthesize(tmp_path / "b", plan, blocks_per_chunk=5)
    assert alone.content_sha256 == together.content_sha256
