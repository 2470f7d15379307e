"""The generator's numbers, read once from ``data/parameters.toml`` (each with its source there)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kaigo.tables.facts import read_facts

Shares = tuple[float, ...]
PACKAGE = "kaigo.synthetic"


@dataclass(frozen=True)
class PersonsParameters:
    """Who the persons are."""

    moved_in_share: float
    disease_missing_share: float
    comorbidity_factor: float
    comorbidity_effect: float
    certified_years: float
    onset_by_cognition: float


@dataclass(frozen=True)
class EntryParameters:
    """First certifications inside the span."""

    annual_rate: float


@dataclass(frozen=True)
class ProfileParameters:
    """Five profiles of condition: where persons start."""

    means: tuple[Shares, ...]
    entry_share: Shares
    stock_share: Shares
    stock_shift: Shares
    stock_spread: float
    spread: Shares
    common: float
    direction: Shares
    age_slope: float
    female_shift: float


@dataclass(frozen=True)
class LatentParameters:
    """How the five-dimensional state moves."""

    monthly_drift: Shares
    fluctuation_persistence: float
    fluctuation_spread: float
    bad_day: float
    unsteadiness_persistence: float
    unsteadiness_drift: float


@dataclass(frozen=True)
class EventParameters:
    """Acute events: chance a month, effect on the state, hospital stay, request for a change of level."""

    stroke: float
    fracture: float
    illness: float
    illness_frailty: float
    stroke_effect: Shares
    fracture_effect: Shares
    illness_effect: Shares
    lasting_share: float
    hospital_months_max: int
    becomes_cause: Shares
    change_request: Shares


@dataclass(frozen=True)
class AnswerParameters:
    """How the state becomes answers."""

    residual_persistence: float
    rater_noise: float
    slope: Mapping[str, float]
    boundary: Mapping[str, float]


@dataclass(frozen=True)
class CertificationParameters:
    """How answers become levels, and how long a certification is valid."""

    bands: Shares
    dementia_rank: int
    unstable_above: float
    keep_if_lighter: float
    keep_if_heavier: float
    raised_share: Shares
    lowered_share: Shares
    validity_new: tuple[tuple[int, float], ...]
    validity_renewal: tuple[tuple[int, float], ...]
    validity_change: tuple[tuple[int, float], ...]
    stock_new_share: float
    stock_change_share: float
    steadier_in_support: float
    softened_jump: float
    lapse_share: Shares
    lapse_months: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class ExitParameters:
    """Death and move."""

    annual_death: Shares
    age_slope: float
    male_ratio: float
    female_ratio: float
    annual_move: float


@dataclass(frozen=True)
class CareUseParameters:
    """Setting and pattern of use."""

    absent_share: Shares
    monthly_shift: float
    dementia_shift: float
    program_only_share: float
    group_home_share: Shares
    home: Mapping[str, Any]
    support: Mapping[str, Any]
    program: Mapping[str, Any]


@dataclass(frozen=True)
class ArmParameters:
    """Planted assignment and effects of the arms of home care."""

    habit_spread: float
    severity: Shares
    cognition: Shares
    physical: Shares
    dementia: Shares
    effects: tuple[Shares, ...]
    effect_months: int
    intensity_effect: float
    preserved_cognition: float
    severe_cognition: float
    mild_severity: float


@dataclass(frozen=True)
class BenefitParameters:
    """Units against the limit, months without a service."""

    limit_share: Shares
    limit_share_spread: float
    limit_share_floor: float
    limit_share_ceiling: float
    stretch_min: float
    stretch_max: float
    skip_share: float
    skip_share_facility: float
    season: Shares
    outside_limit_kinds: tuple[str, ...]
    price_spread: float


@dataclass(frozen=True)
class ProviderParameters:
    """Providers and their catchment."""

    persons_per_provider: Mapping[str, int]
    other: int
    nearest_share: float
    next_share: float
    outside_share: float


@dataclass(frozen=True)
class RegisterParameters:
    """Of how many persons somebody around them knows something."""

    share: float
    family_share: float


@dataclass(frozen=True)
class MunicipalityParameters:
    """Distribution of insurers by inhabitants aged 65 and over."""

    quantiles: Shares
    elderly: Shares


@dataclass(frozen=True)
class Parameters:
    """合成データの作り方の数値すべて(出所は parameters.toml に書いてある)。"""

    persons: PersonsParameters
    entry: EntryParameters
    profiles: ProfileParameters
    causes: Mapping[str, Shares]
    latent: LatentParameters
    events: EventParameters
    answers: AnswerParameters
    certification: CertificationParameters
    exits: ExitParameters
    care_use: CareUseParameters
    arms: ArmParameters
    benefits: BenefitParameters
    providers: ProviderParameters
    register: RegisterParameters
    municipalities: MunicipalityParameters


_SECTIONS: dict[str, Any] = {
    "persons": PersonsParameters,
    "entry": EntryParameters,
    "profiles": ProfileParameters,
    "latent": LatentParameters,
    "events": EventParameters,
    "answers": AnswerParameters,
    "certification": CertificationParameters,
    "exits": ExitParameters,
    "care_use": CareUseParameters,
    "arms": ArmParameters,
    "benefits": BenefitParameters,
    "providers": ProviderParameters,
    "register": RegisterParameters,
    "municipalities": MunicipalityParameters,
}


def freeze(value: Any) -> Any:
    """Lists as tuples, at any depth."""
    if isinstance(value, list):
        return tuple(freeze(part) for part in value)
    if isinstance(value, dict):
        return {key: freeze(part) for key, part in value.items()}
    return value


def read_toml(name: str) -> dict[str, Any]:
    """A TOML file of this room, lists as tuples."""
    text = resources.files(PACKAGE).joinpath("data", f"{name}.toml").read_text(encoding="utf-8")
    return {key: freeze(value) for key, value in tomllib.loads(text).items()}


@cache
def load_parameters() -> Parameters:
    """Parameters as shipped."""
    return build_parameters(read_toml("parameters"))


def build_parameters(raw: Mapping[str, Any]) -> Parameters:
    """Parameters from the sections of a TOML file."""
    sections = {name: section(**raw[name]) for name, section in _SECTIONS.items()}
    return Parameters(causes=raw["causes"], **sections)


def read_synthetic_facts(name: str) -> tuple[dict[str, str], ...]:
    """A fact table of this room (CSV with ``source`` and ``confidence``)."""
    return read_facts(name, PACKAGE)
