"""The published decision trees of the time of care (樹形図), evaluated for many persons at once.

A tree asks for answers and for the five group scores (中間評価項目得点); each leaf gives minutes a day.
Scores are kept in whole tenths, so that every comparison is exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kaigo.synthetic.answers import PERSONS_IN_CACHE, Answers, Floats32, load_item_model
from kaigo.synthetic.parameters import read_synthetic_facts

GROUPS = 5
PALSY = "survey_1_1"
"""The five answers on paralysis count as one pattern: none, one limb, both legs, one side, other."""
_LEAF = -1
_CHOICE = re.compile(r"(\S+) in ([\d|]+)")
_SCORE = re.compile(r"group(\d)(<=|>)([\d.]+)")

Shorts = npt.NDArray[np.int16]


@dataclass(frozen=True)
class ScoreTable:
    """中間評価項目得点の表。

    Attributes
    ----------
    tenths : int16, shape (76, options)
        Score of each option (from the lightest) in tenths; 0 where an item has none.
    group : int8, shape (76,)
        Group from 0, -1 for items outside the scores.
    palsy : int16, shape (5,)
        Score of each pattern of paralysis.
    """

    tenths: Shorts
    group: npt.NDArray[np.int8]
    palsy: Shorts


@cache
def load_scores() -> ScoreTable:
    """Read ``intermediate_scores.csv``."""
    model = load_item_model()
    tenths = np.zeros((len(model.columns), int(model.options.max())), np.int16)
    group = np.full(len(model.columns), -1, np.int8)
    palsy = np.zeros(5, np.int16)
    for row in read_synthetic_facts("intermediate_scores"):
        score, option = round(10 * float(row["score"])), int(row["option"]) - 1
        if row["item"] == PALSY:
            palsy[option] = score
            continue
        position = model.position(row["item"])
        tenths[position, option] = score
        group[position] = int(row["group"]) - 1
    return ScoreTable(tenths, group, palsy)


def find_palsy(answers: Answers) -> Shorts:
    """麻痺の型(1 なし、2 一肢、3 両下肢、4 片側の上下肢、5 その他)。

    The fifth answer (その他) names no limb, so it leaves the pattern as it is (reading of this book).
    """
    at = load_item_model().position
    left_arm, right_arm, left_leg, right_leg = (
        answers[:, at(f"{PALSY}_{part}")] > 0 for part in (1, 2, 3, 4)
    )
    limbs = left_arm.astype(np.int16) + right_arm + left_leg + right_leg
    legs = left_leg & right_leg & (limbs == 2)
    side = ((left_arm & left_leg) | (right_arm & right_leg)) & (limbs == 2)
    pattern = np.where(limbs == 0, 1, np.where(limbs == 1, 2, 5))
    return np.where(legs, 3, np.where(side, 4, pattern)).astype(np.int16)


def score_groups(answers: Answers) -> Shorts:
    """5群の中間評価項目得点を求める。

    Parameters
    ----------
    answers : int8, shape (n, 76)

    Returns
    -------
    int16, shape (n, 5)
        Scores in tenths, 0 (worst) to 1,000 (best).
    """
    return _score(_count_steps(answers), find_palsy(answers)).T


def _count_steps(answers: Answers) -> Answers:
    """Options from 0, one row an item: what follows goes item by item, so its values stand together."""
    return np.ascontiguousarray(answers.T) - load_item_model().first_option[:, None]


def _score(steps: Answers, palsy: Shorts) -> Shorts:
    """Scores of the groups, shape (5, n)."""
    table = load_scores()
    order = np.argsort(table.group, kind="stable")[np.count_nonzero(table.group < 0) :]
    place = order * table.tenths.shape[1]
    each = table.tenths.ravel().take(steps[order] + place[:, None])
    begins = np.searchsorted(table.group[order], np.arange(GROUPS))
    scores: Shorts = np.add.reduceat(each, begins, axis=0, dtype=np.int16)
    scores[0] += table.palsy[palsy - 1]
    return scores


@dataclass(frozen=True)
class Forest:
    """7分野の樹形図をまとめたもの。

    Attributes
    ----------
    fields : tuple of str
    roots : intp, shape (F,)
    feature : intp, shape (nodes,)
        Column of the features asked for, -1 at a leaf.
    threshold : int16, shape (nodes,)
        Values up to it go left.
    child : intp, shape (nodes, 2)
    minutes : float32, shape (nodes,)
    leaf : int16, shape (nodes,)
        Number of the leaf in the published order.
    """

    fields: tuple[str, ...]
    roots: npt.NDArray[np.intp]
    feature: npt.NDArray[np.intp]
    threshold: Shorts
    child: npt.NDArray[np.intp]
    minutes: Floats32
    leaf: Shorts


Condition = tuple[int, int, int]
"""Feature, and the least and the greatest value that go on."""


def _read_condition(text: str) -> Condition:
    columns = load_item_model().columns
    if match := _SCORE.fullmatch(text):
        bound = round(10 * float(match[3]))
        low, high = (-1, bound) if match[2] == "<=" else (bound + 1, 1_000)
        return len(columns) + int(match[1]), low, high
    match = _CHOICE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    options = [int(option) for option in match[2].split("|")]
    feature = len(columns) if match[1] == f"{PALSY}_pattern" else columns.index(match[1])
    return feature, options[0], options[-1]


class _Planter:
    """Turns the published lists of conditions into nodes that split in two."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, int, int, int, float, int]] = []

    def plant(self, leaves: list[tuple[list[Condition], float, int]]) -> int:
        """Add the tree of these leaves; return its root."""
        place = len(self.nodes)
        self.nodes.append((_LEAF, 0, 0, 0, leaves[0][1], leaves[0][2]))
        if not leaves[0][0]:
            return place
        groups: dict[Condition, list[tuple[list[Condition], float, int]]] = {}
        for conditions, minutes, leaf in leaves:
            groups.setdefault(conditions[0], []).append((conditions[1:], minutes, leaf))
        first = min(groups, key=lambda condition: condition[2])
        rest = [(conditions, minutes, leaf) for conditions, minutes, leaf in leaves if conditions[0] != first]
        left = self.plant(groups[first])
        # The branch with the greatest values needs no question of its own.
        right = self.plant(groups[max(groups)] if len(groups) == 2 else rest)
        self.nodes[place] = (first[0], first[2], left, right, 0.0, _LEAF)
        return place


