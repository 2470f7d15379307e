"""From arrays to the three care tables in Arrow, as the schema of ``kaigo.tables`` wants them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.synthetic.benefits import BenefitLines
from kaigo.synthetic.care_minutes import LEVELS
from kaigo.synthetic.catalogue import Catalogue
from kaigo.synthetic.certification import KIND_NAMES, Certifications
from kaigo.synthetic.diseases import Diseases, load_diseases
from kaigo.synthetic.exits import REASON_NAMES, STAYS, ExitBook
from kaigo.synthetic.parameters import read_toml
from kaigo.synthetic.persons import MALE, Persons, insured_category, qualification_day
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.providers import Providers, insurer_number
from kaigo.synthetic.streams import Block

Ints = npt.NDArray[np.integer[Any]]
NUMBER_DIGITS = 10


def _labels(positions: Ints, words: tuple[str | None, ...]) -> pa.Array:
    """Texts by position, dictionary-encoded until they are written (Parquet takes no null in a dictionary)."""
    indices, dictionary = pa.array(positions.astype(np.int32)), pa.array(words, pa.string())
    if dictionary.null_count:
        return dictionary.take(indices)
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def _only_used(positions: Ints, words: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    """The same texts by position among those that occur: a dictionary is written with every row group."""
    used = np.flatnonzero(np.bincount(positions, minlength=len(words)))
    place = np.zeros(len(words), np.int32)
    place[used] = np.arange(len(used))
    return place.take(positions), tuple(words[position] for position in used.tolist())


def _dates(days: npt.NDArray[np.datetime64]) -> pa.Array:
    return pa.array(days.astype("datetime64[D]"), pa.date32())


def insured_numbers(persons: Persons) -> pa.Array:
    """被保険者番号 as text of ten digits."""
    powers = 10 ** np.arange(NUMBER_DIGITS - 1, -1, -1)
    digits = (persons.number[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    ends = np.arange(len(digits) + 1, dtype=np.int32) * NUMBER_DIGITS
    return pa.StringArray.from_buffers(len(digits), pa.py_buffer(ends), pa.py_buffer(digits))


@cache
def load_names() -> dict[str, Any]:
    """Invented names of persons and places."""
    return read_toml("invented_names")


def _person_names(persons: Persons) -> pa.Array:
    names = load_names()
    family, male, female = names["family"], names["male"], names["female"]
    given = np.where(persons.sex == MALE, persons.given % len(male), len(male) + persons.given % len(female))
    return _join([_words(family, persons.family % len(family)), " ", _words([*male, *female], given)])


def _addresses(block: Block, persons: Persons) -> pa.Array:
    names = load_names()
    towns, districts, buildings = names["municipality"], names["district"], names["building"]
    serial, which = divmod(block.municipality, len(towns))
    town = f"{names['prefecture']}{towns[which]}" + (f"第{serial + 1}区" if serial else "")
    street, house = persons.street.astype(np.int64), persons.building.astype(np.int64)
    rooms = [
        f" {building}{101 + floor * 100 + door}号" if building else ""
        for building in buildings
        for floor in range(4)
        for door in range(12)
    ]
    room = (house % len(buildings)) * 48 + house // 8 % 4 * 12 + house // 32 % 12
    return _join(
        [
            _words([town + district for district in districts], persons.district % len(districts)),
            _words([f"{1 + part}丁目" for part in range(6)], street % 6),
            _words([f"{1 + part}番" for part in range(38)], street // 6 % 38),
            _words([f"{1 + part}号" for part in range(24)], street // 228 % 24),
            _words(rooms, room),
        ]
    )


def _words(words: list[str], positions: Ints) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(positions.astype(np.int32)))


def _join(parts: list[pa.Array | str]) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def make_persons(
    block: Block,
    plan: SynthesisPlan,
    persons: Persons,
    numbers: pa.Array,
    certifications: Certifications,
    exits: ExitBook,
    schema: pa.Schema,
) -> pa.Table:
    """個人属性情報。Category and exits are as on the last day of the span."""
    n = len(persons)
    left = exits.disqualified_on
    first_row = np.searchsorted(certifications.person, np.arange(n))
    taken_on = np.where(exits.month == STAYS, np.datetime64(plan.last_day), left)
    columns = {
        "insurer_number": _labels(np.zeros(n, np.int32), (insurer_number(block.municipality),)),
        "insured_number": numbers,
        "name": _person_names(persons),
        "address": _addresses(block, persons),
        "birth_date": _dates(persons.birth),
        "sex": pa.array(persons.sex, pa.int8()),
        "insured_category": pa.array(insured_category(persons, taken_on), pa.int8()),
        "qualified_on": _dates(qualification_day(persons, certifications.valid_from[first_row])),
        "disqualified_on": _dates(left),
        "disqualified_reason": _labels(exits.reason, REASON_NAMES),
    }
    return _table(columns, schema)


def make_certifications(
    block: Block, numbers: pa.Array, certifications: Certifications, diseases: Diseases, schema: pa.Schema
) -> pa.Table:
    """認定情報。"""
    who = certifications.person
    model = load_diseases()
    disease = np.where(diseases.missing[who], len(model.names), certifications.cause)
    columns = {
        "insurer_number": _labels(np.zeros(len(who), np.int32), (insurer_number(block.municipality),)),
        "insured_number": pa.DictionaryArray.from_arrays(pa.array(who.astype(np.int32)), numbers),
        "application_kind": _labels(certifications.kind, KIND_NAMES),
        "applied_on": _dates(certifications.applied),
        "surveyed_on": _dates(certifications.surveyed),
        "valid_from": _dates(certifications.valid_from),
        "valid_to": _dates(certifications.valid_to),
        "care_level": _labels(certifications.level, LEVELS),
        "primary_disease": _labels(disease, (*model.names, None)),
    }
    answers = np.asfortranarray(certifications.answers)
    surveys = [name for name in schema.names if name not in columns]
    columns |= {name: pa.array(answers[:, position], pa.int8()) for position, name in enumerate(surveys)}
    return _table(columns, schema)


def make_benefits(
    block: Block,
    plan: SynthesisPlan,
    numbers: pa.Array,
    lines: BenefitLines,
    providers: Providers,
    catalogue: Catalogue,
    schema: pa.Schema,
) -> pa.Table:
    """介護給付情報。"""
    months = plan.month_starts[:-1].astype("datetime64[D]").astype(np.int32)
    columns = {
        "insurer_number": _labels(
            np.zeros(len(lines.person), np.int32), (insurer_number(block.municipality),)
        ),
        "insured_number": pa.DictionaryArray.from_arrays(pa.array(lines.person), numbers),
        "service_month": pa.array(months[lines.month]).cast(pa.date32()),
        "service_code": _labels(lines.code, catalogue.code_names),
        "days": pa.array(lines.days),
        "units": pa.array(lines.units),
        "provider_number": _labels(*_only_used(lines.provider, providers.numbers)),
    }
    return _table(columns, schema)


def _table(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    """Columns in the schema's order; dictionary-encoded texts stay so until the Parquet writer."""
    return pa.table({name: columns[name] for name in schema.names})
