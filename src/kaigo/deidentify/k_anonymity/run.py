"""From a table and a folder of hierarchies to the generalised table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kaigo.deidentify.k_anonymity.encode import encode_texts, number_values
from kaigo.deidentify.k_anonymity.hierarchy import SUPPRESSED, Hierarchy, read_hierarchies
from kaigo.deidentify.k_anonymity.records import Ints, Records, collapse
from kaigo.deidentify.k_anonymity.search import Found, search_lattice
from kaigo.engine import atomic_file
from kaigo.errors import EmptyResultError, InputError, OutputError, ParameterError
from kaigo.tables.flat_file import read_flat_table

_FORMATS = (".csv", ".parquet")


@dataclass(frozen=True)
class KAnonymised:
    """k-匿名化の結果。

    Attributes
    ----------
    k : int
        As asked for.
    suppression : Fraction
        Limit as asked for: share of persons with a suppressed record, of records without ``person``.
    keys : tuple of str
    person : str or None
    records, persons : int
        Of the table; without a person's column ``persons`` is the number of records.
    found : Found
    untouched : tuple of str
        Columns of the table that are no key: they stay as they are.
    """

    k: int
    suppression: Fraction
    keys: tuple[str, ...]
    person: str | None
    records: int
    persons: int
    found: Found
    untouched: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What was counted: 人 or 行."""
        return "人" if self.person else "行"

    @property
    def levels(self) -> Mapping[str, int]:
        """Level of each key; 0 is the value as it is."""
        return dict(zip(self.keys, self.found.levels, strict=True))

    def to_payload(self) -> dict[str, Any]:
        """As JSON."""
        found = self.found
        payload: dict[str, Any] = {
            "levels": dict(self.levels),
            "suppressed_records": found.suppressed_records,
            "k": self.k,
            "loss": float(found.loss),
            "nodes_checked": found.nodes_checked,
            "lattice_size": found.lattice_size,
            "records": self.records,
            "smallest_class": found.smallest_class,
            "suppression_limit": float(self.suppression),
            "unit": self.unit,
            "untouched": list(self.untouched),
        }
        if self.person:
            payload |= {"persons": self.persons, "suppressed_persons": found.suppressed_units}
        return payload


