"""Small random towns for the properties of techniques."""

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from rule_runner import Outcome

from care_factory import build_care_tables
from kaigo.tables import CareTables

CODES = ["111111", "111112", "11Z002", "111175", "121111", "151141", "171001", "ZZ0001"]
FEW = settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


class Build:
    """Persons as plain dictionaries, and the care tables that they make."""

    people = st.lists(
        st.fixed_dictionaries(
            {
                "birth": st.dates(
                    min_value=dt.date(1910, 1, 1),
                    max_value=dt.date(1975, 12, 31),
                ).map(str),
                "sex": st.integers(1, 2),
                "level": st.sampled_from(["21", "22", "23"]),
                "town": st.sampled_from(["990001", "990001", "990002"]),
                "answers": st.tuples(
                    *(st.sampled_from([1, 2, 3, None]) for _ in range(2)), st.sampled_from([1, 2, None])
                ),
                "lines": st.lists(
                    st.tuples(st.sampled_from(CODES), st.integers(0, 31), st.integers(0, 60)),
                    min_size=1,
                    max_size=3,
                ),
            }
        ),
        min_size=1,
        max_size=16,
    ).map(lambda people: sorted(people, key=lambda person: str(person["town"])))  # as persons are numbered

    @contextlib.contextmanager
    def tables(self, people: list[dict[str, Any]], **options: Any) -> Iterator[CareTables]:
        """The tables in a folder that goes away."""
        who = [{"person": n, "insurer_number": person["town"]} for n, person in enumerate(people, 1)]
        items = ("survey_1_3", "survey_1_7", "survey_2_5")
        pairs = list(zip(who, people, strict=True))
        with tempfile.TemporaryDirectory() as folder:
            yield build_care_tables(
                Path(folder) / "care",
                [w | {"birth_date": p["birth"], "sex": p["sex"]} for w, p in pairs],
                [
                    w | {"care_level": p["level"]} | dict(zip(items, p["answers"], strict=True))
                    for w, p in pairs
                ],
                [
                    w | {"service_code": code, "days": days, "units": units, "provider_number": str(place)}
                    for w, p in pairs
                    for place, (code, days, units) in enumerate(p["lines"])
                ],
                **options,
            )


build = Build()


def closes(done: Outcome, table: str) -> bool:
    """Whether each rule takes up the rows that the one before left."""
    rows = [(entry.rows_in, entry.rows_out) for entry in done.entries if entry.table == table]
    chained = all(earlier[1] == later[0] for earlier, later in pairwise(rows))
    return chained and rows[-1][1] == len(done.frame)
