"""How large insurers are: persons divided among municipalities with the published variation of sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import read_synthetic_facts

_SEED_KEY = (0,)


def draw_elderly(count: int, draw: np.random.Generator) -> npt.NDArray[np.float64]:
    """いくつかの市町村の65歳以上人口を、公表の分布から引く。

    Each insurer comes from its own slice of the distribution, so that even a few of them show its whole width;
    between the published points the logarithm of the size is taken as linear.

    Returns
    -------
    numpy.ndarray of float64, shape (count,)
        In random order.

    References
    ----------
    令和2年国勢調査、市区町村別の65歳以上人口 (``published_municipality_sizes.csv``).
    """
    rows = read_synthetic_facts("published_municipality_sizes")
    below = [float(row["share_below"]) for row in rows]
    sizes = np.log([float(row["persons_65plus"]) for row in rows])
    places = (draw.permutation(count) + draw.random(count)) / count
    return np.exp(np.interp(places, below, sizes))


def divide_among_municipalities(persons: int, municipalities: int, seed: int) -> list[int]:
    """認定者を市町村に分ける(公表された大きさの分布に従う)。

    Returns
    -------
    list of int
        Persons of each municipality, at least 1, summing to ``persons``; the same for the same seed.
    """
    if municipalities == 1:
        return [persons]
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_SEED_KEY))
    weights = draw_elderly(municipalities, draw)
    exact = weights / weights.sum() * (persons - municipalities)
    whole = np.floor(exact).astype(np.int64)
    short = persons - municipalities - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return [int(size) + 1 for size in whole]
