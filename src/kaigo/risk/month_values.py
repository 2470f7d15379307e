"""What the class of a month gives away: l-diversity and t-closeness of the values beside the quasi-identifiers.

Counted in persons and month by month: an attacker who knows a person's quasi-identifiers in a month looks among the
persons of that month, and the table of reference is the month. In SQL, as the steps of a release are (the definitions
are those of :mod:`kaigo.risk.diversity` and :mod:`kaigo.risk.closeness`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kaigo.engine import Engine

MONTH_VALUES = {"kinds": "その月のサービス種類の組", "survey_vector": "認定調査の回答の組"}
"""Columns of ``person_months`` that are learnt about a person, and their Japanese names."""
ENTROPY_UNIT = 10**15
"""Entropies are added in whole units of 1e-15."""


@dataclass(frozen=True)
class ValueRisk:
    """準識別子を知る人に、ほかの項目がどこまで分かるか。

    Attributes
    ----------
    name, label : str
        Column of ``person_months`` and its Japanese name.
    l_distinct : int
        Fewest different values in a class of any month.
    l_entropy : float
        Smallest exp(H).
    recursive_c : float or None
        Largest r₁ ÷ (r_l + … + r_m); None where l = 1.
    t_equal : float
        Largest ½ Σ |q − p|, p the shares in the month.
    persons, disclosed : int
        Persons; those who in at least one month stand in a class where all have one and the same value (a class of one
        person included): for them the value is known for certain.
    """

    name: str
    label: str
    l_distinct: int
    l_entropy: float
    recursive_c: float | None
    t_equal: float
    persons: int
    disclosed: int

    @property
    def disclosed_share(self) -> float:
        """Share of persons."""
        return self.disclosed / self.persons if self.persons else 0.0

    def to_payload(self) -> dict[str, object]:
        """JSON form."""
        return {
            "label": self.label,
            "l_distinct": self.l_distinct,
            "l_entropy": self.l_entropy,
            "recursive_c": self.recursive_c,
            "t_equal": self.t_equal,
            "disclosed_persons": self.disclosed,
            "disclosed_share": self.disclosed_share,
        }


def measure_month_values(engine: Engine, keys: Sequence[str]) -> tuple[ValueRisk, ...]:
    """月の同値類ごとに、サービス種類の組と認定調査の回答の組がどれだけ散らばるかを測る。

    Parameters
    ----------
    engine : Engine
        With the step ``person_months``.
    keys : sequence of str
        Quasi-identifiers.
    """
    return tuple(_measure_value(engine, keys, name, label) for name, label in MONTH_VALUES.items())


def _measure_value(engine: Engine, keys: Sequence[str], name: str, label: str) -> ValueRisk:
    quoted = [engine.dialect.quote(column) for column in ("month", *keys)]
    of_class = ", ".join(quoted)
    known = f"{name}_known"
    engine.view(known, f"select distinct person, {of_class}, {name} as v from person_months")
    counted = f"select {of_class}, v, count(*) as c from {known} group by {of_class}, v"
    shared = (
        f"select {of_class}, c, cast(sum(c) over (partition by {of_class}) as bigint) as class_size, "
        "cast(sum(c) over (partition by month, v) as bigint) as m, "
        "cast(sum(c) over (partition by month) as bigint) as month_size, "
        f"row_number() over (partition by {of_class} order by c desc) as place from ({counted}) as n"
    )
    cells = f"{name}_cells"
    engine.view(cells, shared)
    least, entropy, distance = engine.rows(
        f"select min(l), min(h), max(t) from ({_select_classes(of_class, cells)}) as s"
    )[0]
    # Who stands in a class with one value only knows it; such classes are few, and no row need be ranked.
    engine.view(f"{name}_sure", f"select {of_class} from {cells} group by {of_class} having count(*) = 1")
    same = " and ".join(f"s.{c} is not distinct from p.{c}" for c in quoted)
    persons = int(engine.value("select count(distinct person) from person_months"))
    disclosed = engine.value(
        f"select count(distinct p.person) from person_months as p join {name}_sure as s on {same}"
    )
    return ValueRisk(
        name,
        label,
        int(least),
        math.exp(int(entropy) / ENTROPY_UNIT),
        _measure_recursive(engine, of_class, cells, int(least)),
        float(distance),
        persons,
        int(disclosed),
    )


def _select_classes(of_class: str, cells: str) -> str:
    """Values (l), entropy (h, in whole units) and distance (t) of each class.

    Added up in whole numbers: a sum of fractions depends on the order in which an engine happens to add them.
    With c of the class's C persons and m of the month's M persons, q = c / C and p = m / M.
    """
    share = "(cast(c as double) / cast(class_size as double))"
    far = "abs(c * month_size - m * class_size) - m * class_size"
    whole = "max(class_size) * max(month_size)"
    return (
        f"select count(*) as l, -sum(cast(round({share} * ln({share}) * {ENTROPY_UNIT}) as bigint)) as h, "
        f"cast(sum({far}) + {whole} as double) / cast(2 * {whole} as double) as t from {cells} group by {of_class}"
    )


def _measure_recursive(engine: Engine, of_class: str, cells: str, least: int) -> float | None:
    if least == 1:
        return None
    rest = f"sum(case when place >= {least} then c else 0 end)"
    by_class = f"select cast(max(c) as double) / cast({rest} as double) as r from {cells} group by {of_class}"
    return float(engine.value(f"select max(r) from ({by_class}) as s"))
