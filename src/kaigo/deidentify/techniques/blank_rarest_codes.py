"""セル削除: the rarest service codes, up to a share of all lines."""

from __future__ import annotations

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class RarestParameters(Parameters):
    """``share``: of all lines of the municipality, e.g. 0.001."""

    share: float = Field(gt=0, le=0.5)


class BlankRarestCodes(Technique):
    """出現の少ないサービスコードを、少ない順に、出現の合計が一定の割合になるまで空欄にする(セル削除)。

    After the NDB sampling data sets, which make codes anonymous rarest first up to a share of occurrences. Codes
    with equally many lines are treated alike: they go together or stay together.

    Examples
    --------
    share = 0.5, lines by code 1, 1, 2, 4 → the two codes with one line and the one with two go (4 of 8 lines).
    """

    name = "blank_rarest_codes"
    label = "セル削除(出現の少ないコード)"
    recipient_note = "空欄を含む"
    parameters = RarestParameters
    columns = ("benefits.service_code",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        share = RarestParameters.model_validate(rule.parameters).share
        name, code = work.own_name("rarest_codes"), f"t.{work.engine.dialect.quote('service_code')}"
        counted = (
            f"select municipality, service_code as code, count(*) as n from {work.relations['benefits']} "
            "where service_code is not null group by municipality, service_code"
        )
        work.engine.materialise(
            name,
            "select municipality, code from (select municipality, code, "
            "sum(n) over (partition by municipality order by n range between unbounded preceding and current row) as up_to, "
            f"sum(n) over (partition by municipality) as whole from ({counted}) as c) as s where up_to <= whole * {share!r}",
            work.folder / name,
        )
        work, entry = work.rewrite(
            rule,
            "benefits",
            {"service_code": f"case when m.code is null then {code} end"},
            technique=self.label,
            joins=f"left join {name} as m on m.municipality = t.municipality and m.code = {code}",
            note=f"{work.engine.count(name):,}種のコード",
        )
        return work, [entry]
