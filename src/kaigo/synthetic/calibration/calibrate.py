"""`kaigo calibrate`: refit the generator's numbers to the published tables and write what was reached."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kaigo.engine import atomic_folder, check_replaceable, open_engine
from kaigo.errors import ParameterError
from kaigo.synthetic.calibration.compare import FAILS, HOLDS, NOT_COMPARED, compare_moments
from kaigo.synthetic.calibration.parameter_file import read_shipped_text, render_parameters
from kaigo.synthetic.calibration.search import FreeNumber, list_free_numbers, read_number, search
from kaigo.synthetic.calibration.simulate import find_level_mix, find_transitions, simulate
from kaigo.synthetic.calibration.stages import fit_boundaries, fit_causes, fit_deaths
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.parameters import Parameters, load_parameters, read_synthetic_facts, read_toml
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.synthesize import synthesize

MONTHS = 12
MOMENTS = "moments.csv"
STAGE_ROUNDS = 2
LEAST_PERSONS = 2_000
LEVEL_WEIGHT = 0.6
"""Of the tolerance: the level mix has to hold on other persons too, so the search asks for more."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """較正の結果。

    Attributes
    ----------
    parameters : Parameters
    report : dict
        What stands in ``report.json``.
    """

    parameters: Parameters
    report: dict[str, Any]


def measure_gaps(parameters: Parameters, persons: int, seed: int) -> Floats:
    """公表値との差(許容差を単位とする)を、区分の構成と移り変わりについて求める。"""
    marks = read_toml("tolerances")
    run = simulate(parameters, persons, MONTHS, seed)
    facts = read_synthetic_facts("published_levels")
    counts = np.array([float(row["persons"]) for row in facts])
    mix = 100 * (find_level_mix(run) - counts / counts.sum())
    table = find_transitions(run)
    moves = [
        100 * (table[LEVELS.index(row["from_level"]), LEVELS.index(row["to_level"])] - float(row["share"]))
        for row in read_synthetic_facts("published_transitions")
    ]
    steps = np.array(moves) / float(marks["transition"]["mean"])
    # Not only the mean but also the largest difference has a tolerance: what is far off weighs more.
    return np.concatenate(
        [
            mix / (float(marks["level_mix"]["points"]) * LEVEL_WEIGHT),
            steps * np.sqrt(np.abs(steps)),
        ]
    )


def refit(
    start: Parameters,
    persons: int,
    rounds: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Parameters, list[float]]:
    """項目・原因・死亡を合わせ、次に区分の構成と移り変わりを探し、もう一度合わせる。

    Returns
    -------
    tuple
        The parameters, and the loss before and after the search.
    """

    def stages(parameters: Parameters) -> Parameters:
        for _ in range(STAGE_ROUNDS):
            run = simulate(parameters, persons, MONTHS, seed)
            parameters = fit_deaths(fit_causes(fit_boundaries(parameters, run), run), run)
        return parameters

    fitted = stages(start)
    if rounds:
        found = search(
            fitted, lambda each: measure_gaps(each, persons, seed), list_free_numbers(), rounds, progress
        )
        return stages(found.parameters), [found.first_loss, found.loss]
    gaps = measure_gaps(fitted, persons, seed)
    return fitted, [float(gaps @ gaps)] * 2


def calibrate(
    out: Path,
    *,
    persons: int = 24_000,
    rounds: int = 3,
    report_persons: int = 50_000,
    seed: int = 1,
    processes: int = 1,
    engine: str = "duckdb",
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """合成データの数値を公表値に合わせ直し、報告を書く。

    Parameters
    ----------
    out : pathlib.Path
        Folder to make: ``parameters.toml`` (the refitted numbers), ``report.json`` and ``moments.csv`` (every
        moment: published, synthetic, tolerance, source, met or not).
    persons : int
        Persons simulated in each try. The random numbers are the same in all (common random numbers).
    rounds : int
        Rounds of the search; 0 only reports on the shipped numbers.
    report_persons : int
        Persons of the report, drawn anew with another seed.
    seed : int
    processes : int
        For the tables of the report.

    Raises
    ------
    ParameterError
        If a value is out of range.
    OutputError
        If the folder cannot be written.
    """
    for what, value, least in (
        ("模擬する人数(persons)", persons, LEAST_PERSONS),
        ("報告の人数(report_persons)", report_persons, LEAST_PERSONS),
        ("探索の回数(rounds)", rounds, 0),
    ):
        if value < least:
            raise ParameterError(
                f"{what}が範囲の外です。", found=value, remedy=f"{least:,}以上にしてください。"
            )
    check_replaceable(Path(out), MOMENTS)
    start, losses = load_parameters(), [0.0, 0.0]
    parameters = start
    if rounds:
        parameters, losses = refit(start, persons, rounds, seed, progress)
    numbers = list_free_numbers()
    with atomic_folder(Path(out)) as fresh, tempfile.TemporaryDirectory() as scratch:
        plan = SynthesisPlan(persons=report_persons, months=MONTHS, seed=seed + 1)
        tables = synthesize(Path(scratch) / "care", plan, processes=processes, parameters=parameters)
        with open_engine(engine) as session:
            frame = compare_moments(tables, session)
        frame.to_csv(fresh / MOMENTS, index=False)
        text = render_parameters(parameters, _list_changed_paths(numbers), read_shipped_text())
        (fresh / "parameters.toml").write_text(text, encoding="utf-8")
        report = {
            "persons": persons,
            "rounds": rounds,
            "seed": seed,
            "loss": {"before": round(losses[0], 4), "after": round(losses[1], 4)},
            "report_plan": plan.as_parameters(),
            "moments": {
                name: int((frame["満たすか"] == name).sum()) for name in (HOLDS, FAILS, NOT_COMPARED)
            },
            "not_held": frame.loc[
                frame["満たすか"] == FAILS, ["群", "指標", "公表", "合成", "許容差"]
            ].to_dict("records"),
            "numbers": {
                number.path: [
                    round(read_number(start, number.path), 5),
                    round(read_number(parameters, number.path), 5),
                ]
                for number in numbers
            },
        }
        (fresh / "report.json").write_text(
            json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    return Calibration(parameters, report)


def _list_changed_paths(numbers: tuple[FreeNumber, ...]) -> list[str]:
    """Values that the search and the stages may change, as whole lines of the file."""
    free = {".".join(number.path.split(".")[:2]) for number in numbers}
    parameters = load_parameters()
    stages = [f"answers.boundary.{column}" for column in parameters.answers.boundary]
    stages += [f"causes.{name}" for name in parameters.causes]
    return [*sorted(free), *stages, "exits.annual_death"]
