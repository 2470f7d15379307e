"""Each technique on tables whose answer is counted by hand."""

from collections.abc import Callable

import pytest
from rule_runner import make_rule, run_rules

from kaigo.tables import CareTables

Make = Callable[..., CareTables]
BIRTH, CODE, UNITS = "persons.birth_date", "benefits.service_code", "benefits.units"
WALKING = "certifications.survey_1_7"


def counts(entry: object) -> tuple[int, int, int, int]:
    return (entry.rows_in, entry.rows_out, entry.cells_changed, entry.persons_touched)  # type: ignore[attr-defined]


def using(codes: dict[int, str | list[str]]) -> list[dict[str, object]]:
    """One line for each person and code."""
    return [
        {"person": person, "service_code": code}
        for person, used in codes.items()
        for code in ([used] if isinstance(used, str) else used)
    ]


# delete_item -------------------------------------------------------------------------------------------------


def test_a_deleted_item_is_gone_and_only_cells_with_a_value_count(make_tables: Make) -> None:
    tables = make_tables([{"person": 1, "disqualified_reason": "死亡"}, 2, 3])
    done = run_rules(tables, make_rule("delete_item", "persons.disqualified_reason"), table="persons")
    assert "disqualified_reason" not in done.frame
    assert counts(done.entry) == (3, 3, 1, 1)


def test_an_item_of_two_tables_gets_two_entries(make_tables: Make) -> None:
    rule = make_rule("delete_item", ("persons.insured_number", "benefits.insured_number"))
    done = run_rules(make_tables([1, 2]), rule, table="benefits")
    assert [(entry.table, *counts(entry)) for entry in done.entries] == [
        ("persons", 2, 2, 2, 2),
        ("benefits", 2, 2, 2, 2),
    ]


def test_keep_changes_nothing_and_says_so(make_tables: Make) -> None:
    done = run_rules(
        make_tables([1, {"person": 2, "sex": 2}]), make_rule("keep", "persons.sex"), table="persons"
    )
    assert (done.values("sex"), counts(done.entry)) == ([1, 2], (2, 2, 0, 0))


# generalise_to_month, delete_super_aged ----------------------------------------------------------------------


def test_a_birth_date_becomes_its_month(make_tables: Make) -> None:
    tables = make_tables(
        [{"person": 1, "birth_date": "1943-02-19"}, {"person": 2, "birth_date": "1950-12-01"}]
    )
    done = run_rules(tables, make_rule("generalise_to_month", BIRTH), table="persons")
    assert (done.values("birth_date"), counts(done.entry)) == (["1943-02", "1950-12"], (2, 2, 2, 2))


def test_generalising_twice_changes_nothing_more(make_tables: Make) -> None:
    rule = make_rule("generalise_to_month", BIRTH)
    done = run_rules(make_tables([{"person": 1, "birth_date": "1943-02-19"}]), rule, rule, table="persons")
    assert (done.values("birth_date"), counts(done.entry)) == (["1943-02"], (1, 1, 0, 0))


def test_who_reaches_the_age_by_the_end_of_the_last_month_loses_the_birth_month(make_tables: Make) -> None:
    births = {1: "1917-07-31", 2: "1917-08-01", 3: "1917-07-01", 4: "1899-01-01"}
    tables = make_tables(
        [{"person": person, "birth_date": birth} for person, birth in births.items()],
        benefits=[
            {"person": person, "service_month": month}
            for person in births
            for month in ("2017-06", "2017-07")
        ],
        certifications=[{"person": person, "valid_from": "2017-01-01"} for person in births],
    )
    rules = make_rule("generalise_to_month", BIRTH), make_rule("delete_super_aged", BIRTH, age=100)
    done = run_rules(tables, *rules, table="persons")
    assert done.values("birth_date") == [None, "1917-08", None, None]
    assert counts(done.entry) == (4, 4, 3, 3)


# delete_rare_answers -----------------------------------------------------------------------------------------


def answering(make_tables: Make, answers: dict[int, int | None], **options: object) -> CareTables:
    rows = [{"person": person, "survey_1_7": answer} for person, answer in answers.items()]
    return make_tables(list(answers), certifications=rows, **options)


def test_an_answer_of_one_person_goes_and_that_of_two_stays(make_tables: Make) -> None:
    tables = answering(make_tables, {1: 2, 2: 2, 3: 3, 4: None})
    done = run_rules(tables, make_rule("delete_rare_answers", WALKING, persons=2), table="certifications")
    assert (done.values("survey_1_7"), counts(done.entry)) == ([2, 2, None, None], (4, 4, 1, 1))


