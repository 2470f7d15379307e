"""Population uniques by the slide negative binomial (SNB) model.

Class sizes of the population, less one, are taken as negative binomial with parameters α and β over K classes that are
not empty (K by Shlosser's estimator); the expected number of population uniques is K β^α.

The second equation is that of ARX ``ModelSNB``, which multiplies where Chen and Keller-McNulty (and an earlier version of ARX,
``AlgorithmNewtonSNB``) divide. Measured on five populations that are known, four samples each of 5, 20, 50, 80 and 90 %
(``test_risk_population_truth``): it has no root up to 50 %, at 80 and 90 % often one, and the figure is then 1 to 28 % too low.
The published equation has a root from 50 % on in three of the five, at most 25 % from the true number. No start value mends this; the
figure is ARX's or none.

Sources: Chen, Keller-McNulty (1998), Estimation of identification disclosure risk in microdata, Journal of Official
Statistics 14(1), 79-95; Haas, Stokes (1998), Estimating the number of classes in a finite population, JASA 93(444),
doi:10.1080/01621459.1998.10473807; equations, start value and limits as in ARX ``ModelSNB``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kaigo.risk.newton import NOT_SOLVED, NoEstimateError, Pair, solve_pair

NO_ROOT = f"{NOT_SOLVED}ARXと同じ方程式は、論文のものと1か所違い(割る所を掛ける)、標本が母集団の大半を占めるまでは解がないことが多い。"


def estimate_snb(histogram: Mapping[int, int], population: int) -> float:
    """Expected number of population uniques; unless the sample is most of the population, mostly none.

    Parameters
    ----------
    histogram : mapping of int to int
        Class size in the sample → number of classes; at least one class of size 1.
    population : int
        Records of the population, N.

    Raises
    ------
    NoEstimateError
        If the equations are not solved.
    """
    share = sum(size * number for size, number in histogram.items()) / population
    ones, twos = float(histogram.get(1, 0)), float(histogram.get(2, 0))
    with np.errstate(all="ignore"):
        classes = estimate_classes(histogram, share)
        try:
            root = solve_pair(
                lambda a, b: (_equations(a, b, classes, share, ones, twos), _slopes(a, b, classes, share)),
                (1.0, 1.0),
            )
        except NoEstimateError:
            raise NoEstimateError(NO_ROOT) from None
        uniques = float(classes * np.float64(root[1]) ** root[0])
    if not np.isfinite(uniques) or uniques == 0:
        raise NoEstimateError(NO_ROOT)
    return uniques


def estimate_classes(histogram: Mapping[int, int], share: float) -> float:
    """Shlosser's estimate of the number of classes in the population, as in ARX (modified form of Haas and Stokes)."""
    size = np.array(sorted(histogram), dtype=np.float64)
    number = np.array([histogram[int(s)] for s in size], dtype=np.float64)
    unseen = (1 - share) ** size * number
    first = (size * share**2 * (1 - share**2) ** (size - 1) * number).sum()
    second = (unseen * (1 + share) ** size - 1).sum()
    third = unseen.sum() / (size * share * (1 - share) ** (size - 1) * number).sum()
    return float(number.sum() + histogram.get(1, 0) * (first / second) * third**2)


def _equations(a: float, b: float, k: float, f: float, ones: float, twos: float) -> Pair:
    """Expected minus observed classes of size 1 and 2 in the sample; the second as in ARX (see the module)."""
    gap = (1 - f) * (1 - b)
    first = k * f * (b / (1 - gap)) ** a * (a * gap / (1 - gap) + 1) - ones
    second = k * a * b**a * f**2 * (1 - b) / 2 * (1 - gap) ** (a + 2) * (2 - (1 - a) * gap) - twos
    return first, second


def _slopes(a: float, b: float, k: float, f: float) -> tuple[float, float, float, float]:
    """Derivatives of the equations as published (with the division)."""
    gap = (1 - f) * (1 - b)
    room = 1 - gap
    base = b / room
    power = base**a
    inside = a * gap / room + 1
    # d gap/d b = −(1 − f), d room/d b = 1 − f.
    first_a = k * f * power * (np.log(base) * inside + gap / room)
    first_b = (
        k
        * f
        * (
            a * base ** (a - 1) * (1 / room - b * (1 - f) / room**2) * inside
            + power * a * (-(1 - f) / room - gap * (1 - f) / room**2)
        )
    )
    tail = 2 - (1 - a) * gap
    scale = k * f**2 / (2 * room ** (a + 2))
    grown = b**a
    second_a = scale * grown * (1 - b) * (tail + a * tail * np.log(b) - a * tail * np.log(room) + a * gap)
    second_b = (
        scale
        * a
        * (
            -grown * tail
            + a * b ** (a - 1) * (1 - b) * tail
            + grown * (1 - b) * (1 - a) * (1 - f)
            - grown * (1 - b) * tail * (a + 2) * (1 - f) / room
        )
    )
    return first_a, first_b, second_a, second_b
