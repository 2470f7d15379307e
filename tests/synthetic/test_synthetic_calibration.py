import dataclasses
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from kaigo.engine import Engine, open_engine
from kaigo.errors import InputError, OutputError, ParameterError
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.synthetic.calibration import Moment, calibrate, compare_moments, read_parameters
from kaigo.synthetic.calibration.calibrate import measure_gaps
from kaigo.synthetic.calibration.compare import FAILS, HOLDS, NOT_COMPARED
from kaigo.synthetic.calibration.lca import fit_classes, match_classes
from kaigo.synthetic.calibration.parameter_file import read_shipped_text, render_parameters
from kaigo.synthetic.calibration.search import (
    FreeNumber,
    list_free_numbers,
    read_number,
    search,
    set_number,
)
from kaigo.synthetic.calibration.simulate import find_level_mix, find_transitions, simulate
from kaigo.synthetic.calibration.stages import fit_boundaries, fit_deaths
from kaigo.synthetic.parameters import load_parameters, read_synthetic_facts
from kaigo.synthetic.profiles import PROFILE_NAMES
from kaigo.tables import CareTables

SHIPPED = load_parameters()
PUBLISHED = np.array(
    [
        [float(row[f"profile_{k + 1}"]) for row in read_synthetic_facts("published_profiles")]
        for k in range(len(PROFILE_NAMES))
    ]
)


def test_a_number_is_read_and_set_wherever_it_stands() -> None:
    for path in ("latent.monthly_drift.1", "profiles.common", "certification.validity_renewal.0.1"):
        changed = set_number(SHIPPED, path, 0.123)
        assert read_number(changed, path) == 0.123
        assert read_number(SHIPPED, path) != 0.123
        assert (
            dataclasses.replace(changed, **{path.split(".")[0]: getattr(SHIPPED, path.split(".")[0])})
            == SHIPPED
        )


def test_every_free_number_starts_within_its_bounds() -> None:
    for number in list_free_numbers():
        assert number.low <= read_number(SHIPPED, number.path) <= number.high, number.path


def test_the_search_finds_the_numbers_that_made_the_target_and_stays_in_bounds() -> None:
    numbers = (
        FreeNumber("latent.bad_day", 0.0, 1.0, 0.05),
        FreeNumber("profiles.common", 0.0, 0.5, 0.05),
    )

    def gaps(parameters: object) -> np.ndarray:
        x, y = (read_number(parameters, number.path) for number in numbers)  # type: ignore[arg-type]  # any section
        return np.array([x - 0.7, (y - 0.9) + 0.2 * (x - 0.7), 0.1 * x * y - 0.063])

    found = search(SHIPPED, gaps, numbers, rounds=12)
    assert found.loss < found.first_loss
    assert abs(read_number(found.parameters, "latent.bad_day") - 0.7) < 0.1
    # The best common share (0.9) lies outside its bounds.
    assert read_number(found.parameters, "profiles.common") == 0.5


def test_the_same_parameters_give_the_same_persons_and_other_parameters_meet_the_same_chance() -> None:
    one, two = (simulate(SHIPPED, 2_000, 3, 4) for _ in range(2))
    assert (one.level == two.level).all()
    heavier = set_number(SHIPPED, "profiles.stock_shift.0", 0.6)
    other = simulate(heavier, 2_000, 3, 4)
    assert (other.profile == one.profile).all()
    assert find_level_mix(other)[0] < find_level_mix(one)[0]


def test_item_boundaries_move_toward_the_published_share() -> None:
    wrong = dict(SHIPPED.answers.boundary) | {"survey_2_7": SHIPPED.answers.boundary["survey_2_7"] + 1.0}
    start = dataclasses.replace(SHIPPED, answers=dataclasses.replace(SHIPPED.answers, boundary=wrong))
    fitted = fit_boundaries(start, simulate(start, 4_000, 3, 2))
    assert abs(fitted.answers.boundary["survey_2_7"] - SHIPPED.answers.boundary["survey_2_7"]) < 0.3


def test_deaths_are_scaled_toward_the_published_range() -> None:
    doubled = tuple(2 * chance for chance in SHIPPED.exits.annual_death)
    start = dataclasses.replace(SHIPPED, exits=dataclasses.replace(SHIPPED.exits, annual_death=doubled))
    fitted = fit_deaths(start, simulate(start, 8_000, 12, 2))
    ratio = np.array(fitted.exits.annual_death) / np.array(SHIPPED.exits.annual_death)
    assert (abs(ratio - 1) < 0.35).all()


def test_numbers_are_put_into_the_file_and_its_comments_stay(tmp_path: Path) -> None:
    changed = set_number(SHIPPED, "latent.monthly_drift.1", 0.0321)
    text = render_parameters(
        changed, ["latent.monthly_drift", "causes.認知症", "answers.boundary.survey_1_3"], read_shipped_text()
    )
    assert text.count("#") == read_shipped_text().count("#")
    (tmp_path / "parameters.toml").write_text(text, encoding="utf-8")
    assert read_parameters(tmp_path / "parameters.toml").latent.monthly_drift[1] == 0.0321
    tomllib.loads(text)


