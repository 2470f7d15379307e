"""Which values the user's mapping has replaced, so that a wrong line of it does not pass unseen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kaigo.intake.findings import FIRST_LINES, Findings
from kaigo.intake.headers import COMBINED_COLUMNS
from kaigo.tables.survey import load_survey_items

RULE = "value_translated"
_CODES = frozenset({"sex", "insured_category", "application_kind", "care_level", "service_code"})


def is_code_column(target: str) -> bool:
    """コードの列か(その値は人を示さないので、注意に書ける)。"""
    combined = set(COMBINED_COLUMNS) - {"days_units"}
    return target in _CODES | combined | {item.column for item in load_survey_items()}


def warn_of_translations(
    findings: Findings,
    header: str,
    target: str,
    texts: pa.Array,
    words: Mapping[str, str],
    lines: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_],
) -> None:
    """読み替えた値を、もとの値と読み替えた値ごとに注意として数える。

    Parameters
    ----------
    findings : Findings
        They grow by one warning a translated value; in columns that may hold names, numbers or addresses the values
        are not named.
    header : str
        The file's header.
    target : str
        Column, or combined cell.
    texts : pyarrow.Array of string
        As found.
    words : mapping of str to str
        The file's texts and the words that they stand for.
    lines : numpy.ndarray of int64
        Line on which each row begins.
    keep : numpy.ndarray of bool
        Rows that were accepted: a row that was set apart reaches no table.
    """
    encoded = texts.dictionary_encode()
    stripped = [text.strip() for text in encoded.dictionary.to_pylist()]
    places: dict[str, list[int]] = {}
    for place, text in enumerate(stripped):
        if text in words:
            places.setdefault(text, []).append(place)
    if not places:
        return
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    named = is_code_column(target)
    for text, where in places.items():
        detail = f" {text}→{words[text]}" if named else ""
        found = lines[np.isin(indices, where) & keep]
        message = f"値を読み替えました: {header}{detail}"
        findings.warn(RULE, len(found), found[:FIRST_LINES].tolist(), [header], message)
