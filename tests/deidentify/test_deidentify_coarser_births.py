"""A release with coarser births is written, described and read under the column's own name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kaigo.deidentify import Key, Standard, load_standard, make_release
from kaigo.deidentify.techniques.generalise_birth import RELEASED_AS
from kaigo.tables import CareTables

Make = Callable[..., CareTables]


def generalised(to: dict[str, Any]) -> Standard:
    """soumu-2018-linked with another generalisation after the month."""
    data = load_standard("soumu-2018-linked").model_dump()
    data["rules"] = list(data["rules"])
    aged = next(n for n, rule in enumerate(data["rules"]) if rule["technique"] == "delete_super_aged")
    data["rules"].insert(
        aged + 1, data["rules"][aged] | {"id": "04-3", "technique": "generalise_birth", "parameters": to}
    )
    name = RELEASED_AS[to["to"]]
    for layout in ("joined", "linked"):
        own = data["quasi_identifiers"][layout]
        data["quasi_identifiers"][layout] = [name if each == "birth_month" else each for each in own]
    return Standard.model_validate(data)


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_the_release_names_the_year_of_birth_as_what_it_is(
    make_tables: Make, tmp_path: Path, layout: Any
) -> None:
    from kaigo.deidentify import check_standard

    standard = generalised({"to": "year"})
    assert [finding for finding in check_standard(standard) if "準識別子" in finding] == []
    people = [{"person": n, "birth_date": f"194{n % 2}-02-19"} for n in range(1, 25)]
    release = make_release(make_tables(people), standard, tmp_path / "out", key=Key.derive(1), layout=layout)
    table = "joined" if layout == "joined" else "persons"
    assert "birth_year" in release.columns(table) and "birth_month" not in release.columns(table)
    dictionary = (release.provide / "dictionary.csv").read_text(encoding="utf-8-sig")
    assert f"{table},birth_year,生年,④,text(YYYY),西暦" in dictionary
