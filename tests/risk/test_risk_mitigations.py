"""Changes of a standard: what they do to its rules, and that they are measured, not guessed."""

from collections.abc import Callable
from pathlib import Path

from kaigo.deidentify import Key, load_standard
from kaigo.risk.figures_attacks import show_mitigations
from kaigo.risk.mitigations import change_standard, load_changes, measure_mitigations
from kaigo.tables import CareTables, survey_columns

CHANGES = load_changes()


def columns_of(standard, technique: str) -> set[str]:  # type: ignore[no-untyped-def]
    return {
        f"{table}.{name}"
        for rule in standard.rules
        if rule.technique == technique
        for table, names in rule.expanded().items()
        for name in names
    }


def test_a_replaced_rule_leaves_no_other_rule_for_its_columns() -> None:
    standard = load_standard("soumu-2018")
    changed = change_standard(standard, "no_answers", CHANGES)
    answers = {f"certifications.{name}" for name in survey_columns()}
    assert answers <= columns_of(changed, "delete_item")
    assert not answers & columns_of(changed, "delete_rare_answers")
    assert answers <= columns_of(standard, "delete_rare_answers")


def test_a_change_in_front_keeps_the_rules_behind_it() -> None:
    changed = change_standard(load_standard("soumu-2018"), "kinds", CHANGES)
    order = [r.technique for r in changed.rules if "benefits.service_code" in r.columns]
    assert order[0] == "lift_code" and "roll_up_rare_codes" in order[1:]


def test_changes_can_be_combined() -> None:
    changed = change_standard(load_standard("soumu-2018"), "together", CHANGES)
    used = {rule.technique for rule in changed.rules}
    assert {"band_birth", "lift_code"} <= used and "generalise_to_month" not in used
    assert change_standard(load_standard("soumu-2018"), "monthly", CHANGES).pseudonym.rotate_months == 1


def test_each_change_is_made_and_measured(make_tables: Callable[..., CareTables], tmp_path: Path) -> None:
    # Forty persons born in different months of the same decade, alike in everything else but one answer.
    persons = [
        {"person": n, "birth_date": f"{1931 + n % 8}-{1 + n % 12:02d}-05", "sex": 1} for n in range(1, 41)
    ]
    certifications = [
        {"person": n, "survey_1_7": 1 + n % 2, "valid_from": "2023-04-01", "valid_to": "2026-03-31"}
        for n in range(1, 41)
    ]
    benefits = [{"person": n, "service_month": m} for n in range(1, 41) for m in ("2024-04", "2024-05")]
    tables = make_tables(persons, certifications, benefits)
    found = measure_mitigations(
        tables, load_standard("soumu-2018"), Key.derive(3), 0, names=("no_answers", "birth_bands")
    )
    before, without_answers, banded = found
    # 24 pairs of year and month: 16 persons share theirs with one other, the rest are alone.
    assert before.cells_changed == 0 and before.k == 1
    assert without_answers.cells_changed == 40
    assert without_answers.unique_share == before.unique_share > 0
    assert banded.k == 40 and banded.unique_share == 0.0
    assert banded.cells_changed == 40
    assert banded.unique_on_all < before.unique_on_all
    assert "生年月を10歳ごと" in show_mitigations(found, "出典").to_text()
