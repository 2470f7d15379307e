"""Values, rows and months as running numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kaigo.engine import Engine

Array = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


def fetch_integers(engine: Engine, select: str, columns: int) -> Array:
    """An all-integer result as one array."""
    parts = [
        np.column_stack(
            [np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64) for column in batch.columns]
        )
        for batch in engine.batches(select)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, columns), dtype=np.int64)


def number_values(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """Running number of each value in the values' own order; a missing value is a value of its own (0)."""
    encoded = column.combine_chunks().dictionary_encode()
    ranks = np.empty(len(encoded.dictionary) + 1, dtype=np.int32)
    ranks[np.asarray(pc.sort_indices(encoded.dictionary))] = np.arange(1, len(encoded.dictionary) + 1)
    ranks[-1] = 0
    places = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return np.asarray(ranks[places], dtype=np.int32)


def find_months(column: pa.ChunkedArray, months: tuple[str, ...], side: Literal["left", "right"]) -> Array:
    """Places of months (texts, few of them) in the calendar."""
    encoded = column.combine_chunks().dictionary_encode()
    places = np.searchsorted(np.array(months), np.array(encoded.dictionary.to_pylist(), dtype=str), side=side)
    return np.asarray(places[encoded.indices.to_numpy()], dtype=np.int64)


def number_rows(values: Codes) -> tuple[Codes, Array]:
    """Distinct rows of an integer table and the number of each row among them (a byte-wise order).

    Examples
    --------
    Rows (1, 2), (1, 2), (3, 0) → two distinct rows, numbers 0, 0, 1.
    """
    if values.shape[1] == 0:
        return values[:1], np.zeros(len(values), dtype=np.int64)
    # Bytes that are zero in every row decide nothing: the order is the same without them, and found faster.
    whole = np.ascontiguousarray(values).view(np.uint8)
    used = np.flatnonzero(whole.any(axis=0)) if len(whole) else np.arange(1)
    packed = np.ascontiguousarray(whole[:, used if len(used) else [0]])
    _, first, number = np.unique(
        packed.view(np.dtype((np.void, packed.shape[1]))).ravel(), return_index=True, return_inverse=True
    )
    return values[first], np.asarray(number, dtype=np.int64)
