"""What could not happen in a municipality's files does not happen here."""

import re

import pytest

from kaigo.engine import Engine
from kaigo.synthetic.arrow_tables import load_names
from kaigo.tables import load_service_kinds

SAME = "a.insurer_number = b.insurer_number and a.insured_number = b.insured_number"


def test_certifications_of_a_person_follow_each_other_without_overlap(city_engine: Engine) -> None:
    wrong = city_engine.value(
        f"select count(*) from certifications as a join certifications as b on {SAME} "
        "where a.valid_from < b.valid_from and a.valid_to >= b.valid_from"
    )
    assert wrong == 0
    assert city_engine.value("select count(*) from certifications where valid_to < valid_from") == 0


def test_renewals_follow_on_changes_cut_the_term_before_and_who_comes_back_is_new(
    city_engine: Engine,
) -> None:
    rows = city_engine.rows(
        "with ordered as (select application_kind, valid_from, "
        "lag(valid_to) over (partition by insurer_number, insured_number order by valid_from) as before "
        "from certifications) select application_kind, "
        "sum(case when valid_from = before + interval '1' day then 1 else 0 end), count(*) "
        "from ordered where before is not null group by application_kind"
    )
    found = {kind: (joined, number) for kind, joined, number in rows}
    assert set(found) == {"更新", "区分変更", "新規"}
    for kind in ("更新", "区分変更"):
        joined, number = found[kind]
        assert joined == number > 50
    # After a gap the next certification counts from a new application.
    assert found["新規"][0] == 0 < found["新規"][1]


def test_some_certifications_lapse_and_a_part_comes_back_after_days_or_months(city_engine: Engine) -> None:
    ended = (
        "select c.valid_to, lead(c.valid_from) over (partition by c.insurer_number, c.insured_number order by "
        "c.valid_from) as next_from, p.disqualified_on from certifications as c join persons as p "
        "on p.insurer_number = c.insurer_number and p.insured_number = c.insured_number"
    )
    # Terms that end inside the span, of persons who have not left by then; three months are left to come back.
    whole, late, months, never = city_engine.rows(
        f"select count(*), sum(case when date_diff('day', valid_to, next_from) between 2 and 31 then 1 else 0 end), "
        f"sum(case when date_diff('day', valid_to, next_from) > 31 then 1 else 0 end), "
        f"sum(case when next_from is null then 1 else 0 end) from ({ended}) as e "
        "where valid_to < date '2024-12-31' and (disqualified_on is null or disqualified_on > date '2025-03-31')"
    )[0]
    assert whole > 1_000
    assert 0.005 < late / whole < 0.03
    assert 0.002 < months / whole < 0.03
    assert 0.002 < never / whole < 0.04


def test_nobody_has_a_benefit_or_another_level_in_a_gap(city_engine: Engine) -> None:
    """Also in the month of the return: the days before the new application do not count."""
    bare = city_engine.value(
        f"select count(*) from benefits as a where not exists (select 1 from certifications as b where {SAME} "
        "and b.valid_from <= last_day(a.service_month) and b.valid_to >= a.service_month)"
    )
    assert bare == 0
    changed = city_engine.value(
        "with ordered as (select application_kind, valid_from, lag(valid_to) over (partition by insurer_number, "
        "insured_number order by valid_from) as before from certifications) select count(*) from ordered "
        "where application_kind <> '新規' and valid_from > before + interval '1' day"
    )
    assert changed == 0


def test_terms_last_between_six_and_forty_eight_months_unless_cut_short(city_engine: Engine) -> None:
    longest = city_engine.value("select max(date_diff('day', valid_from, valid_to)) from certifications")
    assert 1_400 < longest < 49 * 31
    first = city_engine.value(
        "select min(date_diff('day', valid_from, valid_to)) from certifications where application_kind = '新規' "
        "and valid_from >= date '2024-09-01'"
    )
    assert first >= 0


def test_application_comes_first_then_survey_and_a_renewal_is_asked_for_in_the_last_sixty_days(
    city_engine: Engine,
) -> None:
    assert city_engine.value("select count(*) from certifications where surveyed_on <= applied_on") == 0
    least, most = city_engine.rows(
        "select min(date_diff('day', applied_on, valid_from)), max(date_diff('day', applied_on, valid_from)) "
        "from certifications where application_kind = '更新'"
    )[0]
    assert (least, most) == (35, 60)
    late = "application_kind <> '更新' and applied_on <> valid_from"
    assert city_engine.value(f"select count(*) from certifications where {late}") == 0


