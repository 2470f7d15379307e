"""δ-presence and k-map: who of the municipality's population may be in the release, and who looks alike out there.

Sources: Nergiz, Atzori, Clifton (2007), Hiding the presence of individuals from shared databases, SIGMOD,
doi:10.1145/1247480.1247554 (δ-presence); Sweeney (2001), Computational disclosure control, thesis, MIT (k-map).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from kaigo.errors import EmptyResultError, InputError, ParameterError
from kaigo.risk.codes import CodedColumn, Floats, encode_column
from kaigo.risk.equivalence import group_columns
from kaigo.risk.flat import read_columns


@dataclass(frozen=True)
class Presence:
    """母集団の表に照らした、加工したデータの危険。

    Attributes
    ----------
    delta_min, delta_max : float
        Smallest and largest probability that a member of a population class is in the release: f/F over all classes of
        the population (0 where nobody of a class was released).
    k_map : int
        Smallest F over the classes of the release: at least so many people in the population share the keys.
    journalist_max, journalist_average : float
        1/F: largest, and mean over the records of the release.
    population, released : int
        People in the population; records in the release.
    """

    delta_min: float
    delta_max: float
    k_map: int
    journalist_max: float
    journalist_average: float
    population: int
    released: int


def measure_presence(
    release: Path,
    population: Path,
    keys: Sequence[str],
    *,
    count: str,
    person: str | None = None,
    engine: str = "duckdb",
) -> Presence:
    """年齢・性別などの母集団の表に照らして、δ-presence と k-map を測る。

    Parameters
    ----------
    release : pathlib.Path
        Flat table (CSV, Parquet), one row a record.
    population : pathlib.Path
        The municipality's population by the same keys, one row a combination (rows of the same keys are added up).
    keys : sequence of str
        Columns of both tables, with the same words or numbers in both (release in bands, population in bands).
    count : str
        Column of ``population`` with the number of people.
    person : str, optional
        Column of ``release`` that names the person, who then counts once in each class.

    Raises
    ------
    InputError
        If a column is missing, a count is no whole number of people, or a class of the release has fewer people in the
        population than in the release (then the table is not the population that it was drawn from).

    Examples
    --------
    2 of 10 women of 65-69 and 1 of 4 men of 65-69 are in the release, nobody of 20 women of 70-74: δ between 0 and 0.25,
    k-map 4.
    """
    if not keys or count in keys:
        raise ParameterError(
            "母集団の表と突き合わせる列が正しくありません。",
            found="、".join(keys),
            remedy="人数の列とは別の、共通の列を1つ以上指定してください。",
        )
    sample = read_columns(release, [*keys, *([person] if person else [])], engine)
    whole = read_columns(population, [*keys, count], engine)
    people = _read_counts(whole.column(count), population)
    columns = [
        encode_column(key, pa.chunked_array([_as_text(sample, key), _as_text(whole, key)])) for key in keys
    ]
    of_row, classes = group_columns(columns)
    of_record = of_row[: sample.num_rows]
    if person:
        who = encode_column(person, sample.column(person))
        of_record = np.unique(of_record * who.size + who.codes) // who.size
    released = np.bincount(of_record, minlength=classes)
    expected = np.bincount(of_row[sample.num_rows :], weights=people, minlength=classes)
    short = int((released > expected).sum())
    if short:
        raise InputError(
            f"母集団の人数が、加工したデータの件数より少ない組合せがあります({population.name})。",
            found=f"{short:,}組",
            remedy="区分の言葉(年齢階級など)が両方の表で同じか、人数の時点が合っているか確かめてください。",
        )
    share = released[expected > 0] / expected[expected > 0]
    inside = expected[of_record]
    return Presence(
        float(share.min()),
        float(share.max()),
        int(inside.min()),
        float(1 / inside.min()),
        float((1 / inside).mean()),
        int(people.sum()),
        len(of_record),
    )


def _as_text(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).combine_chunks()


def _read_counts(column: pa.ChunkedArray, path: Path) -> Floats:
    coded: CodedColumn = encode_column("人数", column)
    if coded.numbers is None or coded.has_missing:
        bad = "数でない値または空欄"
    elif (coded.numbers < 0).any() or (coded.numbers % 1 != 0).any():
        bad = "負の数または小数"
    else:
        people: Floats = coded.numbers[coded.codes]
        if people.sum() == 0:
            raise EmptyResultError(
                "母集団の人数の合計が0です。", found=path.name, remedy="人数の列を確かめてください。"
            )
        return people
    raise InputError(
        f"母集団の人数の列を読めません({path.name})。", found=bad, remedy="0以上の整数だけにしてください。"
    )
