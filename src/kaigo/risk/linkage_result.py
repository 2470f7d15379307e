"""What an attack by linkage reached."""

from __future__ import annotations

from dataclasses import dataclass

from kaigo.risk.attackers import Attacker


@dataclass(frozen=True)
class AttackResult:
    """1つの想定での照合の結果。

    Attributes
    ----------
    targets, eligible : int
        Persons attacked, and persons of whom the attacker could have been told.
    claims, correct : int
        Claims made (one candidate left), and those that name the right pseudonym.
    success, low, high : float
        ``correct`` / ``targets`` with a 95 % Wilson interval.
    precision : float
        ``correct`` / ``claims``; nan without a claim.
    guess : float
        Success of a random guess among the candidates left, instead of abstaining.
    base_rate : float
        Success of guessing without any knowledge: 1 / persons of the period.
    candidates : float
        Median number of candidates left.
    """

    attacker: Attacker
    eligible: int
    targets: int
    claims: int
    correct: int
    success: float
    low: float
    high: float
    precision: float
    guess: float
    base_rate: float
    candidates: float
