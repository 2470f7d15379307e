"""What would help: concrete changes of a standard, each really made and measured (効き目と代償)."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from kaigo.deidentify import Key, Release, Standard, make_release
from kaigo.deidentify.released_names import released_birth
from kaigo.deidentify.standard_parts import Rule
from kaigo.engine import open_engine
from kaigo.risk.contributions import measure_contributions
from kaigo.risk.release import measure_release
from kaigo.risk.released_history import BIRTH_COLUMNS, read_history
from kaigo.risk.rotation import measure_rotation
from kaigo.tables import CareTables

RULE_PREFIX = "変更-"


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
        Share of persons with a history of their own on all released columns, within the first pseudonym period.
    rejoin_rate : float or None
        Rejoin rate of adjacent pseudonyms; None where there is one period only.
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


def load_changes() -> dict[str, dict[str, Any]]:
    """変更の候補を読む。"""
    text = resources.files("kaigo.risk").joinpath("data", "mitigations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def change_standard(standard: Standard, name: str, changes: Mapping[str, Mapping[str, Any]]) -> Standard:
    """加工基準に1つの変更を加える(もとの基準は変わらない)。

    Parameters
    ----------
    name : str
        Entry of ``changes`` (:func:`load_changes`); its parts are applied in order.

    Examples
    --------
    ``no_answers`` on ``soumu-2018``: the rule of ⑥ is gone, and one deletes the 74 items.
    """
    change = changes[name]
    for part in change.get("together", ()):
        standard = change_standard(standard, part, changes)
    data = standard.model_dump()
    if "rotate_months" in change:
        data["pseudonym"]["rotate_months"] = change["rotate_months"]
    if "technique" in change:
        data["rules"] = _replace_rules(standard, name, change)
    changed = Standard.model_validate(data)
    old, new = released_birth(standard.rules), released_birth(changed.rules)
    for layout, names in data["quasi_identifiers"].items():
        data["quasi_identifiers"][layout] = [new if name == old else name for name in names]
    return Standard.model_validate(data)


def _replace_rules(standard: Standard, name: str, change: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = Rule(
        id=f"{RULE_PREFIX}{name}",
        number="",
        columns=tuple(change["columns"]),
        technique=change["technique"],
        parameters=change.get("parameters", {}),
        clause_2018="規則第11条第5号",
        clause_now="規則第62条第5号",
        reason=f"{change['name']}とどうなるかを測るための変更。",
        set_by="本書",
    )
    columns = {f"{table}.{column}" for table, names in wanted.expanded().items() for column in names}
    rules: list[dict[str, Any]] = []
    placed = False
    for rule in standard.rules:
        own = [f"{table}.{column}" for table, names in rule.expanded().items() for column in names]
        left = [column for column in own if column not in columns]
        touched = len(left) < len(own)
        if touched and not placed:
            rules.append(wanted.model_dump())
            placed = True
        if not touched or not change["replace"]:
            rules.append(rule.model_dump())
        elif left:
            rules.append(rule.model_dump() | {"columns": left})
    return rules


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
        The standard in force; its ``linked`` layout is measured.
    key : Key
        Of this evaluation only: nothing is provided, and all is removed at the end.
    seed : int
        For the draws of the rejoin attack.
    names : sequence of str, optional
        Changes to measure; default all.
    """
    changes = load_changes()
    chosen = names if names is not None else tuple(changes)
    results: list[Mitigation] = []
    cells: dict[str, int] = {}
    for name in ("", *chosen):
        own = change_standard(standard, name, changes) if name else standard
        with tempfile.TemporaryDirectory(prefix="kaigo-") as folder:
            release = make_release(tables, own, Path(folder) / "r", key=key, layout="linked", engine=engine)
            cells = cells if name else count_cells(release, engine)
            spent = _count_cost(release, standard, own, cells)
            described = changes.get(name, {"name": "変更なし(いまの加工基準)", "costs": ""})
            results.append(_measure(name, described, release, seed, (spent, sum(cells.values())), engine))
    return results


def _measure(
    name: str, change: Mapping[str, Any], release: Release, seed: int, cells: tuple[int, int], engine: str
) -> Mitigation:
    risk = measure_release(release, engine=engine)
    history = read_history(release, engine=engine)
    rotate_months = int(release.manifest["parameters"]["rotate_months"] or len(history.months))
    rotation = measure_rotation(history, rotate_months, np.random.default_rng(seed))
    first = range(0, min(rotate_months, len(history.months)))
    return Mitigation(
        id=name or "none",
        name=change["name"],
        costs=change["costs"],
        k=risk.history.k,
        unique_share=risk.history.unique_share,
        unique_on_all=measure_contributions(history, first).everything,
        rejoin_rate=rotation.rate if rotation.boundaries else None,
        cells_changed=cells[0],
        cells=cells[1],
    )


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
            if name == f"{table}.{column}"
            or (column == "birth_date" and name.startswith(tuple(f"{table}.{b}" for b in BIRTH_COLUMNS)))
        )
        cost += min(altered.get(rule.id, 0), shown)
    return cost


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