def test_a_file_that_is_not_such_a_file_is_refused_in_japanese(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("a = 1", encoding="utf-8")
    with pytest.raises(InputError, match="合成データの数値"):
        read_parameters(tmp_path / "x.toml")


def test_five_published_classes_are_found_again_in_persons_drawn_from_them() -> None:
    draw = np.random.default_rng(1)
    shares = np.array(SHIPPED.profiles.entry_share)
    kind = draw.choice(5, 3_000, p=shares / shares.sum())
    found = match_classes(
        fit_classes(draw.random((3_000, 74)) < PUBLISHED[kind], 5, starts=3, rounds=100), PUBLISHED
    )
    assert found.correlation.min() > 0.98
    assert np.abs(found.share - shares).max() < 0.03


def test_classes_of_independent_answers_do_not_match_the_published() -> None:
    draw = np.random.default_rng(2)
    overall = np.array(SHIPPED.profiles.entry_share) @ PUBLISHED
    found = match_classes(fit_classes(draw.random((1_000, 74)) < overall, 5, starts=2, rounds=60), PUBLISHED)
    assert np.abs(found.share - SHIPPED.profiles.entry_share).max() > 0.05


@pytest.mark.parametrize(
    ("scale", "tolerance", "synthetic", "verdict"),
    [
        ("ポイント", 1.0, 21.0, HOLDS),
        ("ポイント", 1.0, 21.1, FAILS),
        ("%(相対)", 5.0, 19.0, HOLDS),
        ("%(相対)", 5.0, 18.9, FAILS),
        ("ポイント", None, 40.0, NOT_COMPARED),
        ("ポイント", 1.0, None, NOT_COMPARED),
        ("", 0.0, 20.0, HOLDS),
        ("", 0.0, 19.9, FAILS),
    ],
)
def test_a_moment_holds_within_its_tolerance(
    scale: str, tolerance: float | None, synthetic: float | None, verdict: str
) -> None:
    assert Moment("群", "名", "%", 20.0, synthetic, tolerance, scale, "出所").verdict == verdict


def test_every_moment_of_a_small_city_has_a_source_and_a_verdict(
    city: CareTables, city_engine: Engine
) -> None:
    frame = compare_moments(city, city_engine)
    assert {"指標", "公表", "合成", "許容差", "満たすか", "出典"} <= set(frame.columns)
    assert frame["出典"].str.len().min() > 5
    assert set(frame["満たすか"]) <= {HOLDS, FAILS, NOT_COMPARED}
    assert not frame.duplicated(["群", "指標"]).any()
    # 3 published rows of the table are missing (要介護3〜5), and units are published for three levels only.
    missing = frame[frame["公表"].isna()]
    assert (missing["満たすか"] == NOT_COMPARED).all()
    assert set(missing["群"]) == {"1年間の移り変わり", "限度額に対する利用"}
    assert len(missing) == 21 + 4


def test_without_a_year_the_moments_that_follow_persons_are_left_open(tmp_path: Path) -> None:
    tables = synthesize(tmp_path / "care", SynthesisPlan(persons=300, months=2))
    with open_engine() as engine:
        frame = compare_moments(tables, engine)
    followed = frame[frame["群"].isin(["1年間の移り変わり", "1年間の死亡", "容態像(潜在クラス5つ)"])]
    assert (followed["満たすか"] == NOT_COMPARED).all()


def test_a_report_without_search_is_written_whole(tmp_path: Path) -> None:
    result = calibrate(tmp_path / "fit", rounds=0, report_persons=2_000, seed=3)
    assert {path.name for path in (tmp_path / "fit").iterdir()} == {
        "moments.csv",
        "parameters.toml",
        "report.json",
    }
    assert read_parameters(tmp_path / "fit/parameters.toml") == SHIPPED
    report = json.loads((tmp_path / "fit/report.json").read_text(encoding="utf-8"))
    assert report == result.report
    assert sum(report["moments"].values()) > 150


def test_a_folder_with_other_things_and_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("work", encoding="utf-8")
    with pytest.raises(OutputError):
        calibrate(tmp_path, rounds=0)
    with pytest.raises(ParameterError):
        calibrate(tmp_path / "fit", persons=10)


def test_the_verb_reports_on_the_shipped_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kaigo.cli.app import run

    out = tmp_path / "fit"
    assert run(["calibrate", "--out", str(out), "--rounds", "0", "--report-persons", "2000"]) == 0
    said = capsys.readouterr().out
    assert "満たす" in said
    assert "現実についての結論を出すことはできません" in said
    assert (out / "moments.csv").is_file()
    assert run(["calibrate", "--out", str(out), "--rounds", "0", "--report-persons", "1"]) == 2


@pytest.mark.slow
def test_one_round_of_the_search_mends_a_spoilt_number() -> None:
    from kaigo.synthetic.calibration.calibrate import refit

    drift = "latent.monthly_drift.1"
    spoilt = set_number(SHIPPED, drift, read_number(SHIPPED, drift) + 0.035)
    _, (before, after) = refit(spoilt, 8_000, 1, 5)
    assert after < 0.7 * before


@pytest.mark.slow
def test_the_shipped_numbers_hold_on_other_persons_than_those_of_the_search() -> None:
    run = simulate(SHIPPED, 80_000, 12, 2_024)
    counts = np.array([float(row["persons"]) for row in read_synthetic_facts("published_levels")])
    assert np.abs(find_level_mix(run) - counts / counts.sum()).max() < 0.010
    assert find_transitions(run)[4:].diagonal(4).min() > 0.5
    assert measure_gaps(SHIPPED, 80_000, 2_025) @ measure_gaps(SHIPPED, 80_000, 2_025) < 60


@pytest.mark.slow
def test_all_moments_hold_at_100_000_persons(tmp_path: Path) -> None:
    tables = synthesize(tmp_path / "care", SynthesisPlan(persons=100_000, months=12, seed=12), processes=2)
    with open_engine() as engine:
        frame = compare_moments(tables, engine)
    failed = frame.loc[frame["満たすか"] == FAILS, "指標"].tolist()
    assert failed == []
    assert (frame["満たすか"] == HOLDS).sum() > 160
