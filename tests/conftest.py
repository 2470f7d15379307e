"""Fixtures that several rooms share."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from care_factory import build_care_tables
from kaigo.tables import CareTables


@pytest.fixture
def make_tables(tmp_path: Path) -> Callable[..., CareTables]:
    """``build_care_tables`` with a fresh folder a call (see ``care_factory``)."""
    calls = iter(range(1000))

    @functools.wraps(build_care_tables)
    def make(*args: object, **options: object) -> CareTables:
        return build_care_tables(tmp_path / f"care-{next(calls)}", *args, **options)  # type: ignore[arg-type]

    return make
