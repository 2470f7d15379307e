"""Risk of a release, counted in persons of the source through the crosswalk."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.deidentify import Release
from kaigo.engine import Engine, open_engine
from kaigo.risk.measures import RiskMeasures
from kaigo.risk.month_values import ValueRisk, measure_month_values
from kaigo.risk.person_months import store_person_months
from kaigo.tables import count_classes


@dataclass(frozen=True)
class MonthRisk:
    """月の同値類(A): 同じ月に同じ値をもつ人。

    Attributes
    ----------
    measures : RiskMeasures
        Each person by the worst month.
    by_month : tuple of (str, int, int)
        Month, persons, unique persons.
    """

    measures: RiskMeasures
    by_month: tuple[tuple[str, int, int], ...]

    @property
    def worst_month(self) -> str:
        """Month with the largest share of unique persons (the first of equals)."""
        return max(self.by_month, key=lambda row: row[2] / row[1])[0]


@dataclass(frozen=True)
class RelinkRisk:
    """``joined`` の行が再び1人にまとまる割合。

    A group is all lines with equal birth month, sex, level and survey answers. ``relinked`` persons are those
    all of whose lines stand in groups that hold nobody else: their lines of each certification come together.
    """

    persons: int
    relinked: int

    @property
    def share(self) -> float:
        """Share of persons."""
        return self.relinked / self.persons if self.persons else 0.0


@dataclass(frozen=True)
class ReleaseRisk:
    """加工したデータの危険の測定結果。

    Attributes
    ----------
    layout : str
    quasi_identifiers : tuple of str
    month : MonthRisk
        (A) month classes.
    history : RiskMeasures
        (B) history classes: the vector over all months that one pseudonym covers (``joined``: over all months,
        as it applies wherever lines can be relinked), absence being a value.
    wider : tuple of (str, RiskMeasures)
        Month classes on the quasi-identifiers and what else a row shows (survey answers, special medical care, the
        month's set of service kinds).
    relink : RelinkRisk or None
        ``joined`` only.
    values : tuple of ValueRisk
        Diversity of what else is learnt in the month classes (l-diversity, t-closeness).
    sampled : bool
        Whether persons were drawn at random; the figures are those against who knows that a person was drawn.
    """

    layout: str
    quasi_identifiers: tuple[str, ...]
    month: MonthRisk
    history: RiskMeasures
    wider: tuple[tuple[str, RiskMeasures], ...]
    relink: RelinkRisk | None
    values: tuple[ValueRisk, ...] = ()
    sampled: bool = False

    def to_payload(self) -> dict[str, Any]:
        """JSON form."""
        payload: dict[str, Any] = {
            "layout": self.layout,
            "quasi_identifiers": list(self.quasi_identifiers),
            "unit": "人",
            "persons": self.month.measures.number,
            "month": {
                "unique_persons": self.month.measures.counts.unique_persons,
                "worst_month": self.month.worst_month,
                "by_month": [
                    {"month": month, "persons": persons, "unique_persons": unique}
                    for month, persons, unique in self.month.by_month
                ],
                **self.month.measures.to_payload(),
            },
            "history": {
                "unique_persons": self.history.counts.unique_persons,
                **self.history.to_payload(),
            },
        }
        payload["wider_keys"] = [
            {
                "keys": label,
                "unique_persons": measures.counts.unique_persons,
                "unique_share": measures.unique_share,
                "k": measures.k,
            }
            for label, measures in self.wider
        ]
        payload["sensitive"] = {value.name: value.to_payload() for value in self.values}
        if self.relink:
            payload["relink"] = {
                "persons": self.relink.persons,
                "relinked_persons": self.relink.relinked,
                "share": self.relink.share,
            }
        return payload


def measure_release(release: Release, *, engine: str = "duckdb") -> ReleaseRisk:
    """加工したデータについて、準識別子から見た危険を人数で測る。

    Parameters
    ----------
    release : Release
        With its crosswalk (``keep/crosswalk``).

    Raises
    ------
    InputError
        If the crosswalk is missing.
    """
    keys = tuple(release.manifest["parameters"]["quasi_identifiers"])
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        store_person_months(session, release, keys, Path(folder))
        month = _measure_months(session, keys)
        history = _measure_histories(session, keys)
        wider = _measure_wider_keys(session, keys)
        relink = _measure_relinking(session, keys) if release.layout == "joined" else None
        values = measure_month_values(session, keys)
    return ReleaseRisk(release.layout, keys, month, history, wider, relink, values, release.is_sampled)


def _measure_months(engine: Engine, keys: Sequence[str]) -> MonthRisk:
    counts = count_classes(engine, "person_months", ["month", *keys], ["person"])
    columns = engine.dialect.columns
    classes = f"select month, count(*) as f from person_months group by month, {columns(tuple(keys))}"
    rows = engine.rows(
        "select month, sum(f) as persons, sum(case when f = 1 then 1 else 0 end) as uniques "
        f"from ({classes}) as s group by month order by month"
    )
    return MonthRisk(RiskMeasures(counts, "人"), tuple((str(m), int(p), int(u)) for m, p, u in rows))


def _measure_histories(engine: Engine, keys: Sequence[str]) -> RiskMeasures:
    dialect = engine.dialect
    person = "person"
    values = ", ".join(f"coalesce(cast({dialect.quote(key)} as {dialect.text_type}), '-')" for key in keys)
    at_month = f"concat_ws('|', month, {values})"
    engine.view(
        "histories",
        f"select {person}, period, {dialect.sorted_set(at_month, ';')} as history from person_months "
        f"group by {person}, period",
    )
    return RiskMeasures(count_classes(engine, "histories", ["period", "history"], ["person"]), "人")


def _measure_wider_keys(engine: Engine, keys: Sequence[str]) -> tuple[tuple[str, RiskMeasures], ...]:
    """Month classes on the quasi-identifiers and what else a row shows."""
    sets = {
        "準識別子のみ": [],
        "準識別子と特別な医療": ["special_care"],
        "準識別子とその月のサービス種類の組": ["kinds"],
        "準識別子と認定調査の回答": ["survey_vector"],
        "準識別子と認定調査の回答とサービス種類の組": ["survey_vector", "kinds"],
    }
    return tuple(
        (
            label,
            RiskMeasures(count_classes(engine, "person_months", ["month", *keys, *more], ["person"]), "人"),
        )
        for label, more in sets.items()
    )


def _measure_relinking(engine: Engine, keys: Sequence[str]) -> RelinkRisk:
    """A person is relinked when none of the person's groups is shared: the largest group must be 1."""
    person, columns = "person", engine.dialect.columns((*keys, "survey_vector"))
    distinct = f"select distinct {person}, {columns} from person_months"
    sized = f"select {person}, count(*) over (partition by {columns}) as f from ({distinct}) as d"
    persons, relinked = engine.rows(
        "select count(*), coalesce(sum(case when largest = 1 then 1 else 0 end), 0) "
        f"from (select {person}, max(f) as largest from ({sized}) as s group by {person}) as r"
    )[0]
    return RelinkRisk(int(persons), int(relinked))
