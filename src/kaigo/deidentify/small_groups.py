"""Persons in groups by named columns: who stands in a group of too few."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.workspace import Workspace

GROUPING_TABLES = ("persons", "certifications")


def find_small_groups(work: Workspace, rule: Rule, least: int) -> str:
    """Step with ``person``, ``certification`` of the certifications whose group has fewer than ``least`` persons.

    A group is the persons of a municipality with equal values (empty is a value) in the rule's columns, with one
    certification or another; persons with several certifications count once in each group.
    """
    quote = work.engine.dialect.quote
    shown = [
        f"{alias}.{quote(column)} as g{number}"
        for number, (alias, column) in enumerate(
            (table[0], column) for table, names in rule.expanded().items() for column in names
        )
    ]
    groups = ", ".join(f"g{number}" for number in range(len(shown)))
    members, name = work.own_name("group_members"), work.own_name("small_groups")
    work.engine.materialise(
        members,
        f"select person, certification, dense_rank() over (order by municipality, {groups}) as grouping_number from ("
        f"select c.person, c.municipality, c.certification, {', '.join(shown)} from {work.relations['certifications']} as c "
        f"join {work.relations['persons']} as p on p.person = c.person) as m",
        work.folder / members,
    )
    work.engine.materialise(
        name,
        f"select m.person, m.certification, m.grouping_number from {members} as m join (select grouping_number from {members} "
        f"group by grouping_number having count(distinct person) < {least}) as s on s.grouping_number = m.grouping_number",
        work.folder / name,
    )
    return name


def describe_groups(work: Workspace, small: str, least: int) -> str:
    """One sentence for the ledger."""
    groups, persons = work.engine.rows(
        f"select count(distinct grouping_number), count(distinct person) from {small}"
    )[0]
    return f"{least}人未満の組{groups:,}({persons:,}人)"
