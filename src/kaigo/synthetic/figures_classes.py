"""How many profiles of condition are there? The criterion (BIC) by number of latent classes, shown, not tested."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kaigo.display import Figure, Table
from kaigo.errors import EmptyResultError
from kaigo.synthetic.answers import load_item_model
from kaigo.synthetic.calibration.lca import fit_classes
from kaigo.synthetic.calibration.simulate import simulate
from kaigo.synthetic.figures_rare import describe_source
from kaigo.synthetic.parameters import load_parameters, read_synthetic_facts, read_toml
from kaigo.synthetic.profiles import PROFILE_NAMES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIMULATED_PERSONS, MONTHS = 20_000, 2
MOST_CLASSES = 7
STARTS, ROUNDS = 1, 60
THOUSAND = 1_000


def draw_newcomers(seed: int) -> npt.NDArray[np.bool_]:
    """新規認定者(65歳以上、公表と同じ3,841人)の、項目ごとの「問題がある」。

    Returns
    -------
    bool, shape (3841, 74)

    Raises
    ------
    EmptyResultError
        If the simulation has fewer newcomers.
    """
    wanted, columns = int(read_toml("tolerances")["profiles"]["persons"]), load_item_model().columns
    run = simulate(load_parameters(), SIMULATED_PERSONS, MONTHS, seed)
    answers = run.new_answers[run.new_old][:wanted]
    if len(answers) < wanted:
        raise EmptyResultError(
            f"新規の認定が{wanted:,}人に満たないため、容態像の数を比べられません。",
            found=f"{len(answers):,}人",
            remedy="新規の割合(parameters.toml の stock_new_share)を確かめてください。",
        )
    rows = [row for row in read_synthetic_facts("survey_model") if row["column"].startswith("survey_")]
    places = [columns.index(row["column"]) for row in rows]
    problem = np.array([int(row["problem_option"]) for row in rows])
    problems: npt.NDArray[np.bool_] = answers[:, places] >= problem
    return problems


def compare_class_counts(answers: npt.NDArray[np.bool_], most: int = MOST_CLASSES) -> list[float]:
    """クラスの数(1から)ごとの BIC を、公表と同じ5つのときとの差で返す(小さいほどよく合う)。"""
    criteria = [
        fit_classes(answers, classes, starts=STARTS, rounds=ROUNDS).bic for classes in range(1, most + 1)
    ]
    return [each - criteria[len(PROFILE_NAMES) - 1] for each in criteria]


def show_class_counts(seed: int, *, synthetic: bool) -> Figure | Table:
    """容態像(潜在クラス)の数と、当てはまりの基準(BIC)を示す。"""
    import pandas as pd

    if not synthetic:
        return Table(
            pd.DataFrame([["自分のデータ", "示さない"]], columns=["データ", "容態像の数"]),
            caption="自分のデータでは、容態像の数は調べません(公表と同じ3,841人の新規の認定が要るため)",
            source="本書",
        )
    gaps = compare_class_counts(draw_newcomers(seed))
    frame = pd.DataFrame(
        {"クラスの数": range(1, len(gaps) + 1), "BICの差": [round(gap / THOUSAND, 1) for gap in gaps]}
    )
    best = int(np.argmin(gaps)) + 1
    caption = f"1から{len(gaps)}のうち当てはまりの基準が最もよいのは{best}クラスです(公表は{len(PROFILE_NAMES)}クラス)"
    source = f"{describe_source(True)}(同じ乱数の種で{SIMULATED_PERSONS:,}人を作り直し、新規の3,841人)"
    table = Table(
        frame,
        caption=caption,
        source=source,
        units={"BICの差": "千"},
        digits={"BICの差": 1},
        note=f"{len(PROFILE_NAMES)}クラスのBICを0とする。この表は示すだけで、合否の判定には使わない。"
        "作った状態は連続しているため、クラスを増やすほどよく合うことがある。",
    )
    return Figure(_draw, table=table, caption=caption, alt=partial(_describe, best), source=source)


def _draw(axes: Axes, frame: pd.DataFrame) -> None:
    axes.plot(frame["クラスの数"], frame["BICの差"], marker="o")
    axes.set_xlabel("クラスの数")
    axes.set_ylabel("BICの差(千、小さいほどよい)")


def _describe(best: int, frame: pd.DataFrame) -> str:
    gaps = frame["BICの差"]
    return (
        f"折れ線図。クラスの数を1から{len(frame)}に増やすと、{len(PROFILE_NAMES)}クラスとのBICの差は{gaps.iloc[0]:.1f}千"
        f"から{gaps.iloc[-1]:.1f}千に変わり、最も小さいのは{best}クラス。"
    )
