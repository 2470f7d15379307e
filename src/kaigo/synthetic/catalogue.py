"""The services of the generator: their codes with weights and units, and what belongs to which pattern."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.care_minutes import LEVELS, SUPPORT_LEVELS
from kaigo.synthetic.care_use import load_use_model
from kaigo.synthetic.parameters import load_parameters, read_synthetic_facts
from kaigo.tables.codes import load_service_codes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Service:
    """生成器のサービス1つ。

    Attributes
    ----------
    name, counted : str
        ``counted`` is time, day or month (the unit of 日数・回数).
    parent : int
        Position of the service to which this is an addition (加算), else -1.
    scalable : bool
        Whether its frequency is stretched to meet the person's share of the limit.
    maximum : int
        Most days or times a month.
    codes : tuple of (int array, float array)
        By level: positions of codes in the catalogue and their cumulative weights.
    """

    name: str
    counted: str
    parent: int
    scalable: bool
    maximum: int
    codes: tuple[tuple[npt.NDArray[np.int64], Floats], ...]


@dataclass(frozen=True)
class Catalogue:
    """サービスとコードの全体。

    Attributes
    ----------
    code_names : tuple of str
        Service codes; positions are used everywhere else.
    units : int32, shape (C,)
        Units of one time, day or month.
    free_price : bool, shape (C,)
        Whether the price differs by provider (福祉用具).
    kinds : tuple of str
        Service kinds (2 characters).
    kind_of : int16, shape (C,)
        Kind of each code.
    within_limit : bool, shape (C,)
        Whether the kind counts against 区分支給限度額.
    services : tuple of Service
    probability, times : float64, shape (P, S, 7)
        By pattern, service and level: share of users, and days or times a month.
    """

    code_names: tuple[str, ...]
    units: npt.NDArray[np.int32]
    free_price: npt.NDArray[np.bool_]
    kinds: tuple[str, ...]
    kind_of: npt.NDArray[np.int16]
    within_limit: npt.NDArray[np.bool_]
    services: tuple[Service, ...]
    probability: Floats
    times: Floats


def _read_codes() -> tuple[dict[str, tuple[str, bool]], dict[tuple[str, str], list[tuple[str, float]]]]:
    """Units text by code (and whether the price is free), and weighted codes by service and level."""
    known = load_service_codes()
    prices: dict[str, tuple[str, bool]] = {}
    uses: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for row in read_synthetic_facts("code_use"):
        free = bool(row["price_units"])
        prices[row["code"]] = (row["price_units"] if free else str(known[row["code"]].units), free)
        for level in (row["level"],) if row["level"] else LEVELS:
            uses.setdefault((row["service"], level), []).append((row["code"], float(row["weight"])))
    return prices, uses


def _by_level(light: float, heavy: float) -> Floats:
    """A straight line from the lightest to the heaviest level of the scheme's half."""
    values = np.empty(len(LEVELS))
    for level in range(len(LEVELS)):
        first, last = (0, SUPPORT_LEVELS - 1) if level < SUPPORT_LEVELS else (SUPPORT_LEVELS, len(LEVELS) - 1)
        weight = (level - first) / (last - first)
        values[level] = light + (heavy - light) * weight
    return values


@cache
def load_catalogue() -> Catalogue:
    """Read ``services.csv``, ``bundles.csv`` and ``code_use.csv``."""
    prices, uses = _read_codes()
    names = tuple(prices)
    place = {code: position for position, code in enumerate(names)}
    rows = read_synthetic_facts("services")
    order = {row["service"]: position for position, row in enumerate(rows)}
    services = []
    for row in rows:
        codes = []
        for level in LEVELS:
            weighted = uses.get((row["service"], level), [])
            weights = np.array([weight for _, weight in weighted])
            edges = np.cumsum(weights) / weights.sum() if len(weights) else np.empty(0)
            codes.append((np.array([place[code] for code, _ in weighted], np.int64), edges))
        services.append(
            Service(
                row["service"],
                row["counted"],
                order[row["parent"]] if row["parent"] else -1,
                row["scalable"] == "1",
                int(row["maximum"]),
                tuple(codes),
            )
        )
    patterns = load_use_model().patterns
    probability = np.zeros((len(patterns), len(rows), len(LEVELS)))
    times = np.ones_like(probability)
    for row in read_synthetic_facts("bundles"):
        cell = (patterns.index(row["pattern"]), order[row["service"]])
        probability[cell] = _by_level(float(row["probability_light"]), float(row["probability_heavy"]))
        times[cell] = _by_level(float(row["times_light"]), float(row["times_heavy"]))
    kinds = tuple(sorted({code[:2] for code in names}))
    outside = load_parameters().benefits.outside_limit_kinds
    return Catalogue(
        code_names=names,
        units=np.array([int(prices[code][0]) for code in names], np.int32),
        free_price=np.array([prices[code][1] for code in names]),
        kinds=kinds,
        kind_of=np.array([kinds.index(code[:2]) for code in names], np.int16),
        within_limit=np.array([code[:2] not in outside for code in names]),
        services=tuple(services),
        probability=probability,
        times=times,
    )
