"""Changes of a standard: what they do to its rules, and that they are measured, not guessed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kaigo.deidentify import Key, Standard, list_standards, load_standard
from kaigo.risk.changes import change_standard, load_changes, offer_changes
from kaigo.risk.figures_attacks import show_mitigations
from kaigo.risk.mitigations import measure_mitigations
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


# Only what is coarser


def offered(name: str, months: int = 12) -> list[str]:
    return list(offer_changes(load_standard(name), months))


def test_each_shipped_standard_is_offered_what_is_coarser_than_what_it_has() -> None:
    document = ["no_answers", "birth_bands", "kinds", "monthly", "together"]
    assert {name: offered(name) for name in list_standards()} == {
        "soumu-2018": document,
        "soumu-2018-linked": document,
        # Bands of five years become bands of ten; its pseudonyms change every month already.
        "ndb-like": ["no_answers", "birth_bands", "kinds", "together"],
        # One cut of births is left and kinds are kinds already; bands of ten years would be finer.
        "recommended": ["no_answers", "no_birth", "categories", "promise", "together"],
        # No answers and no pseudonyms, categories already.
        "open-data": ["no_birth", "no_level", "promise", "together"],
    }


def band(standard: Standard, technique: str, **parameters: object) -> Standard:
    data = standard.model_dump()
    for rule in data["rules"]:
        if rule["technique"] == "band_birth":
            rule |= {"technique": technique, "parameters": parameters}
    return Standard.model_validate(data)


@pytest.mark.parametrize(
    ("technique", "parameters", "expected"),
    [
        ("band_birth", {"ages": "75,85"}, "birth_at_85"),
        ("band_birth", {"ages": "65,75,85,95"}, "birth_at_85"),
        # Cut at 80, none of the candidates leaves every band whole.
        ("band_birth", {"ages": "80"}, "no_birth"),
        ("generalise_birth", {"to": "year"}, "birth_bands"),
        ("generalise_birth", {"to": "age", "width": 5, "oldest": 95, "youngest": 65}, "birth_bands"),
        # Without the open band at 95 the candidate would tell 95 from 90 apart.
        ("generalise_birth", {"to": "age", "width": 5, "oldest": 90}, "birth_at_85"),
        ("generalise_birth", {"to": "band", "width": 5, "oldest": 90}, "no_birth"),
    ],
)
def test_births_become_wider_or_leave(technique: str, parameters: dict[str, object], expected: str) -> None:
    standard = band(load_standard("recommended"), technique, **parameters)
    chosen = [name for name in offer_changes(standard, 12) if CHANGES[name]["step"] == "birth"]
    assert chosen == [expected]


def test_what_is_put_together_is_what_was_offered() -> None:
    found = offer_changes(load_standard("open-data"), 12)["together"]
    assert found["together"] == ["no_birth", "no_level"]
    assert found["name"] == "生年を除き、区分を除く(上の2つを合わせる)"
    same = offer_changes(load_standard("soumu-2018"), 12)["together"]
    assert same["name"] == "回答を除き、生年を束ね、種類にそろえる(上の3つを合わせる)"


def test_pseudonyms_of_one_month_are_not_offered_for_a_single_month() -> None:
    assert "monthly" not in offered("soumu-2018", months=1)


def test_a_promise_counts_on_over_births_that_became_wider_and_not_over_those_that_left() -> None:
    standard = band(load_standard("recommended"), "band_birth", ages="75,85")
    promised = {
        name: next(r for r in change_standard(standard, name, CHANGES).rules if r.technique == "keep_promise")
        for name in ("birth_at_85", "no_birth")
    }
    assert "persons.birth_date" in promised["birth_at_85"].columns
    assert "persons.birth_date" not in promised["no_birth"].columns
    assert change_standard(standard, "no_birth", CHANGES).quasi_identifiers.linked == ("sex", "care_level")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    """The size of the median insurer."""
    from kaigo.synthetic import SynthesisPlan, synthesize

    plan = SynthesisPlan(persons=1_800, months=12, start="2024-04", municipalities=1, seed=42)
    folder = tmp_path_factory.mktemp("town") / "tables"
    synthesize(folder, plan)
    return CareTables.open(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", list_standards())
def test_at_least_three_changes_are_measured_on_a_town_and_none_makes_births_finer(
    name: str, town: CareTables, tmp_path: Path
) -> None:
    standard = load_standard(name)
    found = measure_mitigations(town, standard, Key.derive(42), 42)
    assert len(found) - 1 >= 3
    assert all(0 <= one.cell_share <= 1 for one in found) and any(one.cells_changed for one in found)
    births = {one.id: one for one in found if CHANGES.get(one.id, {}).get("step") == "birth"}
    assert len(births) == 1
    for one in births.values():
        # Coarser births, and nothing else changed, never leave a smaller class.
        assert one.k >= found[0].k and one.unique_share <= found[0].unique_share


def test_a_change_that_leaves_nothing_is_no_offer(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    persons = [{"person": n, "birth_date": "1940-05-05", "sex": 1} for n in range(1, 16)]
    benefits = [{"person": n, "service_month": "2024-04"} for n in range(1, 16)]
    tables = make_tables(persons, None, benefits)
    # Fifteen persons keep a promise of ten, not one of twenty.
    found = measure_mitigations(
        tables, load_standard("recommended"), Key.derive(3), 0, names=("promise", "categories")
    )
    assert [one.id for one in found] == ["none", "categories"]


def test_lines_without_pseudonyms_are_measured_as_lines(make_tables: Callable[..., CareTables]) -> None:
    persons = [{"person": n, "birth_date": "1930-05-05", "sex": 1 + n % 2} for n in range(1, 61)]
    benefits = [{"person": n, "service_month": "2024-04"} for n in range(1, 61)]
    tables = make_tables(persons, None, benefits)
    none, no_birth = measure_mitigations(
        tables, load_standard("open-data"), Key.derive(3), 0, names=("no_birth",)
    )
    assert (none.k, none.rejoin_rate) == (30, None)
    # Sixty persons have a line each; its birth is one of the values shown, its month, sex, level and code the others.
    assert (no_birth.cells_changed, no_birth.cells) == (60, 300)
    caption = show_mitigations([none, no_birth], "出典").caption
    assert caption == "見える全部で一意な人は、変更なしで0.0%です。これを減らす変更は、試した1つにありません"
