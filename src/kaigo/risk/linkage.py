"""Record linkage by an attacker who knows some facts of a person of the register (識別を試みる場面の想定).

The attacker works within one pseudonym period: only there do the months of a person hang together. Facts that never
change (birth, sex) narrow the candidates first; the others are counted, and the candidates with the fewest
disagreements are taken. A claim is made if exactly one is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kaigo.risk.attackers import About, Attacker
from kaigo.risk.known_points import wilson
from kaigo.risk.linkage_result import AttackResult
from kaigo.risk.numbering import Array
from kaigo.risk.register_history import MISSING, RegisterHistory
from kaigo.risk.released_history import BIRTH_COLUMNS, NO_CERTIFICATION, ReleasedHistory
from kaigo.risk.rotation import number_histories
from kaigo.risk.translation import Translation, learn_translation
from kaigo.tables import load_service_kinds, survey_columns

TARGETS = 2_000
SUPER_AGED = 95


class LinkageAttack:
    """提供されたデータとその台帳を突き合わせる準備。想定ごとの照合は :meth:`run` で行う。

    Parameters
    ----------
    released : ReleasedHistory
        By kind.
    register : RegisterHistory
        The same persons, original values.
    rotate_months : int
        Months that a pseudonym covers.
    """

    def __init__(self, released: ReleasedHistory, register: RegisterHistory, rotate_months: int) -> None:
        self.released, self.register = released, register
        months = len(released.months)
        self._periods = [range(a, min(a + rotate_months, months)) for a in range(0, months, rotate_months)]
        self._present = np.column_stack(
            [(released.content_of[:, list(p)] != NO_CERTIFICATION).any(axis=1) for p in self._periods]
        )
        self._statics = self._learn_statics()
        self._contents = self._learn_contents()
        self._labels = self._learn_labels()
        width = max(len(released.labels), 1)
        self._points = (released.person * months + released.month) * width + released.label

    def run(self, attacker: Attacker, random: np.random.Generator, *, targets: int = TARGETS) -> AttackResult:
        """1つの想定で、無作為に選んだ人について照合を行う。"""
        able = np.flatnonzero(self._choose(attacker.about) & self._present.any(axis=1))
        drawn = np.sort(random.choice(able, targets, replace=False)) if len(able) > targets else able
        whole = self._count_alike() if attacker.whole else None
        left = np.zeros(len(drawn), dtype=np.int64)
        hit = np.zeros(len(drawn), dtype=bool)
        base = np.zeros(len(drawn))
        for place, target in enumerate(drawn):
            period = self._busiest_period(int(target))
            base[place] = 1 / self._present[:, period].sum()
            if whole is not None:
                left[place], hit[place] = whole[target, period], True
                continue
            best = self._find_candidates(attacker, int(target), period, random)
            left[place], hit[place] = len(best), bool((best == target).any())
        claims, correct = int((left == 1).sum()), int(((left == 1) & hit).sum())
        success = correct / len(drawn) if len(drawn) else float("nan")
        low, high = wilson(success, len(drawn))
        return AttackResult(
            attacker=attacker,
            eligible=len(able),
            targets=len(drawn),
            claims=claims,
            correct=correct,
            success=success,
            low=low,
            high=high,
            precision=correct / claims if claims else float("nan"),
            guess=float(np.mean(hit / np.maximum(left, 1))) if len(drawn) else float("nan"),
            base_rate=float(base.mean()) if len(drawn) else float("nan"),
            candidates=float(np.median(left)) if len(drawn) else float("nan"),
        )

    def _choose(self, about: About) -> npt.NDArray[np.bool_]:
        register = self.register
        last = max(int(m[:4]) * 12 + int(m[5:]) - 1 for m in self.released.months)
        chosen: dict[About, npt.NDArray[np.bool_]] = {
            "all": np.ones(register.persons, dtype=bool),
            "home": ~register.in_facility(),
            "facility": register.in_facility(),
            "super_aged": last - register.birth >= SUPER_AGED * 12,
            "second": register.category == 2,
        }
        return chosen[about]

    def _busiest_period(self, target: int) -> int:
        """The period in which the target shows the most months: the attacker's best case."""
        inside = self.released.content_of[target] != NO_CERTIFICATION
        return int(np.argmax([inside[list(period)].sum() for period in self._periods]))

    def _learn_statics(self) -> dict[str, tuple[int, Translation]]:
        """Original birth month and sex to the released column that stands for each."""
        found: dict[str, tuple[int, Translation]] = {}
        for place, name in enumerate(self.released.static_names):
            values = self.released.static[:, place].astype(np.int64)
            if name.startswith(BIRTH_COLUMNS):
                found["birth"] = place, learn_translation(self.register.birth, values)
            elif name == "sex":
                found["sex"] = place, learn_translation(self.register.sex, values)
            elif name == "insured_category":
                found["second"] = place, learn_translation(self.register.category, values)
        return found

    def _learn_contents(self) -> dict[str, tuple[int, Translation]]:
        """Original level and answers to the released columns of the certification."""
        released, register = self.released, self.register
        found: dict[str, tuple[int, Translation]] = {}
        both = (register.certification_of != MISSING) & (released.content_of != NO_CERTIFICATION)
        pairs = np.unique(
            np.column_stack([register.certification_of[both], released.content_of[both]]), axis=0
        )
        for place, name in enumerate(released.content_names):
            shown = released.content[:, place].astype(np.int64)
            if name in survey_columns():
                item = survey_columns().index(name)
                answers = register.answers[pairs[:, 0], item]
                found[name] = place, learn_translation(answers, shown[pairs[:, 1]])
            elif name == "care_level":
                levels = register.level[both]
                found["level"] = place, learn_translation(levels, shown[released.content_of[both]])
        return found

    def _learn_labels(self) -> Translation:
        """Original kinds to the labels under which they can stand: the kind itself, or its category after a roll-up."""
        kinds, labels = load_service_kinds(), self.released.labels
        found = {}
        for place, kind in enumerate(self.register.kinds):
            names = {kind, kinds[kind].category_code if kind in kinds else kind}
            found[place] = frozenset(labels.index(name) for name in names if name in labels)
        return Translation(found)

    def _find_candidates(
        self, attacker: Attacker, target: int, period: int, random: np.random.Generator
    ) -> Array:
        """Persons of the period with the fewest disagreements, none if all have more than allowed."""
        candidates = np.flatnonzero(self._present[:, period])
        for name, known in self._known_statics(attacker, target, random):
            place, translation = self._statics[name]
            allowed = translation.of(known)
            candidates = candidates[_is_among(self.released.static[candidates, place], allowed)]
        misses = np.zeros(len(candidates), dtype=np.int64)
        misses += self._miss_contents(attacker, target, period, candidates, random)
        misses += self._miss_services(attacker, target, period, candidates, random)
        fewest = int(misses.min(initial=attacker.misses + 1))
        kept = misses == fewest if fewest <= attacker.misses else np.zeros(len(candidates), dtype=bool)
        return np.asarray(candidates[kept], dtype=np.int64)

    def _known_statics(
        self, attacker: Attacker, target: int, random: np.random.Generator
    ) -> list[tuple[str, list[int]]]:
        register = self.register
        known: list[tuple[str, list[int]]] = []
        if attacker.birth != "none" and "birth" in self._statics:
            month, error = int(register.birth[target]), attacker.birth_error
            if attacker.birth == "year" or error:
                year = month // 12 + int(random.integers(-error, error + 1))
                known.append(("birth", list(range((year - error) * 12, (year + error + 1) * 12))))
            else:
                known.append(("birth", [month]))
        if attacker.sex and "sex" in self._statics:
            known.append(("sex", [int(register.sex[target])]))
        if attacker.second and "second" in self._statics:
            known.append(("second", [int(register.category[target])]))
        return known

    def _miss_contents(
        self,
        attacker: Attacker,
        target: int,
        period: int,
        candidates: Array,
        random: np.random.Generator,
    ) -> Array:
        """Disagreements of level and answers in the month of which the attacker knows them."""
        misses = np.zeros(len(candidates), dtype=np.int64)
        months = [m for m in self._periods[period] if self.released.content_of[target, m] != NO_CERTIFICATION]
        month = months[-1]
        rows = self.released.content_of[candidates, month]
        facts: list[tuple[str, list[int]]] = []
        level = int(self.register.level[target, month])
        if attacker.level and "level" in self._contents and level != MISSING:
            facts.append(
                ("level", list(range(level - attacker.level_error, level + attacker.level_error + 1)))
            )
        answers = self.register.answers[self.register.certification_of[target, month]]
        for name in attacker.known_answers():
            answer = int(answers[survey_columns().index(name)])
            if name in self._contents and answer != MISSING:
                if random.random() < attacker.answer_error:
                    answer = max(answer + int(random.choice([-1, 1])), 0)
                facts.append((name, [answer]))
        for name, known in facts:
            place, translation = self._contents[name]
            shown = np.where(rows >= 0, self.released.content[rows, place], MISSING)
            misses += ~_is_among(shown, translation.of(known))
        return misses

    def _miss_services(
        self,
        attacker: Attacker,
        target: int,
        period: int,
        candidates: Array,
        random: np.random.Generator,
    ) -> Array:
        """Disagreements of the services of the known months."""
        misses = np.zeros(len(candidates), dtype=np.int64)
        register, months = self.register, self._periods[period]
        start, stop = np.searchsorted(register.person, [target, target + 1])
        own = np.arange(start, stop)
        own = own[(register.month[own] >= months.start) & (register.month[own] < months.stop)]
        active = np.unique(register.month[own])
        known_months = random.permutation(active)[: attacker.months]
        looked_up: set[tuple[int, int]] = set()
        for month in known_months:
            lines = random.permutation(own[register.month[own] == month])[: attacker.services]
            for line in lines:
                kind = int(register.kind[line])
                # Where a line of the release speaks of several months, they are one fact.
                fact = int(month) // self.released.step, kind
                # A kind that is nowhere in the release is no fact that the attacker can look for.
                if fact in looked_up or not self._labels.targets[kind]:
                    continue
                looked_up.add(fact)
                known = self._known_units(own, fact) if self.released.step > 1 else int(register.units[line])
                misses += ~self._has_service(candidates, int(month), kind, known, attacker.units_within)
        return misses

    def _known_units(self, own: Array, fact: tuple[int, int]) -> float:
        """Units a month over the months of a fact: what an average in the release is compared with, at best."""
        register, step = self.register, self.released.step
        same = own[(register.month[own] // step == fact[0]) & (register.kind[own] == fact[1])]
        months = min(step, len(self.released.months) - fact[0] * step)
        return float(register.units[same].sum() / months)

    def _has_service(
        self, candidates: Array, month: int, kind: int, known: float, units_within: float
    ) -> npt.NDArray[np.bool_]:
        released = self.released
        has = np.zeros(len(candidates), dtype=bool)
        for label in self._labels.of([kind]):
            key = (candidates * len(released.months) + month) * max(len(released.labels), 1) + label
            place = np.minimum(np.searchsorted(self._points, key), max(len(self._points) - 1, 0))
            same = self._points[place] == key if len(self._points) else has
            if units_within:
                # Averages are rounded up, so what is shown lies up to one step above what is known.
                over = released.units[place] - known
                same &= (over >= -units_within * known) & (over <= units_within * known + released.units_step)
            has |= same
        return has

    def _count_alike(self) -> Array:
        """For each person and period, how many show exactly the same records."""
        sizes = np.zeros((self.released.persons, len(self._periods)), dtype=np.int64)
        for place, period in enumerate(self._periods):
            here = self._present[:, place]
            number = number_histories(self.released, period)
            size = np.bincount(number[here], minlength=int(number.max(initial=0)) + 1)
            sizes[:, place] = size[number]
        return sizes


def _is_among(values: npt.NDArray[np.integer[Any]], allowed: Array) -> npt.NDArray[np.bool_]:
    """``np.isin`` for the one or two values that are the rule."""
    if len(allowed) > 4:
        return np.isin(values, allowed)
    found = np.zeros(len(values), dtype=bool)
    for value in allowed:
        found |= values == value
    return found
