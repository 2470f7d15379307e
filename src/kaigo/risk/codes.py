"""Columns of a flat table as integer codes.

Why integers in numpy and not SQL: every measure of a flat table starts from the same grouping of rows, and some need
it for hundreds of key sets (SUDA, distinction) or give a figure for each row in row order. Codes are made once and
grouped again with one array operation; in SQL each measure would read and hash the text anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.errors import InputError

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""A number as a person writes it; 01 is text (a code), not a number."""


@dataclass(frozen=True)
class CodedColumn:
    """1つの列を、値ごとの番号(コード)で表したもの。

    Attributes
    ----------
    name : str
    codes : ndarray of int64, shape (rows,)
        0 … ``values`` − 1, in ascending order of value where the column is all numbers; ``values`` marks a missing value.
    values : int
        Number of distinct values, the missing one not counted.
    has_missing : bool
    numbers : ndarray of float64, shape (values,), or None
        What the codes stand for where every value is a number; None for text.
    """

    name: str
    codes: Integers
    values: int
    has_missing: bool
    numbers: Floats | None

    @property
    def size(self) -> int:
        """Number of distinct codes, a missing value counted as a value of its own."""
        return self.values + self.has_missing

    @property
    def missing(self) -> Booleans:
        """Rows without a value, shape (rows,)."""
        return np.equal(self.codes, self.values)


def encode_column(name: str, column: pa.ChunkedArray) -> CodedColumn:
    """列の値に番号を付ける。すべて数の列は、値の順に番号が並ぶ。

    Parameters
    ----------
    name : str
    column : pyarrow.ChunkedArray
        Text, numbers, dates or booleans. Text stays text where any value has a leading zero. NaN is missing.

    Raises
    ------
    InputError
        If a cell holds a list or a record.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif pa.types.is_null(kind):
        column = column.cast(pa.string())
    elif pa.types.is_nested(kind):
        raise InputError(
            f"列「{name}」の1つのセルに、複数の値が入っています。",
            found=kind,
            remedy="1セル1値の表にしてください。",
        )
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words, missing = encoded.dictionary, encoded.null_count > 0
    indices = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False).astype(np.int64)
    numbers = _read_numbers(words)
    if numbers is None:
        return CodedColumn(name, indices, len(words), missing, None)
    ordered, rank = np.unique(numbers, return_inverse=True)
    # "1" and "1.0" are one number: they share a code.
    return CodedColumn(
        name,
        np.append(rank, len(ordered)).astype(np.int64)[indices],
        len(ordered),
        missing,
        ordered.astype(np.float64),
    )


def _read_numbers(words: pa.Array) -> npt.NDArray[np.int64] | npt.NDArray[np.float64] | None:
    """The distinct values as numbers, or None where one of them is none."""
    if len(words) == 0:
        return None
    if pa.types.is_string(words.type) or pa.types.is_large_string(words.type):
        if not pc.all(pc.match_substring_regex(words, _NUMBER)).as_py():
            return None
    elif not (
        pa.types.is_integer(words.type) or pa.types.is_floating(words.type) or pa.types.is_decimal(words.type)
    ):
        return None
    for target in (pa.int64(), pa.float64()):
        try:
            numbers = words.cast(target).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            continue
        # Long codes made of digits must not fall together: beyond 2^53 only whole-number types tell them apart.
        rounded = target == pa.float64() and not pa.types.is_floating(words.type)
        largest = 2**53 if rounded else np.inf
        return numbers if bool((np.abs(numbers) < largest).all()) else None
    return None