def k_anonymize_table(
    path: Path,
    hierarchies: Path,
    k: int,
    *,
    suppression: float | str | Fraction = "0.05",
    person: str | None = None,
    out: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> KAnonymised:
    """表の鍵の列を、k人(行)以上が同じ組になるまで一般化する。損失が最も小さい段階の組を選ぶ。

    Every key is generalised to one level for the whole table (full-domain). Records whose combination still has fewer
    than k persons are suppressed: all their keys become ``*``, the record stays with its other columns, as in ARX.
    Such records may belong to at most the share ``suppression`` of the persons (without ``person``: be that share of
    the records). The loss is the mean over records and keys of (g − 1) / (D − 1), where D is the number of values in
    the key's hierarchy file and g the number of them under the generalised value; a suppressed record counts 1 on
    every key. No other choice of levels within the limit has a smaller loss (see :mod:`.search`).

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8 or CP932) or Parquet. Values of the keys are compared as text; a missing one is the empty text.
    hierarchies : pathlib.Path
        Folder with one ``COLUMN.csv`` a key (ARX: no header, ``;``, a value, its generalisations, last ``*``).
    k : int
        At least 2.
    suppression : float, str or Fraction
        From 0 to 1; a text is read as an exact decimal.
    person : str, optional
        Column that names the person; a person with several records counts once in each class.
    out : pathlib.Path, optional
        ``.csv`` (UTF-8 with BOM) or ``.parquet``; appears whole or not at all. Order and other columns are untouched.
    progress : callable, optional
        Called with a Japanese label before each stage.

    Returns
    -------
    KAnonymised

    Raises
    ------
    ParameterError
        If k, the limit or the ending of ``out`` makes no sense.
    InputError
        If a file cannot be read, a hierarchy is broken, or a value of the table stands in no hierarchy.
    EmptyResultError
        If the table has no row or fewer than k persons in all.
    OutputError
        If ``out`` is the table itself or cannot be written.

    References
    ----------
    Samarati (2001), doi:10.1109/69.971193 (full-domain generalisation with suppression); Kohlmayer et al. (2012),
    doi:10.1109/SocialCom-PASSAT.2012.52 (search of the lattice in ARX).

    Examples
    --------
    Ages 65 65 66 71, hierarchy 65;60代;* 66;60代;* 71;70代;*, k = 2, limit 0.25: at level 0 two records are suppressed
    (0.5, too many); at level 1 one (71): loss (3 × 1/2 + 1) / 4 = 0.625; at level 2 none, loss 1. Level 1 is best.
    """
    tell = progress or (lambda label: None)
    share = _check_parameters(path, k, suppression, out)
    tell("表と階層を読む")
    table = read_flat_table(path)
    keys = read_hierarchies(hierarchies, table.column_names)
    if table.num_rows == 0:
        raise EmptyResultError("表に1行もありません。", found=path, remedy="ファイルを確かめてください。")
    owners = _number_persons(table, person, [key.name for key in keys]) if person is not None else None
    codes = [_number_values(table, key) for key in keys]
    tell("段階の組を探す")
    records = collapse(codes, [key.domain_size for key in keys], owners)
    found = search_lattice(records, keys, k, share)
    if out is not None:
        tell("書き出す")
        _write(_generalise(table, keys, codes, records, found), out)
    names = tuple(key.name for key in keys)
    untouched = tuple(name for name in table.column_names if name not in names)
    return KAnonymised(k, share, names, person, table.num_rows, records.units, found, untouched)


def _check_parameters(path: Path, k: int, suppression: float | str | Fraction, out: Path | None) -> Fraction:
    if k < 2:
        raise ParameterError("k が小さすぎます。", found=k, remedy="2以上の整数を指定してください。")
    try:
        share = Fraction(str(suppression))
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise ParameterError(
            "抑制してよい割合を読めません。", found=suppression, remedy="0から1までの小数を指定してください。"
        )
    if out is None:
        return share
    if out.suffix.lower() not in _FORMATS:
        raise ParameterError(
            "書き出す形式が分かりません。",
            found=out.name,
            remedy="ファイル名の末尾を .csv か .parquet にしてください。",
        )
    if out.exists() and path.exists() and out.samefile(path):
        raise OutputError(
            "もとの表と同じファイルには書けません。", found=out, remedy="--out に別の名前を指定してください。"
        )
    return share


def _number_values(table: pa.Table, key: Hierarchy) -> npt.NDArray[np.int32]:
    """Number of each record's value in the key's domain."""
    codes = number_values(table[key.name], key)
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        empty = not table[key.name][int(unknown[0])].is_valid
        raise InputError(
            f"列「{key.name}」に、階層のファイルにない{'空欄' if empty else '値'}があります。",
            found=f"{unknown.size:,}行。最初は見出しを除いて{unknown[0] + 1:,}行目",
            remedy=f"{key.name}.csv にその値の行を足してください"
            + (
                "(空欄は「;…;*」のように先頭を空にします)。"
                if empty
                else "(先頭の0や空白の違いも確かめてください)。"
            ),
        )
    return codes


def _number_persons(table: pa.Table, person: str, keys: Sequence[str]) -> Ints:
    if person not in table.column_names:
        near = difflib.get_close_matches(person, table.column_names, n=1)
        hint = f"「{near[0]}」のことですか。" if near else "列名を確かめてください。"
        raise InputError(f"列「{person}」がありません。", found="、".join(table.column_names), remedy=hint)
    if person in keys:
        raise ParameterError(
            "人を表す列が、鍵にもなっています。",
            found=person,
            remedy="階層のフォルダからそのファイルを除くか、--person に別の列を指定してください。",
        )
    texts = encode_texts(table[person])
    if texts.null_count:
        first = int(np.flatnonzero(texts.indices.is_null().to_numpy(zero_copy_only=False))[0]) + 1
        raise InputError(
            f"列「{person}」に、人の分からない空欄があります。",
            found=f"{texts.null_count:,}行。最初は見出しを除いて{first:,}行目",
            remedy="その行を直すか除いてください。",
        )
    numbers: Ints = texts.indices.to_numpy().astype(np.int64)
    return numbers


def _generalise(
    table: pa.Table,
    keys: Sequence[Hierarchy],
    codes: Sequence[npt.NDArray[np.int32]],
    records: Records,
    found: Found,
) -> pa.Table:
    suppressed = found.suppressed[records.place]
    for key, level, code in zip(keys, found.levels, codes, strict=True):
        labels = [label or None for label in key.labels[level]]
        numbers = np.where(suppressed, len(labels), key.codes[level][code])
        column = pc.take(pa.array([*labels, SUPPRESSED], pa.string()), pa.array(numbers))
        table = table.set_column(table.column_names.index(key.name), key.name, column)
    return table


def _write(table: pa.Table, out: Path) -> None:
    with atomic_file(out) as fresh:
        if out.suffix.lower() == ".parquet":
            pq.write_table(table, fresh, compression="zstd")
            return
        with fresh.open("xb") as file:
            file.write(b"\xef\xbb\xbf")
            pa_csv.write_csv(table, file)
