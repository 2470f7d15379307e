"""The three analyses against plain Python on one random town: person by person, month by month."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kaigo.analysis import analyse_care_plans, analyse_conditions, analyse_service_use, run_analysis
from kaigo.analysis.care_plans_result import OUTCOMES
from kaigo.analysis.rules import load_conditions, load_patterns, load_profiles, needy_levels
from kaigo.tables import CareTables, find_limit, load_care_levels, load_service_kinds

Row = dict[str, Any]
MONTHS = [f"2024-{month:02d}" for month in range(4, 13)]
LAST_DAY = {m: f"{m}-{30 if m[5:] in ('04', '06', '09', '11') else 31}" for m in MONTHS}
CODES = ["111111", "151111", "171001", "211111", "311111", "431111", "511111", "331111", "ZZ1111"]
OUTSIDE = {"31", "43", "51", "33"}


class _Town:
    """Random rows, and what each person's state is in each month by the words of the definitions."""

    def __init__(self, persons: int = 250) -> None:
        rng = np.random.default_rng(11)
        self.persons: list[Row] = []
        self.certifications: list[Row] = []
        self.benefits: list[Row] = []
        for person in range(1, persons + 1):
            left = f"2024-{rng.integers(5, 13):02d}-17" if rng.random() < 0.2 else None
            self.persons.append({"person": person, "disqualified_on": left})
            for start, end in self._spans(rng):
                self.certifications.append(self._certify(rng, person, start, end))
            for month in MONTHS:
                for code in rng.choice(CODES, size=rng.integers(0, 4), replace=False):
                    units = int(rng.integers(1, 9000))
                    row = {
                        "person": person,
                        "service_month": month,
                        "service_code": str(code),
                        "units": units,
                    }
                    self.benefits.append(row)
        self.left = {row["person"]: row["disqualified_on"] or "9999-12-31" for row in self.persons}

    @staticmethod
    def _spans(rng: np.random.Generator) -> list[tuple[str, str]]:
        cut = f"2024-{rng.integers(4, 13):02d}"
        spans = [("2023-01-01", f"{cut}-15"), (f"{cut}-16", "2025-12-31"), ("2024-06-01", "2025-05-31")]
        keep = [rng.random() < 0.9, rng.random() < 0.6, rng.random() < 0.2]
        return [span for span, kept in zip(spans, keep, strict=True) if kept]

    @staticmethod
    def _certify(rng: np.random.Generator, person: int, start: str, end: str) -> Row:
        level = str(rng.choice(["06", "12", "21", "22", "23", "24", "25"]))
        row: Row = {"person": person, "valid_from": start, "valid_to": end, "care_level": level}
        for condition in load_conditions():
            for column in condition.columns:
                if rng.random() > 0.05 / len(condition.columns):
                    low = 0 if column.startswith(("survey_1_1", "survey_6")) else 1
                    row[column] = low + int(rng.random() < 0.3) * int(max(condition.codes) - low)
        return row

    def state(self, person: int, month: str) -> Row | None:
        """The certification in force."""
        found = []
        for row in self.certifications:
            end = min(row["valid_to"], self.left[person])
            if row["person"] == person and row["valid_from"] <= LAST_DAY[month] and end >= f"{month}-01":
                found.append((end >= LAST_DAY[month], row["valid_from"], row))
        return max(found, key=lambda item: item[:2])[2] if found else None


def _answer(row: Row, name: str) -> bool | None:
    condition = next(condition for condition in load_conditions() if condition.id == name)
    values = [row.get(column) for column in condition.columns]
    if any(value in condition.codes for value in values):
        return True
    return None if None in values else False


def _profile(row: Row) -> str:
    axes = {}
    for axis, names in load_profiles()["axes"].items():
        answers = [_answer(row, name) for name in names]
        axes[axis] = True if True in answers else None if None in answers else False
    if None in axes.values():
        return "unknown"
    return {(True, True): "both", (True, False): "body", (False, True): "cognition"}.get(
        (axes["body"], axes["cognition"]), "light"
    )


@pytest.fixture(scope="module")
def town() -> _Town:
    return _Town()


@pytest.fixture
def tables(town: _Town, make_tables: Callable[..., CareTables]) -> CareTables:
    return make_tables(town.persons, town.certifications, town.benefits, shuffle=5, files=3)


