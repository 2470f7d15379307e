"""sample_persons: whole persons, the share that is asked for, drawn by the key and not by the order."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_runner import make_rule, run_rules
from town_strategy import FEW, build, closes

from kaigo.deidentify import Key, load_standard, make_release
from kaigo.deidentify.standard import Standard, check_standard
from kaigo.risk.figures import compare_layouts
from kaigo.risk.release import measure_release
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
NUMBER = "persons.insured_number"


def draw(tables: CareTables, share: float, seed: int = 1, table: str = "persons") -> list[int]:
    return run_rules(tables, make_rule("sample_persons", NUMBER, share=share), table=table, seed=seed).values(
        "person"
    )


def test_half_of_eight_are_four_whole_persons_and_the_ledger_says_so(make_tables: Make) -> None:
    lines = [{"person": n, "service_month": m} for n in range(1, 9) for m in ("2024-04", "2024-05")]
    tables = make_tables(list(range(1, 9)), benefits=lines)
    rule = make_rule("sample_persons", NUMBER, share=0.5)
    done = run_rules(tables, rule, table="benefits")
    drawn = draw(tables, 0.5)
    assert len(drawn) == 4 and Counter(done.values("person")) == dict.fromkeys(drawn, 2)
    assert draw(tables, 0.5, table="certifications") == drawn
    assert [(e.table, e.rows_in, e.rows_out, e.persons_touched, e.left_as) for e in done.entries] == [
        ("persons", 8, 4, 4, "抽出しなかったレコード"),
        ("certifications", 8, 4, 4, "抽出しなかったレコード"),
        ("benefits", 16, 8, 4, "抽出しなかったレコード"),
    ]
    assert done.entries[0].note == "8人から4人を無作為に選んだ"


def test_the_key_draws_and_the_order_of_the_input_does_not(make_tables: Make) -> None:
    people = list(range(1, 31))
    first = draw(make_tables(people), 0.5)
    assert draw(make_tables(people, shuffle=3, files=2), 0.5) == first
    assert draw(make_tables(people), 0.5, seed=2) != first


@pytest.mark.slow
def test_every_place_is_drawn_about_as_often_as_the_share_says(make_tables: Make) -> None:
    tables, draws = make_tables(list(range(1, 11))), 40
    often = Counter(n for seed in range(draws) for n in draw(tables, 0.3, seed=seed))
    assert sum(often.values()) == 3 * draws
    # Binomial(40, 0.3): 12 expected; 1 to 26 leaves out less than 1 in 100,000 for each place.
    assert set(often) == set(range(1, 11)) and max(often.values()) <= 26


@pytest.mark.slow
@FEW
@given(build.people, st.sampled_from([0.001, 0.25, 0.5, 0.999]))
def test_each_town_keeps_its_share_and_nothing_of_a_person_is_lost(
    people: list[dict[str, Any]], share: float
) -> None:
    rule = make_rule("sample_persons", NUMBER, share=share)
    with build.tables(people) as tables:
        done = run_rules(tables, rule, table="benefits")
        kept = draw(tables, share)
    towns = Counter(person["town"] for person in people)
    wanted = {town: max(1, (2 * n * round(1000 * share) + 1000) // 2000) for town, n in towns.items()}
    assert Counter(people[n - 1]["town"] for n in kept) == wanted
    assert Counter(done.values("person")) == {n: len(people[n - 1]["lines"]) for n in kept}
    assert closes(done, "benefits")


@pytest.mark.parametrize("sampled", [True, False])
def test_the_risk_page_speaks_of_unknown_membership_only_where_persons_were_drawn(
    make_tables: Make, tmp_path: Path, sampled: bool
) -> None:
    tables = make_tables(list(range(1, 41)))
    standard = with_sample(0, share=0.5) if sampled else load_standard("soumu-2018-linked")
    release = make_release(tables, standard, tmp_path / "r", key=Key.derive(1))
    assert release.is_sampled is sampled
    assert release.ledger()["pseudonyms"]["persons"] == (20 if sampled else 40)
    left_out = release.ledger()["balance"]["persons"]["left_out"]
    assert left_out.get("抽出しなかったレコード", 0) == (20 if sampled else 0)
    note = compare_layouts([measure_release(release)], "試験").note
    assert ("だれが抽出されたか" in note) is sampled and ("母集団の全員が含まれる" in note) is not sampled


def with_sample(place: int, **parameters: Any) -> Standard:
    data = load_standard("soumu-2018-linked").model_dump()
    rule = make_rule("sample_persons", NUMBER, **parameters).model_dump()
    data["rules"] = [*data["rules"][:place], rule, *data["rules"][place:]]
    return Standard.model_validate(data)


def test_the_check_knows_where_a_sample_may_be_drawn_and_how_large() -> None:
    assert check_standard(with_sample(0, share=0.1)) == []
    after = " / ".join(check_standard(with_sample(99, share=0.1)))
    assert "の前に置く必要があります" in after and "削除済みです" in after
    assert "0.001〜0.999" in " / ".join(check_standard(with_sample(0, share=1.5)))
