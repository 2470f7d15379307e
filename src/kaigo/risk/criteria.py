"""Singling out, linkability and inference, each with a control group (WP216; Anonymeter's sense).

A fifth of the persons is held out: the release is looked at as if they were not in it. What an attack reaches against
persons who are in it, beyond what it reaches against those who are not, is due to the release:
risk = (main - control) / (1 - control).

Sources: Article 29 Working Party, Opinion 05/2014 (WP216); Giomi et al. (2023), A Unified Framework for Quantifying
Privacy Risk in Synthetic Data, doi:10.56553/popets-2023-0055 (control group, Wilson intervals, the difference's interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kaigo.risk.known_points import wilson
from kaigo.risk.numbering import Array, Codes
from kaigo.risk.released_history import BIRTH_COLUMNS, NO_CERTIFICATION, ReleasedHistory

Criterion = Literal["singling_out", "linkability", "inference"]

CRITERION_LABELS: dict[Criterion, str] = {
    "singling_out": "単独化(singling out)",
    "linkability": "連結(linkability)",
    "inference": "推定(inference)",
}
ATTACKS = 400
HELD_OUT = 0.2
MOST_PERSONS = 10_000
"""Persons looked at; more are thinned out at random (each attack compares with all of them)."""


@dataclass(frozen=True)
class CriterionResult:
    """1つの観点での攻撃の結果(対照群つき)。

    Attributes
    ----------
    attacks, control_attacks : int
        Attacks on persons in the release, and on the held-out ones.
    main, control : float
        Success rates as centres of their 95 % Wilson intervals.
    main_ci, control_ci : (float, float)
    risk, risk_ci : float, (float, float)
        (main - control) / (1 - control), not below 0; its interval from the two half widths.
    """

    criterion: Criterion
    attacks: int
    main: float
    main_ci: tuple[float, float]
    control_attacks: int
    control: float
    control_ci: tuple[float, float]
    risk: float
    risk_ci: tuple[float, float]


def measure_criteria(
    history: ReleasedHistory,
    period: range,
    random: np.random.Generator,
    *,
    secret: str = "care_level",  # noqa: S107 - a column's name, no password
    attacks: int = ATTACKS,
) -> list[CriterionResult]:
    """単独化・連結・推定の3つの攻撃を、1つの仮IDの期間について行う。

    Parameters
    ----------
    period : range
        Months of one pseudonym.
    secret : str
        Released column of the certification that inference is after.

    Notes
    -----
    Singling out: birth, sex and two values of the certification of a random person of the release that nobody else in
    it shares; right if nobody of the population (held-out persons included) shares them. Linkability: birth, sex and level on one side, answers
    and services on the other; right if the nearest released record is the same from both sides. Inference: the secret of the nearest record by all other columns.
    """
    values, names, services = _describe_period(history, period, random)
    number = len(values)
    mixed = random.permutation(number)
    held, inside = mixed[: int(number * HELD_OUT)], mixed[int(number * HELD_OUT) :]
    results = [_single_out(values, history.static.shape[1], inside, held, random, attacks)]
    one = np.array(
        [n.startswith(BIRTH_COLUMNS) or n in {"sex", "care_level", "insured_category"} for n in names]
    )
    known, other = values[:, one], np.hstack([values[:, ~one], services])
    if known.shape[1] and other.shape[1]:
        results.append(_link(known, other, inside, held, random, attacks))
    if secret in names:
        place = names.index(secret)
        rest = np.hstack([np.delete(values, place, axis=1), services])
        results.append(_infer(rest, values[:, place], inside, held, random, attacks))
    return results


def combine(
    criterion: Criterion, successes: int, attacks: int, control_successes: int, control_attacks: int
) -> CriterionResult:
    """Rates, intervals and risk from four counts.

    Examples
    --------
    60 of 100 against 20 of 100 in the control group: risk about (.60 - .21) / (1 - .21). Without an attack on one side
    there is no rate: nan.
    """
    if not attacks or not control_attacks:
        rate, interval = float("nan"), (float("nan"), float("nan"))
        return CriterionResult(
            criterion, attacks, rate, interval, control_attacks, rate, interval, rate, interval
        )
    main_ci = wilson(successes / attacks, attacks)
    control_ci = wilson(control_successes / control_attacks, control_attacks)
    main, main_half = sum(main_ci) / 2, (main_ci[1] - main_ci[0]) / 2
    control, control_half = sum(control_ci) / 2, (control_ci[1] - control_ci[0]) / 2
    risk = (main - control) / (1 - control)
    # Error propagation of the two independent rates, as in Giomi et al. (2023), eq. 4.
    half = float(np.hypot(main_half / (1 - control), (main - 1) / (1 - control) ** 2 * control_half))
    low, high = max(0.0, risk - half), min(1.0, max(0.0, risk + half))
    return CriterionResult(
        criterion,
        attacks,
        main,
        main_ci,
        control_attacks,
        control,
        control_ci,
        max(0.0, risk),
        (low, high),
    )


def _describe_period(
    history: ReleasedHistory, period: range, random: np.random.Generator
) -> tuple[Codes, list[str], Codes]:
    """Values of the persons present: their own, the latest certification's, and yes/no for each service."""
    own = history.content_of[:, list(period)[::-1]]
    has = own != NO_CERTIFICATION
    present = np.flatnonzero(has.any(axis=1))
    if len(present) > MOST_PERSONS:
        present = np.sort(random.choice(present, MOST_PERSONS, replace=False))
    row = own[present, has[present].argmax(axis=1)]
    services = np.zeros((history.persons, len(history.labels)), dtype=np.int32)
    inside = (history.month >= period.start) & (history.month < period.stop)
    services[history.person[inside], history.label[inside]] = 1
    values = np.hstack([history.static[present], history.content[row]])
    return values.astype(np.int32), [*history.static_names, *history.content_names], services[present]


