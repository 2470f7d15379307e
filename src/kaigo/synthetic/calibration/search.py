"""The search itself: bounded steps on the free numbers, always on the same simulated persons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import Parameters, read_toml

Floats = npt.NDArray[np.float64]
DAMPING = (0.3, 2.0, 10.0, 60.0)
"""How far a step trusts the straight-line picture of the moments: from boldly to hardly."""


@dataclass(frozen=True)
class FreeNumber:
    """動かしてよい数値1つと、その範囲。"""

    path: str
    low: float
    high: float
    step: float


def list_free_numbers() -> tuple[FreeNumber, ...]:
    """Read ``calibration.toml``."""
    return tuple(FreeNumber(path, **bounds) for path, bounds in read_toml("calibration")["free"].items())


def read_number(parameters: Parameters, path: str) -> float:
    """The number at a dotted path such as ``latent.monthly_drift.0``."""
    value: Any = parameters
    for part in path.split("."):
        value = _step_into(value, part)
    return float(value)


def _step_into(value: Any, part: str) -> Any:
    if is_dataclass(value):
        return getattr(value, part)
    return value[int(part)] if isinstance(value, tuple) else value[part]


def set_number(parameters: Parameters, path: str, number: float) -> Parameters:
    """The same parameters with one number changed."""
    changed: Parameters = _set(parameters, path.split("."), number)
    return changed


def _set(value: Any, parts: list[str], number: float) -> Any:
    if not parts:
        return number
    inner = _set(_step_into(value, parts[0]), parts[1:], number)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{parts[0]: inner})
    if isinstance(value, tuple):
        place = int(parts[0])
        return (*value[:place], inner, *value[place + 1 :])
    return {**value, parts[0]: inner}


def set_numbers(parameters: Parameters, numbers: tuple[FreeNumber, ...], values: Floats) -> Parameters:
    """All free numbers at once, kept within their bounds."""
    for number, value in zip(numbers, values, strict=True):
        bounded = float(np.clip(value, number.low, number.high))
        parameters = set_number(parameters, number.path, bounded)
    return parameters


@dataclass(frozen=True)
class Found:
    """探索の結果。``loss`` is the sum of squared gaps, each in its own tolerance."""

    parameters: Parameters
    loss: float
    first_loss: float
    tried: int


def search(
    start: Parameters,
    gaps: Callable[[Parameters], Floats],
    numbers: tuple[FreeNumber, ...],
    rounds: int,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """よりよく合う数値を探す(減衰つきガウス・ニュートン法、範囲の中だけ)。

    In each round every free number is moved by its step to see what the gaps do; then steps of several lengths
    along the solution are tried, and the best is kept if it lowers the loss. ``gaps`` must use common random
    numbers, so that two tries differ by their numbers alone. The search is the same each time it is run.
    """
    best, here = start, gaps(start)
    first = found = float(here @ here)
    steps = np.array([number.step for number in numbers])
    tried = 1
    for done in range(rounds):
        values = np.array([read_number(best, number.path) for number in numbers])
        slopes = np.empty((len(here), len(numbers)))
        for place, number in enumerate(numbers):
            side = 1.0 if values[place] + number.step <= number.high else -1.0
            moved = set_number(best, number.path, float(values[place] + side * number.step))
            slopes[:, place] = (gaps(moved) - here) * side
        square = slopes.T @ slopes
        scale = np.diag(np.maximum(np.diag(square), 0.05 * np.diag(square).mean()))
        tries = []
        for damping in DAMPING:
            move = np.linalg.solve(square + damping * scale, -slopes.T @ here)
            candidate = set_numbers(best, numbers, values + np.clip(move, -4, 4) * steps)
            there = gaps(candidate)
            tries.append((float(there @ there), candidate, there))
        tried += len(numbers) + len(DAMPING)
        loss, candidate, there = min(tries, key=lambda each: each[0])
        if loss < found:
            best, found, here = candidate, loss, there
        else:
            # A straight line over the whole step misled: look closer around the same place.
            steps = steps * 0.5
            numbers = tuple(
                replace(number, step=float(step)) for number, step in zip(numbers, steps, strict=True)
            )
        if progress:
            progress(done + 1, rounds)
    return Found(best, found, first, tried)
