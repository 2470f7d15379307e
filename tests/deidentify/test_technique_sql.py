"""The SQL of every technique: the portable subset only, never the key, never a number's own stream."""

import re
from pathlib import Path
from typing import Any

from made_town import make_town
from rule_runner import make_rule, run_rules
from test_deidentify_sql import NOT_PORTABLE, statements

from kaigo.deidentify.key import Key
from kaigo.deidentify.random_rows import KeyStream
from kaigo.deidentify.techniques import TECHNIQUES

__all__ = ["statements"]
BIRTH, SEX, CODE = "persons.birth_date", "persons.sex", "benefits.service_code"
UNITS, LEVEL = "benefits.units", "certifications.care_level"
ITEMS = ("certifications.survey_1_7", "certifications.survey_2_5")
MONTH, YEAR = make_rule("generalise_to_month", BIRTH), make_rule("generalise_birth", BIRTH, to="year")
RULES: dict[str, list[Any]] = {
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
    "swap_values": [make_rule("swap_values", BIRTH, share=0.5, within="sex")],
    "top_code": [make_rule("top_code", UNITS, percentile=0.9, persons=3, within="kind")],
    "top_code_birth": [MONTH, make_rule("top_code_birth", BIRTH, persons=3, by="sex,care_level")],
}


def test_every_technique_uses_the_portable_subset_and_names_no_secret(
    statements: list[str],
    tmp_path: Path,
) -> None:
    tables = make_town(persons=60).write(tmp_path / "care")
    for name, rules in RULES.items():
        assert TECHNIQUES[name].check_parameters(rules[-1].parameters) == []
        assert TECHNIQUES[name].check_rule(rules[-1]) == []
        assert all(TECHNIQUES[name].accepts(column) for column in rules[-1].columns)
        del statements[:]
        done = run_rules(tables, *rules, table="benefits", seed=5)
        assert done.entries and any(e.persons_touched or e.rows_in != e.rows_out for e in done.entries), name
        for fault, pattern in NOT_PORTABLE.items():
            assert [sql for sql in statements if re.search(pattern, sql, re.IGNORECASE)] == [], (name, fault)
        text = "\n".join(statements)
        own = Key.derive(5)._secret.hex()
        table = "benefits" if rules[-1].columns[0].startswith("benefits") else "persons"
        stream = KeyStream(Key.derive(5).subkey(f"technique/{name}/{name}/{table}"))
        assert own not in text and not any(str(word) in text for word in stream.take(200).tolist())