def test_conditions_agree_with_counting_one_by_one(town: _Town, tables: CareTables) -> None:
    result = run_analysis(analyse_conditions, tables)
    states = [town.state(row["person"], MONTHS[-1]) for row in town.persons]
    certified = [row for row in states if row and row["care_level"] != "06"]
    assert result.total == len(certified)
    assert dict(result.levels) == {
        level: sum(row["care_level"] == level for row in certified) for level, _ in result.levels
    }
    for need in result.conditions:
        for answer, share in ((True, need.present), (False, need.absent), (None, need.unknown)):
            rows = [row for row in certified if _answer(row, need.condition.id) is answer]
            needy = sum(row["care_level"] in needy_levels() for row in rows)
            assert (share.count, share.total) == (needy, len(rows)), (need.condition.id, answer)
    profiles = Counter(_profile(row) for row in certified)
    assert {name: share.total for name, share in result.profiles} == {
        name: profiles[name] for name in load_profiles()["names"]
    }


def test_service_use_agrees_with_counting_one_by_one(town: _Town, tables: CareTables) -> None:
    result = run_analysis(analyse_service_use, tables)
    used: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in town.benefits:
        used[row["person"], row["service_month"]].append(row)
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    seen: dict[str, set[int]] = defaultdict(set)
    for person in (row["person"] for row in town.persons):
        for month in MONTHS:
            state = town.state(person, month)
            if state is None:
                continue
            lines = used[person, month]
            inside = sum(
                row["units"]
                for row in lines
                if row["service_code"][:2] not in OUTSIDE and row["service_code"][:2] != "ZZ"
            )
            limit = find_limit(state["care_level"], month) or 0
            for group in (_profile(state), state["care_level"], month, ""):
                seen[group].add(person)
                groups[group].update(
                    person_months=1,
                    user_months=bool(lines),
                    units=sum(row["units"] for row in lines),
                    lines=len(lines),
                    limited_units=inside,
                    limit_units=limit if inside else 0,
                )
    rows = (*result.by_profile, *result.by_level, *result.by_month, result.total)
    assert {row.group for row in rows} == set(groups)
    for row in rows:
        assert row.persons == len(seen[row.group])
        for name, value in groups[row.group].items():
            assert getattr(row, name) == value, (row.group, name)
    assert result.lines_left_out == len(town.benefits) - groups[""]["lines"]


def test_care_plans_agree_with_counting_one_by_one(town: _Town, tables: CareTables) -> None:
    result = run_analysis(analyse_care_plans, tables)
    categories = {kind.code: kind.category_code for kind in load_service_kinds().values()}
    severity = {level.code: level.severity for level in load_care_levels().values()}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    places: Counter[str] = Counter()
    for person in (row["person"] for row in town.persons):
        first, third, last = (town.state(person, month) for month in (MONTHS[0], MONTHS[2], MONTHS[-1]))
        if first is None:
            continue
        places["seen"] += 1
        units: Counter[str] = Counter()
        for row in town.benefits:
            early = row["person"] == person and row["service_month"] <= MONTHS[2]
            if early and town.state(person, row["service_month"]):
                units[categories.get(row["service_code"][:2], "X")] += row["units"]
        units.pop("G7", None)
        top = min(units, key=lambda category: (-units[category], category)) if units else ""
        if first["care_level"] < "21":
            places["level"] += 1
        elif third is None:
            places["landmark"] += 1
        elif {"G4", "G5"} & set(units):
            places["residential"] += 1
        elif top == "X":
            places["undetermined"] += 1
        else:
            places["compared"] += 1
            change = None if last is None else severity[last["care_level"]] - severity[first["care_level"]]
            outcome = "見えなくなった" if change is None else ["維持", "悪化", "改善"][int(np.sign(change))]
            found[load_patterns()[top].name if top else "利用なし"][outcome] += 1
    order = ("seen", "level", "landmark", "residential", "undetermined", "compared")
    assert [persons for _, persons in result.flow] == [places[name] for name in order]
    assert min(places[name] for name in order) > 0  # the town exercises every way out
    assert {row.pattern.name: dict(row.counts) for row in result.patterns} == {
        name: {outcome: counts[outcome] for outcome in OUTCOMES} for name, counts in found.items()
    }
