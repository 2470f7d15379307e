"""加工の記録: what the layout did, the balance of each table, warnings, whether the promise holds."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kaigo.deidentify.promise_check import Promise
from kaigo.deidentify.standard import Rule, Standard
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.errors import EngineError

STABLE_WARNING = "仮IDを替えていません(stable)。期間中の記録がすべて1人につながるので、※1(定期的に替える)に当たりません。理由: {}"


def list_closing_entries(
    work: Workspace, standard: Standard, rows: Mapping[str, int], seconds: float
) -> list[LedgerEntry]:
    """Ledger entries of what the layout does: the period, pseudonyms (linked), the order of rows."""
    persons = work.engine.count(work.relations["persons"])
    released = sum(rows.values())
    shuffled = Rule(
        id="並べ替え",
        number="",
        columns=("*",),
        technique="shuffle",
        set_by="本書",
        **standard.shuffle.model_dump(),
    )
    made = [_entry(shuffled, "すべての表", "行の順序", "並べ替え", released, 0, persons, seconds)]
    if standard.period:
        period = Rule(
            id="※2",
            number="※2",
            columns=("*",),
            technique="limit_period",
            parameters={"max_months": standard.period.max_months, "months": work.months},
            **standard.period.model_dump(exclude={"max_months", "given_every", "accumulates"}),
        )
        note = f"{work.months}か月。たまってよいもの: {'、'.join(standard.period.accumulates)}"
        entry = _entry(period, "すべての表", "提供の期間", "期間の上限", released, 0, 0, 0.0)
        made.insert(0, dataclasses.replace(entry, note=note))
    if work.layout == "linked":
        rule = standard.pseudonym
        pseudonym = Rule(
            id="※1",
            number="※1",
            columns=("persons.insured_number",),
            technique="pseudonymise",
            parameters={"rotate_months": work.span_months, "mode": rule.mode},
            **rule.model_dump(exclude={"mode", "rotate_months", "stable_reason"}),
        )
        replaced = int(work.engine.value("select count(distinct person) from pseudonyms"))
        made.insert(
            0,
            _entry(
                pseudonym, "すべての表", "person_id", "仮IDへの置き換え", released, released, replaced, 0.0
            ),
        )
    return made


def count_pseudonyms(work: Workspace, rows: Mapping[str, int]) -> dict[str, int] | None:
    """人から persons の行まで: 仮IDを受けた人、期間、行(linked のほかは None)。

    A person has a row in each pseudonym period in which a certification is in force.
    """
    if work.layout != "linked":
        return None
    periods = -(-work.months // work.span_months)
    persons = int(work.engine.value("select count(distinct person) from pseudonyms"))
    return {"persons": persons, "periods": periods, "rows": rows["persons"]}


def _entry(
    rule: Rule, table: str, column: str, technique: str, rows: int, cells: int, persons: int, seconds: float
) -> LedgerEntry:
    return LedgerEntry(
        id=rule.id,
        number=rule.number,
        table=table,
        column=column,
        technique=technique,
        parameters=rule.parameters,
        clause_2018=rule.clause_2018,
        clause=rule.clause_now,
        reason=rule.reason,
        set_by=rule.set_by,
        rows_in=rows,
        rows_out=rows,
        cells_changed=cells,
        persons_touched=persons,
        seconds=round(seconds, 3),
    )


def close_ledger(
    work: Workspace,
    standard: Standard,
    entries: list[LedgerEntry],
    scope: Mapping[str, Mapping[str, Any]],
    rows: Mapping[str, int],
    promise: Promise | None,
) -> dict[str, Any]:
    """The ledger as it is written; rows that are left are counted anew, not computed.

    Raises
    ------
    EngineError
        If the rows of a table do not add up: nothing is written then.
    """
    # A line stands once in either layout; a person or certification, in as many rows as there are periods.
    written = {"benefits": rows["joined" if work.layout == "joined" else "benefits"]}
    balance = {
        name: _balance(
            name,
            part,
            entries,
            written[name] if name in written else work.engine.count(work.relations[name]),
        )
        for name, part in scope.items()
    }
    open_tables = [name for name, part in balance.items() if not part["closes"]]
    if open_tables:
        raise EngineError(
            "加工の記録の収支が合わないので、書き出しをやめました。",
            found="、".join(open_tables),
            remedy="同じデータでもう一度実行し、続くときは開発者に知らせてください。",
        )
    return {
        "standard": standard.name,
        "layout": work.layout,
        "audience": "内部限り",
        "law_as_of": standard.law_as_of,
        "months": work.months,
        "persons": work.engine.count(work.relations["persons"]),
        "warnings": _list_warnings(work, standard),
        "rules": [dataclasses.asdict(entry) for entry in entries],
        "balance": balance,
        "released_rows": rows,
        "pseudonyms": count_pseudonyms(work, rows),
        "promise": dataclasses.asdict(promise) if promise else None,
    }


def _balance(table: str, scope: Mapping[str, Any], entries: list[LedgerEntry], kept: int) -> dict[str, Any]:
    removed: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.table == table and entry.rows_out != entry.rows_in:
            removed[entry.left_as] += entry.rows_in - entry.rows_out
    left_out = {**scope["left_out"], **removed}
    closes = scope["rows_in"] == kept + sum(left_out.values())
    return {"rows_in": scope["rows_in"], "rows_kept": kept, "left_out": left_out, "closes": closes}


def _list_warnings(work: Workspace, standard: Standard) -> list[str]:
    if work.layout == "linked" and standard.pseudonym.mode == "stable":
        return [STABLE_WARNING.format(standard.pseudonym.stable_reason)]
    return []
