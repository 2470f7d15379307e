"""セル削除: the birth month of the super-aged (超高齢)."""

from __future__ import annotations

from pydantic import Field

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables import format_month


class SuperAgedParameters(Parameters):
    """``age``: full years reached by the end of the release's last month."""

    age: int = Field(ge=85, le=120)


class DeleteSuperAged(Technique):
    """超高齢であることが分かる生年月を空欄にする(セル削除)。

    Works on the month of birth (``YYYY-MM``), so it stands after the generalisation.

    Examples
    --------
    Last month 2017-07, age 100: birth months up to 1917-07 are deleted.
    """

    name = "delete_super_aged"
    label = "セル削除(超高齢の生年月)"
    recipient_note = "空欄を含む"
    parameters = SuperAgedParameters
    columns = ("persons.birth_date",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        age = SuperAgedParameters.model_validate(rule.parameters).age
        year, month = work.last_month.split("-")
        last_birth = f"{int(year) - age:04d}-{month}"
        dialect = work.engine.dialect
        column = f"t.{dialect.quote('birth_date')}"
        expression = f"case when {column} <= {dialect.text(last_birth)} then null else {column} end"
        work, entry = work.rewrite(
            rule,
            "persons",
            {"birth_date": expression},
            technique=self.label,
            note=f"{format_month(last_birth)}以前の生年月を空欄にした(セル削除)",
        )
        return work, [entry]
