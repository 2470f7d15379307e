"""What holds for any table: thresholds bind, nothing gets finer than asked, a second run changes nothing."""

import tempfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rule_runner import Outcome, make_rule, run_rules

from care_factory import build_care_tables
from kaigo.tables import load_service_codes, load_service_kinds

pytestmark = pytest.mark.slow  # each example writes and reads tables

CODES = ["111111", "111112", "11Z002", "111175", "121111", "151141", "171001", "ZZ0001"]
ITEMS = ("certifications.survey_1_7", "certifications.survey_2_5")
PERSONS = st.lists(
    st.fixed_dictionaries(
        {
            "birth_date": st.dates(pd.Timestamp(1905, 1, 1).date(), pd.Timestamp(1959, 12, 31).date()).map(
                str
            ),
            "town": st.sampled_from(["990001", "990001", "990002"]),
            "answers": st.tuples(st.sampled_from([1, 2, 3, None]), st.sampled_from([1, 2, None])),
            "lines": st.lists(
                st.tuples(st.sampled_from(CODES), st.integers(1, 31), st.integers(1, 60)),
                min_size=1,
                max_size=3,
            ),
        }
    ),
    min_size=1,
    max_size=14,
).map(lambda people: sorted(people, key=lambda person: str(person["town"])))  # as persons are numbered
FEW_EXAMPLES = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def run(people: list[dict[str, Any]], table: str, *rules: Any) -> Outcome:
    who = [{"person": n, "insurer_number": person["town"]} for n, person in enumerate(people, 1)]
    with tempfile.TemporaryDirectory() as folder:
        tables = build_care_tables(
            Path(folder) / "care",
            [w | {"birth_date": p["birth_date"]} for w, p in zip(who, people, strict=True)],
            [
                w | dict(zip(("survey_1_7", "survey_2_5"), p["answers"], strict=True))
                for w, p in zip(who, people, strict=True)
            ],
            [
                w | {"service_code": code, "days": days, "units": units, "provider_number": str(place)}
                for w, p in zip(who, people, strict=True)
                for place, (code, days, units) in enumerate(p["lines"])
            ],
        )
        return run_rules(tables, *rules, table=table)


def closes(done: Outcome) -> bool:
    rows = [(entry.rows_in, entry.rows_out) for entry in done.entries]
    chained = all(earlier[1] == later[0] for earlier, later in pairwise(rows))
    return chained and rows[-1][1] == len(done.frame)


@FEW_EXAMPLES
@given(PERSONS, st.integers(2, 5))
def test_a_rare_answer_is_never_visible_and_a_common_one_is_never_lost(
    people: list[dict[str, Any]], k: int
) -> None:
    rule = make_rule("delete_rare_answers", ITEMS, persons=k)
    done = run(people, "certifications", rule, rule)
    assert closes(done) and done.entries[1].cells_changed == 0
    for place, column in enumerate(("survey_1_7", "survey_2_5")):
        givers: dict[Any, int] = defaultdict(int)
        for person in people:
            givers[person["town"], person["answers"][place]] += 1
        for person, shown in zip(people, done.values(column), strict=True):
            answer = person["answers"][place]
            common = answer is not None and givers[person["town"], answer] >= k
            assert shown == (answer if common else None)


@FEW_EXAMPLES
@given(PERSONS, st.integers(2, 5))
def test_a_shown_code_has_enough_persons_and_is_the_line_s_own_or_an_upper_one(
    people: list[dict[str, Any]], k: int
) -> None:
    rule = make_rule("roll_up_rare_codes", "benefits.service_code", persons=k)
    keep = make_rule("keep", "benefits.service_code")
    before, done = run(people, "benefits", keep), run(people, "benefits", keep, rule, rule)
    assert closes(done) and done.entries[2].cells_changed == 0
    assert done.entries[2].rows_in == done.entries[2].rows_out
    lines = before.frame.merge(
        done.frame, on=["person", "provider_number"], how="left", suffixes=("", "_shown")
    )
    users = done.frame.assign(code=done.frame["service_code"].fillna("")).groupby(["municipality", "code"])
    assert (users["person"].nunique() >= k).all()
    for code, shown in zip(lines["service_code"], lines["service_code_shown"], strict=True):
        assert pd.isna(shown) or shown in {code, *list_uppers(code)}
    kept_rows = before.frame.merge(done.frame[["person", "provider_number"]])
    own = before.frame.groupby(["municipality", "service_code"])["person"].nunique()
    for (town, code), number in own.items():
        if number >= k:
            assert (kept_rows["service_code"].eq(code) & kept_rows["municipality"].eq(town)).sum() == (
                before.frame["service_code"].eq(code) & before.frame["municipality"].eq(town)
            ).sum()


def list_uppers(code: str) -> list[str]:
    known, kind = load_service_codes().get(code), load_service_kinds().get(code[:2])
    return [*([known.base_code] if known else []), *([kind.code, kind.category_code] if kind else [])]


@FEW_EXAMPLES
@given(PERSONS, st.integers(2, 5), st.sampled_from([0.5, 0.9, 1.0]))
def test_a_top_value_belongs_to_enough_persons_and_no_value_rises(
    people: list[dict[str, Any]], k: int, percentile: float
) -> None:
    rule = make_rule("top_code", ("benefits.days", "benefits.units"), percentile=percentile, persons=k)
    done = run(people, "benefits", rule)
    before = run(people, "benefits", make_rule("keep", "benefits.units"))
    assert closes(done)
    for column in ("days", "units"):
        assert (done.frame[column] <= before.frame[column]).all()
        changed = done.frame[column] < before.frame[column]
        for _, group in done.frame.groupby(["municipality", "service_code"]):
            top = group[column].max()
            persons = group["person"].nunique()
            assert group[group[column] == top]["person"].nunique() >= min(k, persons)
            assert (group[changed.loc[group.index]][column] == top).all(), (
                "only what is above the limit is cut"
            )


@FEW_EXAMPLES
@given(PERSONS, st.integers(85, 110))
def test_birth_is_a_month_and_empty_exactly_for_the_super_aged(
    people: list[dict[str, Any]], age: int
) -> None:
    rules = (
        make_rule("generalise_to_month", "persons.birth_date"),
        make_rule("delete_super_aged", "persons.birth_date", age=age),
    )
    done = run(people, "persons", *rules, rules[1])
    assert closes(done) and done.entries[2].cells_changed == 0
    # The release's last month is April 2024, so the age is reached by 30 April.
    for person, shown in zip(people, done.values("birth_date"), strict=True):
        birth = pd.Timestamp(person["birth_date"])
        super_aged = birth + pd.DateOffset(years=age) <= pd.Timestamp(2024, 4, 30)
        assert shown == (None if super_aged else f"{birth:%Y-%m}")


@pytest.mark.parametrize("k", [2, 3])
def test_thresholds_only_ever_take_more_away(k: int) -> None:
    people = [
        {
            "birth_date": "1940-01-01",
            "town": "990001",
            "answers": (n % 3 + 1, 1),
            "lines": [(CODES[n % 5], 1, n)],
        }
        for n in range(12)
    ]
    for technique, column, table in (
        ("delete_rare_answers", "certifications.survey_1_7", "certifications"),
        ("roll_up_rare_codes", "benefits.service_code", "benefits"),
    ):
        loose = run(people, table, make_rule(technique, column, persons=k)).entry
        strict = run(people, table, make_rule(technique, column, persons=k + 3)).entry
        assert strict.cells_changed + strict.rows_in - strict.rows_out >= loose.cells_changed
