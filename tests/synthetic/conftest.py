from collections.abc import Iterator

import pytest

from kaigo.engine import Engine, open_engine
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.tables import CareTables

PLAN = SynthesisPlan(persons=9_000, months=12, seed=5)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    """9,000 certified persons, 12 months: two blocks."""
    return synthesize(tmp_path_factory.mktemp("synthetic") / "city", PLAN)


@pytest.fixture(scope="session")
def city_engine(city: CareTables) -> Iterator[Engine]:
    with open_engine() as engine:
        city.scan(engine)
        yield engine
