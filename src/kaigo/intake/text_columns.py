"""Columns of texts, many of them equal: what costs time is done once for each distinct text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kaigo.intake.decoding import CP932


def is_ascii(texts: pa.Array) -> bool:
    """すべての値がASCIIの文字だけか(文字列、バイト列、文字列の辞書)。"""
    values = texts.dictionary if isinstance(texts, pa.DictionaryArray) else texts
    data = values.buffers()[2]
    return data is None or bool(np.frombuffer(data, np.uint8).max(initial=0) < 0x80)


def decode_cells(cells: pa.ChunkedArray) -> pa.Array:
    """CP932のバイト列の列を、文字列の列にする。

    Parameters
    ----------
    cells : pyarrow.ChunkedArray of binary
        Without nulls.

    Returns
    -------
    pyarrow.Array of string, or of a dictionary of string
        The latter where not all characters are ASCII.

    Raises
    ------
    UnicodeDecodeError
        If the bytes of a cell are no characters.
    """
    whole = cells.chunk(0) if cells.num_chunks == 1 else pa.concat_arrays(cells.chunks)
    if is_ascii(whole):
        return whole.view(pa.string())
    encoded = whole.dictionary_encode()
    texts = [cell.decode(CP932) for cell in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(texts, pa.string()))


def spell_out(texts: pa.Array) -> pa.Array:
    """辞書になった列を、文字列の列に戻す。"""
    return texts.dictionary_decode() if isinstance(texts, pa.DictionaryArray) else texts
