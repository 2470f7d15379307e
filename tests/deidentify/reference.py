"""The processing standard once more, in pandas and plain Python: slow, simple, and written apart from the engine."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from kaigo.deidentify import Rule, Standard
from kaigo.tables import CareTables, load_service_codes, load_service_kinds

PERSON = ["insurer_number", "insured_number"]


@dataclass
class Reference:
    """Tables on the way, and for each rule and table: rows in, rows out, cells changed, persons touched."""

    tables: dict[str, pd.DataFrame]
    last_month: str
    layout: str
    counts: dict[tuple[str, str], list[tuple[int, int, int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def record(
        self, rule: Rule, table: str, old: pd.DataFrame, new: pd.DataFrame, columns: Iterable[str]
    ) -> None:
        """Compare two states of a table (same index; rows missing in ``new`` were removed)."""
        kept = old.loc[new.index]
        touched = set(old.loc[old.index.difference(new.index), "who"])
        cells = 0
        for column in columns:
            before = kept[column]
            after = (
                new[column] if column in new else pd.Series([None] * len(new), index=new.index, dtype=object)
            )
            differs = [not _same(a, b) for a, b in zip(before, after, strict=True)]
            cells += sum(differs)
            touched |= set(kept.loc[differs, "who"])
        self.counts[rule.id, table].append((len(old), len(new), cells, len(touched)))
        self.tables[table] = new


def _same(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return str(one) == str(other)


def process(tables: CareTables, standard: Standard, layout: str) -> Reference:
    """All rules in order."""
    state = _open(tables, layout)
    for rule in standard.rules:
        for table, columns in rule.expanded().items():
            _apply(state, rule, table, list(columns))
    return state


def _open(tables: CareTables, layout: str) -> Reference:
    frames = {}
    for name in ("persons", "certifications", "benefits"):
        frame = pq.read_table(tables.table(name)).to_pandas().astype(object)
        frame["who"] = list(zip(frame["insurer_number"], frame["insured_number"], strict=True))
        frames[name] = frame
    people = set(frames["persons"]["who"])
    certifications, benefits = frames["certifications"], frames["benefits"]
    months = sorted(set(benefits["service_month"]))
    left = dict(zip(frames["persons"]["who"], frames["persons"]["disqualified_on"], strict=True))
    in_force = {}
    for who, printed in certifications.groupby("who"):
        own = printed.copy()
        if pd.notna(left.get(who)):
            own["valid_to"] = [min(day, left[who]) for day in own["valid_to"]]
        for month in months:
            found = _find_in_force(own, month)
            if found is not None and who in people:
                in_force[who, month] = found
    benefits["certification"] = [
        in_force.get(key) for key in zip(benefits["who"], benefits["service_month"], strict=True)
    ]
    benefits = benefits[benefits["certification"].notna()]
    if layout == "joined":
        used, present = set(benefits["certification"]), set(benefits["who"])
    else:
        used, present = set(in_force.values()), {who for who, _ in in_force}
    return Reference(
        {
            "persons": frames["persons"][frames["persons"]["who"].isin(present)],
            "certifications": certifications.loc[sorted(used)],
            "benefits": benefits,
        },
        f"{months[-1]:%Y-%m}",
        layout,
    )


def _find_in_force(own: pd.DataFrame, month: Any) -> Any:
    last_day = (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).date()
    on_last = own[(own["valid_from"] <= last_day) & (own["valid_to"] >= last_day)]
    any_day = own[(own["valid_from"] <= last_day) & (own["valid_to"] >= month)]
    for choice in (on_last, any_day):
        if len(choice):
            return choice["valid_from"].astype(str).idxmax()
    return None


def _apply(state: Reference, rule: Rule, table: str, columns: list[str]) -> None:
    old = state.tables[table]
    new = old.copy()
    parameters: dict[str, Any] = dict(rule.parameters)
    if rule.technique == "delete_item":
        new = new.drop(columns=columns)
    elif rule.technique == "generalise_to_month":
        for column in columns:
            new[column] = [str(value)[:7] for value in old[column]]
    elif rule.technique == "delete_super_aged":
        year, month = state.last_month.split("-")
        last = f"{int(year) - parameters['age']}-{month}"
        new["birth_date"] = [None if value <= last else value for value in old["birth_date"]]
    elif rule.technique == "delete_rare_answers":
        for column in columns:
            givers: dict[Any, set[Any]] = defaultdict(set)
            for who, value in zip(old["who"], old[column], strict=True):
                givers[who[0], value].add(who)
            new[column] = [
                None if pd.isna(value) or len(givers[who[0], value]) < parameters["persons"] else value
                for who, value in zip(old["who"], old[column], strict=True)
            ]
    elif rule.technique == "roll_up_rare_codes":
        new = _roll_up(old, parameters["persons"])
    elif rule.technique == "top_code":
        for column in columns:
            new[column] = _top_code(old, column, parameters)
    state.record(rule, table, old, new, columns)
    if rule.technique == "roll_up_rare_codes" and state.layout == "joined" and len(new) < len(old):
        _drop_unused(state, rule, new)


def _roll_up(old: pd.DataFrame, least: int) -> pd.DataFrame:
    codes, kinds = load_service_codes(), load_service_kinds()

    def ancestor(code: str, level: int) -> str | None:
        kind = kinds.get(code[:2])
        base = codes[code].base_code if code in codes else ""
        if level == 3 or (kind is None and not base):
            return None
        if level == 0 and base:
            return base
        assert kind is not None
        return kind.category_code if level == 2 else kind.code

    shown = {(who[0], code): code for who, code in zip(old["who"], old["service_code"], strict=True)}
    users: dict[Any, set[Any]] = defaultdict(set)
    for who, code in zip(old["who"], old["service_code"], strict=True):
        users[who[0], code].add(who)

    def count() -> dict[Any, int]:
        people: dict[Any, set[Any]] = defaultdict(set)
        for (town, code), label in shown.items():
            people[town, label] |= users[town, code]
        return {label: len(who) for label, who in people.items()}

    for level in range(4):
        numbers = count()
        for (town, code), label in list(shown.items()):
            if label is not None and numbers[town, label] < least:
                shown[town, code] = ancestor(code, level)
    numbers = count()
    new = old.copy()
    keys = [(who[0], code) for who, code in zip(old["who"], old["service_code"], strict=True)]
    new["service_code"] = [shown[key] for key in keys]
    return new[[shown[key] is not None or numbers[key[0], None] >= least for key in keys]]


def _top_code(old: pd.DataFrame, column: str, parameters: dict[str, Any]) -> list[int]:
    groups = defaultdict(list)
    keys = [(who[0], code) for who, code in zip(old["who"], old["service_code"], strict=True)]
    for key, who, value in zip(keys, old["who"], old[column], strict=True):
        groups[key].append((who, value))
    limits = {}
    for key, lines in groups.items():
        values = sorted(value for _, value in lines)
        place = -(-Fraction(str(parameters["percentile"])) * len(values) // 1)
        tops: dict[Any, int] = {}
        for who, value in lines:
            tops[who] = max(tops.get(who, 0), value)
        ranked = sorted(tops.values(), reverse=True)[: parameters["persons"]]
        limits[key] = min(values[int(place) - 1], ranked[-1])
    return [min(value, limits[key]) for key, value in zip(keys, old[column], strict=True)]


def _drop_unused(state: Reference, rule: Rule, benefits: pd.DataFrame) -> None:
    certifications, persons = state.tables["certifications"], state.tables["persons"]
    used = certifications.loc[sorted(set(benefits["certification"]))]
    state.record(rule, "certifications", certifications, used, ())
    state.record(rule, "persons", persons, persons[persons["who"].isin(set(benefits["who"]))], ())
