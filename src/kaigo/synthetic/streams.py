"""Random streams: one per (seed, municipality, block of persons, stage).

A block is always 8,192 persons, so chunk size and number of processes decide only how many blocks are held at
once, never what is drawn. Each stage has its own stream, so a change in a later stage leaves earlier ones as
they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from kaigo.synthetic.municipality_sizes import divide_among_municipalities
from kaigo.synthetic.parameters import Parameters
from kaigo.synthetic.plan import SynthesisPlan

BLOCK_PERSONS = 8192


class Stage(IntEnum):
    """Stages that draw random numbers. Numbers are part of the reproducibility promise: add, never renumber."""

    MUNICIPALITY = 0
    PERSONS = 1
    DISEASES = 2
    LATENT = 3
    EVENTS = 4
    ANSWERS = 5
    LEVEL = 6
    CERTIFICATION = 7
    EXITS = 8
    CARE_USE = 9
    BUNDLES = 10
    BENEFITS = 11
    PROVIDERS = 12
    PROFILES = 13
    ARMS = 14
    HABITS = 15
    REGISTER = 16
    LAPSES = 17
    STAYS = 18
    ONSETS = 19


@dataclass(frozen=True)
class Block:
    """最大8,192人のひとかたまり。

    Attributes
    ----------
    municipality, index : int
        Which municipality, and which block within it.
    first, size : int
        First person's number within the municipality; persons in the block.
    municipality_persons : int
        Certified persons of the municipality in all.
    seed : int
    """

    municipality: int
    index: int
    first: int
    size: int
    municipality_persons: int
    seed: int

    def generator(self, stage: Stage) -> np.random.Generator:
        """The stream of one stage."""
        key = (self.municipality, self.index, int(stage))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def municipality_generator(self, stage: Stage = Stage.MUNICIPALITY) -> np.random.Generator:
        """A stream that all blocks of the municipality share (numbering of its persons, habits of offices)."""
        return np.random.default_rng(
            np.random.SeedSequence(self.seed, spawn_key=(self.municipality, int(stage)))
        )


def divide_persons(plan: SynthesisPlan, parameters: Parameters) -> list[int]:
    """認定者を市町村に分ける(公表された大きさの分布に従う)。

    Returns
    -------
    list of int
        Persons of each municipality, at least 1, summing to ``plan.persons``.
    """
    return divide_among_municipalities(plan.persons, plan.municipalities, plan.seed)


def list_blocks(plan: SynthesisPlan, parameters: Parameters) -> list[Block]:
    """All blocks in order of municipality and number."""
    return [
        Block(municipality, index, first, min(BLOCK_PERSONS, size - first), size, plan.seed)
        for municipality, size in enumerate(divide_persons(plan, parameters))
        for index, first in enumerate(range(0, size, BLOCK_PERSONS))
    ]


def group_blocks(blocks: Sequence[Block], blocks_per_chunk: int) -> list[tuple[Block, ...]]:
    """Blocks that are held in memory and written together."""
    return [
        tuple(blocks[first : first + blocks_per_chunk]) for first in range(0, len(blocks), blocks_per_chunk)
    ]
