"""The attack on rotating pseudonyms (※1): joining the pseudonyms of two adjacent periods by content alone.

The attacker holds the release and nothing else. First, rows that agree in everything and are alone in that on both sides are
joined. The rest is compared within blocks of equal values of what never changes (birth as released, sex), each pair
scored by the agreement weights of Fellegi and Sunter, and assigned one to one with the largest sum of scores.

Sources: Fellegi and Sunter (1969), doi:10.1080/01621459.1969.10501049 (weights); Crouse (2016),
doi:10.1109/TAES.2016.140952 (the assignment that scipy solves).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kaigo.risk.numbering import Array, Codes, number_rows
from kaigo.risk.released_history import NO_CERTIFICATION, ReleasedHistory

if TYPE_CHECKING:
    from scipy import sparse

STAYS_EQUAL = 0.95
"""Assumed probability that an answer or a service of a person is the same in the next period (m of Fellegi–Sunter)."""
SURE = float(np.log(19.0))
"""A claim needs a lead of this much over every other candidate: odds of 19 to 1."""
LARGEST_BLOCK = 400
"""Larger blocks are split by what seldom changes, so that work grows with n log n and not with n²."""


@dataclass(frozen=True)
class Side:
    """1つの期間の側: 誰がいて、隣の期間に接する時点で何が見えるか。

    Attributes
    ----------
    person : ndarray of shape (k,), int64
        Persons present (a certification in force), the order is random.
    static, content : ndarray, int32
        Values of the person and of the certification nearest to the other period.
    service : scipy.sparse.csr_matrix of shape (k, labels)
        1 where the person used the service in the months of the period.
    """

    person: Array
    static: Codes
    content: Codes
    service: sparse.csr_matrix


@dataclass(frozen=True)
class RejoinResult:
    """隣り合う2つの期間の仮IDを、内容だけで結び直した結果。

    Attributes
    ----------
    both : int
        Persons present in both periods.
    correct : int
        Of these, persons whose two pseudonyms the one-to-one assignment joins.
    claimed, claimed_correct : int
        Claims where the attacker may abstain: pairs with a lead of 19 to 1 over every other candidate.
    chance : float
        Mean over ``both`` of 1 / number of persons in the next period with the same unchanging values.
    joined : ndarray of shape (n,), bool
        Whether the person was joined correctly.
    """

    both: int
    correct: int
    claimed: int
    claimed_correct: int
    chance: float
    joined: npt.NDArray[np.bool_]

    @property
    def rate(self) -> float:
        """Rejoin rate."""
        return self.correct / self.both if self.both else float("nan")

    @property
    def precision(self) -> float:
        """Share of claims that are right."""
        return self.claimed_correct / self.claimed if self.claimed else float("nan")


def rejoin_periods(
    history: ReleasedHistory, before: range, after: range, random: np.random.Generator
) -> RejoinResult:
    """隣り合う2つの期間の仮IDを、内容だけで結び直す。

    Parameters
    ----------
    before, after : range
        Month numbers of the two periods.
    random : numpy.random.Generator
        Puts both sides into random order, so that ties are not broken by pseudonym or row order.

    Examples
    --------
    Two persons with different birth months: each block holds one pair, both are joined, chance is 1. Two persons
    equal in everything: the assignment is right for both or for none, each with probability 1/2; no claim is made.
    """
    left = _open_side(history, before, "last", random)
    right = _open_side(history, after, "first", random)
    pairs, sure = _join_exact(left, right)
    rest_left = np.setdiff1d(np.arange(len(left.person)), pairs[:, 0], assume_unique=True)
    rest_right = np.setdiff1d(np.arange(len(right.person)), pairs[:, 1], assume_unique=True)
    rest_left, rest_right = random.permutation(rest_left), random.permutation(rest_right)
    more, more_sure = _join_rest(left, right, rest_left, rest_right)
    pairs = np.concatenate([pairs, more])
    sure = np.concatenate([sure, more_sure])
    right_way = left.person[pairs[:, 0]] == right.person[pairs[:, 1]]
    joined = np.zeros(history.persons, dtype=bool)
    joined[left.person[pairs[right_way, 0]]] = True
    both = np.intersect1d(left.person, right.person)
    return RejoinResult(
        both=len(both),
        correct=int(right_way.sum()),
        claimed=int(sure.sum()),
        claimed_correct=int((sure & right_way).sum()),
        chance=_guess(history, right, both),
        joined=joined,
    )


def _open_side(history: ReleasedHistory, months: range, edge: str, random: np.random.Generator) -> Side:
    """Who has a certification in the period, and the one nearest to the other period."""
    from scipy import sparse

    columns = np.array(months)[:: -1 if edge == "last" else 1]
    own = history.content_of[:, columns]
    has = own != NO_CERTIFICATION
    person = random.permutation(np.flatnonzero(has.any(axis=1)))
    row = own[person, has[person].argmax(axis=1)]
    inside = (history.month >= months.start) & (history.month < months.stop)
    service = sparse.csr_matrix(
        (np.ones(int(inside.sum()), dtype=np.float32), (history.person[inside], history.label[inside])),
        shape=(history.persons, max(len(history.labels), 1)),
    )
    service.data[:] = 1.0
    return Side(person, history.static[person], history.content[row], service[person])


def _join_exact(left: Side, right: Side) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Pairs that agree in every value of person and certification and are alone in that on both sides."""
    both = np.concatenate([np.hstack([left.static, left.content]), np.hstack([right.static, right.content])])
    _, number = number_rows(np.ascontiguousarray(both))
    of_left, of_right = number[: len(left.person)], number[len(left.person) :]
    size = int(number.max(initial=-1)) + 1
    alone = (np.bincount(of_left, minlength=size) == 1) & (np.bincount(of_right, minlength=size) == 1)
    place = np.full(size, -1, dtype=np.int64)
    place[of_right] = np.arange(len(of_right))
    rows = np.flatnonzero(alone[of_left])
    pairs = np.column_stack([rows, place[of_left[rows]]])
    return pairs, np.ones(len(pairs), dtype=bool)


