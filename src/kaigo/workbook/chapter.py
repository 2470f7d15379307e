"""What a chapter's notebook opens: its parameters, its data, and what the page around it needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kaigo.tables import format_month
from kaigo.workbook.info import ChapterInfo
from kaigo.workbook.params import Params
from kaigo.workbook.project import find_project_root

if TYPE_CHECKING:
    import numpy as np

    from kaigo.deidentify import Release, Standard
    from kaigo.display.page import Audience
    from kaigo.risk import BetweenTrial, Mitigation
    from kaigo.synthetic import Summary
    from kaigo.tables import CareTables
    from kaigo.workbook.stages import Stages

PUBLIC_CHAPTERS = frozenset({"10_guide"})
"""Chapters without figures about anybody's data; all others are for the inside."""


@dataclass(frozen=True)
class OpenChapter:
    """開いた章。データは、求められたときに作るか、前に作ったものを使う。

    Attributes
    ----------
    name : str
        Name of the chapter, e.g. ``40_risk``.
    params : Params
    declared : tuple of str
        Parameters that the chapter's notebook declares.
    root : pathlib.Path
        Project root.
    """

    name: str
    params: Params
    declared: tuple[str, ...]
    root: Path

    @cached_property
    def _stages(self) -> Stages:
        from kaigo.workbook.stages import Stages

        return Stages(self.params, self.root)

    @cached_property
    def tables(self) -> CareTables:
        """介護データ(加工前、内部限り)。"""
        return self._stages.load_tables()

    @cached_property
    def standard(self) -> Standard:
        """この章で使う加工基準(パラメータを反映したもの)。"""
        return self._stages.standard_in_force()

    @cached_property
    def summary(self) -> Summary:
        """介護データの集計(割合、年齢、利用、珍しいもの)。"""
        from kaigo.engine import open_engine
        from kaigo.synthetic import summarise

        with open_engine(self.params.engine) as session:
            return summarise(self.tables, session)

    def release(self, layout: Literal["joined", "linked"]) -> Release:
        """加工したデータ。"""
        return self._stages.load_release(layout)

    def mitigations(self) -> list[Mitigation]:
        """変更の候補の効き目と代償(初めは時間がかかる)。"""
        return self._stages.load_mitigations()

    def between(self) -> BetweenTrial:
        """重なる2つの提供と別の提供先への提供を突き合わせた結果(初めは時間がかかる)。"""
        return self._stages.load_between()

    def random(self, stream: str) -> np.random.Generator:
        """Random numbers for one purpose of this chapter; the same for the same seed."""
        import numpy as np

        return np.random.default_rng([self.params.seed, *stream.encode()])

    @property
    def inhabitants(self) -> int | None:
        """Declared residents, which decide the small-cell threshold."""
        return self.params.inhabitants or None

    @cached_property
    def source_text(self) -> str:
        """出典の1行: which data the figures come from."""
        tables = self.tables
        if not tables.is_synthetic:
            return "読み込んだ介護データ(kaigo intake)"
        made = tables.manifest["parameters"]
        if "persons" not in made:
            # Synthetic data that came back through files: how they were made stands with the files.
            return "読み込んだ合成の介護データ(kaigo intake --synthetic)"
        return (
            f"合成データ(乱数の種{tables.manifest.get('seed')}、認定者{int(made['persons']):,}人、"
            f"{format_month(made['start'])}から{made['months']}か月)"
        )

    @property
    def showing(self) -> dict[str, Any]:
        """What every figure of people needs to know: its source line and the residents declared."""
        return {"source_text": self.source_text, "inhabitants": self.inhabitants}

    @property
    def info(self) -> ChapterInfo:
        """章の身元: data, hash, audience, parameters."""
        audience: Audience = "公表可" if self.name in PUBLIC_CHAPTERS else "内部限り"
        parameters = {name: getattr(self.params, name) for name in self.declared}
        if self.name in PUBLIC_CHAPTERS:
            return ChapterInfo(self.name, "", False, audience, parameters)
        return ChapterInfo(
            self.name,
            self.tables.content_sha256["benefits"],
            self.tables.is_synthetic,
            audience,
            parameters,
        )


def open_chapter(name: str, namespace: Mapping[str, object]) -> OpenChapter:
    """章を開く。

    Parameters
    ----------
    name : str
        Name of the chapter.
    namespace : mapping
        The notebook's ``globals()``; the names of :class:`Params` in it are the chapter's parameters.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """
    declared = tuple(field for field in Params.model_fields if field in namespace)
    params = Params.from_values({field: namespace[field] for field in declared})
    return OpenChapter(name, params, declared, find_project_root())
