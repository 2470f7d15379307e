"""Risk of a release on hand-made towns whose classes can be counted on paper."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kaigo.deidentify import Key, Release, forget_release, load_standard, make_release
from kaigo.errors import InputError
from kaigo.risk import measure_release, person_months
from kaigo.tables import CareTables

MONTHS = ("2024-04", "2024-05")
LEVEL_CHANGE = [
    {"person": 4, "valid_from": "2020-01-01", "valid_to": "2024-04-30", "care_level": "21"},
    {"person": 4, "valid_from": "2024-05-01", "valid_to": "2026-04-30", "care_level": "22"},
]
"""Person 4 goes from 要介護1 to 要介護2 with the second month."""


def release_of(
    tables: CareTables, out: Path, layout: Any, rotate_months: int = 12, answers: int = 2
) -> Release:
    standard = load_standard("soumu-2018").with_parameters(
        {
            "delete_rare_answers": {"persons": answers},
            "roll_up_rare_codes": {"persons": 2},
            "top_code": {"persons": 2},
            "pseudonym": {"rotate_months": rotate_months},
        }
    )
    return make_release(tables, standard, out, key=Key.derive(1), layout=layout)


def four_persons(make: Callable[..., CareTables], answers: Sequence[int | None] = (None,) * 4) -> CareTables:
    """Persons 1, 2 and 4 share birth month and sex, 3 was born in another month; all use both months."""
    persons = [
        {"person": n, "birth_date": "1941-05-07" if n == 3 else f"1940-01-{10 + n}"} for n in (1, 2, 3, 4)
    ]
    certifications = [{"person": n} for n in (1, 2, 3)] + [dict(row) for row in LEVEL_CHANGE]
    for row in certifications:
        row["survey_1_7"] = answers[int(row["person"]) - 1]  # type: ignore[index,call-overload]
    benefits = [{"person": n, "service_month": month} for n in (1, 2, 3, 4) for month in MONTHS]
    return make(persons, certifications, benefits)


def test_months_laid_out_one_by_one_and_kinds_in_several_numbers_give_the_same_figures(
    make_tables: Callable[..., CareTables], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = range(1, 13)
    codes = ("111111", "151111", "131111", "331111")
    benefits = [
        {"person": n, "service_month": month, "service_code": code}
        for n in people
        for month in MONTHS
        for place, code in enumerate(codes)
        if (n + place) % 3 or n > 9
    ]
    release = release_of(make_tables(people, None, benefits), tmp_path / "r", "linked", rotate_months=1)
    at_once = measure_release(release).to_payload()
    monkeypatch.setattr(person_months, "AT_ONCE", 0)
    monkeypatch.setattr(person_months, "BITS", 3)
    assert measure_release(release).to_payload() == at_once
    by_kinds = next(
        row for row in at_once["wider_keys"] if row["keys"] == "準識別子とその月のサービス種類の組"
    )
    assert by_kinds["k"] == 3, "three people have the first set, three the second, three the third, three all"


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_month_classes_follow_the_level_in_force_in_that_month(
    layout: str, make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    risk = measure_release(release_of(four_persons(make_tables), tmp_path / "r", layout))
    # April: {1, 2, 4} and {3}. May: {1, 2}, {3}, {4}.
    assert risk.month.by_month == (("2024-04", 4, 1), ("2024-05", 4, 2))
    assert risk.month.worst_month == "2024-05"
    assert risk.month.measures.counts.worst == {1: 2, 2: 2}
    assert risk.month.measures.counts.classes == {1: 3, 2: 1, 3: 1}


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_history_classes_compare_the_values_of_all_months(
    layout: str, make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    risk = measure_release(release_of(four_persons(make_tables), tmp_path / "r", layout))
    assert risk.history.counts.classes == {1: 2, 2: 1}
    assert risk.history.unique_share == 2 / 4


def test_absence_is_a_value_of_the_history(make_tables: Callable[..., CareTables], tmp_path: Path) -> None:
    benefits = [{"person": n, "service_month": month} for n in (1, 2, 3) for month in MONTHS]
    tables = make_tables([1, 2, 3], None, benefits[:-1])
    risk = measure_release(release_of(tables, tmp_path / "r", "joined"))
    # All are alike, but person 3 has no line in May.
    assert risk.month.measures.counts.unique_persons == 0
    assert risk.history.counts.classes == {1: 1, 2: 1}


def test_a_new_pseudonym_every_month_hides_the_change_of_level(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    tables = four_persons(make_tables)
    monthly = measure_release(release_of(tables, tmp_path / "m", "linked", rotate_months=1))
    # Each period is one month: histories are month classes, {1,2,4} {3} and {1,2} {3} {4}.
    assert monthly.history.counts.classes == {1: 3, 2: 1, 3: 1}
    assert monthly.history.counts.worst == {1: 2, 2: 2}


def test_persons_are_counted_not_pseudonyms(make_tables: Callable[..., CareTables], tmp_path: Path) -> None:
    release = release_of(four_persons(make_tables), tmp_path / "r", "linked", rotate_months=1)
    assert release.manifest["tables"]["persons"]["rows"] == 8
    assert measure_release(release).history.number == 4


def test_repeated_answers_bring_the_lines_of_a_person_together(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    alike = measure_release(release_of(four_persons(make_tables), tmp_path / "a", "joined"))
    # 3 stands alone; 4's April lines are mixed with those of 1 and 2.
    assert alike.relink is not None and (alike.relink.persons, alike.relink.relinked) == (4, 1)
    different = four_persons(make_tables, answers=(1, 2, 1, 2))
    told = measure_release(release_of(different, tmp_path / "b", "joined"))
    # The answer now sets 1 apart from 2 and 4.
    assert told.relink is not None and told.relink.relinked == 2


def test_answers_that_were_deleted_do_not_relink(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    different = four_persons(make_tables, answers=(1, 2, 1, 2))
    deleted = measure_release(release_of(different, tmp_path / "r", "joined", answers=3))
    assert deleted.relink is not None and deleted.relink.relinked == 1


def test_wider_knowledge_never_makes_persons_less_unique(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    risk = measure_release(release_of(four_persons(make_tables, (1, 2, 1, 2)), tmp_path / "r", "joined"))
    uniques = {label: measures.counts.unique_persons for label, measures in risk.wider}
    assert uniques["準識別子のみ"] == risk.month.measures.counts.unique_persons == 2
    assert all(number >= uniques["準識別子のみ"] for number in uniques.values())
    # 1 is set apart by the answer; 2 shares it with 4 in April only, and stands alone in May.
    assert uniques["準識別子と認定調査の回答"] == 4


def test_service_kinds_of_the_month_tell_persons_apart(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    lines = [{"person": n} for n in (1, 2, 3, 4)] + [{"person": n, "service_code": "152441"} for n in (1, 2)]
    lines += [
        {"person": 1, "service_code": "171003"},
        {"person": 2, "service_code": "171003", "service_month": "2024-05"},
    ]
    risk = measure_release(release_of(make_tables([1, 2, 3, 4], None, lines), tmp_path / "r", "joined"))
    uniques = {label: measures.counts.unique_persons for label, measures in risk.wider}
    # April: 1 {11,15,17}, 2 {11,15}, 3 and 4 {11}. May: 2 alone.
    assert uniques["準識別子のみ"] == 1
    assert uniques["準識別子とその月のサービス種類の組"] == 2


def test_without_the_crosswalk_persons_cannot_be_counted_and_the_message_says_so(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    release = release_of(four_persons(make_tables), tmp_path / "r", "joined")
    forget_release(release)
    with pytest.raises(InputError, match="対応表") as caught:
        measure_release(Release.open(release.folder))
    assert "--no-crosswalk" in caught.value.remedy