def test_every_benefit_has_a_certification_in_its_month_and_none_comes_after_exit(
    city_engine: Engine,
) -> None:
    bare = city_engine.value(
        f"select count(*) from benefits as a left join certifications as b on {SAME} "
        "and b.valid_from <= last_day(a.service_month) and b.valid_to >= a.service_month "
        "where b.insured_number is null"
    )
    late = city_engine.value(
        f"select count(*) from benefits as a join persons as b on {SAME} where a.service_month > b.disqualified_on"
    )
    assert (bare, late) == (0, 0)


def test_each_line_is_one_person_month_code_and_provider(city_engine: Engine) -> None:
    total, different = city_engine.rows(
        "select count(*), count(distinct (insurer_number, insured_number, service_month, service_code, "
        "provider_number)) from benefits"
    )[0]
    assert total == different


def test_days_never_exceed_the_month_where_days_are_counted(city_engine: Engine) -> None:
    by_day = [code for code, kind in load_service_kinds().items() if kind.counted_in == "日"]
    listed = ", ".join(f"'{code}'" for code in by_day)
    wrong = city_engine.value(
        f"select count(*) from benefits where substr(service_code, 1, 2) in ({listed}) "
        "and days > date_diff('day', service_month, last_day(service_month)) + 1"
    )
    assert wrong == 0
    assert city_engine.rows("select min(days), min(units) from benefits")[0] > (0, 0)


def test_a_resident_of_a_facility_has_one_main_line_a_month(city_engine: Engine) -> None:
    most = city_engine.value(
        "select max(n) from (select count(*) as n from benefits where substr(service_code, 1, 2) in "
        "('51', '52', '54', '55') and substr(service_code, 3, 2) <> 'Z9' "
        "group by insurer_number, insured_number, service_month) as m"
    )
    assert most == 1


def test_hospital_leaves_gaps_between_months_with_benefits(city_engine: Engine) -> None:
    gaps = city_engine.value(
        "with months as (select distinct insurer_number, insured_number, service_month from benefits), "
        "following as (select service_month, lead(service_month) over (partition by insurer_number, "
        "insured_number order by service_month) as next_month from months) select avg(case when "
        "next_month > service_month + interval '1' month then 1.0 else 0.0 end) from following "
        "where next_month is not null"
    )
    assert 0.005 < float(gaps) < 0.05


def test_support_levels_have_programme_services_and_no_facility(city_engine: Engine) -> None:
    kinds = {
        kind
        for (kind,) in city_engine.rows(
            f"select distinct substr(a.service_code, 1, 2) from benefits as a join certifications as b on {SAME} "
            "and b.valid_from <= a.service_month and b.valid_to >= last_day(a.service_month) "
            "where b.care_level in ('12', '13')"
        )
    }
    assert {"A2", "A6", "AF", "46", "66", "67"} <= kinds
    assert not kinds & {"43", "51", "52", "54", "55", "11", "15", "17"}


def test_numbers_cannot_be_real_and_are_unique_within_the_insurer(city_engine: Engine) -> None:
    persons = city_engine.rows("select insurer_number, insured_number from persons")
    assert len(set(persons)) == len(persons)
    for insurer, insured in persons:
        assert re.fullmatch(r"99\d{4}", insurer)
        assert re.fullmatch(r"00\d{8}", insured)
    for (provider,) in city_engine.rows("select distinct provider_number from benefits"):
        assert re.fullmatch(r"9[789]\d{8}", provider)


def test_names_and_addresses_are_invented_varied_and_fit_cp932(city_engine: Engine) -> None:
    names = load_names()
    rows = city_engine.rows("select name, address from persons")
    for name, address in rows:
        assert name.split(" ")[0] in names["family"]
        assert address.startswith(names["prefecture"])
        (name + address).encode("cp932")
    assert len({name for name, _ in rows}) > 1_000
    assert len({address for _, address in rows}) > 0.8 * len(rows)


@pytest.mark.parametrize("reason", ["死亡", "転出"])
def test_some_leave_by_death_and_a_few_by_moving(city_engine: Engine, reason: str) -> None:
    share = city_engine.value(
        f"select avg(case when disqualified_reason = '{reason}' then 1.0 else 0.0 end) from persons"
    )
    assert (0.08 < float(share) < 0.18) if reason == "死亡" else (0 < float(share) < 0.01)


def test_the_heavier_the_level_the_more_die(city_engine: Engine) -> None:
    rows = city_engine.rows(
        "select a.care_level, avg(case when b.disqualified_reason = '死亡' then 1.0 else 0.0 end) "
        f"from certifications as a join persons as b on {SAME} where a.valid_from <= date '2024-04-01' "
        "group by a.care_level order by a.care_level"
    )
    death = {level: float(share) for level, share in rows}
    assert death["12"] < death["22"] < death["25"]
