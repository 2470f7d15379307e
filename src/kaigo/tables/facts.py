"""Reading of the fact tables that ship with the package (CSV with ``source`` and ``confidence``)."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

UNPRINTED_CONFIDENCE = "memory"
"""Rows whose confidence starts with this word are never printed as published figures."""


@cache
def read_facts(name: str, package: str = "kaigo.tables") -> tuple[dict[str, str], ...]:
    """同梱の事実データ(CSV)を1行1件で読む。

    Parameters
    ----------
    name : str
        File name without ``.csv`` in the package's ``data`` folder.
    package : str
        The room that ships the file.

    Returns
    -------
    tuple of dict
        Column name to text, in file order. Treat as read-only.
    """
    text = resources.files(package).joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def is_printable(row: dict[str, str]) -> bool:
    """Whether a fact may be printed as a published figure."""
    return not row["confidence"].startswith(UNPRINTED_CONFIDENCE)
