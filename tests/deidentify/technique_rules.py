"""A rule of each technique that some of 300 persons are touched by (what must stand before it included)."""

from pathlib import Path

from rule_runner import make_rule

from kaigo.deidentify import Rule

BIRTH, SEX, CODE = "persons.birth_date", "persons.sex", "benefits.service_code"
DAYS, UNITS, LEVEL = "benefits.days", "benefits.units", "certifications.care_level"
ITEMS = ("certifications.survey_1_7", "certifications.survey_2_5")
MONTH, YEAR = make_rule("generalise_to_month", BIRTH), make_rule("generalise_birth", BIRTH, to="year")
RULES: dict[str, list[Rule]] = {
    "add_noise": [make_rule("add_noise", UNITS, bound=5)],
    "add_pseudo_data": [make_rule("add_pseudo_data", SEX, share=0.1)],
    "blank_small_groups": [make_rule("blank_small_groups", (SEX, LEVEL), persons=3, blank="care_level")],
    "bottom_code": [make_rule("bottom_code", UNITS, percentile=0.1, persons=3, within="kind")],
    "cut_at_fixed": [make_rule("cut_at_fixed", UNITS, most=2000, least=300)],
    "delete_cells": [make_rule("delete_cells", LEVEL, values="12,13")],
    "delete_rare_combinations": [make_rule("delete_rare_combinations", ITEMS, persons=3, within="all")],
    "delete_records": [make_rule("delete_records", LEVEL, values="12")],
    "delete_small_groups": [make_rule("delete_small_groups", (SEX, LEVEL), persons=3)],
    "generalise_birth": [
        MONTH,
        make_rule("generalise_birth", BIRTH, to="quarter"),
        make_rule("generalise_birth", BIRTH, to="band", width=5, oldest=90, youngest=65),
    ],
    "generalise_date": [make_rule("generalise_date", "certifications.valid_from", to="quarter")],
    "lift_code": [make_rule("lift_code", CODE, to="base")],
    "merge_options": [make_rule("merge_options", ITEMS, persons=3)],
    "merge_small_groups": [YEAR, make_rule("merge_small_groups", (BIRTH, SEX), persons=3)],
    "microaggregate": [make_rule("microaggregate", UNITS, persons=3, value="median")],
    "sample_persons": [make_rule("sample_persons", "persons.insured_number", share=0.5)],
    "swap_values": [make_rule("swap_values", BIRTH, share=0.5, within="sex")],
    "top_code": [make_rule("top_code", UNITS, percentile=0.9, persons=3, within="kind")],
    "top_code_birth": [MONTH, make_rule("top_code_birth", BIRTH, persons=3, by="sex,care_level")],
}
"""Techniques that a town without a standard around them can be put through, each by a rule of its own."""
VARIANTS: dict[str, list[Rule]] = {
    "delete_rare_combinations of three": [
        make_rule(
            "delete_rare_combinations",
            (*ITEMS, "certifications.survey_1_10", "certifications.survey_1_12"),
            persons=3,
            answers=3,
            within="group",
        )
    ],
    "generalise_birth to ages": [
        make_rule("generalise_birth", BIRTH, to="age", width=5, oldest=95, youngest=65)
    ],
    "merge_options by a list": [make_rule("merge_options", ITEMS, groups="2,3")],
    "microaggregate to means": [make_rule("microaggregate", (DAYS, UNITS), persons=3, within="kind")],
    "top_code by persons alone": [make_rule("top_code", DAYS, percentile=1.0, persons=3, within="all")],
}
"""Other parameters, by which a technique takes another way."""


def make_k_anonymous(folder: Path) -> list[Rule]:
    """Levels and answers k-anonymised; the hierarchies are written to the folder."""
    folder.mkdir(parents=True)
    levels = {"": "", "01": "1", "06": "1", "12": "1", "13": "1"} | {f"2{n}": "2" for n in range(1, 6)}
    answers = {"": "", "1": "1"} | {str(n): "2" for n in range(2, 6)}
    for name, uppers in (("care_level", levels), ("survey_1_7", answers), ("survey_2_5", answers)):
        text = "".join(f"{value};{upper};*\n" for value, upper in uppers.items())
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    rule = make_rule("k_anonymise", (LEVEL, *ITEMS), k=5, suppression=0.02, hierarchies=str(folder))
    return [rule]
