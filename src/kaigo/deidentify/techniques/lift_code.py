"""一般化: every service code becomes its base service, its kind or its category."""

from __future__ import annotations

from typing import Literal

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import load_service_codes, load_service_kinds


class LiftParameters(Parameters):
    """``to``: ``base`` (基本サービス), ``kind`` (種類, 2 characters) or ``category`` (分類)."""

    to: Literal["base", "kind", "category"]


class LiftCode(Technique):
    """サービスコードを、基本サービス・種類・分類のどれかにそろえる(一般化)。知らない種類は空欄になる。

    A code whose base service is not known becomes its kind. What is coarser already stays as it is.

    Examples
    --------
    to = "base": 111111 → 11-03, 111199 → 11. to = "kind": 111111 → 11, 11-03 → 11, ZZ9999 → empty. to = "category": 111111 → G1.
    """

    name = "lift_code"
    label = "一般化(基本サービス・種類・分類)"
    recipient_note = "上位の概念のコード"
    parameters = LiftParameters
    columns = ("benefits.service_code",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        to = LiftParameters.model_validate(rule.parameters).to
        engine, text = work.engine, work.engine.dialect.text_type
        kinds = [
            {"kind": kind.code, "upper": kind.category_code if to == "category" else kind.code}
            for kind in load_service_kinds().values()
        ]
        name = work.own_name("kinds_lifted")
        engine.values_view(name, kinds, {"kind": text, "upper": text})
        code = f"t.{engine.dialect.quote('service_code')}"
        # A category stays what it is, and so does a base service where base services are shown.
        categories = sorted({kind.category_code for kind in load_service_kinds().values()})
        kept = f"{code} in ({', '.join(engine.dialect.text(category) for category in categories)})"
        joins = f"left join {name} as m on m.kind = substr({code}, 1, 2)"
        upper = "m.upper"
        if to == "base":
            bases = work.own_name("bases_lifted")
            known = {c.code: c.base_code for c in load_service_codes().values() if c.base_code}
            known |= {base: base for base in known.values()}
            rows = [{"code": own, "base": base} for own, base in known.items()]
            engine.values_view(bases, rows, {"code": text, "base": text})
            joins += f" left join {bases} as b on b.code = {code}"
            upper = "coalesce(b.base, m.upper)"
        work, entry = work.rewrite(
            rule,
            "benefits",
            {"service_code": f"case when {kept} then {code} else {upper} end"},
            technique=self.label,
            joins=joins,
        )
        return work, [entry]
