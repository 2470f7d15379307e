"""What would help: concrete changes of a standard, each really made and measured (効き目と代償)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kaigo.deidentify import Key, Release, Standard, make_release
from kaigo.deidentify.standard_parts import Layout, Rule
from kaigo.engine import open_engine
from kaigo.errors import EmptyResultError, StandardError
from kaigo.risk.changes import RULE_PREFIX, change_standard, load_changes, offer_changes
from kaigo.risk.contributions import measure_contributions
from kaigo.risk.release import measure_release
from kaigo.risk.release_calendar import list_months
from kaigo.risk.released_history import BIRTH_COLUMNS, read_history
from kaigo.risk.rotation import measure_rotation
from kaigo.tables import CareTables


@dataclass(frozen=True)
class Mitigation:
    """1つの変更の効き目と代償。

    Attributes
    ----------
    id, name, costs : str
        ``costs`` says in words what can no longer be analysed.
    k : int
        Smallest class of histories (B) on the declared quasi-identifiers.
    unique_share : float
        Share of persons alone in their class (B) on them.
    unique_on_all : float
        Share of persons with a history of their own on all released columns, within the first pseudonym period. Of lines
        without pseudonyms: of persons who are alone, in some month, with what the lines of that month show.
    rejoin_rate : float or None
        Rejoin rate of adjacent pseudonyms; None where there is one period only, or no pseudonym.
    cells_changed, cells : int
        Cells of the release without the change that the change alters or blanks, and all of them. What the standard does
        anyway, or would not have released, costs nothing.
    """

    id: str
    name: str
    costs: str
    k: int
    unique_share: float
    unique_on_all: float
    rejoin_rate: float | None
    cells_changed: int
    cells: int

    @property
    def cell_share(self) -> float:
        """Share of cells that the change costs."""
        return self.cells_changed / self.cells if self.cells else 0.0


def measure_mitigations(
    tables: CareTables,
    standard: Standard,
    key: Key,
    seed: int,
    *,
    names: Sequence[str] | None = None,
    engine: str = "duckdb",
) -> list[Mitigation]:
    """変更ごとに加工をやり直し、残る危険と、代償になるセルの数を測る。先頭は変更なし。

    Parameters
    ----------
    standard : Standard
        The standard in force; its ``linked`` layout is measured, ``joined`` where it uses no pseudonyms.
    key : Key
        Of this evaluation only: nothing is provided, and all is removed at the end.
    seed : int
        For the draws of the rejoin attack.
    names : sequence of str, optional
        Changes to measure; default those that make the standard coarser (:func:`kaigo.risk.changes.offer_changes`).
    """
    layout: Layout = "joined" if standard.pseudonym.mode == "none" else "linked"

    def make(own: Standard, folder: str) -> Release:
        return make_release(tables, own, Path(folder) / "r", key=key, layout=layout, engine=engine)

    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
        release = make(standard, folder)
        before = count_cells(release, engine)
        parameters = release.manifest["parameters"]
        offered = offer_changes(
            standard, len(list_months(parameters["first_month"], parameters["last_month"]))
        )
        unchanged = {"name": "変更なし(いまの加工基準)", "costs": ""}
        total = sum(before.values())
        results = [_measure("none", unchanged, release, seed, (0, total), engine)]
    changes = load_changes() | offered
    for name in names if names is not None else tuple(offered):
        own = change_standard(standard, name, changes)
        with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
            try:
                release = make(own, folder)
            except (EmptyResultError, StandardError):
                # A change that leaves nothing of these data, or cannot keep the promise on them, is no offer.
                continue
            if "raise" in changes[name]:
                spent = _count_lost(before, count_cells(release, engine))
            else:
                spent = _count_cost(release, standard, own, before)
            results.append(_measure(name, changes[name], release, seed, (spent, total), engine))
    return results


def _measure(
    name: str, change: Mapping[str, Any], release: Release, seed: int, cells: tuple[int, int], engine: str
) -> Mitigation:
    risk = measure_release(release, engine=engine)
    if release.layout == "linked":
        unique_on_all, rejoin_rate = _measure_histories(release, seed, engine)
    else:
        unique_on_all, rejoin_rate = risk.wider[-1][1].unique_share, None
    return Mitigation(
        id=name,
        name=change["name"],
        costs=change["costs"],
        k=risk.history.k,
        unique_share=risk.history.unique_share,
        unique_on_all=unique_on_all,
        rejoin_rate=rejoin_rate,
        cells_changed=cells[0],
        cells=cells[1],
    )


def _measure_histories(release: Release, seed: int, engine: str) -> tuple[float, float | None]:
    """Persons with a history of their own within the first pseudonym, and the rejoin rate."""
    history = read_history(release, engine=engine)
    rotate_months = int(release.manifest["parameters"]["rotate_months"] or len(history.months))
    rotation = measure_rotation(history, rotate_months, np.random.default_rng(seed))
    first = range(0, min(rotate_months, len(history.months)))
    return measure_contributions(history, first).everything, rotation.rate if rotation.boundaries else None


def _count_cost(release: Release, before: Standard, after: Standard, cells: Mapping[str, int]) -> int:
    """Cells that the changed rules cost: at most those that the release without the change shows of their columns."""
    altered: dict[str, int] = {}
    for entry in release.ledger()["rules"]:
        altered[entry["id"]] = altered.get(entry["id"], 0) + int(entry["cells_changed"])
    cost = 0
    for rule in after.rules:
        if not rule.id.startswith(RULE_PREFIX) or any(_does_the_same(old, rule) for old in before.rules):
            continue
        shown = sum(
            number
            for table, columns in rule.expanded().items()
            for column in columns
            for name, number in cells.items()
            if name in (f"{table}.{column}", f"joined.{column}")
            or (column == "birth_date" and name.partition(".")[2].startswith(BIRTH_COLUMNS))
        )
        # A line repeats what the persons and certifications of the ledger hold once: there all that is shown is changed.
        cost += shown if release.layout == "joined" else min(altered.get(rule.id, 0), shown)
    return cost


def _count_lost(cells: Mapping[str, int], left: Mapping[str, int]) -> int:
    """Cells that are no longer there; a column that has more of them than before costs nothing."""
    return sum(max(number - left.get(name, 0), 0) for name, number in cells.items())


def _does_the_same(old: Rule, new: Rule) -> bool:
    """Whether a rule in force treats the columns as the change would."""
    same = old.technique == new.technique and dict(old.parameters) == dict(new.parameters)
    return same and set(new.columns) <= set(old.columns)


def count_cells(release: Release, engine: str = "duckdb") -> dict[str, int]:
    """Cells with a value in each released column (``table.column``), pseudonyms left out."""
    cells: dict[str, int] = {}
    with open_engine(engine) as session:
        release.scan(session)
        for table in release.manifest["tables"]:
            view = "released" if table == "joined" else f"released_{table}"
            columns = [c for c in release.columns(table) if c != "person_id"]
            counted = ", ".join(f"count({session.dialect.quote(column)})" for column in columns)
            numbers = session.rows(f"select {counted} from {view}")[0]
            cells |= {
                f"{table}.{column}": int(number) for column, number in zip(columns, numbers, strict=True)
            }
    return cells
