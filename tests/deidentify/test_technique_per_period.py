"""Techniques of the shipped standards by hand: bands, kinds, merged options, once a period, extremes."""

from collections.abc import Callable

import pytest
from rule_runner import make_rule, run_rules

from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
DROP = make_rule(
    "delete_item", ("benefits.insurer_number", "benefits.insured_number", "benefits.provider_number")
)
MONTHS = ("2024-04", "2024-05", "2024-06", "2024-07")


def test_births_fall_into_open_and_closed_bands(make_tables: Make) -> None:
    births = ["1939-03-31", "1939-04-01", "1949-03-31", "1949-04-01"]
    care = make_tables(
        [{"person": n, "birth_date": birth} for n, birth in enumerate(births, 1)],
        benefits=[{"person": n, "service_month": "2024-03"} for n in range(1, 5)],
    )
    out = run_rules(care, make_rule("band_birth", "persons.birth_date", ages="75,85"), table="persons")
    assert out.values("birth_date") == ["85-", "75-84", "75-84", "-74"]
    assert (out.entry.cells_changed, out.entry.persons_touched) == (4, 4)


@pytest.mark.parametrize("ages", ["85,75", "75,75", "39,85", "75,120", "", "七十五"])
def test_bands_that_make_no_sense_are_found(ages: str) -> None:
    assert TECHNIQUES["band_birth"].check_parameters({"ages": ages})


def test_codes_become_kinds_or_categories(make_tables: Make) -> None:
    codes = ["111111", "151141", "ZZ9999"]
    lines = [{"person": n, "service_code": code} for n, code in enumerate(codes, 1)]
    care = make_tables([1, 2, 3], benefits=lines)
    kinds = run_rules(care, make_rule("lift_code", "benefits.service_code", to="kind"), table="benefits")
    assert kinds.values("service_code") == ["11", "15", None]
    rules = [make_rule("lift_code", "benefits.service_code", to="category")] * 2
    categories = run_rules(care, *rules, table="benefits")
    assert categories.values("service_code") == ["G1", "G2", None]
    assert categories.entry.cells_changed == 0, "a category stays a category"


def test_options_become_problem_or_none_by_the_published_cut(make_tables: Make) -> None:
    answers = [1, 2, 3, None]
    care = make_tables(
        [1, 2, 3, 4],
        [{"person": n, "survey_1_7": answer, "survey_2_5": answer} for n, answer in enumerate(answers, 1)],
    )
    rule = make_rule("merge_to_problem", ("certifications.survey_1_7", "certifications.survey_2_5"))
    out = run_rules(care, rule, table="certifications")
    assert out.values("survey_1_7") == [1, 1, 3, None], "holding on is no problem in walking"
    assert out.values("survey_2_5") == [1, 2, 2, None]


def test_the_certification_of_a_period_s_beginning_holds_for_the_period(make_tables: Make) -> None:
    spans = [
        ("2024-04-01", "2024-04-30", "21"),
        ("2024-05-01", "2024-06-30", "23"),
        ("2024-07-01", "2025-06-30", "25"),
    ]
    care = make_tables(
        [1],
        [{"person": 1, "valid_from": a, "valid_to": b, "care_level": level} for a, b, level in spans],
        [{"person": 1, "service_month": month} for month in MONTHS],
    )
    rule = make_rule("fix_per_period", "certifications.care_level")
    out = run_rules(care, rule, table="certifications", span_months=2)
    assert out.values("care_level") == ["21", "23"], "the third came in the second period's second month"
    assert out.entry.persons_touched == 1 and "2人月" in out.entry.note
    same = run_rules(care, rule, table="certifications", span_months=1)
    assert same.values("care_level") == ["21", "23", "25"] and same.entry.persons_touched == 0


def test_lines_of_a_period_become_their_monthly_average_a_code_rounded_up(make_tables: Make) -> None:
    lines = [
        {"person": 1, "service_month": "2024-04", "days": 8, "units": 2100},
        {"person": 1, "service_month": "2024-06", "days": 6, "units": 900},
        {"person": 1, "service_month": "2024-06", "service_code": "151141", "days": 1, "units": 1},
        {"person": 1, "service_month": "2024-07", "days": 5, "units": 600},
    ]
    care = make_tables([1], benefits=lines)
    rule = make_rule(
        "average_per_period",
        ("benefits.service_month", "benefits.days", "benefits.units"),
        days_step=2,
        units_step=500,
    )
    with pytest.raises(Exception, match="ほかの列の扱い"):
        run_rules(care, rule, table="benefits", span_months=3)
    # The runner orders by provider: the other columns are deleted in a release.
    from kaigo.deidentify import Key, Standard, load_standard, make_release

    data = load_standard("soumu-2018-linked").model_dump()
    data["rules"] = [
        r
        for r in data["rules"]
        if r["technique"] not in {"roll_up_rare_codes", "top_code", "delete_rare_answers"}
    ]
    data["rules"].append(rule.model_dump() | {"id": "99"})
    data["pseudonym"]["rotate_months"] = 3
    release = make_release(care, Standard.model_validate(data), care.folder.parent / "r", key=Key.derive(1))
    import pyarrow.parquet as pq

    rows = pq.read_table(release.provide / "benefits").to_pylist()
    found = sorted((r["service_month"], r["service_code"], r["days"], r["units"]) for r in rows)
    assert found == [
        ("2024-04", "111111", 6, 1000),  # (8 + 6) / 3 and (2,100 + 900) / 3
        ("2024-04", "151141", 2, 500),
        ("2024-07", "111111", 6, 1000),  # the last period has one month
    ]
    left_out = release.ledger()["balance"]["benefits"]["left_out"]
    assert left_out["定めによりまとめたレコード"] == 1


def test_a_month_with_extreme_units_goes_as_a_whole(make_tables: Make) -> None:
    lines = [
        {"person": 1, "service_month": "2024-04", "units": 30_000},
        {"person": 1, "service_month": "2024-04", "units": 20_000},
        {"person": 1, "service_month": "2024-05", "units": 49_999},
        {"person": 2, "service_month": "2024-04", "units": 100},
    ]
    care = make_tables([1, 2], benefits=lines)
    rule = make_rule("drop_extreme_months", "benefits.units", units=50_000)
    out = run_rules(care, rule, table="benefits")
    assert out.values("units") == [49_999, 100]
    assert (out.entry.rows_in, out.entry.rows_out, out.entry.persons_touched) == (4, 2, 1)


def test_the_rarest_codes_go_up_to_a_share_of_the_lines(make_tables: Make) -> None:
    codes = ["111111"] * 4 + ["151141"] * 2 + ["171001", "211111"]
    care = make_tables(
        range(1, 9), benefits=[{"person": n, "service_code": c} for n, c in enumerate(codes, 1)]
    )
    rule = make_rule("blank_rarest_codes", "benefits.service_code", share=0.3)
    out = run_rules(care, rule, table="benefits")
    assert out.values("service_code") == [*codes[:6], None, None]
    more = run_rules(
        care, make_rule("blank_rarest_codes", "benefits.service_code", share=0.5), table="benefits"
    )
    assert more.values("service_code") == [*codes[:4], *[None] * 4]
