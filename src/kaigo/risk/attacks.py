"""All attacks on one release against its register: linkage by assumption, three criteria, accumulation, rotation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaigo.deidentify import Release
from kaigo.errors import InputError
from kaigo.risk.accumulation import AccumulationRisk, measure_accumulation
from kaigo.risk.attackers import ABOUT_LABELS, Attacker, load_attackers
from kaigo.risk.criteria import CriterionResult, measure_criteria
from kaigo.risk.linkage import TARGETS, LinkageAttack
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.register_history import read_register
from kaigo.risk.released_history import ReleasedHistory, read_history
from kaigo.risk.rotation import RotationRisk, measure_rotation
from kaigo.tables import CareTables


@dataclass(frozen=True)
class AttackRisk:
    """台帳との照合を実際に行った結果。"""

    history: ReleasedHistory
    attackers: tuple[AttackResult, ...]
    criteria: tuple[CriterionResult, ...]
    accumulation: AccumulationRisk
    rotation: RotationRisk

    def to_payload(self) -> dict[str, Any]:
        """JSON form; a rate that cannot be had is null."""
        return {
            "attackers": [_attacker_payload(result) for result in self.attackers],
            "criteria": [
                {
                    "criterion": r.criterion,
                    "attacks": r.attacks,
                    "main": number_or_none(r.main),
                    "main_ci": [number_or_none(v) for v in r.main_ci],
                    "control_attacks": r.control_attacks,
                    "control": number_or_none(r.control),
                    "control_ci": [number_or_none(v) for v in r.control_ci],
                    "risk": number_or_none(r.risk),
                    "risk_ci": [number_or_none(v) for v in r.risk_ci],
                }
                for r in self.criteria
            ],
            "accumulation": self.accumulation.to_payload(),
            "rotation": {
                "rotate_months": self.rotation.rotate_months,
                "rejoin_rate": number_or_none(self.rotation.rate),
                "ci": [number_or_none(self.rotation.low), number_or_none(self.rotation.high)],
                "precision": number_or_none(self.rotation.precision),
                "chance": number_or_none(self.rotation.chance),
                "chain_months": self.rotation.chain_months,
                "unique_before": self.rotation.unique_before,
                "unique_after": self.rotation.unique_after,
            },
        }


def number_or_none(value: float) -> float | None:
    """The number, or None where there is none."""
    return None if math.isnan(value) else value


def _attacker_payload(result: AttackResult) -> dict[str, Any]:
    return {
        "id": result.attacker.id,
        "name": result.attacker.name,
        "about": ABOUT_LABELS[result.attacker.about],
        "known": result.attacker.describe_knowledge(),
        "effort": result.attacker.effort,
        "eligible": result.eligible,
        "targets": result.targets,
        "claims": result.claims,
        "correct": result.correct,
        "success": number_or_none(result.success),
        "ci": [number_or_none(result.low), number_or_none(result.high)],
        "precision": number_or_none(result.precision),
        "guess": number_or_none(result.guess),
        "base_rate": number_or_none(result.base_rate),
        "candidates_median": number_or_none(result.candidates),
    }


@dataclass(frozen=True)
class LinkageRisk:
    """台帳との照合と、3つの観点の攻撃の結果。"""

    history: ReleasedHistory
    rotate_months: int
    attackers: tuple[AttackResult, ...]
    criteria: tuple[CriterionResult, ...]

    @property
    def first_period(self) -> range:
        """Months of the first pseudonym."""
        return range(0, min(self.rotate_months, len(self.history.months)))


def run_attacks(
    release: Release,
    register: CareTables,
    random: np.random.Generator,
    *,
    attackers: Sequence[Attacker] | None = None,
    engine: str = "duckdb",
) -> AttackRisk:
    """提供するデータを、知識をもつ者の立場から実際に攻撃する(照合、3つの観点、蓄積、結び直し)。

    See :func:`run_linkage` for the parameters and what is raised.
    """
    linkage = run_linkage(release, register, random, attackers=attackers, engine=engine)
    return AttackRisk(
        linkage.history,
        linkage.attackers,
        linkage.criteria,
        measure_accumulation(linkage.history, random),
        measure_rotation(linkage.history, linkage.rotate_months, random),
    )


def check_attackable(release: Release) -> None:
    """Refuse a release whose lines do not hang together by pseudonyms.

    Raises
    ------
    InputError
        If the layout is not ``linked``.
    """
    if release.layout != "linked":
        raise InputError(
            "台帳との照合は、仮IDのある3つの表(linked)について行います。",
            found=release.layout,
            remedy="kaigo deidentify --layout linked で作ったデータを指定してください。joined では、行が本人ごとにまとまる割合を見てください。",
        )


def run_linkage(
    release: Release,
    register: CareTables,
    random: np.random.Generator,
    *,
    attackers: Sequence[Attacker] | None = None,
    targets: int = TARGETS,
    engine: str = "duckdb",
) -> LinkageRisk:
    """提供するデータを、もとの台帳の一部を知る者の立場から照合する。

    Parameters
    ----------
    release : Release
        ``linked``, with its crosswalk.
    register : CareTables
        The care tables that the release was made from (checked by content hash).
    attackers : sequence of Attacker, optional
        Default: those that ship with the package.
    targets : int
        Persons attacked by each, at most.

    Raises
    ------
    InputError
        If the crosswalk is missing, the layout has no persons, or the register is not the release's origin.
    """
    check_attackable(release)
    if release.manifest.get("inputs") != register.content_sha256:
        raise InputError(
            "指定された介護データは、この加工のもとになったものではありません。",
            found=register.folder,
            remedy="--register に、加工に使った介護データのフォルダを指定してください。",
        )
    history = read_history(release, engine=engine)
    rotate_months = int(release.manifest["parameters"]["rotate_months"] or len(history.months))
    originals = read_register(release, register, history.months, engine=engine)
    attack = LinkageAttack(history, originals, rotate_months)
    first = range(0, min(rotate_months, len(history.months)))
    return LinkageRisk(
        history,
        rotate_months,
        tuple(attack.run(attacker, random, targets=targets) for attacker in attackers or load_attackers()),
        tuple(measure_criteria(history, first, random)),
    )
