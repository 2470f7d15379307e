"""Providers of services: numbers, and who goes to which (catchment by district)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.parameters import ProviderParameters, read_toml
from kaigo.synthetic.persons import Persons
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.streams import Block, Stage

PREFECTURE = 99
"""Real prefectures have 01 to 47, so no number that begins with 98 or 99 can be a real one."""
MOST_PROVIDERS = 999
"""Providers of one kind in one municipality: as many as three digits can count."""

Ints = npt.NDArray[np.int64]


def insurer_number(municipality: int) -> str:
    """保険者番号: six digits that no insurer has."""
    return f"{PREFECTURE}{municipality:04d}"


def provider_number(municipality: int, kind: int, serial: int) -> str:
    """事業所番号: ten digits that no provider has (prefecture, kind, municipality, serial)."""
    thousand, rest = divmod(municipality, 1000)
    return f"{PREFECTURE - thousand}{kind:02d}{rest:03d}{serial:03d}"


@dataclass(frozen=True)
class Providers:
    """1市町村の事業所。

    Attributes
    ----------
    numbers : tuple of str
        All provider numbers, kind by kind, the neighbour's one of each kind last.
    first, count : int64, shape (K,)
        Where each kind's providers begin in ``numbers``, and how many are in the municipality.
    choice : int32, shape (n, K)
        The provider (position in ``numbers``) to which each person would go for each kind.
    """

    numbers: tuple[str, ...]
    first: Ints
    count: Ints
    choice: npt.NDArray[np.int32]


@lru_cache(maxsize=4)
def _list_numbers(municipality: int, neighbour: int, count: tuple[int, ...]) -> tuple[str, ...]:
    """All provider numbers; the blocks of a municipality follow each other and share them."""
    return tuple(
        number
        for kind, providers in enumerate(count)
        for number in (
            *(provider_number(municipality, kind, serial) for serial in range(providers)),
            provider_number(neighbour, kind, 0),
        )
    )


def place_providers(
    block: Block,
    plan: SynthesisPlan,
    persons: Persons,
    kinds: tuple[str, ...],
    parameters: ProviderParameters,
) -> Providers:
    """事業所を置き、各人が種類ごとに使う事業所を決める。

    Most go to the provider nearest to their district, some to the next, a few anywhere or over the border.
    """
    size = block.municipality_persons
    per_provider = [parameters.persons_per_provider.get(kind, parameters.other) for kind in kinds]
    count = np.array([max(1, round(size / each)) for each in per_provider], np.int64)
    count = np.minimum(count, MOST_PROVIDERS)
    first = np.concatenate([[0], np.cumsum(count + 1)[:-1]])
    neighbour = (block.municipality + 1) % max(plan.municipalities, 2)
    numbers = _list_numbers(block.municipality, neighbour, tuple(count.tolist()))
    draw, n = block.generator(Stage.PROVIDERS), len(persons)
    districts = len(read_toml("invented_names")["district"])
    district = persons.district % districts
    # The numbers of persons and kinds are small, and 32 bits are half the memory to go through.
    places = np.arange(districts)[:, None]
    nearest = (places * count // districts).astype(np.int32)
    following = ((nearest + 1) % count).astype(np.int32)
    u = draw.random((n, len(kinds)), dtype=np.float32)
    choice = (draw.random((n, len(kinds)), dtype=np.float32) * count).astype(np.int32)
    near = np.float32(parameters.nearest_share)
    np.copyto(choice, following[district], where=u < near + np.float32(parameters.next_share))
    np.copyto(choice, nearest[district], where=u < near)
    border = count.astype(np.int32)[None, :]
    np.copyto(choice, border, where=u > np.float32(1 - parameters.outside_share))
    choice += first.astype(np.int32)
    return Providers(numbers, first, count, choice)
