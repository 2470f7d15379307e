"""一般化: every service code becomes its kind or its category."""

from __future__ import annotations

from typing import Literal

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import load_service_kinds


class LiftParameters(Parameters):
    """``to``: ``kind`` (種類, 2 characters) or ``category`` (分類)."""

    to: Literal["kind", "category"]


class LiftCode(Technique):
    """サービスコードを、種類または分類にそろえる(一般化)。知らない種類は空欄になる。

    Examples
    --------
    to = "kind": 111111 → 11, 11-03 → 11, ZZ9999 → empty. to = "category": 111111 → G1.
    """

    name = "lift_code"
    label = "一般化(サービス種類・分類)"
    recipient_note = "上位の概念のコード"
    parameters = LiftParameters
    columns = ("benefits.service_code",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        to = LiftParameters.model_validate(rule.parameters).to
        engine, text = work.engine, work.engine.dialect.text_type
        kinds = [
            {"kind": kind.code, "upper": kind.code if to == "kind" else kind.category_code}
            for kind in load_service_kinds().values()
        ]
        name = work.own_name("kinds_lifted")
        engine.values_view(name, kinds, {"kind": text, "upper": text})
        code = f"t.{engine.dialect.quote('service_code')}"
        # A category stays what it is when it is lifted to its category.
        kept = " or ".join(
            f"{code} = {engine.dialect.text(upper)}" for upper in sorted({kind["upper"] for kind in kinds})
        )
        work, entry = work.rewrite(
            rule,
            "benefits",
            {"service_code": f"case when {kept} then {code} else m.upper end"},
            technique=self.label,
            joins=f"left join {name} as m on m.kind = substr({code}, 1, 2)",
        )
        return work, [entry]