@cache
def load_forest() -> Forest:
    """Read ``minute_trees.csv``."""
    leaves: dict[str, list[tuple[list[Condition], float, int]]] = {}
    for row in read_synthetic_facts("minute_trees"):
        conditions = [_read_condition(text) for text in row["conditions"].split("; ")]
        leaves.setdefault(row["field"], []).append((conditions, float(row["minutes"]), int(row["leaf"])))
    planter = _Planter()
    roots = [planter.plant(of_field) for of_field in leaves.values()]
    feature, threshold, left, right, minutes, leaf = zip(*planter.nodes, strict=True)
    return Forest(
        fields=tuple(leaves),
        roots=np.array(roots, np.intp),
        feature=np.array(feature, np.intp),
        threshold=np.array(threshold, np.int16),
        child=np.stack([np.array(left, np.intp), np.array(right, np.intp)], axis=1),
        minutes=np.array(minutes, np.float32),
        leaf=np.array(leaf, np.int16),
    )


def list_features(answers: Answers) -> Shorts:
    """What the trees ask for: 76 answers as options from 1, the pattern of paralysis, five scores."""
    steps, palsy = _count_steps(answers), find_palsy(answers)
    features = np.empty((len(steps) + 1 + GROUPS, len(answers)), np.int16)
    np.add(steps, 1, out=features[: len(steps)])
    features[len(steps)] = palsy
    features[len(steps) + 1 :] = _score(steps, palsy)
    return np.ascontiguousarray(features.T)


def find_leaves(answers: Answers) -> npt.NDArray[np.intp]:
    """各分野の樹形図でたどり着く葉(節の番号)。Shape (n, 7)."""
    leaves = np.empty((len(answers), len(load_forest().roots)), np.intp)
    for first in range(0, len(answers), PERSONS_IN_CACHE):
        some = slice(first, first + PERSONS_IN_CACHE)
        leaves[some] = _descend(answers[some])
    return leaves


def _descend(answers: Answers) -> npt.NDArray[np.intp]:
    forest, features = load_forest(), list_features(answers)
    n, width = features.shape
    flat, child = features.ravel(), forest.child.ravel()
    leaves = np.empty(n * len(forest.roots), np.intp)
    active, row = np.arange(len(leaves)), np.repeat(np.arange(n) * width, len(forest.roots))
    here = np.tile(forest.roots, n)
    while len(active):
        right = flat.take(row + forest.feature.take(here)) > forest.threshold.take(here)
        here = child.take(2 * here + right)
        going = forest.feature.take(here) != _LEAF
        leaves[active] = here
        active, row, here = active[going], row[going], here[going]
    return leaves.reshape(n, len(forest.roots))
