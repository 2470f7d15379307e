"""レコード削除 across the tables: what hangs on a removed person or certification goes with it."""

from __future__ import annotations

import dataclasses
from typing import Literal

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.workspace import LedgerEntry, Workspace

Owner = Literal["person", "certification"]
_TABLES: dict[Owner, tuple[str, ...]] = {
    "person": ("persons", "certifications", "benefits"),
    "certification": ("certifications", "benefits"),
}


def remove_records(
    work: Workspace, rule: Rule, owner: Owner, gone: str, *, technique: str, note: str, started: float
) -> tuple[Workspace, list[LedgerEntry]]:
    """人または認定を外し、それに付く行も外す。

    Parameters
    ----------
    owner : {"person", "certification"}
        Running number by which rows hang together. With a certification go its benefit lines and its months in
        force; a person without any certification left goes too.
    gone : str
        Relation with the numbers to remove (distinct).

    Returns
    -------
    tuple of Workspace and list of LedgerEntry
        One entry for each table.
    """
    entries: list[LedgerEntry] = []
    in_force = work.own_name("in_force_left")
    work.engine.view(
        in_force,
        f"select f.person, f.certification, f.service_month, f.month_number from {work.in_force} as f "
        f"left join {gone} as g on g.{owner} = f.{owner} where g.{owner} is null",
    )
    work = dataclasses.replace(work, in_force=in_force)
    for table in _TABLES[owner]:
        work, entry = work.rewrite(
            rule,
            table,
            {},
            technique=technique,
            joins=f"left join {gone} as g on g.{owner} = t.{owner}",
            keep_rows=f"g.{owner} is null",
            note=note if not entries else "",
            started=started if not entries else None,
        )
        entries.append(entry)
    if owner == "certification":
        # In a view, so that it is the certifications as they are now.
        used = f"select distinct person from {work.relations['certifications']}"
        work, entry = work.rewrite(
            rule,
            "persons",
            {},
            technique=technique,
            joins=f"left join ({used}) as u on u.person = t.person",
            keep_rows="u.person is not null",
        )
        entries.append(entry)
    return work, entries
