"""一般化: the options of a survey item become two: no problem, problem."""

from __future__ import annotations

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.tables.facts import read_facts


class MergeToProblem(Technique):
    """認定調査の選択肢を、問題なし・問題ありの2つにまとめる(一般化)。

    From which option on an item counts as a problem is a fact with its source (``merged_answers.csv``; Hamasaki
    et al., doi:10.1016/j.jamda.2025.105589). A merged answer keeps the first option's number of its group. Use it
    where two groups with a published meaning are enough, for many items at once; ``merge_options`` where the
    groups are chosen item by item, or found by counting persons.

    Examples
    --------
    歩行 [1 つかまらないでできる, 2 何かにつかまればできる, 3 できない] → [1, 1, 3].
    """

    name = "merge_to_problem"
    label = "一般化(選択肢を2つにまとめる)"
    recipient_note = "選択肢をまとめ、まとめた中の最初の番号で示す"
    columns = ("certifications.survey_",)

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`."""
        quote = work.engine.dialect.quote
        facts = {row["column"]: row for row in read_facts("merged_answers", "kaigo.deidentify")}
        changes: dict[str, str | None] = {}
        for column in rule.expanded()["certifications"]:
            least, first = int(facts[column]["no_problem"]), int(facts[column]["first_problem"])
            value = f"t.{quote(column)}"
            changes[column] = (
                f"case when {value} is null then null when {value} < {first} then cast({least} as tinyint) "
                f"else cast({first} as tinyint) end"
            )
        work, entry = work.rewrite(rule, "certifications", changes, technique=self.label)
        return work, [entry]