def _single_out(
    values: Codes, statics: int, inside: Array, held: Array, random: np.random.Generator, attacks: int
) -> CriterionResult:
    """Predicates over the person's own values and two of the certification's, unique in what was released."""
    claims = right = control_right = 0
    contents = np.arange(statics, values.shape[1])
    for _ in range(attacks * 20):
        if claims == attacks:
            break
        drawn = random.choice(contents, min(2, len(contents)), replace=False)
        columns = np.concatenate([np.arange(statics), drawn])
        wanted = values[random.choice(inside)][columns]
        if (values[inside][:, columns] == wanted).all(axis=1).sum() != 1:
            continue
        claims += 1
        in_held = int((values[held][:, columns] == wanted).all(axis=1).sum())
        right += in_held == 0
        control_right += in_held == 1
    return combine("singling_out", right, claims, control_right, claims)


def _nearest(table: Codes, wanted: npt.NDArray[np.int32], random: np.random.Generator) -> int:
    """Place of the row with the fewest different values; of equals one at random."""
    differing = (table != wanted).sum(axis=1)
    return int(random.choice(np.flatnonzero(differing == differing.min())))


def _draw(persons: Array, attacks: int, random: np.random.Generator) -> Array:
    return random.choice(persons, min(attacks, len(persons)), replace=False)


def _link(
    known: Codes, other: Codes, inside: Array, held: Array, random: np.random.Generator, attacks: int
) -> CriterionResult:
    counts = []
    for group in (inside, held):
        drawn = _draw(group, attacks, random)
        linked = sum(
            _nearest(known[inside], known[who], random) == _nearest(other[inside], other[who], random)
            for who in drawn
        )
        counts += [linked, len(drawn)]
    return combine("linkability", counts[0], counts[1], counts[2], counts[3])


def _infer(
    rest: Codes,
    secret: npt.NDArray[np.int32],
    inside: Array,
    held: Array,
    random: np.random.Generator,
    attacks: int,
) -> CriterionResult:
    counts = []
    for group in (inside, held):
        drawn = _draw(group, attacks, random)
        found = sum(
            int(secret[inside[_nearest(rest[inside], rest[who], random)]] == secret[who]) for who in drawn
        )
        counts += [found, len(drawn)]
    return combine("inference", counts[0], counts[1], counts[2], counts[3])
