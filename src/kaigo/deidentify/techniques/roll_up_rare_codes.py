"""一般化・セル削除・レコード削除: service codes that few persons use."""

from __future__ import annotations

import time

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.engine import Engine
from kaigo.tables import load_service_codes, load_service_kinds


class RareCodeParameters(Parameters):
    """``persons``: a code stays if at least so many persons of the municipality used it."""

    persons: int = Field(ge=2, le=1000)


class RollUpRareCodes(Technique):
    """利用が極めて少ないサービスコードの一般化(コード → 基本サービス → 種類 → 分類 → セル削除・レコード削除)。

    Distinct persons in the whole release window and municipality are counted, level by level: what still has
    fewer than ``persons`` persons after a roll-up is rolled up again. At the top the code is deleted; if even
    the deleted codes have too few persons, the lines are removed.

    Examples
    --------
    persons = 2: code 111112 used by 甲 alone → 11-03 (甲 alone) → 11. Another rolled-up code of kind 11, used
    by 乙: 11 has 2 persons and stays.
    """

    name = "roll_up_rare_codes"
    label = "一般化・セル削除・レコード削除(サービスコード)"
    recipient_note = "上位の概念のコードと空欄を含む"
    parameters = RareCodeParameters
    columns = ("benefits.service_code",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        started = time.perf_counter()
        engine, dialect = work.engine, work.engine.dialect
        least = RareCodeParameters.model_validate(rule.parameters).persons
        users, first = work.own_name("code_users"), work.own_name("code_map")
        _view_hierarchy(engine)
        engine.materialise(
            users,
            f"select distinct municipality, person, service_code as code from {work.relations['benefits']}",
            work.folder / users,
        )
        engine.materialise(
            first,
            "select u.municipality, u.code, coalesce(h.base, k.kind, 'X') as base, coalesce(k.kind, 'X') as kind, "
            "coalesce(k.category, 'X') as category, u.code as shown "
            f"from (select distinct municipality, code from {users}) as u "
            "left join code_bases as h on h.code = u.code left join kind_categories as k on k.kind = substr(u.code, 1, 2)",
            work.folder / first,
        )
        last = self._roll_up(work, least, users, first)
        code = f"t.{dialect.quote('service_code')}"
        work, entry = work.rewrite(
            rule,
            "benefits",
            {"service_code": "m.shown"},
            technique=self.label,
            joins=f"join {last} as m on m.municipality = t.municipality and m.code is not distinct from {code}",
            keep_rows="m.stays = 1",
            note=self._describe(engine, last),
            started=started,
        )
        return work, [entry]

    @staticmethod
    def _roll_up(work: Workspace, least: int, users: str, first: str) -> str:
        """Roll up level by level; return the name of the last map (with ``stays`` 0 for lines to remove)."""
        engine, below = work.engine, first
        deleted = f"cast(null as {engine.dialect.text_type})"
        for upper in ("nullif(m.base, 'X')", "nullif(m.kind, 'X')", "nullif(m.category, 'X')", deleted):
            above = f"{below}_up"
            engine.materialise(
                above,
                f"with counted as ({_count_shown(below, users)}) "
                f"select m.municipality, m.code, m.base, m.kind, m.category, "
                f"case when c.n < {least} then {upper} else m.shown end as shown "
                f"from {below} as m left join counted as c on c.municipality = m.municipality and c.shown = m.shown",
                work.folder / above,
            )
            below = above
        last = f"{first}_last"
        engine.materialise(
            last,
            f"with empty as (select m.municipality, count(distinct u.person) as n from {below} as m "
            f"join {users} as u on u.municipality = m.municipality and u.code is not distinct from m.code "
            "where m.shown is null group by m.municipality) "
            f"select m.municipality, m.code, m.shown, case when m.shown is null and e.n < {least} then 0 else 1 end as stays "
            f"from {below} as m left join empty as e on e.municipality = m.municipality",
            work.folder / last,
        )
        return last

    @staticmethod
    def _describe(engine: Engine, code_map: str) -> str:
        total, rolled, blanked, removed = engine.rows(
            f"select count(*), coalesce(sum(case when shown is distinct from code and shown is not null then 1 else 0 end), 0), "
            "coalesce(sum(case when shown is null and stays = 1 then 1 else 0 end), 0), "
            f"coalesce(sum(case when shown is null and stays = 0 then 1 else 0 end), 0) from {code_map}"
        )[0]
        return (
            f"{total}種のコードのうち{rolled}種を上位に置き換え、{blanked}種を空欄にし(セル削除)、"
            f"{removed}種の行を除いた(レコード削除)"
        )


def _count_shown(code_map: str, users: str) -> str:
    return (
        f"select m.municipality, m.shown, count(distinct u.person) as n from {code_map} as m "
        f"join {users} as u on u.municipality = m.municipality and u.code = m.code "
        "where m.shown is not null group by m.municipality, m.shown"
    )


def _view_hierarchy(engine: Engine) -> None:
    text = engine.dialect.text_type
    bases = [{"code": c.code, "base": c.base_code} for c in load_service_codes().values() if c.base_code]
    engine.values_view("code_bases", bases, {"code": text, "base": text})
    kinds = [{"kind": k.code, "category": k.category_code} for k in load_service_kinds().values()]
    engine.values_view("kind_categories", kinds, {"kind": text, "category": text})