def test_two_certifications_of_one_person_are_one_person(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "survey_1_7": 3, "valid_to": "2024-04-30"},
        {"person": 1, "survey_1_7": 3, "valid_from": "2024-05-01"},
        {"person": 2, "survey_1_7": 1},
        {"person": 3, "survey_1_7": 1},
    ]
    tables = make_tables(
        [1, 2, 3],
        certifications,
        benefits=[{"person": n, "service_month": m} for n in (1, 2, 3) for m in ("2024-04", "2024-05")],
    )
    done = run_rules(tables, make_rule("delete_rare_answers", WALKING, persons=2), table="certifications")
    assert (done.values("survey_1_7"), counts(done.entry)) == ([None, None, 1, 1], (4, 4, 2, 1))


def test_answers_are_counted_in_each_municipality(make_tables: Make) -> None:
    people = [
        {"person": n, "insurer_number": town} for n, town in ((1, "990001"), (2, "990001"), (3, "990002"))
    ]
    tables = make_tables(people, certifications=[dict(person, survey_1_7=2) for person in people])
    done = run_rules(tables, make_rule("delete_rare_answers", WALKING, persons=2), table="certifications")
    assert done.values("survey_1_7") == [2, 2, None]


def test_an_answer_of_a_certification_outside_the_window_does_not_count(make_tables: Make) -> None:
    certifications = [
        {"person": 1, "survey_1_7": 2},
        {"person": 2, "survey_1_7": 2, "valid_to": "2023-12-31"},
        {"person": 2, "survey_1_7": 1, "valid_from": "2024-01-01"},
        {"person": 3, "survey_1_7": 1},
    ]
    done = run_rules(
        make_tables([1, 2, 3], certifications),
        make_rule("delete_rare_answers", WALKING, persons=2),
        table="certifications",
    )
    assert done.values("survey_1_7") == [None, 1, 1]


def test_in_joined_persons_without_a_line_do_not_hide_the_others(make_tables: Make) -> None:
    tables = answering(make_tables, {1: 2, 2: 2}, benefits=[{"person": 1}])
    rule = make_rule("delete_rare_answers", WALKING, persons=2)
    assert run_rules(tables, rule, table="certifications", layout="linked").values("survey_1_7") == [2, 2]
    assert run_rules(tables, rule, table="certifications", layout="joined").values("survey_1_7") == [None]


def test_two_rules_of_the_same_technique_keep_their_own_thresholds(make_tables: Make) -> None:
    rows = [
        {"person": n, "survey_1_7": 1 if n < 3 else 2, "survey_1_8": 1 if n < 3 else 2} for n in range(1, 6)
    ]
    tables = make_tables([1, 2, 3, 4, 5], certifications=rows)
    first = make_rule("delete_rare_answers", WALKING, persons=3)
    second = make_rule("delete_rare_answers", "certifications.survey_1_8", persons=2)
    done = run_rules(tables, first, second, table="certifications")
    assert done.values("survey_1_7") == [None, None, 2, 2, 2]
    assert done.values("survey_1_8") == [1, 1, 2, 2, 2]
    assert [counts(entry) for entry in done.entries] == [(5, 5, 2, 2), (5, 5, 0, 0)]


# roll_up_rare_codes ------------------------------------------------------------------------------------------
# 111111 and 111112 are 身体介護１ (11-03), 11Z002 is 身体介護２ (11-04); 121111 is kind 12; 11 and 12 are G1; 15 is G2.


def rolled(
    make_tables: Make, codes: dict[int, str | list[str]], persons: int = 2
) -> tuple[list[object], object]:
    tables = make_tables(list(codes), benefits=using(codes))
    done = run_rules(
        tables, make_rule("roll_up_rare_codes", CODE, persons=persons), table="benefits", order="service_code"
    )
    return done.values("service_code"), done.entry


def test_a_code_of_enough_persons_stays(make_tables: Make) -> None:
    assert rolled(make_tables, {1: "111111", 2: "111111"})[0] == ["111111", "111111"]


def test_two_rare_codes_of_one_base_meet_at_the_base(make_tables: Make) -> None:
    shown, entry = rolled(make_tables, {1: "111111", 2: "111112"})
    assert (shown, counts(entry)) == (["11-03", "11-03"], (2, 2, 2, 2))


def test_rare_bases_meet_at_the_kind(make_tables: Make) -> None:
    assert rolled(make_tables, {1: "111111", 2: "11Z002"})[0] == ["11", "11"]


def test_rare_kinds_meet_at_the_category(make_tables: Make) -> None:
    assert rolled(make_tables, {1: "111111", 2: "121111"})[0] == ["G1", "G1"]


