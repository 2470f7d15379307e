"""Who the persons are: sex, birth date, entry, address, numbers. Nothing about health."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import Parameters, read_synthetic_facts
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage

MALE, FEMALE = 1, 2
STOCK = -1
SCHEME_START = np.datetime64("2000-04-01")
_NUMBER_PRIME = 99_999_989
"""A prime below 10^8: multiplication modulo it gives each person of an insurer another number."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Persons:
    """1ブロックの人。All arrays have shape (n,).

    Attributes
    ----------
    number : int64
        被保険者番号 as a number (10 digits with leading zeros when written).
    sex : int8
    birth : datetime64[D]
    age : float64
        Age in years on the first day of the span.
    second : bool
        第2号 on the first day of the span.
    entry : int16
        Month of the first certification, -1 for those certified before the span.
    moved_in : bool
    moved_in_years : float64
        When a person who moved in did so, as a place (0 to 1) between 65 and the first certification.
    district, street, family, given, building : int16
        Indices into the invented names.
    """

    number: Ints
    sex: npt.NDArray[np.int8]
    birth: Days
    age: Floats
    second: Bools
    entry: npt.NDArray[np.int16]
    moved_in: Bools
    moved_in_years: Floats
    district: Ints
    street: Ints
    family: Ints
    given: Ints
    building: Ints

    def __len__(self) -> int:
        return len(self.number)


@cache
def _age_cells() -> tuple[Ints, Ints, Floats]:
    """Sex and single year of age of every cell, and the cumulative weight.

    Within a published band the single years follow a geometric line; the last band has no end of its own.
    """
    sexes, ages, weights = [], [], []
    for row in read_synthetic_facts("age_sex"):
        first, last, persons = int(row["age_from"]), int(row["age_to"]), int(row["persons"])
        shape = [float(row["yearly_ratio"]) ** step for step in range(last - first + 1)]
        for step, part in enumerate(shape):
            sexes.append(int(row["sex"]))
            ages.append(first + step)
            weights.append(persons * part / sum(shape))
    cumulative = np.cumsum(np.array(weights))
    return np.array(sexes), np.array(ages), cumulative / cumulative[-1]


def draw_persons(block: Block, plan: SynthesisPlan, parameters: Parameters) -> Persons:
    """1ブロックの人を引く。

    Sex and age follow the published certified persons; centenarians come from the tail of that distribution.
    """
    draw = block.generator(Stage.PERSONS)
    n = block.size
    sexes, ages, cumulative = _age_cells()
    cell = np.searchsorted(cumulative, draw.random(n), side="right")
    sex = sexes[cell].astype(np.int8)
    age = ages[cell] + draw.random(n)
    first_day = plan.month_starts[0]
    birth = first_day - (age * 365.2425).astype(np.int64)
    yearly = parameters.entry.annual_rate * plan.months / 12
    enters = draw.random(n) < yearly / (1 + yearly)
    entry_month = draw.integers(0, plan.months, n)
    return Persons(
        number=_number_persons(block),
        sex=sex,
        birth=birth,
        age=age,
        second=ages[cell] < 65,
        entry=np.where(enters, entry_month, STOCK).astype(np.int16),
        moved_in=draw.random(n) < parameters.persons.moved_in_share,
        moved_in_years=draw.random(n),
        district=draw.integers(0, 1 << 20, n),
        street=draw.integers(0, 1 << 20, n),
        family=draw.integers(0, 1 << 20, n),
        given=draw.integers(0, 1 << 20, n),
        building=draw.integers(0, 1 << 20, n),
    )


def _number_persons(block: Block) -> Ints:
    """Insured numbers: different within the insurer, in no visible order."""
    multiplier, offset = block.municipality_generator().integers(1_000_000, _NUMBER_PRIME, 2)
    serial = np.arange(block.first, block.first + block.size, dtype=np.int64)
    return (serial * int(multiplier) + int(offset)) % _NUMBER_PRIME


def insured_category(persons: Persons, taken_on: Days) -> npt.NDArray[np.int8]:
    """第1号 or 第2号 on the day the table was taken (or the person left)."""
    return np.where(_age_reached(persons.birth, 65) > taken_on, 2, 1).astype(np.int8)


def _age_reached(birth: Days, years: int) -> Days:
    """The day before the birthday: when Japanese law counts an age as reached."""
    month = birth.astype("datetime64[M]")
    day = (birth - month.astype("datetime64[D]")).astype(np.int64)
    reached: Days = (month + 12 * years).astype("datetime64[D]") + day - 1
    return reached


def qualification_day(persons: Persons, first_valid: Days) -> Days:
    """資格取得日: at 65, or at moving in; for 第2号 with the first certification; never before the scheme."""
    at_65 = np.maximum(_age_reached(persons.birth, 65), SCHEME_START)
    span = np.maximum((first_valid - at_65).astype(np.int64), 0)
    moved = at_65 + (span * persons.moved_in_years).astype(np.int64)
    usual = np.where(persons.moved_in, moved, at_65)
    return np.where(at_65 > first_valid, first_valid, usual)