def _join_rest(left: Side, right: Side, rows: Array, columns: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """One-to-one assignment within blocks; then once more for what a split of large blocks left over."""
    found, sure = [np.zeros((0, 2), dtype=np.int64)], [np.zeros(0, dtype=bool)]
    features = _weigh(left, right)
    for _ in range(2):
        for block_rows, block_columns in _split_blocks(left, right, rows, columns):
            pairs, certain = _assign(*features, block_rows, block_columns)
            found.append(pairs)
            sure.append(certain)
        taken = np.concatenate(found)
        rows = rows[~np.isin(rows, taken[:, 0])]
        columns = columns[~np.isin(columns, taken[:, 1])]
    return np.concatenate(found), np.concatenate(sure)


def _weigh(left: Side, right: Side) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Both sides as sparse rows whose product is the sum of agreement weights.

    Agreement on a value of frequency f counts log(m / f) above disagreement's log((1 - m) / (1 - f)): sharing what is
    rare says more. Services count likewise where both have them.
    """
    from scipy import sparse

    parts_left: list[sparse.csr_matrix] = []
    parts_right: list[sparse.csr_matrix] = []
    for column in range(left.content.shape[1]):
        a, b = left.content[:, column], right.content[:, column]
        number = int(max(a.max(initial=0), b.max(initial=0))) + 1
        frequency = np.bincount(b, minlength=number) / max(len(b), 1)
        parts_left.append(_one_hot(a, _weight(frequency)))
        parts_right.append(_one_hot(b, np.ones(number)))
    frequency = np.asarray(right.service.mean(axis=0)).ravel()
    parts_left.append(sparse.csr_matrix(left.service.multiply(_weight(frequency)[None, :])))
    parts_right.append(right.service)
    return sparse.hstack(parts_left, format="csr"), sparse.hstack(parts_right, format="csr")


def _weight(frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    f = np.clip(frequency, 1e-6, STAYS_EQUAL)
    return np.asarray(np.log(STAYS_EQUAL / f) - np.log((1 - STAYS_EQUAL) / (1 - np.minimum(f, STAYS_EQUAL))))


def _one_hot(values: npt.NDArray[np.int32], weight: npt.NDArray[np.float64]) -> sparse.csr_matrix:
    from scipy import sparse

    number = len(values)
    return sparse.csr_matrix(
        (weight[values].astype(np.float32), values, np.arange(number + 1)), shape=(number, len(weight))
    )


def _split_blocks(left: Side, right: Side, rows: Array, columns: Array) -> list[tuple[Array, Array]]:
    """Blocks of equal static values; those over the largest size split by content, rarest changes first."""
    blocks: list[tuple[Array, Array]] = []
    waiting = [(rows, columns, -1)]
    order = _steadiest_columns(left)
    while waiting:
        own_rows, own_columns, depth = waiting.pop()
        if not len(own_rows) or not len(own_columns):
            continue
        small = max(len(own_rows), len(own_columns)) <= LARGEST_BLOCK
        if depth >= 0 and (small or depth >= len(order)):
            size = LARGEST_BLOCK
            blocks += [
                (own_rows[start : start + size], own_columns[start : start + size])
                for start in range(0, max(len(own_rows), len(own_columns)), size)
            ]
            continue
        if depth < 0:
            values = np.concatenate([left.static[own_rows], right.static[own_columns]])
        else:
            column = order[depth]
            values = np.concatenate(
                [left.content[own_rows, column : column + 1], right.content[own_columns, column : column + 1]]
            )
        _, number = number_rows(np.ascontiguousarray(values))
        waiting += [
            (own_rows[a], own_columns[b], depth + 1)
            for a, b in _groups(number[: len(own_rows)], number[len(own_rows) :])
        ]
    return blocks


def _groups(left: Array, right: Array) -> list[tuple[Array, Array]]:
    """Places of each number that stands on both sides."""
    left_order, right_order = np.argsort(left, kind="stable"), np.argsort(right, kind="stable")
    shared = np.intersect1d(left, right)
    from_left = np.searchsorted(left[left_order], [shared, shared + 1])
    from_right = np.searchsorted(right[right_order], [shared, shared + 1])
    return [(left_order[a:b], right_order[c:d]) for a, b, c, d in zip(*from_left, *from_right, strict=True)]


def _steadiest_columns(left: Side) -> list[int]:
    """Content columns with several values, the fewest values first: they change least and split evenly."""
    values = [len(np.unique(left.content[:, column])) for column in range(left.content.shape[1])]
    return [int(c) for c in np.argsort(values, kind="stable") if values[c] > 1]


def _assign(
    left: sparse.csr_matrix, right: sparse.csr_matrix, rows: Array, columns: Array
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """The assignment with the largest sum of scores, and which of its pairs lead every other candidate clearly."""
    from scipy.optimize import linear_sum_assignment

    if len(rows) == 0 or len(columns) == 0:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=bool)
    score = np.asarray((left[rows] @ right[columns].T).todense(), dtype=np.float64)
    chosen_rows, chosen_columns = linear_sum_assignment(score, maximize=True)
    chosen = score[chosen_rows, chosen_columns]
    others = score.copy()
    others[chosen_rows, chosen_columns] = -np.inf
    rival = np.maximum(others.max(axis=1)[chosen_rows], others.max(axis=0)[chosen_columns])
    pairs = np.column_stack([rows[chosen_rows], columns[chosen_columns]])
    return pairs, chosen - rival >= SURE


def _guess(history: ReleasedHistory, right: Side, both: Array) -> float:
    """What guessing at random among those with the same unchanging values would reach."""
    _, number = number_rows(np.ascontiguousarray(history.static))
    size = np.bincount(number[right.person], minlength=int(number.max(initial=-1)) + 1)
    return float((1 / size[number[both]]).mean()) if len(both) else float("nan")