def test_rare_categories_are_deleted_together(make_tables: Make) -> None:
    shown, entry = rolled(make_tables, {1: "111111", 2: "15Z001", 3: "171001"})
    assert (shown, counts(entry)) == ([None, None, None], (3, 3, 3, 3))


def test_lines_whose_deleted_codes_have_too_few_persons_are_removed(make_tables: Make) -> None:
    shown, entry = rolled(make_tables, {1: "111111", 2: ["111111", "15Z001"]})
    assert (shown, counts(entry)) == (["111111", "111111"], (3, 2, 0, 1))


def test_a_base_that_has_enough_persons_is_not_joined_by_its_common_code(make_tables: Make) -> None:
    # 111111 has two persons and stays; 111112 and 111113 meet at 11-03, which counts only them.
    shown, _ = rolled(make_tables, {1: "111111", 2: "111111", 3: "111112", 4: "111113"})
    assert shown == ["111111", "111111", "11-03", "11-03"]


def test_one_person_with_two_codes_of_a_base_is_one_person(make_tables: Make) -> None:
    # The base has person 1 alone, so it rises to the kind, where person 2 (base 11-04) joins.
    shown, _ = rolled(make_tables, {1: ["111111", "111112"], 2: "11Z002"})
    assert shown == ["11", "11", "11"]


def test_a_code_without_a_known_base_rises_to_its_kind(make_tables: Make) -> None:
    assert rolled(make_tables, {1: "111175", 2: "111199"})[0] == ["11", "11"]


def test_a_code_of_an_unknown_kind_is_deleted(make_tables: Make) -> None:
    assert rolled(make_tables, {1: "ZZ0001", 2: "XX0001"})[0] == [None, None]


def test_users_are_counted_in_persons_over_the_whole_window(make_tables: Make) -> None:
    lines = [{"person": 1, "service_month": f"2024-{m:02d}"} for m in (4, 5, 6)]
    lines += [{"person": 2, "service_month": "2024-04", "service_code": "111112"}]
    lines += [{"person": 3, "service_month": "2024-06", "service_code": "111112"}]
    done = run_rules(
        make_tables([1, 2, 3], benefits=lines),
        make_rule("roll_up_rare_codes", CODE, persons=2),
        table="benefits",
    )
    # Three lines of person 1 alone: 111111 has one person, so has 11-03, 11, G1: no code is left for it.
    assert done.values("service_code") == ["111112", "111112"]
    assert counts(done.entry) == (5, 2, 0, 1)


def test_codes_are_counted_in_each_municipality(make_tables: Make) -> None:
    people = [
        {"person": n, "insurer_number": town} for n, town in ((1, "990001"), (2, "990001"), (3, "990002"))
    ]
    tables = make_tables(people, benefits=people)
    done = run_rules(tables, make_rule("roll_up_rare_codes", CODE, persons=2), table="benefits")
    assert counts(done.entry) == (3, 2, 0, 1)


def test_rolling_up_twice_changes_nothing_more(make_tables: Make) -> None:
    codes = {1: "111111", 2: "11Z002", 3: "15Z001", 4: "171001"}
    rule = make_rule("roll_up_rare_codes", CODE, persons=2)
    done = run_rules(make_tables(list(codes), benefits=using(codes)), rule, rule, table="benefits")
    assert done.values("service_code") == ["11", "11", None, None]
    assert counts(done.entry) == (4, 4, 0, 0)


# top_code ----------------------------------------------------------------------------------------------------


def topped(
    make_tables: Make, units: dict[int, list[int]], **parameters: float
) -> tuple[list[object], object]:
    lines = [
        {"person": person, "units": value, "provider_number": str(place)}
        for person, values in units.items()
        for place, value in enumerate(values)
    ]
    done = run_rules(
        make_tables(list(units), benefits=lines), make_rule("top_code", UNITS, **parameters), table="benefits"
    )
    return done.values("units"), done.entry


def test_the_largest_is_cut_to_the_value_that_enough_persons_reach(make_tables: Make) -> None:
    shown, entry = topped(make_tables, {1: [40], 2: [30], 3: [20]}, percentile=1.0, persons=2)
    assert (shown, counts(entry)) == ([30, 30, 20], (3, 3, 1, 1))


def test_several_lines_of_one_person_do_not_make_a_limit(make_tables: Make) -> None:
    shown, entry = topped(make_tables, {1: [90, 80, 70], 2: [30], 3: [20]}, percentile=1.0, persons=2)
    assert (shown, counts(entry)) == ([30, 30, 30, 30, 20], (5, 5, 3, 1))


