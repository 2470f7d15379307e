"""Counting persons in equivalence classes, for ``deidentify`` and ``risk``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kaigo.engine import Engine


@dataclass(frozen=True)
class ClassCounts:
    """同値類の大きさの数え上げ。

    A person who stands in several classes (a value changes by month) counts once in each; shares of persons
    go by each person's worst (smallest) class.

    Attributes
    ----------
    classes : mapping of int to int
        Class size (persons) to number of classes of that size.
    worst : mapping of int to int
        Size of the person's smallest class to number of persons.
    """

    classes: Mapping[int, int]
    worst: Mapping[int, int]

    @property
    def class_number(self) -> int:
        """Number of classes."""
        return sum(self.classes.values())

    @property
    def persons(self) -> int:
        """Number of persons."""
        return sum(self.worst.values())

    @property
    def k(self) -> int:
        """Size of the smallest class (0 for an empty table)."""
        return min(self.classes, default=0)

    @property
    def unique_persons(self) -> int:
        """Persons whose smallest class is themselves alone."""
        return self.worst.get(1, 0)

    def persons_below(self, size: int) -> int:
        """Persons whose smallest class has fewer than ``size`` persons."""
        return sum(number for worst, number in self.worst.items() if worst < size)


def count_classes(
    engine: Engine, relation: str, keys: Sequence[str], person: Sequence[str] | None
) -> ClassCounts:
    """鍵の値が同じ人の集まり(同値類)ごとに、人を数える。

    Parameters
    ----------
    engine : Engine
    relation : str
        View or step; may hold many rows a person.
    keys : sequence of str
        Quasi-identifiers. A missing value is a value of its own.
    person : sequence of str or None
        Columns that name the person; None counts every row as one record.

    Returns
    -------
    ClassCounts

    Examples
    --------
    Four persons, keys (sex): 男 男 男 女 → one class of 3, one of 1; k = 1, one unique person.
    """
    quote = engine.dialect.quote
    key_list = ", ".join(quote(key) for key in keys)
    if person is None:
        sizes = f"select count(*) as f from {relation} group by {key_list}"
        rows = engine.rows(f"select f, count(*) as n from ({sizes}) as s group by f order by f")
        classes = {int(f): int(n) for f, n in rows}
        return ClassCounts(classes, {f: f * n for f, n in classes.items()})
    person_list = ", ".join(quote(column) for column in person)
    distinct = f"select distinct {person_list}, {key_list} from {relation}"
    sized = f"select {person_list}, count(*) over (partition by {key_list}) as f from ({distinct}) as d"
    worst = f"select {person_list}, min(f) as w from sized group by {person_list}"
    rows = engine.rows(
        f"with sized as ({sized}), worst as ({worst}) "
        "select 'class' as what, f as size, count(*) as n from sized group by f "
        "union all select 'worst' as what, w as size, count(*) as n from worst group by w"
    )
    return ClassCounts(
        {int(f): int(n) // int(f) for what, f, n in sorted(rows) if what == "class"},
        {int(w): int(n) for what, w, n in sorted(rows) if what == "worst"},
    )
