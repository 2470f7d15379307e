"""What every technique has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kaigo.deidentify.standard import Rule
from kaigo.deidentify.workspace import LedgerEntry, Workspace


class Parameters(BaseModel):
    """手法の基準値。知らない名前は受け付けない。"""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Technique(ABC):
    """別表第1の手法の1つ。

    Attributes
    ----------
    name : str
        Name used in a standard.
    label : str
        Japanese name, with the term of 別表第1 where there is one.
    recipient_note : str
        What a recipient must know to use the values (no threshold, no method).
    parameters : type of Parameters
    columns : tuple of str or None
        ``table.column`` that the technique can work on (``certifications.survey_`` stands for the items); None:
        any.
    """

    name: str
    label: str
    recipient_note: str = ""
    parameters: type[Parameters] = Parameters
    columns: tuple[str, ...] | None = None

    def accepts(self, column: str) -> bool:
        """Whether the technique can work on ``table.column``."""
        if self.columns is None:
            return True
        return any(
            column == entry or (entry.endswith("_") and column.startswith(entry)) for entry in self.columns
        )

    def check_parameters(self, parameters: Mapping[str, Any]) -> list[str]:
        """Japanese findings about a rule's parameters; empty if they are sound."""
        try:
            self.parameters.model_validate(dict(parameters))
        except ValidationError as error:
            return [self._explain(".".join(map(str, item["loc"])), item) for item in error.errors()]
        return []

    def _explain(self, name: str, item: Any) -> str:
        fields = self.parameters.model_fields
        if item["type"] == "value_error":
            return f"手法「{self.label}」の基準値が正しくありません。{item['ctx']['error']}"
        if item["type"] == "extra_forbidden":
            return f"手法「{self.label}」に基準値「{name}」はありません(使える名前: {'、'.join(fields) or 'なし'})。"
        if item["type"] == "missing":
            return f"手法「{self.label}」の基準値「{name}」がありません。"
        limits = {
            key: getattr(bound, key)
            for bound in fields[name].metadata
            for key in ("ge", "le")
            if getattr(bound, key, None) is not None
        }
        span = f"{limits['ge']}〜{limits['le']}で指定してください" if len(limits) == 2 else "型が違います"
        if item["type"] == "literal_error":
            span = f"{item['ctx']['expected'].replace(' or ', '、')} のどれかにしてください"
        return f"手法「{self.label}」の基準値「{name}」が正しくありません(値: {item['input']}。{span})。"

    def check_rule(self, rule: Rule) -> list[str]:
        """Japanese findings about a rule beyond its parameters and columns; empty if it is sound."""
        return []

    def note_for_recipient(self, rule: Rule) -> str:
        """What a recipient must know to use the values of this rule."""
        return self.recipient_note

    def release_as(self, column: str, parameters: Mapping[str, Any]) -> str | None:
        """Name under which ``table.column`` is released after the rule; None: the name stays."""
        return None

    @abstractmethod
    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """Apply the rule; return the new state and one ledger entry a table."""