def test_the_percentile_over_lines_is_the_limit_where_persons_are_enough(make_tables: Make) -> None:
    # Ten lines 1..10, one a person: 80 percent is the eighth; three persons are at or above it.
    shown, entry = topped(make_tables, {n: [n] for n in range(1, 11)}, percentile=0.8, persons=3)
    assert (shown, counts(entry)) == ([1, 2, 3, 4, 5, 6, 7, 8, 8, 8], (10, 10, 2, 2))


def test_a_code_of_fewer_persons_is_cut_to_what_all_of_them_reach(make_tables: Make) -> None:
    assert topped(make_tables, {1: [40], 2: [30]}, percentile=1.0, persons=3)[0] == [30, 30]


def test_each_code_has_its_own_limit(make_tables: Make) -> None:
    lines = [
        {"person": n, "service_code": code, "units": units}
        for n, code, units in ((1, "111111", 50), (2, "111111", 40), (3, "111112", 9), (4, "111112", 8))
    ]
    done = run_rules(
        make_tables([1, 2, 3, 4], benefits=lines),
        make_rule("top_code", UNITS, percentile=1.0, persons=2),
        table="benefits",
    )
    assert done.values("units") == [40, 40, 8, 8]


def test_days_and_units_have_limits_of_their_own_even_in_two_rules(make_tables: Make) -> None:
    lines = [
        {"person": n, "days": days, "units": units} for n, days, units in ((1, 31, 5), (2, 10, 6), (3, 9, 7))
    ]
    tables = make_tables([1, 2, 3], benefits=lines)
    together = run_rules(
        tables, make_rule("top_code", ("benefits.days", UNITS), percentile=1.0, persons=2), table="benefits"
    )
    apart = run_rules(
        tables,
        make_rule("top_code", "benefits.days", percentile=1.0, persons=2),
        make_rule("top_code", UNITS, percentile=1.0, persons=3),
        table="benefits",
    )
    assert (together.values("days"), together.values("units")) == ([10, 10, 9], [5, 6, 6])
    assert (apart.values("days"), apart.values("units")) == ([10, 10, 9], [5, 5, 5])
    assert counts(together.entry) == (3, 3, 2, 2)


def test_lines_without_a_code_share_a_limit(make_tables: Make) -> None:
    codes = {1: "111111", 2: "15Z001", 3: "171001"}
    lines = [dict(line, units=100 * line["person"]) for line in using(codes)]  # type: ignore[operator]
    done = run_rules(
        make_tables([1, 2, 3], benefits=lines),
        make_rule("roll_up_rare_codes", CODE, persons=2),
        make_rule("top_code", UNITS, percentile=1.0, persons=2),
        table="benefits",
    )
    assert (done.values("service_code"), done.values("units")) == ([None] * 3, [100, 200, 200])


# level of a benefit line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "level"),
    [
        ([("21", "2024-01-01", "2024-12-31")], "21"),
        # valid on the last day of April, though another was valid before
        ([("21", "2024-01-01", "2024-04-15"), ("24", "2024-04-16", "2024-12-31")], "24"),
        # none on the last day: any day of the month
        ([("22", "2024-01-01", "2024-04-29")], "22"),
        ([("22", "2024-01-01", "2024-04-10"), ("23", "2024-04-11", "2024-04-29")], "23"),
        # valid on the last day beats one that began later but ended before
        ([("21", "2024-01-01", "2024-04-30"), ("25", "2024-04-05", "2024-04-20")], "21"),
        # two on the last day (区分変更 entered without closing the old one): the later one
        ([("21", "2024-01-01", "2024-12-31"), ("23", "2024-04-10", "2024-12-31")], "23"),
        ([("21", "2024-04-30", "2024-12-31")], "21"),
        ([("21", "2024-05-01", "2024-12-31")], None),
        ([("21", "2023-01-01", "2024-03-31")], None),
    ],
)
def test_the_level_of_a_line_is_that_of_the_last_day_else_of_any_day(
    make_tables: Make, spans: list[tuple[str, str, str]], level: str | None
) -> None:
    certifications = [{"person": 1, "care_level": c, "valid_from": f, "valid_to": t} for c, f, t in spans]
    tables = make_tables([1, 2], [*certifications, {"person": 2, "care_level": "12"}])
    done = run_rules(
        tables, make_rule("keep", "certifications.care_level"), table="certifications", layout="joined"
    )
    levels = dict(zip(done.frame["person"], done.frame["care_level"], strict=True))
    assert levels.get(1) == level
    assert levels[2] == "12"
