"""Values of a column as numbers of a key's domain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.deidentify.k_anonymity.hierarchy import Hierarchy


def encode_texts(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Any column as text, each distinct text once."""
    texts = column if pa.types.is_large_string(column.type) else column.cast(pa.large_string())
    return texts.combine_chunks().dictionary_encode()


def number_values(column: pa.ChunkedArray, key: Hierarchy) -> npt.NDArray[np.int32]:
    """Number of each value in the key's domain; -1 for what the hierarchy does not name. A missing cell is ``""``."""
    known = {value: number for number, value in enumerate(key.values)}
    texts = encode_texts(column)
    numbers = [known.get(text, -1) for text in texts.dictionary.to_pylist()]
    # Index -1 of a missing cell meets the last entry.
    lookup = np.array([*numbers, known.get("", -1)], dtype=np.int32)
    codes: npt.NDArray[np.int32] = lookup[texts.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return codes
